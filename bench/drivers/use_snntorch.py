"""Runs each kind of neuron of snntorch for a few steps, trains a small net, and uses its losses, gradients and spike generators."""

import snntorch as snn
import torch
from snntorch import functional, spikegen, surrogate, utils


def attempt(use):
    """What needs something that is not there is passed by."""
    try:
        use()
    except Exception as error:
        print(type(error).__name__, str(error)[:80])


def neurons():
    x = torch.rand(6, 4)
    for reset in ("subtract", "zero", "none"):
        leaky = snn.Leaky(beta=0.9, reset_mechanism=reset, learn_beta=True)
        membrane = leaky.init_leaky()
        for _ in range(4):
            spikes, membrane = leaky(x, membrane)
        spikes.sum().backward()
    for neuron in (snn.Synaptic(alpha=0.9, beta=0.8), snn.RSynaptic(alpha=0.9, beta=0.8, linear_features=4)):
        state = neuron.init_synaptic() if isinstance(neuron, snn.Synaptic) else neuron.init_rsynaptic()
        for _ in range(3):
            state = neuron(x, *state)[-2:] if isinstance(neuron, snn.Synaptic) else neuron(x, *state)
    for neuron in (snn.Alpha(alpha=0.9, beta=0.8, init_hidden=True), snn.Lapicque(beta=0.9, init_hidden=True), snn.Leaky(beta=0.5, init_hidden=True, output=True), snn.RLeaky(beta=0.5, all_to_all=False, init_hidden=True)):
        for _ in range(3):
            neuron(x)
    attempt(lambda: snn.SLSTM(4, 5, init_hidden=True)(x))
    attempt(lambda: snn.SConv2dLSTM(1, 2, 3, init_hidden=True)(torch.rand(2, 1, 6, 6)))


def gradients():
    for name in ("fast_sigmoid", "atan", "sigmoid", "spike_rate_escape", "triangular", "straight_through_estimator", "LSO", "SFS", "heaviside"):
        def use(name=name):
            membrane = torch.randn(8, requires_grad=True)
            getattr(surrogate, name)()(membrane).sum().backward()
        attempt(use)


def losses():
    spikes, targets = (torch.rand(10, 6, 3, requires_grad=True) > 0.5).float(), torch.randint(0, 3, (6,))
    spikes.requires_grad_()
    for loss in (functional.ce_rate_loss(), functional.ce_count_loss(), functional.ce_max_membrane_loss(), functional.mse_count_loss(), functional.mse_membrane_loss(), functional.ce_temporal_loss(), functional.mse_temporal_loss()):
        attempt(lambda loss=loss: loss(spikes, targets).backward())
    for use in (functional.accuracy_rate, functional.accuracy_temporal):
        attempt(lambda use=use: use(spikes, targets))
    for regularizer in (functional.l1_rate_sparsity(),):
        attempt(lambda regularizer=regularizer: regularizer(spikes))


def spikes():
    data = torch.rand(5, 4)
    attempt(lambda: spikegen.rate(data, num_steps=6))
    attempt(lambda: spikegen.latency(data, num_steps=6, normalize=True, linear=True))
    attempt(lambda: spikegen.delta(data, threshold=0.1))
    attempt(lambda: spikegen.targets_convert(torch.tensor([0, 1]), num_classes=3, code="rate", num_steps=5))
    attempt(lambda: spikegen.targets_latency(torch.tensor([0, 1]), num_classes=3, num_steps=5))


def train():
    net = torch.nn.Sequential(torch.nn.Linear(4, 8), snn.Leaky(beta=0.9, init_hidden=True), torch.nn.Linear(8, 3), snn.Leaky(beta=0.9, init_hidden=True, output=True))
    optimizer = torch.optim.Adam(net.parameters())
    for _ in range(2):
        utils.reset(net)
        recorded = torch.stack([net(torch.rand(5, 4))[0] for _ in range(4)])
        loss = functional.ce_rate_loss()(recorded, torch.randint(0, 3, (5,)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


for each in (neurons, gradients, losses, spikes, train):
    attempt(each)

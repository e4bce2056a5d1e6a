"""Solves a few equations with each method of torchdiffeq, with and without the adjoint."""

import torch
from torchdiffeq import odeint, odeint_adjoint, odeint_event


class Field(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2))

    def forward(self, t, y):
        return self.net(y)


def main():
    field = Field()
    start, times = torch.randn(5, 2), torch.linspace(0.0, 1.0, 4)
    for method in ("dopri5", "dopri8", "bosh3", "fehlberg2", "adaptive_heun", "euler", "midpoint", "heun3", "rk4", "explicit_adams", "implicit_adams"):
        options = {} if method in ("dopri5", "dopri8", "bosh3", "fehlberg2", "adaptive_heun") else {"step_size": 0.1}
        for solve in (odeint, odeint_adjoint):
            solve(field, start, times, method=method, options=options).sum().backward()
    odeint(field, start, times.flip(0))
    odeint(lambda t, y: (y[1], -y[0]), (torch.ones(3), torch.zeros(3)), times, rtol=1e-4, atol=1e-6)
    odeint_event(lambda t, y: -torch.ones_like(y), torch.tensor([1.0]), torch.tensor(0.0), event_fn=lambda t, y: y[0], reverse_time=False)


main()

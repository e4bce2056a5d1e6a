"""torch's losses: which function computes which class's loss.

Source: https://docs.pytorch.org/docs/stable/nn.html#loss-functions
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import takewhile

from torchlint.torch_api.binding import parameters

LOSS_FUNCTIONS = {
    "cross_entropy": "CrossEntropyLoss",
    "nll_loss": "NLLLoss",
    "binary_cross_entropy": "BCELoss",
    "binary_cross_entropy_with_logits": "BCEWithLogitsLoss",
    "mse_loss": "MSELoss",
    "l1_loss": "L1Loss",
    "smooth_l1_loss": "SmoothL1Loss",
    "huber_loss": "HuberLoss",
    "kl_div": "KLDivLoss",
    "poisson_nll_loss": "PoissonNLLLoss",
    "gaussian_nll_loss": "GaussianNLLLoss",
    "cosine_embedding_loss": "CosineEmbeddingLoss",
    "margin_ranking_loss": "MarginRankingLoss",
    "hinge_embedding_loss": "HingeEmbeddingLoss",
    "multi_margin_loss": "MultiMarginLoss",
    "multilabel_margin_loss": "MultiLabelMarginLoss",
    "multilabel_soft_margin_loss": "MultiLabelSoftMarginLoss",
    "soft_margin_loss": "SoftMarginLoss",
    "triplet_margin_loss": "TripletMarginLoss",
    "ctc_loss": "CTCLoss",
}


@cache
def call_parameters(name: str) -> tuple[str, ...] | None:
    """What a loss object of torch.nn is called with: what its function takes before the class's own settings; None of no loss."""
    module, _, cls = name.rpartition(".")
    function = next((each for each, made in LOSS_FUNCTIONS.items() if made == cls), None)
    if function is None or module not in ("torch.nn", "torch.nn.modules.loss"):
        return None
    settings = parameters(f"torch.nn.{cls}")
    return tuple(takewhile(lambda each: each not in settings, parameters(f"torch.nn.functional.{function}")))


@dataclass(frozen=True, slots=True)
class OtherLoss:
    """A loss outside torch.nn: its name, its parameters (prediction and target first), its default reduction."""

    name: str
    parameters: tuple[str, ...]
    reduction: str


_FOCAL = OtherLoss("SigmoidFocalLoss", ("inputs", "targets", "alpha", "gamma", "reduction"), "none")
OTHER_LOSSES = {
    "torchvision.ops.sigmoid_focal_loss": _FOCAL,
    "torchvision.ops.focal_loss.sigmoid_focal_loss": _FOCAL,
}

# What a loss does to its input before anything else.
APPLIES_SOFTMAX = frozenset({"CrossEntropyLoss"})
APPLIES_SIGMOID = frozenset({"BCEWithLogitsLoss", "SigmoidFocalLoss"})
# Losses that broadcast their input with their target.
ELEMENTWISE = frozenset({"MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss", "BCELoss", "BCEWithLogitsLoss"})

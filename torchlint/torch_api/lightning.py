"""Which methods of a LightningModule its trainer calls, and whether with gradients.

Source: https://lightning.ai/docs/pytorch/stable/common/lightning_module.html#hooks
"""

from __future__ import annotations

LIGHTNING = frozenset({"lightning.LightningModule"})
TRAINER = "lightning.Trainer"
# The steps that a trainer calls with a batch: whether gradients are on there.
STEPS = {"training_step": True, "validation_step": False, "test_step": False, "predict_step": False}
# Which of them each method of the trainer comes to.
STEPS_OF = {
    "fit": ("training_step", "validation_step"),
    "validate": ("validation_step",),
    "test": ("test_step",),
    "predict": ("predict_step",),
}
# Methods that are asked for loaders that nothing is trained on.
EVALUATION_LOADERS = frozenset({"val_dataloader", "test_dataloader", "predict_dataloader"})

"""Learning-rate schedulers that functions of other packages make."""

from __future__ import annotations

_NAMES = (
    "get_scheduler",
    "get_constant_schedule",
    "get_constant_schedule_with_warmup",
    "get_linear_schedule_with_warmup",
    "get_cosine_schedule_with_warmup",
    "get_cosine_with_hard_restarts_schedule_with_warmup",
    "get_polynomial_decay_schedule_with_warmup",
    "get_inverse_sqrt_schedule",
)
SCHEDULER_MAKERS = frozenset(f"{package}.{name}" for package in ("transformers", "transformers.optimization", "diffusers.optimization") for name in _NAMES)

"""torch: tensors, modules, losses, optimizers, data, checkpoints, settings."""

"""torchlint: a static linter for PyTorch programs."""

__version__ = "0.1.0"

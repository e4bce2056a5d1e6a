"""One module a rule; every module in this package is discovered by `torchlint.rule`."""

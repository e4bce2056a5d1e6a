"""What is known and accepted in an old project: a file of fingerprints, so that only new problems fail."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence

from torchlint.diagnostic import Diagnostic
from torchlint.report.base import Report, fingerprints, relative

_VERSION = 1


class BadBaseline(Exception):
    """A baseline file that cannot be used: its name, and why."""


def write_baseline(path: str, report: Report) -> None:
    """Write the fingerprints of all that is reported, readable and in a stable order. Raises OSError."""
    start = _folder(path)
    entries = [
        {"fingerprint": key, "code": each.code, "name": each.name, "path": relative(report.filename(each.primary), start)}
        for each, key in zip(report.diagnostics, fingerprints(report, start), strict=True)
    ]
    entries.sort(key=lambda entry: (entry["path"], entry["code"], entry["fingerprint"]))
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        json.dump({"version": _VERSION, "problems": entries}, file, indent=1, ensure_ascii=False)
        file.write("\n")


def without_known(report: Report, path: str) -> Sequence[Diagnostic]:
    """The diagnostics that the baseline does not have. Raises BadBaseline."""
    known = _read(path)
    keys = fingerprints(report, _folder(path))
    return [each for each, key in zip(report.diagnostics, keys, strict=True) if key not in known]


def _folder(path: str) -> str:
    """Where the paths in a baseline start from, so that it holds wherever torchlint is run."""
    return os.path.dirname(os.path.abspath(path))


def _read(path: str) -> frozenset[str]:
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
    except OSError as error:
        raise BadBaseline(f"{path}: the baseline cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise BadBaseline(f"{path}: the baseline is no JSON: {error}") from None
    try:
        if content["version"] == _VERSION:
            return frozenset(entry["fingerprint"] for entry in content["problems"])
    except (KeyError, TypeError):
        pass
    raise BadBaseline(f"{path}: this is no baseline of this version; write it anew with --write-baseline")

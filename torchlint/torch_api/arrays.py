"""NumPy's functions and methods on arrays: which shape and dtype come out.

Source: https://numpy.org/doc/stable/reference/routines.html
"""

from __future__ import annotations

from torchlint.torch_api.dtypes import FLOATING, INTEGER, promote

# Functions and methods whose shapes follow those of a function of torch.
SHAPED_LIKE = {
    "transpose": "torch.permute",
    "moveaxis": "torch.movedim",
    "swapaxes": "torch.swapaxes",
    "squeeze": "torch.squeeze",
    "expand_dims": "torch.unsqueeze",
    "reshape": "torch.reshape",
    "ravel": "torch.flatten",
    "flatten": "torch.flatten",
    "rot90": "torch.rot90",
    "flipud": "torch.flipud",
    "fliplr": "torch.fliplr",
    "flip": "torch.flip",
    "clip": "torch.Tensor.contiguous",
    "copy": "torch.Tensor.contiguous",
    "ascontiguousarray": "torch.Tensor.contiguous",
}
# Makers of arrays, by the function of torch that takes the same sizes.
FLOAT_SOURCES = {"zeros": "torch.zeros", "ones": "torch.ones", "empty": "torch.empty", "linspace": "torch.linspace", "eye": "torch.eye", "identity": "torch.eye"}
RANDOM = {"rand": "sizes", "randn": "sizes", "random": "size", "random_sample": "size", "normal": "size", "uniform": "size", "standard_normal": "size"}
# Readers of numbers in text files: float64, unless a dtype stands behind the file's name.
TEXT_READERS = frozenset({"loadtxt", "genfromtxt"})
# Elementwise functions that give floats.
FLOAT_FUNCTIONS = frozenset({"sqrt", "exp", "log", "log1p", "sin", "cos", "tanh", "log10", "log2"})


def result_dtype(operation: str, dtypes: list[str | None]) -> str | None:
    """The dtype of arithmetic on arrays; Python's numbers are "python int" and "python float" and give way."""
    arrays = [dtype for dtype in dtypes if dtype is None or not dtype.startswith("python")]
    if None in arrays or not arrays:
        return None
    result = arrays[0]
    for dtype in arrays[1:]:
        result = _promoted(result, dtype)
    if result in INTEGER and (operation == "Div" or "python float" in dtypes):
        return "float64"
    if result == "bool" and "python int" in dtypes:
        return "int64"
    if result == "bool" and operation in ("FloorDiv", "Mod", "Pow"):
        return "int8"
    return result if result in (*FLOATING, *INTEGER) else None


def _promoted(left: str | None, right: str | None) -> str | None:
    """NumPy goes to floats that hold all numbers of an integer dtype where torch keeps the floats it has."""
    floating = next((each for each in (left, right) if each in FLOATING), None)
    integer = next((each for each in (left, right) if each in INTEGER), None)
    if floating is None or integer is None or integer == "bool" or floating == "float64":
        return promote(left, right)
    if floating == "float32":
        return "float32" if integer in ("int8", "uint8", "int16") else "float64"
    return None

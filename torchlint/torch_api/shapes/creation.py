"""Tensors from sizes, numbers and nested data; and the sizes of tensors as numbers."""

from __future__ import annotations

from math import ceil

from torchlint.torch_api.dims import UNKNOWN, Dim, Expression, Shape, at_least, ceiling, minus, product, show
from torchlint.torch_api.shapes.broadcasting import broadcast, unchanged
from torchlint.torch_api.shapes.entry import Function, Plain, TensorShape, both, function
from torchlint.torch_api.shapes.error import ShapeError
from torchlint.torch_api.shapes.reading import axis, dims, sequence
from torchlint.torch_api.shapes.reading import dim as size_of


def sized(size: object) -> Shape:
    """The sizes themselves. https://docs.pytorch.org/docs/stable/generated/torch.zeros.html"""
    wanted = dims(size)
    if wanted is not None and any(isinstance(each, int) and each < 0 for each in wanted):
        raise ShapeError("a size is negative", "argument")
    return wanted


def new_sized(input: Shape, size: object) -> Shape:
    """`x.new_zeros(size)`. https://docs.pytorch.org/docs/stable/generated/torch.Tensor.new_zeros.html"""
    del input
    return sized(size)


def randint(bounds: object = (), size: object = None) -> Shape:
    """`randint(high, size)` or `randint(low, high, size)`.

    https://docs.pytorch.org/docs/stable/generated/torch.randint.html
    """
    given = sequence(bounds)
    if size is not None:
        return sized(size)
    if not given:
        return None
    last = given[-1]
    return sized(last) if isinstance(last, tuple | list) else None


def arange(bounds: object = (), start: object = 0, end: object = UNKNOWN, step: object = 1) -> Shape:
    """(⌈(end − start) / step⌉,). https://docs.pytorch.org/docs/stable/generated/torch.arange.html"""
    given = sequence(bounds)
    if given is None:
        return (None,)
    if len(given) == 1:
        end = given[0]
    elif given:
        start, end, step = given if len(given) == 3 else (*given[:2], step)
    numbers = (start, end, step)
    if all(isinstance(each, int | float) for each in numbers) and step != 0:
        return (_count(start, end, step),)
    if step == 1 and not any(isinstance(each, float) for each in numbers):
        length = minus(size_of(end), size_of(start))
        return (length if at_least(length, 0) else None,)
    return (
        ceiling(size_of(end), size_of(step)) if start == 0 and isinstance(step, int) and step > 0 else None,
    )


def steps(steps: object) -> Shape:
    """`linspace` and `logspace`. https://docs.pytorch.org/docs/stable/generated/torch.linspace.html"""
    return (size_of(steps),)


def vector(n: object) -> Shape:
    """(n,), as of `randperm`. https://docs.pytorch.org/docs/stable/generated/torch.randperm.html"""
    return (size_of(n),)


def eye(n: object, m: object = None) -> Shape:
    """(n, m), or (n, n). https://docs.pytorch.org/docs/stable/generated/torch.eye.html"""
    rows = size_of(n)
    return (rows, rows if m is None else size_of(m))


def tensor(data: object) -> Shape:
    """Nested sequences as dims; a tensor's own shape. Raises "mismatch" for rows of unequal length.

    https://docs.pytorch.org/docs/stable/generated/torch.tensor.html
    """
    if isinstance(data, TensorShape):
        return data.shape
    if isinstance(data, bool | int | float | complex | Expression):
        return ()
    if not isinstance(data, list | tuple | range):
        return None
    if len(data) == 0 or isinstance(data, range):
        return (len(data),)
    rows = [tensor(row) for row in data]
    known = [row for row in rows if row is not None]
    if len(known) < len(rows):
        return None
    if any(isinstance(row, TensorShape) for row in data):
        return (len(data), *known[0]) if all(not product(row) or product(row) == 1 for row in known) else None
    for row in known:
        if len(row) != len(known[0]) or row != known[0]:
            raise ShapeError(
                f"rows of unequal shape: {show(row[0] if row else None)} and {show(known[0][0] if known[0] else None)}",
                "mismatch",
                input=row,
            )
    return (len(data), *known[0])


def legacy(size: object) -> Shape:
    """`torch.Tensor(2, 3)` of sizes or `torch.Tensor([2, 3])` of data.

    https://docs.pytorch.org/docs/stable/tensors.html
    """
    given = sequence(size)
    if given is None:
        return None
    if len(given) == 1 and isinstance(given[0], TensorShape | tuple | list):
        return tensor(given[0])
    return sized(given)


def normal(mean: Shape = (), std: Shape = (), size: object = None) -> Shape:
    """Sizes, or the shape that mean and std broadcast to.

    https://docs.pytorch.org/docs/stable/generated/torch.normal.html
    """
    return broadcast(mean, std) if size is None else sized(size)


def meshgrid(tensors: object, indexing: object = "ij") -> object:
    """A grid for each vector, with a dim for each; with "xy", the first two dims are swapped.

    https://docs.pytorch.org/docs/stable/generated/torch.meshgrid.html
    """
    shapes = sequence(tensors)
    if shapes is None:
        return Plain(UNKNOWN)
    sizes: list[Dim] = []
    for shape in shapes:
        if isinstance(shape, tuple) and len(shape) > 1:
            raise ShapeError("meshgrid takes vectors", "rank", input=shape, expected=1, found=len(shape))
        sizes.append((shape[0] if shape else 1) if isinstance(shape, tuple) else None)
    if len(sizes) > 1 and indexing != "ij":
        swapped = [sizes[1], sizes[0], *sizes[2:]]
        sizes = swapped if indexing == "xy" else [None] * len(sizes)
    return [tuple(sizes) for _ in shapes]


def size(input: Shape, dim: object = None) -> Plain:
    """`x.size()`, the dims as a tuple, or one of them. https://docs.pytorch.org/docs/stable/generated/torch.Tensor.size.html"""
    if input is None:
        return Plain(UNKNOWN)
    if dim is None:
        return Plain(tuple(UNKNOWN if each is None else each for each in input))
    place = axis(dim, len(input), input)
    if not input:
        raise ShapeError("a tensor of no dims has no size of a dim", "dim", input=input)
    found = None if place is None else input[place]
    return Plain(UNKNOWN if found is None else found)


def numel(input: Shape) -> Plain:
    """The number of elements. https://docs.pytorch.org/docs/stable/generated/torch.numel.html"""
    count = None if input is None else product(input)
    return Plain(UNKNOWN if count is None else count)


def rank(input: Shape) -> Plain:
    """The number of dims. https://docs.pytorch.org/docs/stable/generated/torch.Tensor.dim.html"""
    return Plain(UNKNOWN if input is None else len(input))


def length(input: Shape) -> Plain:
    """`len(x)`: the first dim. https://docs.pytorch.org/docs/stable/tensors.html"""
    if input == ():
        raise ShapeError("a tensor of no dims has no len()", "rank", input=input, found=0)
    found = None if not input else input[0]
    return Plain(UNKNOWN if found is None else found)


def _count(start: object, end: object, step: object) -> Dim:
    assert isinstance(start, int | float) and isinstance(end, int | float) and isinstance(step, int | float)
    if (end - start) * step < 0:
        raise ShapeError(f"arange from {start} to {end} goes the other way than its step {step}", "argument")
    return ceil((end - start) / step)


def _functions() -> dict[str, Function]:
    entries: dict[str, Function] = {}
    plain, like = function(sized, "*size"), function(unchanged, "input: T, *_options, **")
    new = function(new_sized, "input: T, *size")
    for name in ("zeros", "ones", "empty", "rand", "randn"):
        entries |= {f"torch.{name}": plain, f"torch.{name}_like": like}
    for name in ("full_like", "randint_like"):
        entries[f"torch.{name}"] = like
    for name in ("zeros", "ones", "empty"):
        entries[f"torch.Tensor.new_{name}"] = new
    for name in (
        "Tensor",
        "FloatTensor",
        "LongTensor",
        "IntTensor",
        "DoubleTensor",
        "BoolTensor",
        "ByteTensor",
    ):
        entries[f"torch.{name}"] = function(legacy, "*size: R")
    for name in ("tensor", "as_tensor", "asarray", "from_numpy"):
        entries[f"torch.{name}"] = function(tensor, "data: R")
    for name in ("hann_window", "hamming_window", "blackman_window"):
        entries[f"torch.{name}"] = function(vector, "n|window_length, *_options, **")
    return entries


FUNCTIONS: dict[str, Function] = {
    **_functions(),
    "torch.full": function(sized, "size, _fill_value"),
    "torch.Tensor.new_full": function(new_sized, "input: T, size, _fill_value"),
    "torch.Tensor.new_tensor": function(tensor, "_input, data: R"),
    "torch.randint": function(randint, "*bounds, *, _low, _high, size"),
    "torch.arange": function(arange, "*bounds, *, start, end, step"),
    "torch.linspace": function(steps, "_start, _end, steps"),
    "torch.logspace": function(steps, "_start, _end, steps, _base"),
    "torch.randperm": function(vector, "n"),
    "torch.eye": function(eye, "n, m"),
    "torch.normal": function(normal, "mean: T, std: T, size"),
    "torch.meshgrid": function(meshgrid, "*tensors: Ts, *, indexing"),
    "torch.Tensor.size": function(size, "input: T, dim"),
    "torch.Tensor.shape": function(size, "input: T"),
    **both("numel", numel, "input: T"),
    "torch.Tensor.nelement": function(numel, "input: T"),
    "torch.Tensor.dim": function(rank, "input: T"),
    "torch.Tensor.ndim": function(rank, "input: T"),
    "torch.Tensor.ndimension": function(rank, "input: T"),
    "torch.Tensor.__len__": function(length, "input: T"),
}

"""Elementwise operations: shapes that broadcast, and the many functions that leave a shape as it is."""

from __future__ import annotations

from torchlint.torch_api.dims import UNKNOWN, Dim, Shape, at_least, same, show, show_shape
from torchlint.torch_api.shapes.entry import Function, Layer, Plain, both, function, layer
from torchlint.torch_api.shapes.error import ShapeError
from torchlint.torch_api.shapes.reading import dims, expect_rank, more_certain


def broadcast_dims(a: Dim, b: Dim) -> Dim:
    """The dim that `a` and `b` broadcast to; raises `ShapeError` ("broadcast") if they surely do not."""
    if a == 1:
        return b
    if b == 1 or same(a, b):
        return a
    if at_least(a, 2):
        if at_least(b, 2):
            if same(a, b) is False:
                raise ShapeError(
                    f"{show(a)} and {show(b)} do not broadcast", "broadcast", expected=a, found=b
                )
            return more_certain(a, b)
        return a
    return b if at_least(b, 2) else None


def broadcast(*shapes: Shape) -> Shape:
    """The common shape: aligned at the last dim, where a dim of 1 stretches to any other.

    https://docs.pytorch.org/docs/stable/notes/broadcasting.html
    """
    result: Shape = ()
    for shape in shapes:
        if shape is None or result is None:
            result = None
        elif not result:
            result = shape
        elif shape:
            result = _pair(result, shape)
    return result


def elementwise(input: Shape, *others: Shape, **named: Shape) -> Shape:
    """All operands broadcast with one another."""
    return broadcast(input, *others, *named.values())


def unchanged(input: Shape) -> Shape:
    """(*) → (*)."""
    return input


def in_place(input: Shape, other: Shape = (), **named: Shape) -> Shape:
    """`x.add_(y)`: y broadcasts to x, and x keeps its shape; raises "broadcast" where x would have to grow.

    https://docs.pytorch.org/docs/stable/notes/broadcasting.html#in-place-semantics
    """
    for operand in (other, *named.values()):
        common = broadcast(input, operand)
        if input is None or common is None:
            continue
        if len(common) > len(input) or any(same(a, b) is False for a, b in zip(common, input, strict=True)):
            raise ShapeError(
                f"{show_shape(operand)} does not broadcast to {show_shape(input)}, which is changed in place",
                "broadcast",
                input=input,
            )
    return input


def broadcast_tensors(tensors: object) -> object:
    """Every tensor, expanded to the common shape.

    https://docs.pytorch.org/docs/stable/generated/torch.broadcast_tensors.html
    """
    if not isinstance(tensors, tuple):
        return Plain(UNKNOWN)
    common = broadcast(*tensors)
    return [common for _ in tensors]


def expand(input: Shape, size: object) -> Shape:
    """Dims of 1 stretch to the wanted sizes, −1 keeps a size, further dims come in front.

    Raises "broadcast" where a dim is neither 1 nor the wanted size, "rank" where sizes are too few.
    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.expand.html
    """
    wanted = dims(size)
    if wanted is None:
        return None
    if input is None:
        return tuple(None if each == -1 else each for each in wanted)
    new = len(wanted) - len(input)
    if new < 0:
        raise ShapeError(
            f"{show_shape(input)} has more dims than the {len(wanted)} it is expanded to", "rank", input=input
        )
    if any(each == -1 for each in wanted[:new]):
        raise ShapeError(
            f"a new dim of {show_shape(wanted)} needs a size, -1 keeps one", "argument", input=input
        )
    return (*wanted[:new], *(map(_stretched, input, wanted[new:])))


def expand_as(input: Shape, other: Shape) -> Shape:
    """`expand` to another tensor's shape. https://docs.pytorch.org/docs/stable/generated/torch.Tensor.expand_as.html"""
    return None if other is None else expand(input, other)


def broadcast_shapes(*shapes: object) -> Shape:
    """`torch.broadcast_shapes`, of sizes instead of tensors."""
    return broadcast(*map(dims, shapes))


def where(condition: Shape, input: Shape = (), other: Shape = ()) -> Shape:
    """All three broadcast. https://docs.pytorch.org/docs/stable/generated/torch.where.html"""
    return broadcast(condition, input, other)


def prelu(input: Shape, num_parameters: object = 1) -> Shape:
    """(N, C, *) → the same; more than one slope means one a channel.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.PReLU.html
    """
    if input is None or not isinstance(num_parameters, int) or num_parameters == 1:
        return input
    channels = input[1] if len(input) > 1 else 1
    if same(channels, num_parameters) is False:
        raise ShapeError(
            f"input {show_shape(input)} has {show(channels)} channels, PReLU has {num_parameters} slopes",
            "channels",
            input=input,
            dim=min(len(input) - 1, 1),
            expected=num_parameters,
            found=channels,
        )
    return input


def dropout1d(input: Shape) -> Shape:
    """(N, C, L) or (C, L) → the same. https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout1d.html"""
    if input is not None:
        expect_rank(input, (2, 3), "Dropout1d")
    return input


def softmax2d(input: Shape) -> Shape:
    """(N, C, H, W) or (C, H, W) → the same. https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax2d.html"""
    if input is not None:
        expect_rank(input, (3, 4), "Softmax2d")
    return input


def _pair(a: tuple[Dim, ...], b: tuple[Dim, ...]) -> tuple[Dim, ...]:
    if len(a) < len(b):
        a, b = b, a
    lead = len(a) - len(b)
    try:
        return (*a[:lead], *map(broadcast_dims, a[lead:], b))
    except ShapeError as error:
        raise ShapeError(
            f"{show_shape(a)} and {show_shape(b)} do not broadcast: {error.reason}",
            "broadcast",
            input=a,
            expected=error.expected,
            found=error.found,
        ) from None


def _stretched(size: Dim, wanted: Dim) -> Dim:
    if wanted == -1:
        return size
    if size == 1:
        return wanted
    if same(size, wanted) is False and at_least(size, 2):
        raise ShapeError(
            f"a dim of {show(size)} cannot be expanded to {show(wanted)}", "broadcast", found=size
        )
    return size if wanted is None and at_least(size, 2) else wanted


_ACTIVATIONS = {
    "ReLU": "_inplace",
    "ReLU6": "_inplace",
    "ELU": "_alpha, _inplace",
    "CELU": "_alpha, _inplace",
    "SELU": "_inplace",
    "GELU": "_approximate",
    "SiLU": "_inplace",
    "Mish": "_inplace",
    "Hardswish": "_inplace",
    "Hardsigmoid": "_inplace",
    "Hardshrink": "_lambd",
    "Hardtanh": "_min_val, _max_val, _inplace, _min_value, _max_value",
    "LeakyReLU": "_negative_slope, _inplace",
    "RReLU": "_lower, _upper, _inplace",
    "Sigmoid": "",
    "LogSigmoid": "",
    "Softplus": "_beta, _threshold",
    "Softshrink": "_lambd",
    "Softsign": "",
    "Tanh": "",
    "Tanhshrink": "",
    "Threshold": "_threshold, _value, _inplace",
    "Dropout": "_p, _inplace",
    "AlphaDropout": "_p, _inplace",
    "FeatureAlphaDropout": "_p, _inplace",
    "Identity": "*_args, **",
}

_UNARY = [
    "abs",
    "absolute",
    "neg",
    "negative",
    "positive",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log2",
    "log10",
    "log1p",
    "sqrt",
    "rsqrt",
    "square",
    "reciprocal",
    "sign",
    "sgn",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "arcsin",
    "arccos",
    "arctan",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "acosh",
    "atanh",
    "arcsinh",
    "arccosh",
    "arctanh",
    "sigmoid",
    "relu",
    "ceil",
    "floor",
    "round",
    "trunc",
    "fix",
    "frac",
    "erf",
    "erfc",
    "erfinv",
    "lgamma",
    "digamma",
    "logit",
    "nan_to_num",
    "isnan",
    "isinf",
    "isfinite",
    "isposinf",
    "isneginf",
    "logical_not",
    "bitwise_not",
    "signbit",
    "real",
    "angle",
    "conj",
    "deg2rad",
    "rad2deg",
    "sinc",
    "i0",
    "clone",
    "detach",
    "bernoulli",
]

_BINARY = [
    "add",
    "sub",
    "subtract",
    "mul",
    "multiply",
    "div",
    "divide",
    "true_divide",
    "floor_divide",
    "fmod",
    "remainder",
    "pow",
    "float_power",
    "maximum",
    "minimum",
    "fmax",
    "fmin",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "greater",
    "less",
    "greater_equal",
    "less_equal",
    "not_equal",
    "logical_and",
    "logical_or",
    "logical_xor",
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "bitwise_left_shift",
    "bitwise_right_shift",
    "atan2",
    "arctan2",
    "hypot",
    "logaddexp",
    "logaddexp2",
    "copysign",
    "nextafter",
    "xlogy",
    "heaviside",
    "ldexp",
    "isclose",
    "gcd",
    "lcm",
]

_NOT_IN_PLACE = ["maximum", "minimum", "fmax", "fmin", "logaddexp", "logaddexp2", "isclose"]

_METHODS = [
    "float",
    "double",
    "half",
    "bfloat16",
    "int",
    "long",
    "short",
    "char",
    "byte",
    "bool",
    "cpu",
    "cuda",
    "contiguous",
    "to",
    "type",
    "data",
    "requires_grad_",
    "zero_",
    "fill_",
    "detach_",
    "clamp_",
    "clamp_min_",
    "clamp_max_",
    "relu_",
    "sigmoid_",
    "tanh_",
    "exp_",
    "sqrt_",
    "neg_",
    "abs_",
    "normal_",
    "uniform_",
    "bernoulli_",
    "random_",
    "cauchy_",
    "exponential_",
    "pin_memory",
    "share_memory_",
    "type_as",
]

_FUNCTIONAL = [
    "relu",
    "relu_",
    "relu6",
    "elu",
    "elu_",
    "celu",
    "celu_",
    "selu",
    "selu_",
    "gelu",
    "silu",
    "mish",
    "hardswish",
    "hardsigmoid",
    "hardshrink",
    "hardtanh",
    "hardtanh_",
    "leaky_relu",
    "leaky_relu_",
    "rrelu",
    "rrelu_",
    "sigmoid",
    "logsigmoid",
    "softplus",
    "softshrink",
    "softsign",
    "tanh",
    "tanhshrink",
    "threshold",
    "threshold_",
    "dropout",
    "alpha_dropout",
    "feature_alpha_dropout",
]

LAYERS: dict[str, Layer] = {
    **{f"torch.nn.{name}": layer(unchanged, options) for name, options in _ACTIVATIONS.items()},
    "torch.nn.PReLU": layer(prelu, "num_parameters, _init"),
    "torch.nn.Dropout1d": layer(dropout1d, "_p, _inplace"),
    "torch.nn.Dropout2d": layer(unchanged, "_p, _inplace"),
    "torch.nn.Dropout3d": layer(unchanged, "_p, _inplace"),
    "torch.nn.Softmax2d": layer(softmax2d, ""),
}


def _functions() -> dict[str, Function]:
    same_shape = function(unchanged, "input: T, *_options, **")
    two = function(elementwise, "input|self: T, other|exponent: T, *, _alpha, _rounding_mode, _rtol, _atol")
    changed = function(in_place, "input: T, other|exponent: T, *, _alpha, _value, _rounding_mode")
    clamp = function(elementwise, "input: T, min: T, max: T")
    names = {f"torch.{name}": same_shape for name in _UNARY}
    names |= {f"torch.Tensor.{name}": same_shape for name in (*_UNARY, *_METHODS)}
    names |= {f"torch.nn.functional.{name}": same_shape for name in _FUNCTIONAL}
    for name in _BINARY:
        names |= {f"torch.{name}": two, f"torch.Tensor.{name}": two}
        if name not in _NOT_IN_PLACE:
            names[f"torch.Tensor.{name}_"] = changed
    for name in ("clamp", "clip", "clamp_min", "clamp_max"):
        names |= {f"torch.{name}": clamp, f"torch.Tensor.{name}": clamp}
    return names


FUNCTIONS: dict[str, Function] = {
    **_functions(),
    **both("lerp", elementwise, "input: T, end: T, weight: T"),
    **both("addcmul", elementwise, "input: T, tensor1: T, tensor2: T, *, _value"),
    **both("addcdiv", elementwise, "input: T, tensor1: T, tensor2: T, *, _value"),
    **both("masked_fill", elementwise, "input: T, mask: T, _value"),
    "torch.rsub": function(elementwise, "input: T, other: T, *, _alpha"),
    "torch.Tensor.masked_fill_": function(in_place, "input: T, mask: T, _value"),
    "torch.Tensor.copy_": function(in_place, "input: T, other|src: T, _non_blocking"),
    "torch.where": function(where, "condition: T, input|self: T, other: T"),
    "torch.Tensor.where": function(where, "input|self: T, condition: T, other: T"),
    "torch.Tensor.expand": function(expand, "input: T, *size"),
    "torch.Tensor.expand_as": function(expand_as, "input: T, other: T"),
    "torch.broadcast_to": function(expand, "input: T, size"),
    "torch.Tensor.broadcast_to": function(expand, "input: T, *size"),
    "torch.broadcast_tensors": function(broadcast_tensors, "*tensors: Ts"),
    "torch.nn.functional.dropout1d": function(dropout1d, "input: T, _p, _training"),
    "torch.nn.functional.dropout2d": function(unchanged, "input: T, _p, _training"),
    "torch.nn.functional.dropout3d": function(unchanged, "input: T, _p, _training"),
    "torch.nn.functional.prelu": function(unchanged, "input: T, _weight"),
    "torch.prelu": function(unchanged, "input: T, _weight"),
}

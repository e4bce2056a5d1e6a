"""What the table promises to those who call it: names, binding, unknowns, results and structured errors."""

from __future__ import annotations

import inspect
import subprocess
import sys
from functools import partial

import pytest
import torch

from tests.shapes.cases import CASES
from tests.shapes.elementwise_cases import ELSEWHERE
from tests.shapes.proof import resolve
from torchlint.torch_api.dims import UNKNOWN, symbol
from torchlint.torch_api.shapes.table import FUNCTIONS, LAYERS, ShapeError, Signature, TensorShape

N, H, W = map(symbol, "NHW")

# Containers and bases have no shape of their own; the others depend on modules or functions given to them.
NO_SHAPE = {
    "Module",
    "Container",
    "Sequential",
    "ModuleList",
    "ModuleDict",
    "ParameterList",
    "ParameterDict",
    "RNNBase",
    "RNNCellBase",
    "NLLLoss2d",
    "DataParallel",
    "AdaptiveLogSoftmaxWithLoss",
    "LinearCrossEntropyLoss",
    "TripletMarginWithDistanceLoss",
}


def test_every_layer_of_torch_nn_that_maps_shapes_is_in_the_table() -> None:
    classes = {
        name
        for name, value in vars(torch.nn).items()
        if inspect.isclass(value) and issubclass(value, torch.nn.Module)
    }
    assert classes - NO_SHAPE <= {name.removeprefix("torch.nn.") for name in LAYERS}


@pytest.mark.parametrize("name", [*LAYERS, *FUNCTIONS])
def test_every_name_is_one_that_torch_has(name: str) -> None:
    assert resolve(name) is not None


def test_every_name_is_compared_with_torch() -> None:
    # from_numpy takes no tensor; an accelerator is not at hand.
    elsewhere = {f"torch.Tensor.{name}" for name in ELSEWHERE} | {"torch.from_numpy"}
    assert {*LAYERS, *FUNCTIONS} - elsewhere == {case.name for case in CASES} - elsewhere


@pytest.mark.parametrize("name", [*LAYERS])
def test_a_layers_parameters_are_in_torchs_order(name: str) -> None:
    constructor = resolve(name).__init__
    theirs = [
        parameter.name
        for parameter in list(inspect.signature(constructor).parameters.values())[1:]
        if parameter.kind is not parameter.VAR_POSITIONAL and parameter.kind is not parameter.VAR_KEYWORD
    ]
    ours = {alias for parameter in LAYERS[name].constructor.parameters for alias in parameter.names}
    positional = [
        each.names for each in LAYERS[name].constructor.parameters if each.positional and not each.rest
    ]
    assert all(their in names for their, names in zip(theirs, positional, strict=False))
    deprecated = {"size_average", "reduce", "min_value", "max_value"}
    assert set(theirs) - ours <= deprecated


def test_every_shape_function_says_where_torch_documents_it() -> None:
    functions = {
        entry.shape.func if isinstance(entry.shape, partial) else entry.shape
        for entry in (*LAYERS.values(), *FUNCTIONS.values())
    }
    general = {"elementwise", "unchanged"}
    silent = {each.__name__ for each in functions if "https://" not in (each.__doc__ or "")}
    assert silent <= general


def test_lenet_shows_the_way_to_the_layer_that_does_not_fit() -> None:
    x: object = TensorShape((N, 1, 32, 32))
    conv, pool = LAYERS["torch.nn.Conv2d"], LAYERS["torch.nn.MaxPool2d"]
    x = conv({"in_channels": 1, "out_channels": 6, "kernel_size": 5}, [x])
    x = pool({"kernel_size": 2}, [x])
    x = conv({"in_channels": 6, "out_channels": 16, "kernel_size": 5}, [x])
    x = pool({"kernel_size": 2}, [x])
    x = FUNCTIONS["torch.flatten"]([x, 1])
    assert x == TensorShape((N, 400))
    with pytest.raises(ShapeError, match=r"input \(N, 400\) has 400 features, linear takes 256") as caught:
        LAYERS["torch.nn.Linear"]({"in_features": 256, "out_features": 120}, [x])
    error = caught.value
    assert (error.kind, error.input, error.dim, error.expected, error.found) == (
        "features",
        (N, 400),
        1,
        256,
        400,
    )


def test_unknown_sizes_stay_expressions_through_a_network() -> None:
    x: object = TensorShape((N, 3, H, W))
    for _ in range(3):
        x = LAYERS["torch.nn.Conv2d"](
            {"in_channels": UNKNOWN, "out_channels": 8, "kernel_size": 3, "stride": 2, "padding": 1}, [x]
        )
    assert isinstance(x, TensorShape) and x.shape is not None
    assert tuple(map(str, x.shape)) == ("N", "8", "(H + 7)//8", "(W + 7)//8")
    assert FUNCTIONS["torch.Tensor.view"]([x, N, -1]) == TensorShape((N, 8 * ((H + 7) // 8) * ((W + 7) // 8)))


def test_channels_that_differ_for_some_value_only_are_no_error() -> None:
    conv = LAYERS["torch.nn.Conv2d"]
    arguments = {"in_channels": 3, "out_channels": 4, "kernel_size": 1}
    assert conv(arguments, [TensorShape((N, symbol("C"), 8, 8))]) == TensorShape((N, 4, 8, 8))
    with pytest.raises(ShapeError) as caught:
        conv(arguments, [TensorShape((N, 2 * symbol("C"), 8, 8))])
    assert caught.value.kind == "channels"


def test_results_that_are_several_are_nested_as_torchs() -> None:
    output, (h, c) = LAYERS["torch.nn.LSTM"](  # type: ignore[misc]
        {"input_size": 4, "hidden_size": 5, "bidirectional": True}, [TensorShape((7, N, 4))]
    )
    assert (output, h, c) == (TensorShape((7, N, 10)), TensorShape((2, N, 5)), TensorShape((2, N, 5)))
    attended = LAYERS["torch.nn.MultiheadAttention"](
        {"embed_dim": 8, "num_heads": 2}, [TensorShape((5, N, 8))] * 3, {"need_weights": False}
    )
    assert attended == (TensorShape((5, N, 8)), None)


def test_sizes_are_plain_values() -> None:
    x = TensorShape((N, None, 3))
    assert FUNCTIONS["torch.Tensor.size"]([x]) == (N, UNKNOWN, 3)
    assert FUNCTIONS["torch.Tensor.size"]([x, 0]) == N
    assert FUNCTIONS["torch.Tensor.size"]([x], {"dim": 1}) is UNKNOWN


def test_ranges_and_slices_of_unknown_sizes_have_their_length() -> None:
    assert FUNCTIONS["torch.arange"]([1, N + 1]) == TensorShape((N,))
    x = TensorShape((N, 4 * H))
    getitem = FUNCTIONS["torch.Tensor.__getitem__"]
    assert getitem([x, (slice(None), slice(H, None))]) == TensorShape((N, 3 * H))
    assert getitem([x, (slice(None), slice(None, -1))]) == TensorShape((N, 4 * H - 1))
    assert getitem([x, (slice(None), slice(None, 100))]) == TensorShape((N, None))


def test_in_features_that_no_unknown_size_makes_right_are_refused() -> None:
    x = FUNCTIONS["torch.flatten"]([TensorShape((N, 16, H, W)), 1])
    linear = LAYERS["torch.nn.Linear"]
    assert linear({"in_features": 400, "out_features": 10}, [x]) == TensorShape((N, 10))
    with pytest.raises(ShapeError) as caught:
        linear({"in_features": 100, "out_features": 10}, [x])
    assert caught.value.kind == "features"


def test_an_index_of_unknown_kind_may_be_a_mask() -> None:
    x = TensorShape((4, 5))
    getitem = FUNCTIONS["torch.Tensor.__getitem__"]
    assert getitem([x, TensorShape((4, 5))]) == TensorShape(None)
    assert getitem([x, TensorShape((4, 5), "bool")]) == TensorShape((None,))
    assert getitem([x, TensorShape((4, 5), "integer")]) == TensorShape((4, 5, 5))


def test_signatures_bind_as_python_does() -> None:
    signature = Signature("input: T, *size|shape, dim|axis, _dtype, *, keepdim")
    x = TensorShape((2, 3))
    assert signature.bind([x, 3, 4], {}) == {"input": (2, 3), "size": (3, 4)}
    assert signature.bind([x, [3, 4]], {"axis": 1}) == {"input": (2, 3), "size": (3, 4), "dim": 1}
    assert signature.bind([x], {"shape": (6,), "dtype": "float32"}) == {"input": (2, 3), "size": (6,)}
    assert signature.match([x], {"dtype": "float32"}) == {"input": x, "dtype": "float32"}
    with pytest.raises(TypeError):
        signature.bind([x], {"color": 1})


def test_a_call_that_does_not_bind_is_unknown() -> None:
    assert FUNCTIONS["torch.flatten"]([TensorShape((2, 3)), 0, 1, 2, 3]) is UNKNOWN
    assert FUNCTIONS["torch.cat"]([]) is UNKNOWN
    assert LAYERS["torch.nn.Linear"]({"in_features": 3}, []) is UNKNOWN


def test_the_table_needs_no_torch() -> None:
    code = "import sys, torchlint.torch_api.shapes.table; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""Recurrent layers and their cells: sequences in, sequences and last states out."""

from __future__ import annotations

from functools import partial

from torchlint.torch_api.dims import Dim, Shape, at_least, same, show, show_shape, times
from torchlint.torch_api.shapes.entry import Function, Layer, layer
from torchlint.torch_api.shapes.error import ShapeError
from torchlint.torch_api.shapes.reading import dim, expect_rank, flag, more_certain


def recurrent(
    input: Shape,
    hx: object = None,
    *,
    input_size: object,
    hidden_size: object,
    num_layers: object = 1,
    batch_first: object = False,
    bidirectional: object = False,
    proj_size: object = None,
    gates: str,
) -> object:
    """(L, N, in), (N, L, in) with `batch_first` or (L, in) → (output, h), or (output, (h, c)) for an LSTM.

    output is (L, N, D·out), h (D·layers, N, out), c (D·layers, N, hidden), where D is 2 if bidirectional and out is
    `proj_size`, if given, or `hidden_size`. Raises "rank", "features", and "mismatch" for a state of another shape.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html
    """
    hidden, projected = dim(hidden_size), dim(0 if proj_size is None else proj_size)
    if proj_size is not None and gates != "LSTM":
        raise ShapeError("proj_size is for LSTM only", "argument")
    if isinstance(projected, int) and isinstance(hidden, int) and projected >= hidden:
        raise ShapeError(f"proj_size {projected} is not smaller than hidden_size {hidden}", "argument")
    out = hidden if projected == 0 else projected if at_least(projected, 1) else None
    both_ways = flag(bidirectional)
    directions = None if both_ways is None else 1 + both_ways
    states = times(directions, dim(num_layers))
    if input is None:
        return _with_states(None, None, None, gates)
    expect_rank(input, (2, 3), gates)
    _expect_features(input, dim(input_size), gates)
    first = flag(batch_first)
    batch: tuple[Dim, ...] = ()
    if len(input) == 3:
        batch = (None if first is None else input[0] if first else input[1],)
    state, cell = (states, *batch, out), (states, *batch, hidden)
    state, cell = _expect_states(hx, state, cell, gates)
    return _with_states((*input[:-1], times(directions, out)), state, cell, gates)


def cell(input: Shape, hx: object = None, *, input_size: object, hidden_size: object, gates: str) -> object:
    """(N, in) or (in,) → (N, hidden) or (hidden,); of an LSTM's cell, (h, c).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html
    """
    hidden = dim(hidden_size)
    given = hx if gates == "LSTM" and isinstance(hx, tuple) else (hx,)
    if input is None:
        known = next((each for each in given if isinstance(each, tuple)), None)
        after = None if known is None else (*known[:-1], hidden)
        return [after, after] if gates == "LSTM" else after
    expect_rank(input, (1, 2), f"{gates}Cell")
    _expect_features(input, dim(input_size), f"{gates}Cell")
    state = (*input[:-1], hidden)
    for each in given:
        if not isinstance(each, tuple):
            continue
        expect_rank(each, (1, 2), f"{gates}Cell's state")
        _expect_state(each, state, f"{gates}Cell's state")
    return [state, state] if gates == "LSTM" else state


def _with_states(output: Shape, state: Shape, memory: Shape, gates: str) -> object:
    return [output, [state, memory]] if gates == "LSTM" else [output, state]


def _expect_states(
    hx: object, state: tuple[Dim, ...], memory: tuple[Dim, ...], gates: str
) -> tuple[tuple[Dim, ...], tuple[Dim, ...]]:
    """The states' shapes, with what the given ones add; raises where they differ."""
    if not isinstance(hx, tuple):
        return state, memory
    if gates != "LSTM":
        return _expect_state(hx, state, "the hidden state"), memory
    if len(hx) != 2:
        raise ShapeError(f"an LSTM's state is a pair, not {len(hx)} tensors", "argument")
    if isinstance(hx[0], tuple):
        state = _expect_state(hx[0], state, "the hidden state")
    if isinstance(hx[1], tuple):
        memory = _expect_state(hx[1], memory, "the cell state")
    return state, memory


def _expect_state(given: tuple[Dim, ...], wanted: tuple[Dim, ...], what: str) -> tuple[Dim, ...]:
    if len(given) != len(wanted):
        raise ShapeError(
            f"{what} {show_shape(given)} is {len(given)}-D, {show_shape(wanted)} is wanted",
            "rank",
            input=given,
            expected=len(wanted),
            found=len(given),
        )
    for place, (found, expected) in enumerate(zip(given, wanted, strict=True)):
        if same(found, expected) is False:
            raise ShapeError(
                f"{what} is {show_shape(given)}, {show_shape(wanted)} is wanted",
                "mismatch",
                input=given,
                dim=place,
                expected=expected,
                found=found,
            )
    return tuple(map(more_certain, wanted, given))


def _expect_features(input: tuple[Dim, ...], features: Dim, who: str) -> None:
    if same(input[-1], features) is False:
        raise ShapeError(
            f"input {show_shape(input)} has {show(input[-1])} features, {who} takes {show(features)}",
            "features",
            input=input,
            dim=len(input) - 1,
            expected=features,
            found=input[-1],
        )


_OPTIONS = "batch_first, _dropout, bidirectional, proj_size"
_SIZES = "input_size, hidden_size, num_layers"


def _layers(gates: str) -> dict[str, Layer]:
    # RNN alone has a nonlinearity, between num_layers and bias.
    middle = "_nonlinearity, _bias" if gates == "RNN" else "_bias"
    states = "hx: Ts" if gates == "LSTM" else "hx: T"
    return {
        f"torch.nn.{gates}": layer(
            partial(recurrent, gates=gates), f"{_SIZES}, {middle}, {_OPTIONS}", f"input: T, {states}"
        ),
        f"torch.nn.{gates}Cell": layer(
            partial(cell, gates=gates),
            f"input_size, hidden_size, _bias{', _nonlinearity' if gates == 'RNN' else ''}",
            f"input: T, {states}",
        ),
    }


LAYERS: dict[str, Layer] = {**_layers("RNN"), **_layers("LSTM"), **_layers("GRU")}

FUNCTIONS: dict[str, Function] = {}

"""Calls of recurrent layers, transformers, embeddings, losses and distances."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import torch

from tests.shapes.draws import any_tensor, broadcastable, dim_of, mostly, often, rarely, sizes, some, tensor
from tests.shapes.proof import Call, Case
from torchlint.torch_api.shapes.table import TensorShape


def recurrent(kind: str) -> Case:
    def draw(r: Random) -> Call:
        size, hidden, layers = r.randint(1, 4), r.randint(1, 4), r.randint(1, 2)
        options = {
            "input_size": size,
            "hidden_size": hidden,
            **({"num_layers": layers} if layers > 1 else {}),
            **some(r, batch_first=often(r), bidirectional=often(r), bias=often(r)),
            **({"proj_size": r.randint(0, 4)} if (kind == "LSTM" and often(r)) or rarely(r) else {}),
        }
        batch = r.randint(1, 3)
        lead = (r.randint(1, 3), batch) if not options.get("batch_first") else (batch, r.randint(1, 3))
        lead = lead if r.random() < 0.7 else sizes(r, r.randint(0, 3) if rarely(r) else 1, 1, 3)
        states = layers * (2 if options.get("bidirectional") else 1)
        out = options.get("proj_size") or hidden
        given: tuple[Any, ...] = ()
        if r.random() < 0.4:
            middle = (mostly(r, batch, 1, 3),) if len(lead) == 2 else ()
            state = tensor(mostly(r, states, 1, 4), *middle, mostly(r, out, 1, 4))
            memory = tensor(states, *middle, mostly(r, hidden, 1, 4))
            given = ((state, memory),) if kind == "LSTM" else (state,)
        return Call((tensor(*lead, mostly(r, size, 1, 4)), *given), {}, options)

    return Case(f"torch.nn.{kind}", draw)


def cell(kind: str) -> Case:
    def draw(r: Random) -> Call:
        size, hidden = r.randint(1, 4), r.randint(1, 4)
        lead = sizes(r, r.randint(0, 2) if rarely(r) else r.randint(0, 1), 1, 3)
        given: tuple[Any, ...] = ()
        if often(r):
            state = tensor(*(mostly(r, n, 1, 3) for n in lead), mostly(r, hidden, 1, 4))
            memory = tensor(*lead, mostly(r, hidden, 1, 4))
            given = ((state, memory),) if kind == "LSTM" else (state,)
        options = {"input_size": size, "hidden_size": hidden, **some(r, bias=often(r))}
        return Call((tensor(*lead, mostly(r, size, 1, 4)), *given), {}, options)

    return Case(f"torch.nn.{kind}Cell", draw)


def _sequences(r: Random, first: bool, width: int, *lengths: int) -> list[TensorShape]:
    """Sequences of one batch, rarely of several, batched or not."""
    batch = r.randint(1, 3)
    batched = r.random() < 0.7
    made = []
    for length in lengths:
        n = (mostly(r, batch, 1, 3),) if batched != (r.random() < 0.03) else ()
        made.append(
            tensor(
                *((*n, length) if first else (length, *n)), mostly(r, width) if r.random() < 0.4 else width
            )
        )
    return made


def multihead(r: Random) -> Call:
    heads = r.randint(1, 3)
    width = mostly(r, heads * r.randint(1, 3))
    options = {
        "embed_dim": width,
        "num_heads": heads,
        **some(r, batch_first=often(r), add_bias_kv=often(r), add_zero_attn=often(r)),
    }
    if rarely(r):
        options |= {"kdim": width + 1, "vdim": width}
    source = r.randint(1, 4)
    query, key, value = _sequences(
        r, bool(options.get("batch_first")), width, r.randint(1, 4), source, mostly(r, source, 1, 4)
    )
    if "kdim" in options and key.shape:
        key = tensor(*key.shape[:-1], width + 1)
    return Call((query, key, value), some(r, need_weights=often(r), average_attn_weights=often(r)), options)


def _widths(r: Random) -> dict[str, Any]:
    heads = r.randint(1, 2)
    width = mostly(r, heads * r.randint(1, 2), 1, 6)
    return {
        "d_model": width,
        "nhead": heads,
        "dim_feedforward": 3,
        **some(r, batch_first=often(r), norm_first=often(r)),
    }


def encoder_layer(r: Random) -> Call:
    options = _widths(r)
    return Call((_sequences(r, False, options["d_model"], r.randint(1, 3))[0],), {}, options)


def decoder_layer(r: Random) -> Call:
    options = _widths(r)
    first = bool(options.get("batch_first"))
    return Call(
        tuple(_sequences(r, first, options["d_model"], r.randint(1, 3), r.randint(1, 3))), {}, options
    )


def transformer(r: Random) -> Call:
    call = decoder_layer(r)
    stacks = {"num_encoder_layers": 1, "num_decoder_layers": 1}
    return Call(call.inputs, {}, {**call.arguments, **stacks})


# A stack knows its width only through the layer that it is made of, which the engine does not see.
def encoder(r: Random) -> Call:
    return Call((tensor(*sizes(r, r.randint(1, 2), 1, 3), 4),), {}, {"num_layers": r.randint(1, 2)})


def decoder(r: Random) -> Call:
    batch = sizes(r, r.randint(0, 1), 1, 3)
    inputs = tensor(r.randint(1, 3), *batch, 4), tensor(r.randint(1, 3), *batch, 4)
    return Call(inputs, {}, {"num_layers": r.randint(1, 2)})


def _make_encoder(arguments: Mapping[str, Any]) -> Any:
    return torch.nn.TransformerEncoder(torch.nn.TransformerEncoderLayer(4, 2, 3), **arguments)


def _make_decoder(arguments: Mapping[str, Any]) -> Any:
    return torch.nn.TransformerDecoder(torch.nn.TransformerDecoderLayer(4, 2, 3), **arguments)


def _equal_pair(r: Random) -> tuple[TensorShape, ...]:
    input = any_tensor(r, 0, 3)
    target = tuple(mostly(r, n, 1, 4) for n in input.shape or ())
    return input, tensor(*target[1:] if rarely(r) else target)


def _broadcast_pair(r: Random) -> tuple[TensorShape, ...]:
    input = any_tensor(r, 0, 3)
    return input, tensor(*broadcastable(r, input.shape or ()))


def _classes(r: Random) -> tuple[TensorShape, ...]:
    rest = sizes(r, r.randint(0, 2), 1, 3)
    classes = r.randint(1, 4)
    batch = (r.randint(1, 3),) if rest or often(r) else ()
    input = (*batch, classes, *rest)
    if r.random() < 0.3:
        return tensor(*input), tensor(*(mostly(r, n, 1, 4) for n in input))
    target = tuple(mostly(r, n, 1, 3) for n in (*batch, *rest))
    return tensor(*input), tensor(*target[1:] if rarely(r) else target, kind="integer")


def _indices(r: Random) -> tuple[TensorShape, ...]:
    input, target = _classes(r)
    return input, tensor(*target.shape or (), kind="integer")


def _rows(r: Random) -> tuple[TensorShape, ...]:
    rows = sizes(r, r.randint(1, 2), 1, 3)
    return tensor(*rows), tensor(*rows[:-1], kind="integer")


def _labels(r: Random) -> tuple[TensorShape, ...]:
    rows = sizes(r, r.randint(1, 2), 1, 3)
    return tensor(*rows), tensor(*rows, kind="integer")


def _three(r: Random) -> tuple[TensorShape, ...]:
    input = any_tensor(r, 1, 3)
    return (
        input,
        *(tensor(*(1 if rarely(r) else mostly(r, n, 1, 4) for n in input.shape or ())) for _ in "ab"),
    )


def _cosine_embedding(r: Random) -> tuple[TensorShape, ...]:
    rows = sizes(r, r.randint(1, 2), 1, 3)
    other = tuple(mostly(r, n, 1, 3) for n in rows)
    return tensor(*rows), tensor(*other), tensor(*(() if rarely(r) else rows[:-1]))


def _gaussian(r: Random) -> tuple[TensorShape, ...]:
    shape = sizes(r, r.randint(2, 3), 1, 3)
    target = tensor(*broadcastable(r, shape))
    variance = r.choice((shape, shape[:-1], tuple(1 if often(r) else mostly(r, n, 1, 3) for n in shape)))
    return tensor(*shape), target, tensor(*variance)


LOSSES = {
    "CrossEntropyLoss": _classes,
    "NLLLoss": _indices,
    "MSELoss": _broadcast_pair,
    "L1Loss": _broadcast_pair,
    "SmoothL1Loss": _broadcast_pair,
    "HuberLoss": _broadcast_pair,
    "KLDivLoss": _broadcast_pair,
    "SoftMarginLoss": _broadcast_pair,
    "HingeEmbeddingLoss": _broadcast_pair,
    "PoissonNLLLoss": _broadcast_pair,
    "BCELoss": _equal_pair,
    "BCEWithLogitsLoss": _equal_pair,
    "MultiLabelSoftMarginLoss": _equal_pair,
    "MarginRankingLoss": _three,
    "TripletMarginLoss": _three,
    "CosineEmbeddingLoss": _cosine_embedding,
    "GaussianNLLLoss": _gaussian,
    "MultiMarginLoss": _rows,
    "MultiLabelMarginLoss": _labels,
}


def reduced(name: str, draw: Callable[[Random], tuple[TensorShape, ...]]) -> Case:
    def call(r: Random) -> Call:
        return Call(draw(r), {}, some(r, reduction=r.choice(("mean", "sum", "none"))))

    return Case(f"torch.nn.{name}", call)


def embedding(r: Random) -> Call:
    shape = sizes(r, r.randint(0, 3), 1, 3)
    return Call(
        (tensor(*shape, kind="integer"),), {}, {"num_embeddings": 4, "embedding_dim": r.randint(1, 5)}
    )


def embedding_bag(r: Random) -> Call:
    options = {"num_embeddings": 4, "embedding_dim": r.randint(1, 5), **some(r, include_last_offset=often(r))}
    if often(r):
        return Call((tensor(*sizes(r, 2, 1, 3), kind="integer"),), {}, options)
    # Offsets are read: without a last one, they must not go beyond the input; all of them are 0 here.
    bags = r.randint(2, 3)
    return Call((tensor(4, kind="integer"), tensor(bags, kind="integer")), {}, options)


def cosine_similarity(r: Random) -> Call:
    input = any_tensor(r, 1, 4)
    other = tensor(*broadcastable(r, input.shape or ()))
    return Call((input, other), {}, {"dim": dim_of(r, len(input.shape or ()))} if r.random() < 0.8 else {})


def pairwise_distance(r: Random) -> Call:
    input = any_tensor(r, 1, 3)
    return Call((input, tensor(*broadcastable(r, input.shape or ()))), {}, some(r, keepdim=often(r)))


def ctc(r: Random) -> Call:
    batch = r.randint(1, 3)
    lengths = tensor(batch, kind="integer")
    return Call(
        (tensor(r.randint(1, 3), batch, r.randint(2, 4)), tensor(batch, 2, kind="integer"), lengths, lengths),
        {},
        some(r, reduction=r.choice(("mean", "sum", "none"))),
    )


SEQUENCE_CASES: list[Case] = [
    *(recurrent(kind) for kind in ("RNN", "LSTM", "GRU")),
    *(cell(kind) for kind in ("RNN", "LSTM", "GRU")),
    *(reduced(name, draw) for name, draw in LOSSES.items()),
    Case("torch.nn.CTCLoss", ctc),
    Case("torch.nn.Embedding", embedding),
    Case("torch.nn.EmbeddingBag", embedding_bag),
    Case("torch.nn.CosineSimilarity", cosine_similarity),
    Case("torch.nn.PairwiseDistance", pairwise_distance),
    Case("torch.nn.MultiheadAttention", multihead, training=False),
    Case("torch.nn.TransformerEncoderLayer", encoder_layer),
    Case("torch.nn.TransformerDecoderLayer", decoder_layer),
    Case("torch.nn.TransformerEncoder", encoder, make=_make_encoder),
    Case("torch.nn.TransformerDecoder", decoder, make=_make_decoder),
    Case("torch.nn.Transformer", transformer),
]

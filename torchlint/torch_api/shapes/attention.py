"""Attention and transformers: queries look at keys and carry values away."""

from __future__ import annotations

from torchlint.torch_api.dims import UNKNOWN, Dim, Shape, divides, same, show, show_shape
from torchlint.torch_api.shapes.broadcasting import broadcast
from torchlint.torch_api.shapes.entry import Function, Layer, Plain, function, layer
from torchlint.torch_api.shapes.error import ShapeError
from torchlint.torch_api.shapes.reading import dim, expect_rank, expect_rank_from, flag, more_certain


def multihead(
    query: Shape,
    key: Shape = None,
    value: Shape = None,
    *,
    embed_dim: object,
    num_heads: object,
    kdim: object = None,
    vdim: object = None,
    batch_first: object = False,
    add_bias_kv: object = False,
    add_zero_attn: object = False,
    need_weights: object = True,
    average_attn_weights: object = True,
) -> object:
    """(L, N, E), (S, N, kdim), (S, N, vdim) → (L, N, E) and the weights (N, L, S) or, not averaged, (N, heads, L, S).

    With `batch_first` N comes first; unbatched, N is missing. Raises "divisibility" where the heads do not divide E,
    "rank", "features", "mismatch". https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html
    """
    width, heads = dim(embed_dim), dim(num_heads)
    expect_heads(width, heads)
    shapes = (query, key, value)
    ranks = [len(shape) for shape in shapes if shape is not None]
    for shape in shapes:
        if shape is not None:
            expect_rank(shape, (2, 3), "attention")
            if len(shape) != ranks[0]:
                raise ShapeError("query, key and value have other ranks", "rank", input=shape)
    widths = (width, width if kdim is None else dim(kdim), width if vdim is None else dim(vdim))
    for shape, features in zip(shapes, widths, strict=True):
        if shape is not None:
            _expect_width(shape, features, "attention")
    first = flag(batch_first)
    batches, lengths = _batches_and_lengths(shapes, ranks, first)
    source = _agreed(lengths[1:], key if key is not None else value, "key and value have other lengths")
    batch = _agreed(batches, query, "query, key and value have other batch sizes") if batches else None
    wanted = flag(need_weights)
    return [
        query if query is None else (*query[:-1], width if width is not None else query[-1]),
        _weights(
            ranks,
            batch,
            lengths[0],
            _extended(source, add_bias_kv, add_zero_attn),
            heads,
            wanted,
            average_attn_weights,
        ),
    ]


def encoder_layer(src: Shape, *, d_model: object = None, nhead: object = None) -> Shape:
    """(L, N, d_model) or (L, d_model) → the same. Raises "features", "rank", "divisibility".

    https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerEncoderLayer.html
    """
    expect_heads(dim(d_model), dim(nhead))
    if src is not None:
        expect_rank(src, (2, 3), "a transformer")
        _expect_width(src, dim(d_model), "a transformer")
    return src


def decoder_layer(
    tgt: Shape,
    memory: Shape = None,
    *,
    d_model: object = None,
    nhead: object = None,
    batch_first: object = False,
) -> Shape:
    """(T, N, d_model) with a memory of (S, N, d_model) → (T, N, d_model).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerDecoderLayer.html
    """
    encoder_layer(memory, d_model=d_model, nhead=nhead)
    encoder_layer(tgt, d_model=d_model, nhead=nhead)
    if tgt is None or memory is None:
        return tgt
    if len(tgt) != len(memory):
        raise ShapeError(
            f"target {show_shape(tgt)} and memory {show_shape(memory)} have other ranks", "rank", input=memory
        )
    first = flag(batch_first)
    if len(tgt) == 3 and first is not None:
        place = 0 if first else 1
        if same(tgt[place], memory[place]) is False:
            raise ShapeError(
                f"target {show_shape(tgt)} and memory {show_shape(memory)} have other batch sizes",
                "mismatch",
                input=memory,
                dim=place,
                expected=tgt[place],
                found=memory[place],
            )
    return tgt


def transformer(
    src: Shape,
    tgt: Shape = None,
    *,
    d_model: object = 512,
    nhead: object = 8,
    batch_first: object = False,
) -> Shape:
    """(S, N, d_model), (T, N, d_model) → (T, N, d_model).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Transformer.html
    """
    return decoder_layer(tgt, src, d_model=d_model, nhead=nhead, batch_first=batch_first)


def stack_of_encoders(src: Shape) -> Shape:
    """The input's shape. https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerEncoder.html"""
    return encoder_layer(src)


def stack_of_decoders(tgt: Shape, memory: Shape = None) -> Shape:
    """The target's shape. https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerDecoder.html"""
    del memory
    return encoder_layer(tgt)


def scaled_dot_product(query: Shape, key: Shape, value: Shape, enable_gqa: object = False) -> Shape:
    """(*, L, E), (*, S, E), (*, S, V) → (*, L, V). Raises "inner", "broadcast", "rank".

    Keys and values of other lengths are not torch's concern on every backend, and so not an error here.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html
    """
    for shape in (query, key, value):
        if shape is not None:
            expect_rank_from(shape, 2, "attention")
    if query is not None and key is not None and same(query[-1], key[-1]) is False:
        raise ShapeError(
            f"query {show_shape(query)} and key {show_shape(key)} have other widths",
            "inner",
            input=key,
            dim=len(key) - 1,
            expected=query[-1],
            found=key[-1],
        )
    if query is None or key is None or value is None:
        return None
    if flag(enable_gqa) is not False:
        return (*query[:-1], value[-1])
    batch = broadcast(query[:-2], key[:-2], value[:-2])
    return None if batch is None else (*batch, query[-2], value[-1])


def expect_heads(width: Dim, heads: Dim) -> None:
    """Raise unless the heads divide the width."""
    if divides(heads, width) is False:
        raise ShapeError(
            f"the width {show(width)} is no multiple of {show(heads)} heads",
            "divisibility",
            expected=heads,
            found=width,
        )


def _expect_width(shape: tuple[Dim, ...], features: Dim, who: str) -> None:
    if same(shape[-1], features) is False:
        raise ShapeError(
            f"input {show_shape(shape)} has {show(shape[-1])} features, {who} takes {show(features)}",
            "features",
            input=shape,
            dim=len(shape) - 1,
            expected=features,
            found=shape[-1],
        )


def _batches_and_lengths(
    shapes: tuple[Shape, ...], ranks: list[int], first: bool | None
) -> tuple[list[Dim], list[Dim]]:
    """The batch sizes (none if unbatched) and the lengths of query, key and value, unknown where a shape is."""
    if not ranks:
        return [], [None, None, None]
    if ranks[0] == 2:
        return [], [None if shape is None else shape[0] for shape in shapes]
    if first is None:
        return [None], [None, None, None]
    known = [shape or (None, None, None) for shape in shapes]
    return [shape[0 if first else 1] for shape in known], [shape[1 if first else 0] for shape in known]


def _agreed(dims: list[Dim], input: Shape, otherwise: str) -> Dim:
    result = dims[0]
    for each in dims[1:]:
        if same(result, each) is False:
            raise ShapeError(
                f"{otherwise}: {show(result)} and {show(each)}",
                "mismatch",
                input=input,
                expected=result,
                found=each,
            )
        result = more_certain(result, each)
    return result


def _extended(source: Dim, add_bias_kv: object, add_zero_attn: object) -> Dim:
    """A bias and a zero are further keys."""
    for option in (add_bias_kv, add_zero_attn):
        more = flag(option)
        if more is None or source is None:
            return None
        source = source + 1 if more else source
    return source


def _weights(
    ranks: list[int], batch: Dim, target: Dim, source: Dim, heads: Dim, wanted: bool | None, average: object
) -> object:
    if wanted is None:
        return Plain(UNKNOWN)
    if not wanted:
        return Plain(None)
    averaged = flag(average)
    if averaged is None or not ranks:
        return None
    lead = () if ranks[0] == 2 else (batch,)
    return (*lead, target, source) if averaged else (*lead, heads, target, source)


_MULTIHEAD = "embed_dim, num_heads, _dropout, _bias, add_bias_kv, add_zero_attn, kdim, vdim, batch_first"
_ATTEND = "query: T, key: T, value: T, _key_padding_mask, need_weights, _attn_mask, average_attn_weights, _is_causal"
_WIDTHS = "_dim_feedforward, _dropout, _activation, _layer_norm_eps, batch_first, _norm_first, _bias"
_ENCODE = "src: T, _mask|src_mask, _src_key_padding_mask, _is_causal"
_DECODE = (
    "tgt: T, memory: T, _tgt_mask, _memory_mask, _tgt_key_padding_mask, _memory_key_padding_mask, "
    "_tgt_is_causal, _memory_is_causal"
)
_TRANSFORM = (
    "src: T, tgt: T, _src_mask, _tgt_mask, _memory_mask, _src_key_padding_mask, _tgt_key_padding_mask, "
    "_memory_key_padding_mask, _src_is_causal, _tgt_is_causal, _memory_is_causal"
)

LAYERS: dict[str, Layer] = {
    "torch.nn.MultiheadAttention": layer(multihead, _MULTIHEAD, _ATTEND),
    "torch.nn.TransformerEncoderLayer": layer(
        encoder_layer, f"d_model, nhead, {_WIDTHS.replace('batch_first', '_batch_first')}", _ENCODE
    ),
    "torch.nn.TransformerDecoderLayer": layer(decoder_layer, f"d_model, nhead, {_WIDTHS}", _DECODE),
    "torch.nn.TransformerEncoder": layer(
        stack_of_encoders, "_encoder_layer, _num_layers, _norm, _enable_nested_tensor, _mask_check", _ENCODE
    ),
    "torch.nn.TransformerDecoder": layer(stack_of_decoders, "_decoder_layer, _num_layers, _norm", _DECODE),
    "torch.nn.Transformer": layer(
        transformer,
        "d_model, nhead, _num_encoder_layers, _num_decoder_layers, _dim_feedforward, _dropout, _activation, "
        "_custom_encoder, _custom_decoder, _layer_norm_eps, batch_first, _norm_first, _bias",
        _TRANSFORM,
    ),
}

FUNCTIONS: dict[str, Function] = {
    "torch.nn.functional.scaled_dot_product_attention": function(
        scaled_dot_product,
        "query: T, key: T, value: T, _attn_mask, _dropout_p, _is_causal, *, _scale, enable_gqa",
    ),
}

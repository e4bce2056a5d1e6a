"""Looking rows up in a table: embeddings and bags of them."""

from __future__ import annotations

from torchlint.torch_api.dims import Dim, Shape, minus
from torchlint.torch_api.shapes.entry import Function, Layer, function, layer
from torchlint.torch_api.shapes.error import ShapeError
from torchlint.torch_api.shapes.reading import dim, expect_rank, flag


def embedding(input: Shape, embedding_dim: object = None) -> Shape:
    """(*) → (*, embedding_dim). https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html"""
    return None if input is None else (*input, dim(embedding_dim))


def embedding_bag(
    input: Shape, embedding_dim: object = None, offsets: Shape = None, include_last_offset: object = False
) -> Shape:
    """(B, L) → (B, embedding_dim), or (L,) with offsets (B,) → (B, embedding_dim).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.EmbeddingBag.html
    """
    width = dim(embedding_dim)
    if input is None:
        return (None, width)
    expect_rank(input, (1, 2), "an embedding bag")
    if len(input) == 2:
        return (input[0], width)
    return (_bags(offsets, include_last_offset), width)


def embedding_of_weight(input: Shape, weight: Shape = None) -> Shape:
    """`F.embedding`: the weight is (num_embeddings, embedding_dim).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html
    """
    if weight is not None:
        expect_rank(weight, (2,), "embedding's weight")
    return embedding(input, None if weight is None else weight[1])


def embedding_bag_of_weight(
    input: Shape, weight: Shape = None, offsets: Shape = None, include_last_offset: object = False
) -> Shape:
    """`F.embedding_bag`. https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding_bag.html"""
    if weight is not None:
        expect_rank(weight, (2,), "embedding_bag's weight")
    return embedding_bag(input, None if weight is None else weight[1], offsets, include_last_offset)


def one_hot(input: Shape, num_classes: object = -1) -> Shape:
    """(*) → (*, num_classes); the number of classes is in the data unless given.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.one_hot.html
    """
    classes = dim(num_classes)
    if isinstance(classes, int) and classes < 1:
        classes = None
    return None if input is None else (*input, classes)


def _bags(offsets: Shape, include_last_offset: object) -> Dim:
    if offsets is None:
        return None
    if len(offsets) != 1:
        raise ShapeError("offsets are a vector", "rank", input=offsets, expected=1, found=len(offsets))
    last = flag(include_last_offset)
    return None if last is None else minus(offsets[0], int(last))


_EMBEDDING = "_padding_idx, _max_norm, _norm_type, _scale_grad_by_freq, _sparse, __weight, __freeze"
_BAG = "_max_norm, _norm_type, _scale_grad_by_freq, _mode, _sparse"

LAYERS: dict[str, Layer] = {
    "torch.nn.Embedding": layer(embedding, f"_num_embeddings, embedding_dim, {_EMBEDDING}"),
    "torch.nn.EmbeddingBag": layer(
        embedding_bag,
        f"_num_embeddings, embedding_dim, {_BAG}, __weight, include_last_offset, _padding_idx",
        "input: T, offsets: T, _per_sample_weights",
    ),
}

FUNCTIONS: dict[str, Function] = {
    "torch.nn.functional.embedding": function(
        embedding_of_weight,
        "input: T, weight: T, _padding_idx, _max_norm, _norm_type, _scale_grad_by_freq, _sparse",
    ),
    "torch.nn.functional.embedding_bag": function(
        embedding_bag_of_weight,
        "input: T, weight: T, offsets: T, _max_norm, _norm_type, _scale_grad_by_freq, _mode, _sparse, "
        "_per_sample_weights, include_last_offset, _padding_idx",
    ),
    "torch.nn.functional.one_hot": function(one_hot, "input|tensor: T, num_classes"),
}

"""Losses and distances: predictions against targets, reduced to one number unless told otherwise."""

from __future__ import annotations

from torchlint.torch_api.dims import Dim, Shape, at_least, same, show, show_shape
from torchlint.torch_api.shapes.broadcasting import broadcast, in_place
from torchlint.torch_api.shapes.entry import Function, Layer, function, layer
from torchlint.torch_api.shapes.error import ShapeError
from torchlint.torch_api.shapes.reading import expect_rank, expect_rank_from, more_certain
from torchlint.torch_api.shapes.reduction import reduce


def classification(input: Shape, target: Shape = None, reduction: object = "mean") -> object:
    """Logits (N, C, *) or (C,) with class indices (N, *) or (), or with probabilities of the logits' shape → ().

    Unreduced, a loss for each index: (N, *). Raises "mismatch" where the batch or the rest differs, "rank".
    https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
    """
    if input is None:
        return _reduced(target if target == () else None, reduction)
    if not input:
        raise ShapeError("logits have a dim of classes", "rank", input=input, found=0)
    per_sample = (*input[:1], *input[2:]) if len(input) > 1 else ()
    if target is None:
        return _reduced(per_sample, reduction)
    if len(target) not in (len(input), len(per_sample)):
        raise ShapeError(
            f"logits {show_shape(input)} take targets of {len(per_sample)} dims (or {len(input)}, as probabilities), "
            f"not {show_shape(target)}",
            "rank",
            input=target,
            expected=len(per_sample),
            found=len(target),
        )
    if len(target) == len(input):
        _expect_equal(input, target, "logits and target probabilities")
        return _reduced(per_sample, reduction)
    return _reduced(_expect_equal(per_sample, target, "logits and targets"), reduction)


def negative_log_likelihood(input: Shape, target: Shape = None, reduction: object = "mean") -> object:
    """(N, C, *) with class indices (N, *) → (). https://docs.pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html"""
    if input is not None and target is not None and len(target) == len(input) and len(input) > 1:
        raise ShapeError(
            f"log-probabilities {show_shape(input)} take targets of {len(input) - 1} dims, not {show_shape(target)}",
            "rank",
            input=target,
            expected=len(input) - 1,
            found=len(target),
        )
    if input is not None and target is not None and len(input) == 1 and len(target) == 1:
        if at_least(target[0], 2):
            raise ShapeError("one sample takes one target", "rank", input=target, expected=0, found=1)
        return _reduced((), reduction)
    return classification(input, target, reduction)


def pointwise(input: Shape, target: Shape = None, reduction: object = "mean") -> object:
    """Shapes that broadcast → (). https://docs.pytorch.org/docs/stable/generated/torch.nn.MSELoss.html"""
    return _reduced(broadcast(input, target), reduction)


def soft_margin(input: Shape, target: Shape = None, reduction: object = "mean") -> object:
    """Targets that broadcast to the input → (). https://docs.pytorch.org/docs/stable/generated/torch.nn.SoftMarginLoss.html"""
    return _reduced(in_place(input, target), reduction)


def equal(input: Shape, target: Shape = None, reduction: object = "mean") -> object:
    """Shapes that are equal → (). Raises "mismatch". https://docs.pytorch.org/docs/stable/generated/torch.nn.BCELoss.html"""
    if input is None or target is None:
        return _reduced(input if input is not None else target, reduction)
    if len(input) != len(target):
        raise ShapeError(
            f"input {show_shape(input)} and target {show_shape(target)} have other ranks",
            "mismatch",
            input=target,
            expected=len(input),
            found=len(target),
        )
    return _reduced(_expect_equal(input, target, "input and target"), reduction)


def margin_ranking(
    input1: Shape, input2: Shape = None, target: Shape = None, reduction: object = "mean"
) -> object:
    """Three shapes of one rank, which broadcast.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.MarginRankingLoss.html
    """
    shapes = [shape for shape in (input1, input2, target) if shape is not None]
    if len({len(shape) for shape in shapes}) > 1:
        raise ShapeError("margin ranking takes three tensors of one rank", "rank", input=shapes[-1])
    return _reduced(broadcast(input1, input2, target), reduction)


def triplet(
    anchor: Shape,
    positive: Shape = None,
    negative: Shape = None,
    reduction: object = "mean",
) -> object:
    """(N, D) three times → (N,), reduced.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.TripletMarginLoss.html
    """
    shapes = [shape for shape in (anchor, positive, negative) if shape is not None]
    if len({len(shape) for shape in shapes}) > 1:
        raise ShapeError("a triplet takes three tensors of one rank", "rank", input=shapes[-1])
    near, far = broadcast(anchor, positive), broadcast(anchor, negative)
    if near is None or far is None:
        return _reduced(None, reduction)
    return _reduced(broadcast(near[:-1], far[:-1]), reduction)


def per_row(input: Shape, target: Shape = None, reduction: object = "mean") -> object:
    """(N, C) with targets → (N,), reduced: the multi-label and multi-class margins.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiMarginLoss.html
    """
    del target
    if input is None:
        return _reduced(None, reduction)
    expect_rank(input, (1, 2), "the loss")
    return _reduced(input[:-1], reduction)


def multi_label_soft_margin(input: Shape, target: Shape = None, reduction: object = "mean") -> object:
    """(*, C) → (*), reduced. https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiLabelSoftMarginLoss.html"""
    common = broadcast(input, target)
    if common is not None:
        expect_rank_from(common, 1, "the loss")
    return _reduced(None if common is None else common[:-1], reduction)


def gaussian(input: Shape, target: Shape = None, var: Shape = None, reduction: object = "mean") -> object:
    """Shapes that broadcast, with a variance of the input's shape, without its last dim, or with 1 for one dim.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.GaussianNLLLoss.html
    """
    if input is None or var is None:
        return _reduced(None, reduction)
    if var and len(var) == len(input) - 1:
        _expect_equal(input[:-1], var, "input and variance")
        var = (*var, 1)
    elif var and len(var) == len(input):
        differ = [found for size, found in zip(input, var, strict=True) if same(size, found) is False]
        if len(differ) > 1 or any(same(found, 1) is False for found in differ):
            raise ShapeError(
                f"the variance {show_shape(var)} is not of {show_shape(input)}", "mismatch", input=var
            )
    elif var:
        raise ShapeError(
            f"the variance {show_shape(var)} has not the rank of {show_shape(input)}", "rank", input=var
        )
    return _reduced(broadcast(broadcast(input, target), var), reduction)


def cosine_embedding(
    input1: Shape, input2: Shape = None, target: Shape = None, reduction: object = "mean"
) -> object:
    """(N, D), (N, D) with (N,), or (D,), (D,) with () → the target's shape, reduced.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.CosineEmbeddingLoss.html
    """
    if target is not None:
        expect_rank(target, (0, 1), "the target")
        for input in (input1, input2):
            if input is not None:
                expect_rank(input, (len(target) + 1,), "cosine embedding")
    common = broadcast(input1, input2)
    return _reduced(None if common is None else broadcast(common[:-1], target), reduction)


def cosine_similarity(x1: Shape, x2: Shape, dim: object = 1) -> Shape:
    """Broadcast, without `dim`. https://docs.pytorch.org/docs/stable/generated/torch.nn.CosineSimilarity.html"""
    common = broadcast(x1, x2)
    return None if common is None else reduce(common, dim)


def pairwise_distance(x1: Shape, x2: Shape, keepdim: object = False) -> Shape:
    """(N, D), (N, D) → (N,). https://docs.pytorch.org/docs/stable/generated/torch.nn.PairwiseDistance.html"""
    common = broadcast(x1, x2)
    if common is None:
        return None
    return reduce(common, -1, keepdim)


def cdist(x1: Shape, x2: Shape) -> Shape:
    """(*, P, M), (*, R, M) → (*, P, R). Raises "inner", "broadcast", "rank".

    https://docs.pytorch.org/docs/stable/generated/torch.cdist.html
    """
    for shape in (x1, x2):
        if shape is not None and len(shape) < 2:
            raise ShapeError(f"cdist takes 2-D or more, not {show_shape(shape)}", "rank", input=shape)
    if x1 is None or x2 is None:
        return None
    if same(x1[-1], x2[-1]) is False:
        raise ShapeError(
            f"cdist of {show_shape(x1)} and {show_shape(x2)}: {show(x1[-1])} is not {show(x2[-1])}",
            "inner",
            input=x2,
            dim=len(x2) - 1,
            expected=x1[-1],
            found=x2[-1],
        )
    batch = broadcast(x1[:-2], x2[:-2])
    return None if batch is None else (*batch, x1[-2], x2[-2])


def ctc(log_probs: Shape, reduction: object = "mean") -> object:
    """(T, N, C) → (N,), reduced. https://docs.pytorch.org/docs/stable/generated/torch.nn.CTCLoss.html"""
    if log_probs is None:
        return _reduced(None, reduction)
    expect_rank(log_probs, (2, 3), "CTC")
    return _reduced(log_probs[1:-1], reduction)


def _reduced(shape: Shape, reduction: object) -> object:
    if reduction in ("mean", "sum", "batchmean"):
        return ()
    return shape if reduction == "none" else None


def _expect_equal(a: tuple[Dim, ...], b: tuple[Dim, ...], what: str) -> Shape:
    for place, (expected, found) in enumerate(zip(a, b, strict=True)):
        if same(expected, found) is False:
            raise ShapeError(
                f"{what} differ in dim {place}: {show_shape(a)} and {show_shape(b)}",
                "mismatch",
                input=b,
                dim=place,
                expected=expected,
                found=found,
            )
    return tuple(map(more_certain, a, b))


_TWO = "input: T, target: T"

LAYERS: dict[str, Layer] = {
    "torch.nn.CrossEntropyLoss": layer(
        classification, "_weight, *, _ignore_index, reduction, _label_smoothing", _TWO
    ),
    "torch.nn.NLLLoss": layer(negative_log_likelihood, "_weight, *, _ignore_index, reduction", _TWO),
    "torch.nn.MSELoss": layer(pointwise, "*, reduction", _TWO),
    "torch.nn.L1Loss": layer(pointwise, "*, reduction", _TWO),
    "torch.nn.SmoothL1Loss": layer(pointwise, "*, reduction, _beta", _TWO),
    "torch.nn.HuberLoss": layer(pointwise, "reduction, _delta", _TWO),
    "torch.nn.KLDivLoss": layer(pointwise, "*, reduction, _log_target", _TWO),
    "torch.nn.SoftMarginLoss": layer(soft_margin, "*, reduction", _TWO),
    "torch.nn.HingeEmbeddingLoss": layer(pointwise, "_margin, *, reduction", _TWO),
    "torch.nn.PoissonNLLLoss": layer(
        pointwise, "_log_input, _full, *, _eps, reduction", "input|log_input: T, target: T"
    ),
    "torch.nn.BCELoss": layer(equal, "_weight, *, reduction", _TWO),
    "torch.nn.BCEWithLogitsLoss": layer(equal, "_weight, *, reduction, _pos_weight", _TWO),
    "torch.nn.MarginRankingLoss": layer(
        margin_ranking, "_margin, *, reduction", "input1: T, input2: T, target: T"
    ),
    "torch.nn.TripletMarginLoss": layer(
        triplet, "_margin, _p, _eps, _swap, *, reduction", "anchor: T, positive: T, negative: T"
    ),
    "torch.nn.GaussianNLLLoss": layer(gaussian, "*, _full, _eps, reduction", "input: T, target: T, var: T"),
    "torch.nn.CosineEmbeddingLoss": layer(
        cosine_embedding, "_margin, *, reduction", "input1: T, input2: T, target: T"
    ),
    "torch.nn.MultiMarginLoss": layer(per_row, "_p, _margin, _weight, *, reduction", _TWO),
    "torch.nn.MultiLabelMarginLoss": layer(per_row, "*, reduction", _TWO),
    "torch.nn.MultiLabelSoftMarginLoss": layer(multi_label_soft_margin, "_weight, *, reduction", _TWO),
    "torch.nn.CTCLoss": layer(
        ctc, "_blank, reduction, _zero_infinity", "log_probs: T, _targets, _input_lengths, _target_lengths"
    ),
    "torch.nn.CosineSimilarity": layer(cosine_similarity, "dim, _eps", "x1: T, x2: T"),
    "torch.nn.PairwiseDistance": layer(pairwise_distance, "_p, _eps, keepdim", "x1: T, x2: T"),
}

FUNCTIONS: dict[str, Function] = {
    "torch.nn.functional.cross_entropy": function(
        classification, f"{_TWO}, _weight, *, _ignore_index, reduction, _label_smoothing"
    ),
    "torch.nn.functional.nll_loss": function(
        negative_log_likelihood, f"{_TWO}, _weight, *, _ignore_index, reduction"
    ),
    **{
        f"torch.nn.functional.{name}": function(
            pointwise, f"{_TWO}, *, reduction, _beta, _delta, _log_target, _weight"
        )
        for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "kl_div")
    },
    "torch.nn.functional.soft_margin_loss": function(soft_margin, f"{_TWO}, *, reduction"),
    "torch.nn.functional.hinge_embedding_loss": function(pointwise, f"{_TWO}, _margin, *, reduction"),
    "torch.nn.functional.poisson_nll_loss": function(
        pointwise, f"{_TWO}, _log_input, _full, *, _eps, reduction"
    ),
    "torch.nn.functional.binary_cross_entropy": function(equal, f"{_TWO}, _weight, *, reduction"),
    "torch.nn.functional.binary_cross_entropy_with_logits": function(
        equal, f"{_TWO}, _weight, *, reduction, _pos_weight"
    ),
    "torch.nn.functional.margin_ranking_loss": function(
        margin_ranking, "input1: T, input2: T, target: T, _margin, *, reduction"
    ),
    "torch.nn.functional.gaussian_nll_loss": function(
        gaussian, "input: T, target: T, var: T, _full, _eps, reduction"
    ),
    "torch.nn.functional.cosine_embedding_loss": function(
        cosine_embedding, "input1: T, input2: T, target: T, _margin, *, reduction"
    ),
    "torch.nn.functional.triplet_margin_loss": function(
        triplet, "anchor: T, positive: T, negative: T, _margin, _p, _eps, _swap, *, reduction"
    ),
    "torch.nn.functional.multilabel_soft_margin_loss": function(
        multi_label_soft_margin, f"{_TWO}, _weight, *, reduction"
    ),
    "torch.nn.functional.cosine_similarity": function(cosine_similarity, "x1: T, x2: T, dim, _eps"),
    "torch.cosine_similarity": function(cosine_similarity, "x1: T, x2: T, dim, _eps"),
    "torch.nn.functional.pairwise_distance": function(pairwise_distance, "x1: T, x2: T, _p, _eps, keepdim"),
    "torch.pairwise_distance": function(pairwise_distance, "x1: T, x2: T, _p, _eps, keepdim"),
    "torch.cdist": function(cdist, "x1: T, x2: T, _p, _compute_mode"),
}

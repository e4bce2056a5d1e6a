"""What torch's functions and tensor methods do to dtype, gradient and last activation.

An operation is known by its bare name, since `torch.flatten`, `torch.Tensor.flatten` and
`torch.nn.functional.relu` act alike wherever they are called from; shapes are in `shapes/`.
Source: https://docs.pytorch.org/docs/stable/torch.html and …/nn.functional.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

DtypeEffect = Literal["same", "promote", "float", "int64", "bool", "argument"]
GradEffect = Literal["flows", "cut", "source"]
ResultKind = Literal["tensor", "pair", "sequence"]


CLAMPS = frozenset({"clamp", "clip", "clamp_min", "clamp_max"})
# Methods that end in an underscore and still leave every number as it is.
SAME_NUMBERS = frozenset({"share_memory_", "requires_grad_", "detach_", "rename_", "retain_grad_"})

# Operations that give back the very tensor they were given when there is nothing to do.
MAY_RETURN_INPUT = frozenset({"flatten", "contiguous", "dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout"})

# Methods that give a tensor another shape in place.
RESHAPED_IN_PLACE = frozenset({"resize_", "resize_as_", "set_", "as_strided_", "t_", "transpose_", "swapaxes_", "swapdims_"})


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation.

    `dtype`: "same" as the input's, "promote" over all inputs, "float" makes integers float32,
    "argument" is given by `dtype=`. `gradient`: it "flows" from the inputs, is "cut", or the result
    is a "source": a new leaf; it flows from the first input alone where `first_only`. `activation`: "keeps" what was applied last, "other" forgets it as
    something else was applied, else the kind that is now the last one.
    """

    name: str
    dtype: DtypeEffect = "same"
    gradient: GradEffect = "flows"
    activation: str = "other"
    first_only: bool = False
    result: ResultKind = "tensor"


_KEEPS = """
    view reshape flatten unflatten permute transpose swapaxes swapdims movedim moveaxis t squeeze unsqueeze contiguous clone
    expand expand_as repeat tile narrow select index_select gather take take_along_dim masked_select
    view_as reshape_as flip fliplr flipud roll rot90 diagonal atleast_1d atleast_2d atleast_3d ravel adjoint
    clamp clip nan_to_num
"""
_SPLITS = "chunk split tensor_split unbind hsplit vsplit dsplit split_with_sizes"
_JOINS = "cat concat concatenate stack hstack vstack dstack column_stack row_stack"
_POINTWISE = """
    add sub subtract mul multiply rsub addcmul addcdiv lerp where maximum minimum fmod remainder
    neg negative abs absolute square sign relu6 masked_fill masked_scatter index_fill scatter
    scatter_add index_add index_copy index_put cumsum cumprod sum nansum prod matmul mm bmm mv dot inner outer addmm baddbmm addbmm
    addmv addr einsum tensordot kron cross cdist dist pairwise_distance cosine_similarity bilinear
    tril triu diag diag_embed trace pad interpolate upsample fold unfold unfold_copy pixel_shuffle pixel_unshuffle
    channel_shuffle max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d
    adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d
    lp_pool1d lp_pool2d amax amin normalize layer_norm batch_norm group_norm instance_norm rms_norm
    local_response_norm grid_sample affine_grid scaled_dot_product_attention multi_head_attention_forward
    one_minus glu prelu rrelu leaky_relu elu selu celu gelu silu mish hardtanh hardswish
    hardshrink softshrink tanhshrink softsign threshold relu renorm cov corrcoef
    diff block_diag repeat_interleave conv_tbc scatter_reduce index_reduce
"""
# Activations whose values leave [0, 1].
_UNBOUNDED = "relu relu6 leaky_relu prelu rrelu elu selu celu gelu silu mish hardswish"
_FLOAT = """
    div divide true_divide exp expm1 exp2 log log2 log10 log1p sqrt rsqrt sin cos tan asin acos atan atan2 sinh
    cosh tanh asinh acosh atanh erf erfc reciprocal pow float_power mean std var norm logsumexp softplus
    lgamma digamma polygamma nanmean quantile median_float vector_norm matrix_norm logaddexp xlogy
"""
_NO_GRADIENT_INT = "argmax argmin argsort count_nonzero nonzero bucketize searchsorted bincount argwhere multinomial"
_NO_GRADIENT_BOOL = """
    eq ne lt le gt ge greater less greater_equal less_equal not_equal isnan isinf isfinite logical_and logical_or logical_not
    logical_xor any all isclose
"""
_NO_GRADIENT_SAME = "round floor ceil trunc fix sgn bernoulli histc heaviside"
_PAIRS = "topk sort kthvalue mode cummax cummin median"
_SOURCES_FLOAT = "zeros ones empty rand randn full eye linspace logspace normal"
_SOURCES_LIKE = "zeros_like ones_like empty_like rand_like randn_like full_like randint_like new_zeros new_ones new_empty new_full new_tensor"
_DROPOUTS = "dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout"
_LINEAR = "linear conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d"
_LOSSES = """
    cross_entropy nll_loss binary_cross_entropy binary_cross_entropy_with_logits mse_loss l1_loss smooth_l1_loss huber_loss
    kl_div poisson_nll_loss gaussian_nll_loss cosine_embedding_loss margin_ranking_loss hinge_embedding_loss
    multi_margin_loss multilabel_margin_loss multilabel_soft_margin_loss soft_margin_loss triplet_margin_loss
    triplet_margin_with_distance_loss ctc_loss
"""


@cache
def _table() -> dict[str, Operation]:
    table: dict[str, Operation] = {}

    def fill(names: str, **facts: object) -> None:
        for name in names.split():
            table[name] = Operation(name, **facts)  # type: ignore[arg-type]

    fill(_KEEPS, activation="keeps")
    fill("clamp clip", activation="keeps", dtype="promote")
    fill("clamp_min clamp_max", activation="keeps")
    fill(_SPLITS, activation="keeps", result="sequence")
    fill(_JOINS, activation="keeps", dtype="promote")
    fill(_DROPOUTS, activation="keeps")
    fill(_POINTWISE, dtype="promote")
    fill(_FLOAT, dtype="float")
    fill(_NO_GRADIENT_INT, dtype="int64", gradient="cut")
    fill(_NO_GRADIENT_BOOL, dtype="bool", gradient="cut")
    fill(_NO_GRADIENT_SAME, gradient="cut")
    fill("round floor ceil trunc", gradient="flows")
    fill(_PAIRS, activation="keeps", result="pair")
    fill(_SOURCES_FLOAT, dtype="argument", gradient="source")
    fill(_SOURCES_LIKE, dtype="argument", gradient="source")
    fill("tensor as_tensor from_numpy arange randint randperm one_hot", dtype="argument", gradient="source")
    fill("one_hot", dtype="int64", gradient="cut")
    fill(_LINEAR, activation="linear")
    fill(_LOSSES, activation="loss")
    fill("mse_loss l1_loss smooth_l1_loss huber_loss", activation="loss", dtype="promote")
    fill("embedding embedding_bag", dtype="argument", activation="linear")
    fill("softmax", activation="softmax", dtype="same")
    fill("softmin", activation="softmin", dtype="same")
    fill("gumbel_softmax", activation="gumbel_softmax")
    fill("log_softmax", activation="log_softmax")
    fill("sigmoid expit", activation="sigmoid", dtype="float")
    fill(_UNBOUNDED, dtype="promote", activation="unbounded")
    fill("softplus", activation="unbounded", dtype="float")
    fill("tanh", activation="tanh", dtype="float")
    fill("hardsigmoid", activation="hardsigmoid")
    fill("logsigmoid", activation="logsigmoid")
    fill("max min aminmax", activation="keeps")
    fill("view_as expand_as reshape_as", activation="keeps", first_only=True)
    fill("detach detach_", activation="keeps", gradient="cut")
    return table


def operation(name: str) -> Operation | None:
    """The operation of that bare name, in-place forms included; None where it is not known."""
    table = _table()
    found = table.get(name)
    if found is None and name.endswith("_") and not name.endswith("__"):
        found = table.get(name[:-1])
    return found


# Names that torch's namespaces share with tensors' methods, or that lead there under another name.
_ALIASES = {
    "torch.autograd.variable.Variable": "torch.autograd.Variable",
    "torch.utils.data.dataloader.DataLoader": "torch.utils.data.DataLoader",
    "torch.utils.data.dataset.Dataset": "torch.utils.data.Dataset",
    "torch.utils.data.dataset.TensorDataset": "torch.utils.data.TensorDataset",
    "torch.nn.parameter.Parameter": "torch.nn.Parameter",
    "torch.tensor.Tensor": "torch.Tensor",
    "torch._tensor.Tensor": "torch.Tensor",
    "torch.nn.backends.thnn": "torch.nn.functional",
    "torch.nn.parallel.DataParallel": "torch.nn.DataParallel",
    "torch.nn.parallel.data_parallel.DataParallel": "torch.nn.DataParallel",
    "torch.nn.parallel.distributed.DistributedDataParallel": "torch.nn.parallel.DistributedDataParallel",
    "torch.autograd.grad_mode.no_grad": "torch.no_grad",
    "torch.autograd.no_grad": "torch.no_grad",
    "torch.autograd.enable_grad": "torch.enable_grad",
    "torch.autograd.set_grad_enabled": "torch.set_grad_enabled",
    "torch.autograd.inference_mode": "torch.inference_mode",
    "torch.nn.functional.sigmoid": "torch.sigmoid",
    "torch.nn.functional.tanh": "torch.tanh",
    "torch.nn.functional.relu_": "torch.nn.functional.relu",
    "torch.special.softmax": "torch.softmax",
    "torch.special.log_softmax": "torch.log_softmax",
    "torch.special.expit": "torch.sigmoid",
}
_FOLDERS = (
    ("torch.nn.modules.", "torch.nn."),
    ("torch.optim.lr_scheduler.", "torch.optim.lr_scheduler."),
    ("torch.optim.swa_utils.", "torch.optim.swa_utils."),
    ("torch.optim.", "torch.optim."),
    ("torchvision.datasets.", "torchvision.datasets."),
    ("torchvision.transforms.transforms.", "torchvision.transforms."),
)


@cache
def canonical(name: str) -> str:
    """The public name of what is reachable as `name`: "torch.nn.modules.loss.NLLLoss" is "torch.nn.NLLLoss"."""
    if not name.startswith(("torch", "lightning", "pytorch_lightning", "numpy")):
        return name
    if name in _ALIASES:
        return _ALIASES[name]
    owner, _, last = name.rpartition(".")
    if last == "__init__":
        return f"{canonical(owner)}.__init__"
    for folder, public in _FOLDERS:
        if name.startswith(folder) and last[:1].isupper():
            return public + last
    if name.startswith("torch.functional."):
        return "torch." + last
    if name.startswith(("pytorch_lightning.", "lightning.")):
        return f"lightning.{last}" if last[:1].isupper() else name
    return name


def _both(names: str) -> frozenset[str]:
    return frozenset(f"torch.{prefix}{name}" for name in names.split() for prefix in ("", "Tensor."))


DOTS = _both("dot vdot")
ELEMENTWISE_PRODUCTS = _both("mul multiply mul_ multiply_")
# Products whose inner sizes must agree, and whose factors have one dtype.
PRODUCTS = _both("matmul mm bmm mv addmm addmv addbmm baddbmm inner einsum") | {
    "torch.linalg.matmul",
    "torch.nn.functional.linear",
    "torch.nn.functional.bilinear",
}
# Functions with a weight, which has the dtype of what they are applied to.
ONE_DTYPE = frozenset(f"torch.nn.functional.conv{kind}" for kind in ("1d", "2d", "3d", "_transpose1d", "_transpose2d", "_transpose3d"))
# Functions that have no version for integers.
FLOATS_ONLY = _both("mean std var norm softmax log_softmax std_mean var_mean") | {
    "torch.nn.functional.softmax",
    "torch.nn.functional.log_softmax",
}
# Reductions that take one tensor, and no list.
OF_ONE_TENSOR = frozenset(f"torch.{name}" for name in "mean sum max min std var prod median norm argmax argmin cumsum".split())
# Functions of two tensors that broadcast them.
ELEMENTWISE = _both("add sub subtract mul multiply div divide true_divide pow maximum minimum eq ne lt le gt ge fmod remainder")
# What every tensor has besides methods; who asks for `grad` asks whether there is one.
TENSOR_ATTRIBUTES = frozenset("shape dtype device layout data grad_fn requires_grad is_leaf ndim is_cuda itemsize nbytes T names".split())
# Operations that make a tensor of data of any kind, where that is.
COPIES = frozenset({"tensor", "as_tensor"})
# Methods that make of one tensor what another one is, wherever either is.
FOLLOWS_ANOTHER = frozenset({"to", "type_as", "expand_as", "view_as", "reshape_as", "copy_", "is_same_size", "select"})
# Operations on one tensor: whatever else they are given are numbers.
OF_ONE_OPERAND = frozenset(
    f"""
    view reshape flatten unflatten permute transpose swapaxes swapdims movedim moveaxis t squeeze unsqueeze contiguous clone expand
    repeat tile narrow flip fliplr flipud roll rot90 diagonal ravel adjoint {_SPLITS} {_DROPOUTS} {_PAIRS}
    tril triu diag diag_embed trace pad interpolate upsample fold unfold pixel_shuffle pixel_unshuffle channel_shuffle
    sum nansum prod cumsum cumprod mean std var norm amin amax argmax argmin argsort all any logsumexp softmax log_softmax softmin
    repeat_interleave round glu leaky_relu elu celu hardtanh softplus threshold multinomial bernoulli
    """.split()
)
SCALING = _both("div divide true_divide div_ divide_ true_divide_ mul multiply mul_ multiply_")
# Functions that make new tensors, by their bare names.
SOURCES = frozenset(name for name, operation in _table().items() if operation.gradient == "source")


def bare(names: Iterable[str]) -> frozenset[str]:
    """Qualified names without what stands before the last dot."""
    return frozenset(name.rpartition(".")[2] for name in names)

"""torch.nn's classes: which have parameters, act by mode, end in an activation, or are losses.

Source: https://docs.pytorch.org/docs/stable/nn.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Layer:
    """One class of torch.nn.

    `activation`: "linear" for a raw affine output, "keeps" where the last activation stays what it
    was, "pools" where raw scores stay scores, a kind ("softmax"), or "other". `moded`: it acts otherwise in training than in evaluation.
    """

    name: str
    parameters: bool = False
    activation: str = "other"
    moded: bool = False
    container: bool = False
    loss: bool = False
    recurrent: bool = False


_LINEAR = """
    Linear Bilinear LazyLinear Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d LazyConv1d
    LazyConv2d LazyConv3d LazyConvTranspose1d LazyConvTranspose2d LazyConvTranspose3d Embedding EmbeddingBag
"""
_NORMS = """
    BatchNorm1d BatchNorm2d BatchNorm3d SyncBatchNorm LazyBatchNorm1d LazyBatchNorm2d LazyBatchNorm3d
"""
_PLAIN_NORMS = "LayerNorm GroupNorm RMSNorm"
_INSTANCE_NORMS = "InstanceNorm1d InstanceNorm2d InstanceNorm3d LazyInstanceNorm1d LazyInstanceNorm2d LazyInstanceNorm3d LocalResponseNorm"
_RECURRENT = "RNN LSTM GRU RNNCell LSTMCell GRUCell RNNBase"
_ATTENTION = """
    MultiheadAttention TransformerEncoderLayer TransformerDecoderLayer TransformerEncoder TransformerDecoder Transformer
"""
_DROPOUTS = "Dropout Dropout1d Dropout2d Dropout3d AlphaDropout FeatureAlphaDropout"
_RESHAPES = "Flatten Unflatten Identity"
_OTHERS = """
    MaxPool1d MaxPool2d MaxPool3d AvgPool1d AvgPool2d AvgPool3d AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d
    AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d LPPool1d LPPool2d LPPool3d FractionalMaxPool2d FractionalMaxPool3d
    MaxUnpool1d MaxUnpool2d MaxUnpool3d Upsample UpsamplingNearest2d UpsamplingBilinear2d PixelShuffle PixelUnshuffle
    ChannelShuffle ZeroPad1d ZeroPad2d ZeroPad3d ConstantPad1d ConstantPad2d ConstantPad3d ReflectionPad1d ReflectionPad2d
    ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d CircularPad1d CircularPad2d CircularPad3d
    Fold Unfold ReLU ReLU6 ELU SELU CELU GELU SiLU Mish Hardswish Hardtanh Hardshrink Softshrink Softplus Softsign
    Tanh Tanhshrink Threshold LeakyReLU GLU CosineSimilarity PairwiseDistance
"""
_POOLS = """
    MaxPool1d MaxPool2d MaxPool3d AvgPool1d AvgPool2d AvgPool3d AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d
    AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d
"""
# Activations whose values leave [0, 1].
_UNBOUNDED = "ReLU ReLU6 ELU SELU CELU GELU SiLU Mish Hardswish Softplus LeakyReLU"
LOSSES = """
    CrossEntropyLoss NLLLoss NLLLoss2d BCELoss BCEWithLogitsLoss MSELoss L1Loss SmoothL1Loss HuberLoss KLDivLoss PoissonNLLLoss
    GaussianNLLLoss CosineEmbeddingLoss MarginRankingLoss HingeEmbeddingLoss MultiMarginLoss MultiLabelMarginLoss
    MultiLabelSoftMarginLoss SoftMarginLoss TripletMarginLoss TripletMarginWithDistanceLoss CTCLoss
"""


@cache
def _table() -> dict[str, Layer]:
    table: dict[str, Layer] = {}

    def fill(names: str, **facts: object) -> None:
        for name in names.split():
            table["torch.nn." + name] = Layer("torch.nn." + name, **facts)  # type: ignore[arg-type]

    fill(_LINEAR, parameters=True, activation="linear")
    fill(_NORMS, parameters=True, moded=True)
    fill(_PLAIN_NORMS, parameters=True)
    fill(_INSTANCE_NORMS)
    fill(_RECURRENT, parameters=True, recurrent=True)
    fill(_ATTENTION, parameters=True, moded=True)
    fill(_DROPOUTS, activation="keeps", moded=True)
    fill("RReLU", moded=True, activation="unbounded")
    fill("PReLU", parameters=True, activation="unbounded")
    fill(_RESHAPES, activation="keeps")
    fill(_OTHERS)
    fill(_POOLS, activation="pools")
    fill(_UNBOUNDED, activation="unbounded")
    fill("Tanh", activation="tanh")
    fill("Softmax Softmax2d", activation="softmax")
    fill("Softmin", activation="softmin")
    fill("LogSoftmax", activation="log_softmax")
    fill("Sigmoid", activation="sigmoid")
    fill("Hardsigmoid", activation="hardsigmoid")
    fill("LogSigmoid", activation="logsigmoid")
    fill("AdaptiveLogSoftmaxWithLoss", parameters=True)
    fill("Sequential ModuleList ModuleDict ParameterList ParameterDict Module", container=True)
    fill("DataParallel", container=True)
    fill(LOSSES, loss=True, activation="loss")
    return table


def layer(name: str | None) -> Layer | None:
    """The class of torch.nn of that qualified name."""
    return _table().get(name) if name else None


# A module, though it stands among the optimizers: https://docs.pytorch.org/docs/stable/optim.html#constructing-averaged-models
AVERAGED = "torch.optim.swa_utils.AveragedModel"

# Classes of packages that are not read, known to be modules when they are derived from or built.
MODULE_BASES = frozenset(
    {
        "torch.nn.Module",
        "torch.jit.ScriptModule",
        AVERAGED,
        "torch.nn.parallel.DistributedDataParallel",
        "lightning.LightningModule",
        "lightning.LightningDataModule.none",
        "transformers.PreTrainedModel",
        "transformers.modeling_utils.PreTrainedModel",
        "torch_geometric.nn.MessagePassing",
        "torch_geometric.nn.conv.MessagePassing",
        "diffusers.ModelMixin",
        "diffusers.models.modeling_utils.ModelMixin",
        "timm.models.VisionTransformer",
        "fairseq.models.BaseFairseqModel",
        "allennlp.models.Model",
        "gpytorch.models.ExactGP",
        "mmcv.runner.BaseModule",
        "mmengine.model.BaseModule",
        "kornia.core.Module",
        "huggingface_hub.PyTorchModelHubMixin.none",
    }
)
# Methods that give back what they are given, moved and wrapped.
PREPARERS = {
    "accelerate.Accelerator": frozenset({"prepare", "prepare_model", "prepare_optimizer", "prepare_data_loader", "prepare_scheduler", "unwrap_model"}),
    "lightning.Fabric": frozenset({"setup", "setup_module", "setup_optimizers", "setup_dataloaders"}),
}
WRAPPERS = frozenset(
    {
        "torch.nn.DataParallel",
        "torch.nn.parallel.DistributedDataParallel",
        "torch.compile",
        "torch.nn.SyncBatchNorm.convert_sync_batchnorm",
        "torch.jit.script",
    }
)


def is_module_class(name: str) -> bool:
    """Whether a library class of that qualified name is an nn.Module."""
    return name in _table() or name in MODULE_BASES or name.startswith("torchvision.models.")


# The classes are declared with *args; this is the order in which they take their arguments.
_RECURRENT_ORDER = {
    "torch.nn.LSTM": ("input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional"),
    "torch.nn.GRU": ("input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional"),
    "torch.nn.RNN": ("input_size", "hidden_size", "num_layers", "nonlinearity", "bias", "batch_first", "dropout", "bidirectional"),
}


def recurrent_argument(name: str, argument: str, arguments: Mapping[str | int, T]) -> T | None:
    """An argument of a recurrent layer, given by name or by position; None if the class is none of those or it is left out."""
    order = _RECURRENT_ORDER.get(name)
    if order is None:
        return None
    return arguments.get(argument, arguments.get(order.index(argument)))


# What can be made without any argument, so that `Class(x)` can only have meant `Class()(x)`.
_SETTLED_NAMES = """
    ReLU ReLU6 ELU SELU CELU GELU SiLU Mish Hardswish Hardtanh Hardsigmoid Hardshrink Softshrink Softplus Softsign Sigmoid
    Tanh Tanhshrink LogSigmoid LeakyReLU PReLU RReLU Flatten Identity
"""
_SETTLED = frozenset(_SETTLED_NAMES.split())
_WEIGHT_FIRST = frozenset({"CrossEntropyLoss", "NLLLoss", "NLLLoss2d", "BCELoss", "BCEWithLogitsLoss", "MultiLabelSoftMarginLoss"})
_TAKE_TENSORS = frozenset({"Module", "ParameterList", "ParameterDict", "ModuleList", "ModuleDict", "Sequential", "DataParallel"})


def made_without_arguments(name: str) -> bool:
    """Whether a class of torch.nn is commonly made without arguments: its result applied is what `Class(x)` meant."""
    found = layer(name)
    return found is not None and (found.loss or name.rpartition(".")[2] in _SETTLED)


def most_tensors(name: str) -> int | None:
    """How many tensors a class of torch.nn takes as positional settings; None where that is not known."""
    found, bare = layer(name), name.rpartition(".")[2]
    if found is None or bare in _TAKE_TENSORS:
        return None
    return 1 if bare in _WEIGHT_FIRST else 0


# The public classes of torch.nn from which others of its classes derive, beside Module.
_DERIVED = {
    "RNNBase": ("RNN", "LSTM", "GRU"),
    "RNNCellBase": ("RNNCell", "LSTMCell", "GRUCell"),
    "Hardtanh": ("ReLU6",),
    "Upsample": ("UpsamplingNearest2d", "UpsamplingBilinear2d"),
    "NLLLoss": ("NLLLoss2d",),
    "Linear": ("LazyLinear",),
    **{f"Conv{kind}": (f"LazyConv{kind}",) for kind in ("1d", "2d", "3d", "Transpose1d", "Transpose2d", "Transpose3d")},
    **{f"ConstantPad{dims}d": (f"ZeroPad{dims}d",) for dims in (1, 2, 3)},
}


def derives(layer: str, base: str) -> bool:
    """Whether a class of torch.nn is another one's base, by their bare names."""
    return layer == base or layer in _DERIVED.get(base, ()) or (base == "LazyModuleMixin" and layer.startswith("Lazy"))

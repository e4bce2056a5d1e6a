"""torch's functions and tensor methods that do nothing but give a result.

Source: https://docs.pytorch.org/docs/stable/tensors.html and https://docs.pytorch.org/docs/stable/torch.html
"""

from __future__ import annotations

from torchlint.torch_api.losses import LOSS_FUNCTIONS
from torchlint.torch_api.operations import operation
from torchlint.torch_api.signatures import PARAMETERS

_CONVERSIONS_NAMES = """
    to cuda cpu float double half bfloat16 int long short byte bool char type type_as detach clone contiguous
    requires_grad numpy sigmoid relu tanh softmax log_softmax view reshape permute transpose
"""
_CONVERSIONS = frozenset(_CONVERSIONS_NAMES.split())
# What gives a number, an order or a copy to look at; a tutorial's bare `x.sum()` is no slip.
_LOOKS_NAMES = """
    sum nansum prod mean nanmean median std var norm max min amax amin argmax argmin all any trace count_nonzero nonzero sort
    argsort topk kthvalue mode unique cumsum cumprod logsumexp dist cdist dot histc clone eq ne lt le gt ge isnan isinf
    index_select gather masked_select take where cat stack chunk split
"""
_LOOKS = frozenset(_LOOKS_NAMES.split())
# Called for what else they do: they register, fill, share, seed, or show whether something raises.
_EFFECTS_NAMES = """
    backward register_hook register_post_accumulate_grad_hook retain_grad record_stream item tolist storage
    storage_offset data_ptr share_memory_ set_ resize_ manual_seed seed dropout batch_norm instance_norm normal
    is_shared is_pinned is_tensor is_floating_point is_complex is_nonzero size dim stride numel equal allclose
"""
_EFFECTS = frozenset(_EFFECTS_NAMES.split())

# Products and the like of several tensors: nobody takes them for a change of one, so that they are called to start or to time a device.
_COMPUTES_NAMES = """
    mm matmul bmm mv dot vdot inner outer ger addmm addmv addbmm baddbmm chain_matmul einsum tensordot kron cross linear bilinear
    conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d scaled_dot_product_attention embedding embedding_bag
    multi_head_attention_forward
"""
_COMPUTES = frozenset(_COMPUTES_NAMES.split())


def only_gives(name: str) -> bool:
    """Whether a call of that qualified name without a use of its result has no effect."""
    package, _, bare = name.rpartition(".")
    if bare.endswith("_") or bare in _EFFECTS or bare in _LOOKS or bare in LOSS_FUNCTIONS or bare in _COMPUTES:
        return False
    if package == "torch.Tensor":
        return bare in _CONVERSIONS or (name in PARAMETERS and operation(bare) is not None)
    found = operation(bare) if package in ("torch", "torch.nn.functional") else None
    # What is made of no tensor may be drawn to move a generator on, or to start a device.
    return found is not None and found.gradient != "source"

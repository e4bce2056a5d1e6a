"""Builds small transformers of x-transformers with many of their options, and runs them forwards and backwards."""

import torch
from x_transformers import (
    AutoregressiveWrapper,
    ContinuousTransformerWrapper,
    CrossAttender,
    Decoder,
    Encoder,
    TransformerWrapper,
    ViTransformerWrapper,
    XTransformer,
)

OPTIONS = (
    {}, {"rotary_pos_emb": True}, {"alibi_pos_bias": True, "alibi_num_heads": 2}, {"rel_pos_bias": True}, {"use_rmsnorm": True}, {"ff_glu": True, "ff_swish": True}, {"attn_num_mem_kv": 4},
    {"attn_qk_norm": True}, {"sandwich_norm": True}, {"macaron": True}, {"residual_attn": True}, {"attn_talking_heads": True}, {"attn_one_kv_head": True}, {"ff_relu_squared": True},
    {"attn_flash": True}, {"use_scalenorm": True}, {"gate_residual": True}, {"shift_tokens": 1}, {"resi_dual": True}, {"attn_sparse_topk": 4}, {"attn_gate_values": True}, {"dynamic_pos_bias": True},
)  # fmt: skip


def attempt(make):
    """Options that a release does not have, or not together, are passed by."""
    try:
        make()
    except Exception as error:
        print(type(error).__name__, str(error)[:80])


def language_model(options):
    model = AutoregressiveWrapper(TransformerWrapper(num_tokens=32, max_seq_len=16, attn_layers=Decoder(dim=32, depth=2, heads=4, **options)))
    tokens = torch.randint(0, 32, (2, 12))
    model(tokens).backward()
    model.eval()
    model.generate(tokens[:, :3], 6)


def others():
    vision = ViTransformerWrapper(image_size=16, patch_size=8, num_classes=5, attn_layers=Encoder(dim=32, depth=1, heads=4))
    vision(torch.randn(2, 3, 16, 16)).sum().backward()
    both = XTransformer(dim=32, enc_num_tokens=32, enc_depth=1, enc_heads=4, enc_max_seq_len=16, dec_num_tokens=32, dec_depth=1, dec_heads=4, dec_max_seq_len=16)
    both(torch.randint(0, 32, (2, 10)), torch.randint(0, 32, (2, 10)), mask=torch.ones(2, 10).bool()).backward()
    continuous = ContinuousTransformerWrapper(dim_in=6, dim_out=5, max_seq_len=16, attn_layers=Encoder(dim=32, depth=1, heads=4))
    continuous(torch.randn(2, 8, 6), mask=torch.ones(2, 8).bool())
    crossing = CrossAttender(dim=32, depth=1, heads=4)
    crossing(torch.randn(2, 5, 32), context=torch.randn(2, 7, 32))


for each in OPTIONS:
    attempt(lambda each=each: language_model(each))
attempt(others)

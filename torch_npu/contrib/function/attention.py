"""Parts of attention."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["dropout_with_byte_mask", "fuse_add_softmax_dropout", "matmul_transpose"]


def matmul_transpose(tensor1: Tensor, tensor2: Tensor) -> Tensor:
    """tensor1 @ tensor2 with the last two dimensions of tensor2 exchanged: [..., n, k] and
    [..., m, k] to [..., n, m]."""
    return torch.matmul(tensor1, tensor2.transpose(-2, -1))


def fuse_add_softmax_dropout(
    training: bool,
    dropout: Callable[[Tensor], Tensor],
    attn_mask: Tensor,
    attn_scores: Tensor,
    attn_head_size: int,
    p: float = 0.5,
    dim: int = -1,
) -> Tensor:
    """Attention's probabilities: softmax over `dim` of the scores over the root of attn_head_size
    plus the mask; while training, with values dropped with the probability `p`."""
    scores = attn_scores / math.sqrt(attn_head_size) + attn_mask
    probabilities = torch.softmax(scores, dim=dim)
    if training:
        return torch.nn.functional.dropout(probabilities, p=p, training=True)
    return dropout(probabilities)


def dropout_with_byte_mask(
    input1: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """torch.nn.functional.dropout."""
    return torch.nn.functional.dropout(input1, p, training, inplace)

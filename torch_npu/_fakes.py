"""Kernels for fake tensors of the operators that have lengths as CPU tensors besides NPU tensors.

Those of all others are generated, in C++, where PyTorch allows tensors of one device only.
"""

from __future__ import annotations

import torch

_OPS = torch.ops.npu


def _attention(query, key, value, head_num, input_layout, *rest, **options) -> tuple:
    found = _OPS._npu_fusion_attention_v3_infer_output(query, key, value, head_num, input_layout)
    seed, offset = (query.new_empty(1, dtype=torch.int64) for _ in range(2))
    return *found, query.new_empty(0), seed, offset


def _attention_grad(
    query, key, value, dy, head_num, input_layout, *, pse=None, sink=None, **options
) -> tuple:
    return _OPS._npu_fusion_attention_grad_v3_infer_output(query, key, value, pse, sink)


def _workspace(query, *rest, **options) -> torch.Tensor:
    return query.new_empty(0, dtype=torch.uint8)


_FAKES = {
    "npu_fusion_attention_v3": _attention,
    "npu_fusion_attention_grad_v3": _attention_grad,
    "_npu_fusion_attention_v3_get_max_workspace": _workspace,
    "_npu_fusion_attention_grad_v3_get_max_workspace": _workspace,
}


def register() -> None:
    for name, fake in _FAKES.items():
        torch.library.register_fake(f"npu::{name}", fake)

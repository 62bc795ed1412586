"""Ascend's own operators as functions of torch_npu: torch_npu.npu_… is torch.ops.npu.npu_…

Those of Ascend Transformer Boost are in torch.ops.atb.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from torch_npu._operator_docs import DOCS


def find(name: str) -> Callable | None:
    """The operator, with its docstring, or None if there is no such name."""
    if name.startswith("__"):
        return None
    operator = getattr(torch.ops.npu, name, None) or getattr(torch.ops.atb, name, None)
    if operator is not None and name in DOCS:
        operator.__doc__ = DOCS[name]
    return operator

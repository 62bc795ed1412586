"""Ascend's own operators as functions of torch_npu: torch_npu.npu_… is torch.ops.npu.npu_…"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from torch_npu._operator_docs import DOCS

# Operators that packages import when they are themselves imported, and call only if asked to: they
# must be there. What to use as long as this build has no such operator.
IMPORTED_BY_NAME = {
    "npu_fusion_attention": "use torch.nn.functional.scaled_dot_product_attention "
    '(transformers: attn_implementation="sdpa")',
}


def _unavailable(name: str, advice: str) -> Callable:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(f"torch_npu.{name} is not available in this build: {advice}")

    fail.__name__ = fail.__qualname__ = name
    return fail


def find(name: str) -> Callable | None:
    """The operator, a function that says what to use instead, or None if there is no such name."""
    if name.startswith("__"):
        return None
    operator = getattr(torch.ops.npu, name, None)
    if operator is not None and name in DOCS:
        operator.__doc__ = DOCS[name]
    if operator is None and name in IMPORTED_BY_NAME:
        return _unavailable(name, IMPORTED_BY_NAME[name])
    return operator

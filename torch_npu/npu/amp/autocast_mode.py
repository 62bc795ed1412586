from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

__all__ = ["autocast", "custom_bwd", "custom_fwd"]


class autocast(torch.amp.autocast):
    """torch.autocast("npu", ...): context or decorator in which operators compute in `dtype`
    (float16 or bfloat16) where that is safe."""

    def __init__(
        self, enabled: bool = True, dtype: torch.dtype = torch.float16, cache_enabled: bool = True
    ):
        super().__init__("npu", enabled=enabled, dtype=dtype, cache_enabled=cache_enabled)

    def __enter__(self) -> autocast:
        super().__enter__()
        return self

    def __exit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        super().__exit__(exc_type, exc_val, exc_tb)

    def __call__(self, func: Callable) -> Callable:
        """`func`, run under autocast at each call."""
        return super().__call__(func)


def custom_fwd(fwd: Callable | None = None, *, cast_inputs: torch.dtype | None = None) -> Callable:
    """torch.amp.custom_fwd for npu: for the forward of an autograd.Function. With cast_inputs,
    floating point npu tensors are cast and autocast is off inside."""
    return torch.amp.custom_fwd(fwd, device_type="npu", cast_inputs=cast_inputs)


def custom_bwd(bwd: Callable) -> Callable:
    """torch.amp.custom_bwd for npu: backward runs under the autocast state of forward."""
    return torch.amp.custom_bwd(bwd, device_type="npu")

"""The old tensor types: torch.npu.FloatTensor and so on. torch.tensor(..., device="npu") is what to
use in new code."""

from __future__ import annotations

from typing import Any

import torch

from torch_npu.npu.storages import DTYPES


class _TensorType(type):
    """Types without instances of their own: what they make, and know, are torch.Tensors."""

    dtype: torch.dtype

    def __instancecheck__(cls, value: object) -> bool:
        return (
            isinstance(value, torch.Tensor)
            and value.device.type == "npu"
            and value.dtype == cls.dtype
        )

    def __call__(cls, *arguments: Any) -> torch.Tensor:
        """A tensor of the given sizes, not set; of the numbers in a sequence; or of the memory of
        another tensor of this type."""
        if len(arguments) == 1 and isinstance(arguments[0], cls):
            return arguments[0].detach()
        if len(arguments) == 1 and isinstance(arguments[0], (list, tuple)):
            if not isinstance(arguments[0], torch.Size):
                return torch.tensor(arguments[0], dtype=cls.dtype, device="npu")
            arguments = arguments[0]
        if not all(isinstance(size, int) for size in arguments):
            raise TypeError(
                f"{cls.__name__}: expected sizes, a sequence or a tensor of this type, got "
                f"{arguments}"
            )
        return torch.empty(arguments or (0,), dtype=cls.dtype, device="npu")


# Tensor.type() reads the device off the whole name.
TENSORS = {
    f"{name}Tensor": _TensorType(f"torch.npu.{name}Tensor", (), {"dtype": dtype})
    for name, dtype in DTYPES.items()
}
globals().update(TENSORS)

__all__ = list(TENSORS)

"""The overflow flag of saturating devices, which scripts for older Ascend devices ask for."""

from __future__ import annotations

__all__ = ["clear_npu_overflow_flag", "get_npu_overflow_flag"]


def get_npu_overflow_flag() -> bool:
    """Raises RuntimeError: on the devices that torch_npu supports, an overflow is an inf or nan in
    the result and sets no flag."""
    raise RuntimeError(
        "this device computes inf and nan and has no overflow flag: look for them with "
        "torch.isfinite(tensor).all(), or let torch.npu.amp.GradScaler do it"
    )


def clear_npu_overflow_flag() -> None:
    """Does nothing: without a flag (see get_npu_overflow_flag) there is none to clear."""

"""Operators that ran on the CPU because they have no NPU kernel."""

from torch_npu import _C

__all__ = ["fallback_stats", "reset_fallback_stats"]


def fallback_stats() -> dict[str, int]:
    """How often each operator fell back to the CPU, by operator name."""
    return _C.fallback_stats()


def reset_fallback_stats() -> None:
    """Starts counting anew."""
    _C.reset_fallback_stats()

"""Calls of operators that are equal but for the addresses of their tensors are prepared once."""

from torch_npu import _C

__all__ = ["executor_cache_stats"]


def executor_cache_stats() -> dict[str, int]:
    """How many calls of aclnn functions found a prepared executor ("hits"), made one ("misses") or
    cannot keep one, such as those that draw random numbers ("not_cacheable"). Counted since the
    process started, over all threads. TORCH_NPU_EXECUTOR_CACHE=0 turns the cache off."""
    return _C._executor_cache_stats()

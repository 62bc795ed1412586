"""Device memory: what the caching allocator holds, and control over it. Names, units (bytes) and
keys are those of torch.cuda's functions."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch.accelerator import memory as _generic

from torch_npu import _C
from torch_npu.npu._utils import Device, _get_device_index
from torch_npu.npu.memory_history import _dump_snapshot as _dump_snapshot
from torch_npu.npu.memory_history import _record_memory_history as _record_memory_history
from torch_npu.npu.memory_history import _snapshot as _snapshot
from torch_npu.npu.memory_summary import format_summary
from torch_npu.npu.pluggable_allocator import (
    NPUPluggableAllocator,
    change_current_allocator,
    current_backend,
    refuse_pluggable,
)

__all__ = [
    "MemPool",
    "NPUPluggableAllocator",
    "caching_allocator_alloc",
    "caching_allocator_delete",
    "change_current_allocator",
    "empty_cache",
    "get_allocator_backend",
    "get_per_process_memory_fraction",
    "host_empty_cache",
    "host_memory_stats",
    "host_memory_stats_as_nested_dict",
    "max_memory_allocated",
    "max_memory_cached",
    "max_memory_reserved",
    "mem_get_info",
    "memory_allocated",
    "memory_cached",
    "memory_reserved",
    "memory_snapshot",
    "memory_stats",
    "memory_stats_as_nested_dict",
    "memory_summary",
    "reset_accumulated_host_memory_stats",
    "reset_accumulated_memory_stats",
    "reset_max_memory_allocated",
    "reset_max_memory_cached",
    "reset_peak_host_memory_stats",
    "reset_peak_memory_stats",
    "set_per_process_memory_fraction",
    "use_mem_pool",
]


def _index(device: Device) -> int:
    return _get_device_index(device, optional=True)


def empty_cache() -> None:
    """Returns cached memory that no tensor uses to the device, except that of graphs and MemPools
    which still exist."""
    if _C._is_initialized():
        _C._empty_cache((0, 0))


def memory_stats(device: Device = None) -> dict[str, Any]:
    """Statistics such as "allocated_bytes.all.peak". Empty before the first use of a device."""
    return _generic.memory_stats(_index(device))


def memory_stats_as_nested_dict(device: Device = None) -> dict[str, Any]:
    """memory_stats() as nested dictionaries."""
    return torch._C._accelerator_getDeviceStats(_index(device)) if _C._is_initialized() else {}


def reset_accumulated_memory_stats(device: Device = None) -> None:
    """Sets the counts of everything that was ever allocated and freed to 0."""
    torch._C._accelerator_resetAccumulatedStats(_index(device))


def reset_peak_memory_stats(device: Device = None) -> None:
    """Sets every peak to the present value."""
    torch._C._accelerator_resetPeakStats(_index(device))


def memory_allocated(device: Device = None) -> int:
    """Bytes that tensors occupy."""
    return memory_stats(device).get("allocated_bytes.all.current", 0)


def max_memory_allocated(device: Device = None) -> int:
    """Peak of memory_allocated()."""
    return memory_stats(device).get("allocated_bytes.all.peak", 0)


def memory_reserved(device: Device = None) -> int:
    """Bytes that the caching allocator got from the device."""
    return memory_stats(device).get("reserved_bytes.all.current", 0)


def max_memory_reserved(device: Device = None) -> int:
    """Peak of memory_reserved()."""
    return memory_stats(device).get("reserved_bytes.all.peak", 0)


# Names that torch.cuda has kept for old scripts.
memory_cached = memory_reserved
max_memory_cached = max_memory_reserved
reset_max_memory_allocated = reset_peak_memory_stats
reset_max_memory_cached = reset_peak_memory_stats


def mem_get_info(device: Device = None) -> tuple[int, int]:
    """(free, total) bytes of the device, as CANN reports them."""
    return torch._C._accelerator_getMemoryInfo(_index(device))


def memory_snapshot(mempool_id: tuple[int, int] | None = None) -> list[dict[str, Any]]:
    """Every segment and its blocks, on all devices; those of one pool if `mempool_id` is given."""
    refuse_pluggable("memory_snapshot")
    return [
        segment
        for segment in _C._memory_snapshot()["segments"]
        if mempool_id in (None, segment["segment_pool_id"])
    ]


class MemPool:
    """Memory kept apart from all other: what is allocated in use_mem_pool() comes from it and goes
    back to it. Once the object is gone, its memory returns to the device as its tensors are freed
    and empty_cache() is called.

    allocator: what NPUPluggableAllocator.allocator() returns, for segments from there instead of
    CANN.
    """

    def __init__(self, allocator: _C._PluggableAllocator | None = None):
        if not isinstance(allocator, (_C._PluggableAllocator, type(None))):
            raise TypeError(
                f"expected what NPUPluggableAllocator.allocator() returns, got {allocator!r}"
            )
        self._id = _C._new_pool_id(True)
        self._device = _index(None)
        _C._add_pool_use(self._device, self._id, allocator)

    @property
    def id(self) -> tuple[int, int]:
        """Names the pool, also to graphs: torch.npu.graph(g, pool=mem_pool.id)."""
        return self._id

    @property
    def device(self) -> int:
        """Index of the device that was current when the pool was made."""
        return self._device

    def use_count(self) -> int:
        """How many use the pool: this object, contexts of use_mem_pool() and graphs."""
        return _C._pool_use_count(self._device, self._id)

    def snapshot(self) -> list[dict[str, Any]]:
        """memory_snapshot() of this pool."""
        return memory_snapshot(self._id)

    def __del__(self) -> None:
        if not hasattr(self, "_device") or _C is None or _C._is_in_bad_fork():
            return
        _C._release_pool(self._device, self._id)
        if not _C._capture_underway(self._device):  # then the next empty_cache() does it
            _C._empty_cache(self._id)


@contextlib.contextmanager
def use_mem_pool(pool: MemPool, device: Device = None) -> Iterator[None]:
    """Context in which what this thread allocates on `device` comes from `pool`. Threads that it
    starts, backward passes among them, allocate as before."""
    index = _index(device)
    _C._begin_allocate_thread_to_pool(index, pool.id)
    try:
        yield
    finally:
        _C._end_allocate_to_pool(index, pool.id)
        _C._release_pool(index, pool.id)


def memory_summary(device: Device = None, abbreviated: bool = False) -> str:
    """memory_stats() as a table; abbreviated leaves out the rows of the small and large pool."""
    index = _index(device)
    return format_summary(memory_stats(index), index, abbreviated)


def set_per_process_memory_fraction(fraction: float, device: Device = None) -> None:
    """Limits the caching allocator to a fraction [0, 1] of the device's memory."""
    if not isinstance(fraction, (int, float)):
        raise TypeError(f"the fraction must be a number, got {fraction!r}")
    refuse_pluggable("set_per_process_memory_fraction")
    _C._set_memory_fraction(fraction, _index(device))


def _set_allocator_settings(env: str) -> None:
    """Changes options of PYTORCH_NPU_ALLOC_CONF, in its form, for segments from now on."""
    _C._set_allocator_settings(env)


def get_per_process_memory_fraction(device: Device = None) -> float:
    """The fraction that set_per_process_memory_fraction() set, 1.0 by default."""
    return _C._get_memory_fraction(_index(device))


def get_allocator_backend() -> str:
    """ "native": the caching allocator; "pluggable" after change_current_allocator()."""
    return current_backend()


def caching_allocator_alloc(
    size: int, device: Device = None, stream: torch.Stream | int | None = None
) -> int:
    """Address of `size` bytes of device memory for other code to use on `stream`: a stream or an
    aclrtStream as a number; by default the current stream of `device`. It is held until
    caching_allocator_delete(); 0 bytes have the address 0."""
    if isinstance(stream, torch.Stream):
        return _C._caching_allocator_alloc(size, stream.stream_id, stream.device_index)
    index = _index(device)
    if stream is None:
        stream_id = torch._C._accelerator_getStream(index).stream_id
    else:
        stream_id = _C._external_stream_id(stream, index)
    return _C._caching_allocator_alloc(size, stream_id, index)


def caching_allocator_delete(mem_ptr: int) -> None:
    """Gives back memory of caching_allocator_alloc()."""
    _C._caching_allocator_delete(mem_ptr)


def host_empty_cache() -> None:
    """Returns cached page-locked host memory that no tensor uses."""
    if _C._is_initialized():
        torch._C._accelerator_emptyHostCache()


def host_memory_stats() -> dict[str, Any]:
    """Statistics of page-locked host memory, such as "allocated_bytes.current" (bytes) and
    "host_alloc_time.total" (microseconds). Empty before the first use of a device."""
    flat: dict[str, Any] = {}
    for name, value in host_memory_stats_as_nested_dict().items():
        if isinstance(value, dict):
            flat.update({f"{name}.{part}": number for part, number in value.items()})
        else:
            flat[name] = value
    return dict(sorted(flat.items()))


def host_memory_stats_as_nested_dict() -> dict[str, Any]:
    """host_memory_stats() as nested dictionaries."""
    return _C._host_memory_stats() if _C._is_initialized() else {}


def reset_accumulated_host_memory_stats() -> None:
    """Sets the counts of all page-locked memory that was ever allocated and freed to 0."""
    _C._reset_accumulated_host_memory_stats()


def reset_peak_host_memory_stats() -> None:
    """Sets every peak of the page-locked memory to the present value."""
    _C._reset_peak_host_memory_stats()

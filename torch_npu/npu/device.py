"""Which devices there are, what they are, and which one is current."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from torch_npu import _C
from torch_npu.npu._utils import Device, _get_device_index
from torch_npu.npu.soc_versions import SOC_VERSIONS

__all__ = [
    "can_device_access_peer",
    "current_blas_handle",
    "current_device",
    "device",
    "device_count",
    "device_of",
    "get_device_capability",
    "get_device_name",
    "get_device_properties",
    "get_soc_version",
    "init",
    "ipc_collect",
    "is_available",
    "is_bf16_supported",
    "is_initialized",
    "is_tf32_supported",
    "memory_usage",
    "restart_device",
    "set_device",
    "set_op_timeout_ms",
    "stop_device",
    "synchronize",
    "utilization",
]


def device_count() -> int:
    """Number of NPUs, 0 without CANN. Does not initialize the runtime, so forks stay possible."""
    return _C._device_count()


def is_available() -> bool:
    """Whether there is an NPU to use. Never raises."""
    return _C._device_count() > 0


def init() -> None:
    """Initializes the runtime, which the first use of a device does otherwise."""
    _C._lazy_init()


_lazy_init = init


def _lazy_call(callable: Callable[[], Any], **_: Any) -> None:
    """Calls it. torch.cuda puts off what needs an initialized runtime; here nothing does."""
    callable()


def is_initialized() -> bool:
    """Whether this process initialized the runtime."""
    return _C._is_initialized()


def _is_in_bad_fork() -> bool:
    """Whether this is a forked child of a process that uses NPUs, which cannot use them itself."""
    return _C._is_in_bad_fork()


def current_device() -> int:
    """Index of the current device."""
    return _C._current_device()


def set_device(device: Device) -> None:
    """Makes `device` the calling thread's current device."""
    _C._set_device(_get_device_index(device))


def _exchange_device(device: int) -> int:
    return _C._exchange_device(device)


def _maybe_exchange_device(device: int) -> int:
    return _C._maybe_exchange_device(device)


class device:
    """Context in which `device` is the current device; None or a negative index changes nothing."""

    def __init__(self, device: Device):
        self.idx = -1 if device is None else _get_device_index(device, optional=True)
        self.prev_idx = -1

    def __enter__(self) -> None:
        self.prev_idx = _C._exchange_device(self.idx)

    def __exit__(self, *exception: object) -> None:
        self.idx = _C._maybe_exchange_device(self.prev_idx)


class device_of(device):
    """Context in which the device of a tensor or storage is current; for others nothing changes."""

    def __init__(self, obj: torch.Tensor | torch.UntypedStorage):
        super().__init__(obj.get_device() if obj.is_npu else None)


def synchronize(device: Device = None) -> None:
    """Waits for all work on all streams of `device` (default: the current device); an error after
    ACL_DEVICE_SYNC_TIMEOUT seconds, if that is set."""
    torch._C._accelerator_synchronizeDevice(_get_device_index(device, optional=True))


def set_op_timeout_ms(timeout: int) -> None:
    """Milliseconds after which CANN gives up a kernel that does not end, in the whole process. The
    device rounds them up to what it can measure."""
    _C._set_op_timeout(timeout)


# device_name is what Ascend's scripts call the argument, device what torch.cuda calls it.
def stop_device(device_id: int) -> None:
    """Drops the work that is queued on a device, for example after one of its kernels has failed.

    Tensors keep their memory, with contents that are whatever was written so far. Work can be
    queued again after restart_device().
    """
    _C._stop_device(_get_device_index(device_id))


def restart_device(
    device_id: int,
    rebuild_all_resources: bool = False,
    disable_tensor_unsafe_check: bool = False,
) -> None:
    """Makes a device that stop_device() has stopped usable again.

    rebuild_all_resources, which would set up process groups anew, is not there: destroy them and
    call init_process_group() again. Tensors are never marked as unsafe, so
    disable_tensor_unsafe_check changes nothing.
    """
    if rebuild_all_resources:
        raise NotImplementedError(
            "restart_device(rebuild_all_resources=True) is not supported: destroy the process "
            "groups and call torch.distributed.init_process_group() again"
        )
    _C._restart_device(_get_device_index(device_id))


def get_device_properties(
    device_name: Device = None, *, device: Device = None
) -> _C._NPUDeviceProperties:
    """name, total_memory (bytes), cube_core_num, vector_core_num and L2_cache_size (bytes)."""
    device = device if device_name is None else device_name
    return _C._get_device_properties(_get_device_index(device, optional=True))


def get_device_name(device_name: Device = None, *, device: Device = None) -> str:
    """Name of the device's SoC, for example Ascend910B3."""
    return get_device_properties(device_name, device=device).name


def get_soc_version() -> int:
    """The number that stands for the SoC in Ascend's scripts (223 for Ascend910B3), -1 for one that
    has none."""
    return SOC_VERSIONS.get(get_device_name(), -1)


def get_device_capability(device: Device = None) -> None:
    """None: Ascend has no counterpart of CUDA's compute capability; see get_device_name()."""
    _get_device_index(device, optional=True)


def can_device_access_peer(device_id: Device, peer_device_id: Device) -> bool:
    """Whether kernels of one device can read the memory of the other."""
    return _C._can_access_peer(_get_device_index(device_id), _get_device_index(peer_device_id))


def utilization(device: Device = None) -> int:
    """Percent of time in which the cube cores were busy, -1 if CANN does not measure it."""
    return _C._utilization(_get_device_index(device, optional=True))[0]


def memory_usage(device: Device = None) -> int:
    """Percent of the memory's bandwidth that was used, -1 if CANN does not measure it."""
    return _C._utilization(_get_device_index(device, optional=True))[1]


def is_tf32_supported() -> bool:
    """False: NPUs have HFloat32 instead, see torch.npu.matmul.allow_hf32."""
    return False


def is_bf16_supported(including_emulation: bool = False) -> bool:
    """Whether bfloat16 can be computed with: on every device that torch_npu supports."""
    return is_available()


def current_blas_handle() -> None:
    """None: CANN has no counterpart of a cuBLAS handle. A stream (torch.npu.current_stream()) is
    all that its functions need."""


def ipc_collect() -> None:
    """Gives back memory that was sent to other processes, as far as they have freed it."""
    _C._collect_shared_storages()

"""Names of torch.npu under the module in which Ascend's scripts also look for them."""

from torch_npu.npu.device import (
    can_device_access_peer,
    current_blas_handle,
    current_device,
    device,
    device_count,
    device_of,
    get_device_capability,
    get_device_name,
    get_device_properties,
    get_soc_version,
    ipc_collect,
    is_available,
    is_bf16_supported,
    set_device,
    set_op_timeout_ms,
    synchronize,
    utilization,
)
from torch_npu.npu.memory import mem_get_info
from torch_npu.npu.overflow import clear_npu_overflow_flag, get_npu_overflow_flag
from torch_npu.npu.streams import (
    StreamContext,
    current_stream,
    default_stream,
    set_stream,
    stream,
)
from torch_npu.npu.sync_debug import get_sync_debug_mode, set_sync_debug_mode

__all__ = [
    "StreamContext",
    "can_device_access_peer",
    "clear_npu_overflow_flag",
    "current_blas_handle",
    "current_device",
    "current_stream",
    "default_stream",
    "device",
    "device_count",
    "device_of",
    "get_device_capability",
    "get_device_name",
    "get_device_properties",
    "get_npu_overflow_flag",
    "get_soc_version",
    "get_sync_debug_mode",
    "ipc_collect",
    "is_available",
    "is_bf16_supported",
    "mem_get_info",
    "set_device",
    "set_op_timeout_ms",
    "set_stream",
    "set_sync_debug_mode",
    "stream",
    "synchronize",
    "utilization",
]

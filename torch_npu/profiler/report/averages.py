"""key_averages(): times by operator and by kernel, in torch's own table."""

import numpy as np
import torch
from torch.autograd.profiler_util import EventList, FunctionEventAvg

from ..analysis.join import Joined
from ..analysis.tables import device_times, host_times

_DEVICE = "npu"


class KeyAverages(EventList):
    """As torch.profiler's: a list of averages with table(). Times: µs.

    "device" and "npu" times of an operator are those of the kernels that it launched; kernels have
    rows of their own.
    """

    def table(self, sort_by: str | None = None, **options) -> str:
        """As in torch.profiler; `sort_by` may also say npu, as in "self_npu_time_total"."""
        if not self:
            return "Nothing was recorded.\n"
        return super().table(sort_by=sort_by and sort_by.replace(_DEVICE, "device"), **options)


def key_averages(joined: Joined, group_by_input_shape: bool = False) -> KeyAverages:
    rows = [*_operators(joined, group_by_input_shape), *_kernels(joined)]
    return KeyAverages(rows, use_device=_DEVICE)


def _operators(joined: Joined, by_shape: bool) -> list[FunctionEventAvg]:
    ops = joined.ops
    if not len(ops):
        return []
    times = (*host_times(joined), *device_times(joined, joined.is_kernel))
    shape_ids = ops.shapes.ids if by_shape else np.zeros(len(ops), np.int64)
    width = len(ops.shapes.values)
    keys = ops.names.ids.astype(np.int64) * width + shape_ids
    _, first, groups, counts = np.unique(
        keys, return_index=True, return_inverse=True, return_counts=True
    )
    own, total, device_own, device_total = (
        np.bincount(groups, column, len(first)) / 1000 for column in times
    )
    result = []
    for group, row in enumerate(first.tolist()):
        event = _average(ops.names[row], int(counts[group]), torch.autograd.DeviceType.CPU)
        event.self_cpu_time_total, event.cpu_time_total = own[group], total[group]
        event.self_device_time_total = device_own[group]
        event.device_time_total = device_total[group]
        event.scope = int(ops["scope"][row])
        event.is_async = bool(ops["is_async"][row])
        event.is_user_annotation = bool(ops.is_step[row])
        if by_shape:
            event.input_shapes = [_shape(text) for text in ops.shapes[row].split(";")]
        result.append(event)
    return result


def _kernels(joined: Joined) -> list[FunctionEventAvg]:
    kernels = joined.tasks[joined.is_kernel]
    counts = np.bincount(kernels.names.ids, minlength=len(kernels.names.values))
    sums = np.bincount(kernels.names.ids, kernels.duration, len(counts)) / 1000
    result = []
    for name in np.flatnonzero(counts).tolist():
        event = _average(
            kernels.names.values[name], int(counts[name]), torch.autograd.DeviceType.PrivateUse1
        )
        event.self_device_time_total = event.device_time_total = sums[name]
        result.append(event)
    return result


def _average(key: str, count: int, device_type) -> FunctionEventAvg:
    event = FunctionEventAvg()
    event.key, event.count = key, count
    event.use_device, event.device_type = _DEVICE, device_type
    event.node_id, event.stack, event.overload_name = -1, [], ""
    event.is_user_annotation = False
    return event


def _shape(text: str) -> list[int]:
    return [int(size) for size in text.split(",") if size]

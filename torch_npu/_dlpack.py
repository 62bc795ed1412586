"""DLPack for npu tensors. torch's C++ side has it (an extension device, kDLExtDev); its Python side
knows neither the device's name nor its streams."""

from __future__ import annotations

import enum
from typing import Any

import torch
from torch.utils.dlpack import DLDeviceType

from torch_npu._formats import Format

_dlpack = torch.Tensor.__dlpack__
_dlpack_device = torch.Tensor.__dlpack_device__


def _device(self: torch.Tensor) -> tuple[enum.IntEnum, int]:
    """(DLDeviceType, index) of the tensor's device."""
    if self.device.type == "npu":
        return DLDeviceType.kDLExtDev, self.device.index
    return _dlpack_device(self)


def _export(self: torch.Tensor, *, stream: int | None = -1, **options: Any) -> Any:
    """A DLPack capsule of the tensor. `stream`: the consumer's aclrtStream as a number, which is
    made to wait for the tensor; None: the device's default stream; -1: the consumer sees to the
    order.
    """
    if self.device.type != "npu":
        return _dlpack(self, stream=stream, **options)
    if stream is not None and type(stream) is not int:
        raise TypeError(f"stream must be an int or None, got {stream!r}")
    if torch.ops.npu.get_npu_format(self) == Format.FRACTAL_NZ:
        raise BufferError(
            "DLPack describes rows; the tensor is in the memory format FRACTAL_NZ. "
            "Cast it first: torch_npu.npu_format_cast(x, torch_npu.Format.ND)"
        )
    if stream != -1:
        index = self.device.index
        producer = torch.npu.current_stream(index)
        if stream is None:
            consumer = torch.npu.default_stream(index)
        else:
            consumer = torch.npu.ExternalStream(stream, index)
        if consumer.npu_stream != producer.npu_stream:
            consumer.wait_stream(producer)
    return _dlpack(self, stream=-1, **options)


def register() -> None:
    """Puts the two methods in the place of torch.Tensor's."""
    torch.Tensor.__dlpack__ = _export
    torch.Tensor.__dlpack_device__ = _device

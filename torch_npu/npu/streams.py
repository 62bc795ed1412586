"""Streams and events. torch.Stream and torch.Event do the work; these fix the device to npu."""

from __future__ import annotations

import torch

from torch_npu import _C
from torch_npu.npu._utils import Device, _get_device_index
from torch_npu.npu.device import device as device_context

__all__ = [
    "Event",
    "ExternalStream",
    "Stream",
    "StreamContext",
    "current_stream",
    "default_stream",
    "set_stream",
    "stream",
]


class Event(torch.Event):
    """A marker in a stream that other streams and the host can wait for.

    enable_timing: elapsed_time() can be asked. blocking is accepted: waiting never spins.
    """

    def __new__(
        cls, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False
    ) -> Event:
        if interprocess:
            raise NotImplementedError("npu events cannot be shared between processes")
        return super().__new__(cls, "npu", enable_timing=enable_timing, blocking=blocking)

    def elapsed_time(self, end_event: torch.Event) -> float:
        """Milliseconds from this event to `end_event`; the device must have reached both."""
        if not self.event_id or not end_event.event_id:
            raise RuntimeError("elapsed_time needs two events that were recorded")
        # torch.Event.elapsed_time takes no subclass of torch.Event.
        return _C._event_elapsed_time(self.event_id, end_event.event_id, self.device.index)

    @property
    def npu_event(self) -> int:
        """CANN's aclrtEvent as a number, 0 before the first record."""
        return self.event_id

    def __repr__(self) -> str:
        return f"<torch.npu.Event {self.npu_event:#x}>"


class Stream(torch.Stream):
    """A queue of work of one device. A negative priority asks for a stream that is served first."""

    def __new__(cls, device: Device = None, priority: int = 0, **kwargs: int) -> Stream:
        if kwargs:  # an existing stream: stream_id, device_index, device_type
            return super().__new__(cls, **kwargs)
        index = _get_device_index(device, optional=True)
        return super().__new__(cls, torch.device("npu", index), priority=priority)

    @property
    def npu_stream(self) -> int:
        """CANN's aclrtStream as a number."""
        return self.native_handle

    def record_event(self, event: torch.Event | None = None) -> torch.Event:
        """Records `event`, a new one if None, in this stream and returns it."""
        event = Event() if event is None else event
        event.record(self)
        return event

    def __repr__(self) -> str:
        return f"<torch.npu.Stream device={self.device} npu_stream={self.npu_stream:#x}>"


class ExternalStream(Stream):
    """A stream that other code created (an aclrtStream) and keeps alive while this is in use."""

    def __new__(cls, stream_ptr: int, device: Device = None) -> ExternalStream:
        index = _get_device_index(device, optional=True)
        return torch.Stream.__new__(
            cls,
            stream_id=_C._external_stream_id(stream_ptr, index),
            device_index=index,
            device_type=_npu_type(),
        )


def _npu_type() -> int:
    return torch._C._autograd.DeviceType.PrivateUse1.value


def _wrap(stream: torch.Stream) -> Stream:
    return Stream(
        stream_id=stream.stream_id, device_index=stream.device_index, device_type=stream.device_type
    )


def current_stream(device: Device = None) -> Stream:
    """The stream that the calling thread's work on `device` goes to."""
    return _wrap(torch._C._accelerator_getStream(_get_device_index(device, optional=True)))


def default_stream(device: Device = None) -> Stream:
    """The device's default stream."""
    index = _get_device_index(device, optional=True)
    return Stream(stream_id=0, device_index=index, device_type=_npu_type())


def set_stream(stream: torch.Stream | None) -> None:
    """Makes `stream` and its device current; None changes nothing."""
    if stream is not None:
        torch._C._accelerator_setStream(stream)


class StreamContext:
    """Context in which a stream and its device are current; None changes nothing."""

    def __init__(self, stream: torch.Stream | None):
        self.stream = stream

    def __enter__(self) -> None:
        if self.stream is None:
            return
        self._device = device_context(self.stream.device)
        self._device.__enter__()
        self._previous = current_stream()
        set_stream(self.stream)

    def __exit__(self, *exception: object) -> None:
        if self.stream is None:
            return
        set_stream(self._previous)
        self._device.__exit__()


def stream(stream: torch.Stream | None) -> StreamContext:
    """Context in which `stream` is current."""
    return StreamContext(stream)

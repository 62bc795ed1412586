"""Streams and events. torch.Stream and torch.Event do the work; these fix the device to npu."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import torch

from torch_npu import _C
from torch_npu.npu._utils import Device, _get_device_index
from torch_npu.npu.device import device as device_context

__all__ = [
    "Event",
    "ExternalEvent",
    "ExternalStream",
    "Stream",
    "StreamContext",
    "SyncLaunchStream",
    "current_stream",
    "default_stream",
    "get_stream_from_external",
    "set_stream",
    "stream",
]


class Event(torch.Event):
    """A marker in a stream that other streams and the host can wait for.

    enable_timing: elapsed_time() and recorded_time() can be asked. blocking is accepted: waiting
    never spins. interprocess: other processes can open it by its ipc_handle(); such an event is of
    the device that is current now, and keeps no times.
    """

    def __new__(
        cls, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False
    ) -> Event:
        event = super().__new__(cls, "npu", enable_timing=enable_timing, blocking=blocking)
        if interprocess:
            if enable_timing:
                raise ValueError("an event has enable_timing or interprocess: CANN has no both")
            event._adopt(_C._adopt_interprocess_event, current_stream())
        return event

    def _adopt(self, create: Callable[..., None], stream: Stream, *args: object) -> None:
        create(stream.device_index, *args)
        super().record(stream)  # which takes what was created

    @classmethod
    def from_ipc_handle(cls, device: Device, handle: bytes) -> Event:
        """The event of another process, which must keep it until this returns.

        handle: the 64 bytes that ipc_handle() returned there.
        """
        event = super().__new__(cls, "npu")
        event._adopt(_C._adopt_opened_event, current_stream(device), handle)
        return event

    def ipc_handle(self) -> bytes:
        """What from_ipc_handle() in another process needs. Of an event with interprocess=True."""
        if not self.event_id:
            raise RuntimeError("ipc_handle() needs an event with interprocess=True")
        return _C._event_ipc_handle(self.event_id)

    def record(self, stream: torch.Stream | None = None) -> None:
        """Marks the present end of `stream` (default: the current stream of its device)."""
        super().record(stream)

    def wait(self, stream: torch.Stream | None = None) -> None:
        """Makes later work of `stream` (default: the current stream) wait for the mark."""
        super().wait(stream)

    def query(self) -> bool:
        """Whether the device has reached the mark; True if nothing was recorded."""
        return super().query()

    def synchronize(self) -> None:
        """Waits until the device has reached the mark."""
        super().synchronize()

    def elapsed_time(self, end_event: torch.Event) -> float:
        """Milliseconds from this event to `end_event`; the device must have reached both."""
        if not self.event_id or not end_event.event_id:
            raise RuntimeError("elapsed_time needs two events that were recorded")
        # torch.Event.elapsed_time takes no subclass of torch.Event.
        return _C._event_elapsed_time(self.event_id, end_event.event_id, self.device.index)

    def recorded_time(self) -> int:
        """Microseconds on the device's clock at which the device reached the mark."""
        if not self.event_id:
            raise RuntimeError("recorded_time needs an event that was recorded")
        return _C._event_recorded_time(self.event_id, self.device.index)

    @property
    def npu_event(self) -> int:
        """CANN's aclrtEvent as a number, 0 before the first record."""
        return _C._event_handle(self.event_id) if self.event_id else 0

    @property
    def _as_parameter_(self) -> ctypes.c_void_p:
        return ctypes.c_void_p(self.npu_event)

    def __repr__(self) -> str:
        return f"<torch.npu.Event {self.npu_event:#x}>"


class ExternalEvent(_C._ExternalEvent):
    """A mark that connects a graph with work outside of it. Unlike an Event, which orders the
    streams of one capture, it is recorded and waited for at each replay, and stays set until a
    reset."""

    def __init__(self) -> None:
        super().__init__()

    def record(self, stream: torch.Stream | None = None) -> None:
        """Sets the mark when `stream` (default: the current stream) gets here."""
        self._record(*_stream_ids(stream))

    def wait(self, stream: torch.Stream | None = None) -> None:
        """Makes later work of `stream` (default: the current stream) wait until the mark is set."""
        self._wait(*_stream_ids(stream))

    def reset(self, stream: torch.Stream | None = None) -> None:
        """Takes the mark away when `stream` (default: the current stream) gets here."""
        self._reset(*_stream_ids(stream))


def _stream_ids(stream: torch.Stream | None) -> tuple[int, int]:
    stream = current_stream() if stream is None else stream
    return stream.stream_id, stream.device_index


class Stream(torch.Stream):
    """A queue of work of one device. A negative priority asks for a stream that is served first."""

    def __new__(cls, device: Device = None, priority: int = 0, **kwargs: int) -> Stream:
        if kwargs:  # an existing stream: stream_id, device_index, device_type
            return super().__new__(cls, **kwargs)
        index = _get_device_index(device, optional=True)
        return super().__new__(cls, torch.device("npu", index), priority=priority)

    @staticmethod
    def priority_range() -> tuple[int, int]:
        """(lowest, highest) priority; lower numbers are served first."""
        return (0, -1)

    @property
    def priority(self) -> int:
        """0, or -1 for a stream that is served first."""
        return _C._stream_priority(self.stream_id, self.device_index)

    @property
    def npu_stream(self) -> int:
        """CANN's aclrtStream as a number."""
        return self.native_handle

    @property
    def _as_parameter_(self) -> ctypes.c_void_p:
        return ctypes.c_void_p(self.npu_stream)

    def query(self) -> bool:
        """Whether all work has finished."""
        return super().query()

    def synchronize(self) -> None:
        """Waits for all work; an error after ACL_STREAM_TIMEOUT milliseconds, if that is set."""
        super().synchronize()

    def wait_event(self, event: torch.Event) -> None:
        """Makes later work of this stream wait for what `event` marks."""
        super().wait_event(event)

    def wait_stream(self, stream: torch.Stream) -> None:
        """Makes later work of this stream wait for the present work of `stream`."""
        super().wait_stream(stream)

    def record_event(self, event: torch.Event | None = None) -> torch.Event:
        """Records `event`, a new one if None, in this stream and returns it."""
        event = Event() if event is None else event
        event.record(self)
        return event

    def set_data_preprocess_stream(self, is_data_preprocess_stream: bool = False) -> None:
        """Says that this stream prepares data. A hint that CANN takes for its older operator
        interface only; the operators of torch_npu run the same with it."""
        if not isinstance(is_data_preprocess_stream, bool):
            raise TypeError(f"expected a bool, got {is_data_preprocess_stream!r}")

    def __repr__(self) -> str:
        name = type(self).__name__
        return f"<torch.npu.{name} device={self.device} npu_stream={self.npu_stream:#x}>"


class ExternalStream(Stream):
    """A stream that other code created (an aclrtStream) and keeps alive while this is in use."""

    def __new__(cls, stream_ptr: int, device: Device = None) -> ExternalStream:
        index = _get_device_index(device, optional=True)
        return _existing(cls, _C._external_stream_id(stream_ptr, index), index)


def get_stream_from_external(data_ptr: int, device: Device = None) -> ExternalStream:
    """ExternalStream(data_ptr, device), under the name that torch.cuda has for it."""
    return ExternalStream(data_ptr, device)


class SyncLaunchStream(Stream):
    """A stream whose operators are handed to CANN by the calling thread, not by the task queue."""

    def __new__(cls, device: Device = None, priority: int = 0, **kwargs: int) -> SyncLaunchStream:
        if kwargs:
            return torch.Stream.__new__(cls, **kwargs)
        index = _get_device_index(device, optional=True)
        return _existing(cls, _C._sync_launch_stream_id(priority < 0, index), index)


def _existing(cls: type[Stream], stream_id: int, index: int) -> Stream:
    npu = torch._C._autograd.DeviceType.PrivateUse1.value
    return torch.Stream.__new__(cls, stream_id=stream_id, device_index=index, device_type=npu)


def current_stream(device: Device = None) -> Stream:
    """The stream that the calling thread's work on `device` goes to."""
    stream = torch._C._accelerator_getStream(_get_device_index(device, optional=True))
    return _existing(Stream, stream.stream_id, stream.device_index)


def default_stream(device: Device = None) -> Stream:
    """The device's default stream."""
    return _existing(Stream, 0, _get_device_index(device, optional=True))


def set_stream(stream: torch.Stream | None) -> None:
    """Makes `stream` and its device current; None changes nothing."""
    if stream is not None:
        torch._C._accelerator_setStream(stream)


class StreamContext:
    """Context in which a stream and its device are current; None changes nothing."""

    def __init__(self, stream_ctx: torch.Stream | None):
        self.stream = stream_ctx

    def __enter__(self) -> None:
        if self.stream is None:
            return
        self._device = device_context(self.stream.device)
        self._device.__enter__()
        self._previous = current_stream()
        set_stream(self.stream)

    def __exit__(self, exec_type: object, exec_value: object, traceback: object) -> None:
        if self.stream is None:
            return
        set_stream(self._previous)
        self._device.__exit__()


def stream(stream: torch.Stream | None) -> StreamContext:
    """Context in which `stream` is current."""
    return StreamContext(stream)

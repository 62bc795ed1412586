"""Events mark points in streams, and time them."""

import subprocess
import sys

import pytest
import torch

import torch_npu  # noqa: F401
from tests.core.emulated import slow_kernels


def test_an_event_is_reached_after_the_work_before_it():
    tensor, gate = torch.zeros(4, device="npu"), torch.npu.ExternalEvent()
    event = torch.npu.Event()
    assert event.query()  # never recorded
    gate.wait()
    tensor.add_(1)
    event.record()
    assert not event.query()
    gate.record(torch.npu.Stream())
    event.synchronize()
    assert event.query()


def test_elapsed_time_covers_the_kernels_between():
    start, end = torch.npu.Event(enable_timing=True), torch.npu.Event(enable_timing=True)
    tensor = torch.zeros(4, device="npu")
    with slow_kernels(0.1):
        start.record()
        tensor.add_(1).add_(1)
        end.record()
        end.synchronize()
    assert start.elapsed_time(end) >= 190  # of a clock that is not the one that delays


def test_generic_events_work_on_npu():
    start, end = (torch.Event("npu", enable_timing=True) for _ in range(2))
    start.record()
    torch.ones(8, device="npu")
    end.record()
    torch.npu.current_stream().wait_event(end)
    end.synchronize()
    assert start.elapsed_time(end) >= 0


def test_timing_needs_to_be_asked_for():
    start, end = torch.npu.Event(), torch.npu.Event()
    start.record()
    end.record()
    end.synchronize()
    with pytest.raises(RuntimeError, match="enable_timing=True"):
        start.elapsed_time(end)


def test_unrecorded_events_have_no_time():
    with pytest.raises(RuntimeError, match="recorded"):
        torch.npu.Event(enable_timing=True).elapsed_time(torch.npu.Event(enable_timing=True))


def test_an_event_can_be_recorded_again():
    event, gate = torch.npu.Event(), torch.npu.ExternalEvent()
    tensor = torch.zeros(4, device="npu")
    event.record()
    event.synchronize()
    gate.wait()
    tensor.add_(1)
    event.record()
    assert not event.query()
    gate.record(torch.npu.Stream())
    torch.npu.synchronize()


def test_an_event_stays_on_its_device():
    event = torch.npu.Event()
    event.record(torch.npu.current_stream(0))
    with pytest.raises(RuntimeError, match=r"cannot be recorded|does not match"):
        event.record(torch.npu.current_stream(1))


# Opens the event of its parent, and says whether it is reached before and after waiting for it.
CHILD = """
import sys, torch, torch_npu
event = torch.npu.Event.from_ipc_handle(0, bytes.fromhex(sys.argv[1]))
print(event.query(), flush=True)
value = torch.zeros(4, device="npu")
stream = torch.npu.Stream()
stream.wait_event(event)
with torch.npu.stream(stream):
    value.add_(1)
stream.synchronize()
print(event.query(), flush=True)
"""


def test_other_processes_wait_for_an_event():
    event = torch.npu.Event(interprocess=True)
    assert event.query()  # never recorded
    gate, side = torch.npu.ExternalEvent(), torch.npu.Stream()
    gate.wait()
    event.record()
    handle = event.ipc_handle().hex()
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, handle], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout.readline() == "False\n"
    assert not event.query()
    gate.record(side)
    assert child.stdout.readline() == "True\n"
    assert child.wait(100) == 0
    assert event.query()


def test_only_interprocess_events_have_handles():
    event = torch.npu.Event()
    with pytest.raises(RuntimeError, match="interprocess=True"):
        event.ipc_handle()
    event.record()
    with pytest.raises(torch.AcceleratorError, match="ACL_EVENT_IPC"):
        event.ipc_handle()
    with pytest.raises(ValueError, match="64 bytes"):
        torch.npu.Event.from_ipc_handle(0, b"")
    with pytest.raises(ValueError, match="interprocess"):
        torch.npu.Event(enable_timing=True, interprocess=True)
    assert event.query()


def test_recorded_time_is_the_devices_clock_in_microseconds():
    start, end = (torch.npu.Event(enable_timing=True) for _ in range(2))
    with pytest.raises(RuntimeError, match="was recorded"):
        start.recorded_time()
    tensor = torch.zeros(4, device="npu")
    with slow_kernels(0.1):
        start.record()
        tensor.add_(1)
        end.record()
        end.synchronize()
    microseconds = end.recorded_time() - start.recorded_time()
    assert microseconds >= 95_000
    assert start.elapsed_time(end) == pytest.approx(microseconds / 1000, abs=0.1)


@pytest.mark.parametrize("given", [False, True])
def test_streams_wait_for_an_event(given):
    producer, consumer = torch.npu.Stream(), torch.npu.Stream()
    source, seen = torch.zeros(4, device="npu"), torch.full((4,), -1.0, device="npu")
    event = torch.npu.Event()
    torch.npu.synchronize()
    with slow_kernels(0.3):
        with torch.npu.stream(producer):
            source.add_(7)
            event.record(producer) if given else event.record()
        with torch.npu.stream(consumer):
            event.wait(consumer) if given else event.wait()
            seen.copy_(source)
        consumer.synchronize()
    assert event.query()
    assert seen.tolist() == [7.0] * 4


def test_an_event_is_its_handle_for_ctypes():
    event = torch.npu.Event()
    assert event.npu_event == 0 and event._as_parameter_.value is None
    event.record()
    assert event._as_parameter_.value == event.npu_event != 0
    assert hex(event.npu_event) in repr(event)

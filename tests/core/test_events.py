"""Events mark points in streams, and time them."""

import pytest
import torch

import torch_npu  # noqa: F401
from tests.core.emulated import slow_kernels


def test_an_event_is_reached_after_the_work_before_it():
    tensor = torch.zeros(4, device="npu")
    event = torch.npu.Event()
    assert event.query()  # never recorded
    with slow_kernels(0.2):
        tensor.add_(1)
        event.record()
        assert not event.query()
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
    assert 200 <= start.elapsed_time(end) < 2000


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
    event = torch.npu.Event()
    tensor = torch.zeros(4, device="npu")
    event.record()
    event.synchronize()
    with slow_kernels(0.2):
        tensor.add_(1)
        event.record()
        assert not event.query()
    torch.npu.synchronize()


def test_an_event_stays_on_its_device():
    event = torch.npu.Event()
    event.record(torch.npu.current_stream(0))
    with pytest.raises(RuntimeError, match=r"cannot be recorded|does not match"):
        event.record(torch.npu.current_stream(1))


def test_sharing_between_processes_is_refused():
    with pytest.raises(NotImplementedError, match="between processes"):
        torch.npu.Event(interprocess=True)

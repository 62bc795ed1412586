"""Recorded history of the allocator, and that PyTorch's viewer reads it."""

import pickle

import pytest
import torch
from torch.cuda import _memory_viz

from tests.core.emulated import run_python

memory = torch.npu.memory


@pytest.fixture(autouse=True)
def no_history():
    yield
    memory._record_memory_history(None, clear_history=True)


def actions(device: int = 0) -> list[tuple[str, int]]:
    events = memory._snapshot()["device_traces"][device]
    return [(event["action"], event["size"]) for event in events]


def test_events_are_recorded_in_order_with_stacks():
    torch.npu.empty_cache()
    memory._record_memory_history(stacks="python")
    tensor = torch.empty(7_000_000, dtype=torch.int8, device="npu")
    address = tensor.data_ptr()
    block = {b["address"]: b for s in torch.npu.memory_snapshot() for b in s["blocks"]}[address]
    assert block["frames"][0]["name"] == "test_events_are_recorded_in_order_with_stacks"
    assert block["frames"][0]["filename"] == __file__
    del tensor
    torch.npu.empty_cache()
    size, segment = 7_000_064, 20 << 20
    assert actions() == [
        ("segment_alloc", segment),
        ("alloc", size),
        ("free_requested", size),
        ("free_completed", size),
        ("segment_free", segment),
    ]
    events = memory._snapshot()["device_traces"][0]
    assert all(event["addr"] == address for event in events)
    assert [bool(event["frames"]) for event in events] == [True, True, True, False, False]
    times = [event["time_us"] for event in events]
    assert times == sorted(times)


def test_the_oldest_events_give_way():
    memory._record_memory_history(max_entries=3)
    for size in range(1, 6):
        torch.empty(size * 1024, dtype=torch.int8, device="npu")
    assert len(actions()) == 3
    assert actions()[-1][0] == "free_completed"


def test_history_ends_and_stays_until_it_is_cleared():
    memory._record_memory_history(context=None)
    torch.empty(1000, device="npu")
    memory._record_memory_history(None)
    kept = actions()
    torch.empty(1000, device="npu")
    assert actions() == kept != []
    memory._record_memory_history(None, clear_history=True)
    assert actions() == []


def test_the_viewer_reads_a_dump(tmp_path):
    memory._record_memory_history()
    kept = torch.randn(1000, device="npu")
    (torch.randn(3_000_000, device="npu") * 2).sum().item()
    file = tmp_path / "snapshot.pickle"
    memory._dump_snapshot(str(file))
    data = pickle.loads(file.read_bytes())
    assert "# 12.0MiB" in _memory_viz.trace(data)
    assert _memory_viz.segsum(data)
    assert "snapshot" in _memory_viz.trace_plot(data)
    assert "snapshot" in _memory_viz.segment_plot(data)
    assert kept.numel() == 1000


@pytest.mark.parametrize(
    "arguments", [{"enabled": "some"}, {"context": "some"}, {"stacks": "c"}, {"max_entries": 0}]
)
def test_bad_arguments(arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        memory._record_memory_history(**arguments)


def test_observers_see_the_allocator_before_the_error():
    script = """
import torch, torch_npu
torch.npu.memory._record_memory_history()
def observe(device, requested, total, free):
    event = torch.npu.memory._snapshot()["device_traces"][device][-1]
    print(device, requested, total == torch.npu.mem_get_info()[1], event["action"])
torch_npu._C._npu_attach_out_of_memory_observer(observe)
try:
    torch.empty(2 << 30, dtype=torch.int8, device="npu")
except torch.OutOfMemoryError:
    print("raised")
"""
    result = run_python(script, ASCEND_EMULATOR_DEVICE_MEMORY="1G")
    assert result.stdout.split("\n")[:2] == [f"0 {2 << 30} True oom", "raised"], result.stderr

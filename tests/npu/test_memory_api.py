"""torch.npu's and torch.accelerator's views of device memory."""

import pytest
import torch

import torch_npu  # noqa: F401


def test_generic_functions_agree():
    tensor = torch.empty(1 << 20, device="npu")
    assert torch.accelerator.memory_allocated() == torch.npu.memory_allocated() >= tensor.nbytes
    assert torch.accelerator.max_memory_reserved() == torch.npu.max_memory_reserved()
    assert torch.npu.memory_cached() == torch.npu.memory_reserved()
    torch.accelerator.empty_cache()


def test_free_and_total():
    free, total = torch.npu.mem_get_info()
    held = torch.empty(64 << 20, dtype=torch.uint8, device="npu")
    assert free - torch.npu.mem_get_info()[0] >= held.nbytes
    assert 0 < free <= total
    del held
    torch.npu.empty_cache()


def test_summary_is_a_table_of_the_statistics():
    held = torch.empty(3 << 20, dtype=torch.uint8, device="npu")
    summary = torch.npu.memory_summary()
    assert "Memory of npu:0" in summary
    assert "Allocated memory" in summary and "from large pool" in summary
    assert len({len(line) for line in summary.splitlines()[1:]}) == 1
    assert "from large pool" not in torch.npu.memory_summary(abbreviated=True)
    del held


def test_nested_statistics():
    stats = torch.npu.memory_stats_as_nested_dict()
    assert stats["allocated_bytes"]["all"]["current"] == torch.npu.memory_allocated()


def test_snapshot_adds_up():
    held = torch.empty(3 << 20, dtype=torch.uint8, device="npu")
    segments = [segment for segment in torch.npu.memory_snapshot() if segment["device"] == 0]
    assert sum(segment["total_size"] for segment in segments) == torch.npu.memory_reserved()
    assert sum(segment["allocated_size"] for segment in segments) == torch.npu.memory_allocated()
    for segment in segments:
        assert sum(block["size"] for block in segment["blocks"]) == segment["total_size"]
    del held


def test_storage_grows_and_keeps_its_contents():
    storage = torch.arange(4, dtype=torch.uint8, device="npu").untyped_storage()
    storage.resize_(4096)
    assert storage.nbytes() == 4096
    assert storage.cpu().tolist()[:4] == [0, 1, 2, 3]
    storage.resize_(0)
    assert storage.nbytes() == 0


def test_memory_for_other_code_is_held_until_it_is_given_back():
    before = torch.npu.memory_allocated(1)
    address = torch.npu.caching_allocator_alloc(4096, device=1)
    assert address != 0 and torch.npu.memory_allocated(1) >= before + 4096
    stream = torch.npu.Stream(1)
    others = [
        torch.npu.caching_allocator_alloc(4096, stream=stream),
        torch.npu.caching_allocator_alloc(4096, 1, stream.npu_stream),
    ]
    assert len({address, *others}) == 3
    for held in (address, *others):
        torch.npu.caching_allocator_delete(held)
    assert torch.npu.memory_allocated(1) == before
    with pytest.raises(ValueError, match="there is no memory at"):
        torch.npu.caching_allocator_delete(address)
    assert torch.npu.caching_allocator_alloc(0) == 0
    torch.npu.caching_allocator_delete(0)


def test_the_allocator_has_a_name():
    assert torch.npu.get_allocator_backend() == "native"


def test_fractions_are_told_back():
    torch.npu.set_per_process_memory_fraction(0.5, device=3)
    assert torch.npu.get_per_process_memory_fraction(3) == 0.5
    torch.npu.set_per_process_memory_fraction(0, device=3)
    with pytest.raises(torch.OutOfMemoryError):
        torch.empty(1 << 20, device="npu:3")
    torch.npu.set_per_process_memory_fraction(1.0, 3)
    with pytest.raises(TypeError, match="must be a number"):
        torch.npu.set_per_process_memory_fraction("half")


def test_peaks_and_counts_are_reset():
    held = torch.empty(1 << 20, dtype=torch.uint8, device="npu")
    torch.empty(8 << 20, dtype=torch.uint8, device="npu")
    assert torch.npu.max_memory_allocated() > torch.npu.memory_allocated()
    for reset in (
        torch.npu.reset_peak_memory_stats,
        torch.npu.reset_max_memory_allocated,
        torch.npu.reset_max_memory_cached,
    ):
        reset()
        assert torch.npu.max_memory_allocated() == torch.npu.memory_allocated()
        assert torch.npu.max_memory_cached() == torch.npu.max_memory_reserved()
    torch.npu.reset_accumulated_memory_stats()
    assert torch.npu.memory_stats()["allocation.all.allocated"] == 0
    del held


def test_page_locked_memory_is_counted():
    torch.npu.init()
    torch.npu.host_empty_cache()
    torch.npu.reset_accumulated_host_memory_stats()
    torch.npu.reset_peak_host_memory_stats()
    held = torch.empty(1 << 20, dtype=torch.uint8, pin_memory=True)
    stats = torch.npu.host_memory_stats()
    assert stats["active_bytes.current"] >= held.nbytes
    assert stats["allocations.allocated"] == 1
    assert stats["host_alloc_time.count"] == stats["num_host_alloc"] == 1
    assert torch.npu.host_memory_stats_as_nested_dict()["active_bytes"]["current"] >= held.nbytes
    del held
    torch.npu.host_empty_cache()
    after = torch.npu.host_memory_stats()
    assert after["allocated_bytes.current"] <= stats["allocated_bytes.current"] - (1 << 20)
    assert after["num_host_free"] >= 1

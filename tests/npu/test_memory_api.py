"""torch.npu's and torch.accelerator's views of device memory."""

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

"""Page-locked host memory."""

import torch

import torch_npu  # noqa: F401


def test_pinned_tensors_know_it():
    pinned = torch.arange(1000).pin_memory()
    assert pinned.is_pinned() and pinned[10:].is_pinned()
    assert not torch.arange(10).is_pinned()
    assert torch.empty(5, pin_memory=True).is_pinned()
    assert pinned.tolist() == list(range(1000))


def test_pinned_memory_is_reused():
    address = torch.empty(5000, pin_memory=True).data_ptr()
    assert torch.empty(5000, pin_memory=True).data_ptr() == address


def test_copies_from_pinned_memory_do_not_wait():
    stream, gate = torch.npu.current_stream(), torch.npu.ExternalEvent()
    pinned = torch.arange(1000.0).pin_memory()
    torch.npu.synchronize()
    gate.wait()
    moved = pinned.to("npu", non_blocking=True)
    assert not stream.query()
    gate.record(torch.npu.Stream())
    assert moved.tolist() == pinned.tolist()


def test_a_block_in_flight_is_not_reused():
    gate = torch.npu.ExternalEvent()
    pinned = torch.full((3000,), 3.0).pin_memory()
    address = pinned.data_ptr()
    torch.npu.synchronize()
    gate.wait()
    moved = pinned.to("npu", non_blocking=True)
    del pinned
    other = torch.full((3000,), 9.0).pin_memory()
    assert other.data_ptr() != address
    gate.record(torch.npu.Stream())
    torch.npu.synchronize()
    assert moved.cpu().eq(3).all()


def test_data_loader_pins_for_npu():
    data = torch.utils.data.TensorDataset(torch.arange(8))
    batches = list(torch.utils.data.DataLoader(data, batch_size=4, pin_memory=True))
    assert all(batch.is_pinned() for (batch,) in batches)


def test_worker_processes_deliver_pinned_batches_that_move_without_waiting():
    data = torch.utils.data.TensorDataset(torch.arange(8.0))
    loader = torch.utils.data.DataLoader(
        data, batch_size=4, num_workers=1, pin_memory=True, multiprocessing_context="spawn"
    )
    total = torch.zeros((), device="npu")
    torch.npu.set_sync_debug_mode("error")
    try:
        for (batch,) in loader:
            assert batch.is_pinned()
            total += batch.to("npu", non_blocking=True).sum()
    finally:
        torch.npu.set_sync_debug_mode("default")
    assert total.item() == 28

"""Memory that another stream uses is not handed out before that stream is done with it."""

import torch

import torch_npu  # noqa: F401
from tests.core.emulated import slow_kernels


def use_on_other_stream(announce: bool) -> tuple[int, int]:
    """Addresses of a freed tensor that a slow stream still uses, and of the next allocation."""
    other, gate = torch.npu.Stream(), torch.npu.ExternalEvent()
    torch.npu.synchronize()
    tensor = torch.empty(1 << 20, device="npu")
    with torch.npu.stream(other):
        gate.wait()
        tensor.fill_(1)
    if announce:
        tensor.record_stream(other)
    address = tensor.data_ptr()
    del tensor
    following = torch.empty(1 << 20, device="npu").data_ptr()
    gate.record()
    torch.npu.synchronize()
    return address, following


def test_announced_memory_is_kept_until_the_stream_is_done():
    address, following = use_on_other_stream(announce=True)
    assert following != address
    torch.npu.synchronize()
    stats = torch.npu.memory_stats()
    reused = [torch.empty(1 << 20, device="npu") for _ in range(2)]
    assert address in {tensor.data_ptr() for tensor in reused}
    assert torch.npu.memory_stats()["num_device_alloc"] == stats["num_device_alloc"]


def test_memory_of_the_same_stream_is_reused_at_once():
    address, following = use_on_other_stream(announce=False)
    assert following == address


def test_waiting_memory_is_active_but_not_allocated():
    other, gate = torch.npu.Stream(), torch.npu.ExternalEvent()
    torch.npu.synchronize()
    before = torch.npu.memory_stats()
    tensor = torch.empty(1 << 20, device="npu")
    with torch.npu.stream(other):
        gate.wait()
        tensor.fill_(1)
    tensor.record_stream(other)
    del tensor
    during = torch.npu.memory_stats()
    gate.record()
    torch.npu.synchronize()
    key = "active_bytes.all.current"
    assert during[key] - before[key] >= 4 << 20
    assert during["allocated_bytes.all.current"] == before["allocated_bytes.all.current"]
    torch.npu.empty_cache()
    assert torch.npu.memory_stats()[key] == before[key]


def test_contents_survive_reuse_pressure():
    """A consumer on a slow stream sees its input although the producer's side freed it."""
    other = torch.npu.Stream()
    results = []
    with slow_kernels(0.01):
        for value in range(10):
            tensor = torch.full((4096,), float(value), device="npu")
            other.wait_stream(torch.npu.current_stream())
            with torch.npu.stream(other):
                results.append(tensor + 1)
            tensor.record_stream(other)
            del tensor
            torch.full((4096,), -1.0, device="npu")  # would overwrite memory that is reused early
        torch.npu.synchronize()
    assert [result[0].item() for result in results] == [float(value + 1) for value in range(10)]

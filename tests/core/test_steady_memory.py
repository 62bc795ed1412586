"""A long run with changing shapes keeps its memory, and the counts agree with the device's."""

import random
import resource

import torch

from tests.core.emulated import run_python

STEPS = 1000


def train(steps: int, model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
    for _ in range(steps):
        data = torch.randn(random.randint(1, 256), 16, device="npu")
        optimizer.zero_grad()
        model(data).square().mean().backward()
        optimizer.step()


def test_random_shapes_hold_memory_flat() -> None:
    random.seed(0)
    outside = torch.npu.mem_get_info()[0] + torch.npu.memory_reserved()
    model = torch.nn.Sequential(torch.nn.Linear(16, 64), torch.nn.GELU(), torch.nn.Linear(64, 1))
    model = model.npu()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    train(STEPS // 5, model, optimizer)
    reserved = torch.npu.memory_reserved()
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    train(STEPS - STEPS // 5, model, optimizer)
    assert torch.npu.memory_reserved() == reserved
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - resident  # KiB
    assert grown < 64 << 10

    # Statistics, snapshot and device say the same.
    torch.npu.empty_cache()
    segments = torch.npu.memory_snapshot()
    blocks = [block for segment in segments for block in segment["blocks"]]
    allocated = sum(block["size"] for block in blocks if block["state"] == "active_allocated")
    assert allocated == torch.npu.memory_allocated()
    assert sum(segment["total_size"] for segment in segments) == torch.npu.memory_reserved()
    assert torch.npu.mem_get_info()[0] + torch.npu.memory_reserved() == outside


def test_nothing_is_left_when_all_is_released() -> None:
    script = """
import torch, torch_npu
torch.npu.init()
free = torch.npu.mem_get_info()[0]
tensors = [torch.ones(n, device="npu") for n in (1, 1000, 1 << 22)]
assert torch.npu.mem_get_info()[0] < free
del tensors
torch.npu.empty_cache()
print(free - torch.npu.mem_get_info()[0], torch.npu.memory_reserved())
"""
    assert run_python(script).stdout.split() == ["0", "0"]

"""Segments that grow: what they hold, give back, and make possible."""

import itertools
import random

import pytest
import torch

from tests.core.emulated import run_python

MIB = 1 << 20
PAGE = 20 * MIB  # of large blocks


@pytest.fixture(autouse=True)
def expandable():
    torch.npu.synchronize()
    torch.npu.empty_cache()
    torch._C._accelerator_setAllocatorSettings("expandable_segments:True")
    yield
    torch.npu.synchronize()
    torch.npu.empty_cache()
    torch._C._accelerator_setAllocatorSettings("expandable_segments:False")
    assert not any(segment["is_expandable"] for segment in torch.npu.memory_snapshot())


def allocate(size: int) -> torch.Tensor:
    return torch.empty(size, dtype=torch.int8, device="npu")


def expandable_segments() -> list[dict]:
    return [segment for segment in torch.npu.memory_snapshot() if segment["is_expandable"]]


def test_a_segment_grows_by_pages():
    free, reserved = torch.npu.mem_get_info()[0], torch.npu.memory_reserved()
    first = allocate(30 * MIB)
    assert torch.npu.memory_reserved() - reserved == 2 * PAGE
    second = allocate(30 * MIB)
    assert torch.npu.memory_reserved() - reserved == 4 * PAGE  # 80 hold twice 30 and a bit
    assert free - torch.npu.mem_get_info()[0] == 4 * PAGE
    (segment,) = expandable_segments()
    assert (segment["total_size"], segment["segment_type"]) == (4 * PAGE, "large")
    assert first.data_ptr() < second.data_ptr() < first.data_ptr() + 4 * PAGE


def test_free_memory_joins_what_grows_behind_it():
    small = allocate(15 * MIB)
    address, reserved = small.data_ptr(), torch.npu.memory_reserved()
    del small
    large = allocate(50 * MIB)
    assert large.data_ptr() == address
    assert torch.npu.memory_reserved() - reserved == 2 * PAGE


def test_pages_between_blocks_go_back():
    blocks = [allocate(30 * MIB) for _ in range(4)]
    reserved = torch.npu.memory_reserved()
    blocks[1] = blocks[2] = None
    torch.npu.empty_cache()
    assert torch.npu.memory_reserved() == reserved - 2 * PAGE
    assert len(expandable_segments()) == 2  # of one range of addresses
    blocks[1] = allocate(45 * MIB)  # between the others again
    assert blocks[0].data_ptr() < blocks[1].data_ptr() < blocks[3].data_ptr()


def test_contents_survive_growth_and_shrinking():
    tensors = [torch.full((7 * MIB // 4,), index, device="npu") for index in range(6)]
    for index in (0, 2, 4):
        tensors[index] = None
    torch.npu.empty_cache()
    tensors[0] = torch.zeros(60 * MIB // 4, device="npu")
    for index in (1, 3, 5):
        assert (tensors[index] == index).all().item()


def test_small_blocks_have_segments_of_their_own():
    block = allocate(1000)
    (segment,) = expandable_segments()
    assert (segment["total_size"], segment["segment_type"]) == (2 * MIB, "small")
    assert block.data_ptr() == segment["address"]


def test_random_sizes_agree_with_the_device():
    generator = random.Random(0)
    outside = torch.npu.mem_get_info()[0] + torch.npu.memory_reserved()
    live: list[torch.Tensor] = []
    for step in range(400):
        if live and generator.random() < 0.45:
            live.pop(generator.randrange(len(live)))
        else:
            live.append(allocate(generator.choice([500, 80_000, 3 * MIB, 25 * MIB])))
        if step % 40 == 0:
            torch.npu.empty_cache()
        spans = sorted((block.data_ptr(), block.nbytes) for block in live)
        for (start, size), (following, _) in itertools.pairwise(spans):
            assert start + size <= following
        reserved = torch.npu.memory_reserved()
        assert torch.npu.mem_get_info()[0] + reserved == outside
        assert sum(segment["total_size"] for segment in torch.npu.memory_snapshot()) == reserved
    live.clear()
    torch.npu.empty_cache()
    assert not expandable_segments()


FRAGMENTS = """
import torch, torch_npu
def allocate(size):
    return torch.empty(size << 20, dtype=torch.int8, device="npu")
first, second = allocate(400), allocate(400)
del first, second
first, second = allocate(100), allocate(300)
del second
second, third = allocate(310), allocate(20)
del second
large = allocate(550)
print("fits")
"""


def test_fragmentation_costs_nothing():
    memory = {"ASCEND_EMULATOR_DEVICE_MEMORY": "1G"}
    settings = {"PYTORCH_NPU_ALLOC_CONF": "expandable_segments:True"}
    assert run_python(FRAGMENTS, **memory, **settings).stdout == "fits\n"
    error = run_python(FRAGMENTS, **memory).stderr
    assert "torch.OutOfMemoryError: NPU out of memory. Tried to allocate 550.00 MiB" in error
    assert "PYTORCH_NPU_ALLOC_CONF=expandable_segments:True avoids such fragmentation" in error


def test_huge_pages():
    script = """
import torch, torch_npu
x = torch.ones(30 << 20, device="npu")
print(torch.npu.memory_reserved(), x.sum().item())
"""
    settings = "expandable_segments:True,page_size:1g"
    result = run_python(script, PYTORCH_NPU_ALLOC_CONF=settings)
    assert result.stdout.split() == [str(1 << 30), str(float(30 << 20))], result.stderr

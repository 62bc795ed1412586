"""PYTORCH_NPU_ALLOC_CONF and PYTORCH_NO_NPU_MEMORY_CACHING."""

import pytest

from tests.core.emulated import run_python

MIB = 1 << 20

PRELUDE = """
import torch, torch_npu
MIB = 1 << 20
def allocate(size):
    return torch.UntypedStorage(size, device="npu")
def stat(key):
    return torch.npu.memory_stats()[key]
torch.npu.init()
"""


def run(script: str, **environment: str) -> list[str]:
    result = run_python(PRELUDE + script, **environment)
    assert result.returncode == 0, result.stderr
    return result.stdout.split()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("expandable_segment:True", "there is no option expandable_segment; these are: "),
        ("expandable_segments", 'expected option:value, got "expandable_segments"'),
        ("expandable_segments:Maybe", "Expected 'True' or 'False'"),
        ("page_size:4k", "page_size must be 1g or 2m, got 4k"),
        ("base_addr_aligned_kb:17", "base_addr_aligned_kb must be 0 to 16, got 17"),
        ("max_split_size_mb:1", "max_split_size_mb too small"),
    ],
)
def test_mistakes_are_named_before_any_work(settings, message):
    result = run_python(PRELUDE, PYTORCH_NPU_ALLOC_CONF=settings)
    assert result.returncode != 0
    assert message in result.stderr


def test_settings_are_shown():
    script = """
settings = torch.npu.memory._snapshot()["allocator_settings"]
print(settings["max_split_size"] // MIB, settings["expandable_segments"], settings["page_size"])
print(torch._C._accelerator_getAllocatorSettings())
"""
    given = "max_split_size_mb:64,base_addr_aligned_kb:0"
    assert run(script, PYTORCH_NPU_ALLOC_CONF=given) == ["64", "False", "2m", given]


def test_blocks_above_max_split_size_stay_whole():
    script = """
large = allocate(100 * MIB)
address = large.data_ptr()
del large
small = allocate(11 * MIB)
print(small.data_ptr() == address, stat("inactive_split.large_pool.current"))
again = allocate(95 * MIB)
print(again.data_ptr() == address, stat("allocated_bytes.all.current") // MIB)
"""
    assert run(script) == ["True", "1", "False", "107"]
    split = run(script, PYTORCH_NPU_ALLOC_CONF="max_split_size_mb:64")
    assert split == ["False", "0", "True", "114"]  # of 102 and 12 MiB


def test_requests_are_rounded_to_divisions_of_powers_of_two():
    script = """
block = allocate(1_100_000)
print(stat("allocated_bytes.all.current"))
"""
    # Steps of 262144 bytes between 2^20 and 2^21, and 32 bytes that vector units read beyond.
    assert run(script, PYTORCH_NPU_ALLOC_CONF="roundup_power2_divisions:4") == [
        str(5 * 262144 + 512)
    ]
    assert run(script) == ["1100288"]


def test_garbage_is_collected_above_the_threshold():
    script = """
kept = allocate(200 * MIB)
for size in (100, 150, 180):
    block = allocate(size * MIB)
    del block
    torch.npu.synchronize()
before = torch.npu.memory_reserved() // MIB
block = allocate(300 * MIB)
print(before, torch.npu.memory_reserved() // MIB, stat("num_alloc_retries"))
"""
    memory = {"ASCEND_EMULATOR_DEVICE_MEMORY": "1G"}
    before, after, retries = map(int, run(script, **memory))
    assert (before, after, retries) == (638, 940, 0)
    settings = {"PYTORCH_NPU_ALLOC_CONF": "garbage_collection_threshold:0.6"}
    before, after, retries = map(int, run(script, **memory, **settings))
    assert after <= 0.6 * 1024
    assert retries == 0


def test_without_caching_memory_goes_back_at_once():
    script = """
free = torch.npu.mem_get_info()[0]
x = torch.ones(1000, device="npu")
y = (x + 1) * 2
print(y.sum().item(), stat("segment.all.current"), torch.npu.memory_reserved())
del x, y
print(torch.npu.memory_reserved(), free - torch.npu.mem_get_info()[0])
"""
    assert run(script) == ["4000.0", "1", str(2 * MIB), str(2 * MIB), str(2 * MIB)]
    uncached = run(script, PYTORCH_NO_NPU_MEMORY_CACHING="1")
    assert uncached == ["4000.0", "2", "8192", "0", "0"]


def test_settings_can_be_changed_at_run_time():
    script = """
torch.npu.memory._set_allocator_settings("max_split_size_mb:64")
print(torch.npu.memory._snapshot()["allocator_settings"]["max_split_size"] // MIB)
try:
    torch.npu.memory._set_allocator_settings("max_splits:1")
except ValueError as error:
    print("no option max_splits" in str(error))
"""
    assert run(script) == ["64", "True"]

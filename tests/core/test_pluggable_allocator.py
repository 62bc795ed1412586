"""Device memory from a user's library, for everything or for one pool."""

import ctypes
from pathlib import Path

import pytest
import torch

from tests.core.emulated import run_python

LIBRARY = Path(__file__).with_name("libcounting_allocator.so")

PRELUDE = f"""
import ctypes, torch, torch_npu
library = ctypes.CDLL("{LIBRARY}")
held, allocations = library.counting_held, library.counting_allocations
held.restype = allocations.restype = ctypes.c_int64
allocator = torch.npu.NPUPluggableAllocator("{LIBRARY}", "counting_malloc", "counting_free")
"""


def run(script: str, **environment: str) -> list[str]:
    result = run_python(PRELUDE + script, **environment)
    assert result.returncode == 0, result.stderr
    return result.stdout.split()


def test_tensors_come_from_the_library():
    script = """
torch.npu.change_current_allocator(allocator)
x = torch.ones(1000, device="npu")
side = torch.npu.Stream()
side.wait_stream(torch.npu.current_stream())
with torch.npu.stream(side):
    y = x @ x
    x.record_stream(side)
print(held() >= 4000, torch.npu.get_allocator_backend())
del x
side.synchronize()
print(y.item())
del y
torch.npu.synchronize()
print(held(), allocations() >= 2)
"""
    assert run(script) == ["True", "pluggable", "1000.0", "0", "True"]


def test_a_pool_has_its_segments_from_the_library():
    script = """
pool = torch.npu.MemPool(allocator.allocator())
outside = torch.ones(1000, device="npu")
print(held())
with torch.npu.use_mem_pool(pool):
    inside = [torch.ones(1000, device="npu") for _ in range(3)]
print(held(), allocations(), (inside[0] + outside).sum().item())
del inside, pool
torch.npu.empty_cache()
print(held())
"""
    assert run(script) == ["0", str(2 << 20), "1", "2000.0", "0"]


def test_no_memory_is_an_out_of_memory_error():
    script = """
torch.npu.change_current_allocator(allocator)
try:
    torch.empty(2 << 30, dtype=torch.int8, device="npu")
except torch.OutOfMemoryError as error:
    print(str(2 << 30) in str(error))
try:
    torch.npu.memory_stats()
except NotImplementedError as error:
    print("keeps no statistics" in str(error))
for call in (
    lambda: torch.npu.set_per_process_memory_fraction(0.5),
    torch.npu.memory_snapshot,
    torch.npu.memory._snapshot,
    torch.npu.memory._record_memory_history,
):
    try:
        call()
    except NotImplementedError as error:
        print("pluggable allocator" in str(error))
"""
    assert run(script, ASCEND_EMULATOR_DEVICE_MEMORY="1G") == ["True"] * 6


def test_it_is_too_late_after_the_first_use():
    torch.npu.init()
    allocator = torch.npu.NPUPluggableAllocator(LIBRARY, "counting_malloc", "counting_free")
    with pytest.raises(RuntimeError, match="only before the first use of a device"):
        torch.npu.change_current_allocator(allocator)
    with pytest.raises(TypeError, match="NPUPluggableAllocator"):
        torch.npu.change_current_allocator(ctypes.CDLL(None))


def test_functions_that_are_not_there():
    with pytest.raises(ValueError, match="no function 'other_free'"):
        torch.npu.NPUPluggableAllocator(LIBRARY, "counting_malloc", "other_free")

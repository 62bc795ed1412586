"""Virtual memory: addresses and memory apart."""

import ctypes
import re
import signal
import threading

import acl
import pytest

MIB = 1 << 20
CHUNK = 2 * MIB


def free_memory() -> int:
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    acl.call("aclrtGetMemInfo", acl.HBM, ctypes.byref(free), ctypes.byref(total))
    return free.value


def map_chunk(address: int, size: int = CHUNK, device: int = 0) -> int:
    handle = acl.malloc_physical(size, device)
    acl.call("aclrtMapMem", address, size, 0, handle, 0)
    return handle


def fails(code: int, match: str, name: str, *arguments: object) -> None:
    with pytest.raises(acl.AclError, match=match) as error:
        acl.call(name, *arguments)
    assert error.value.code == code


@pytest.mark.parametrize(
    ("attribute", "granularity"), [(acl.HBM_HUGE, 2 * MIB), (acl.HBM_HUGE_1G, 1024 * MIB)]
)
def test_granularity(device, attribute, granularity):
    wanted = ctypes.byref(acl.properties(attribute=attribute))
    for option in (0, 1):
        name = "aclrtMemGetAllocationGranularity"
        assert acl.value(name, ctypes.c_size_t, wanted, option) == granularity


def test_addresses_need_no_device(device):
    """Clients try whether there is such memory before they have chosen a device."""

    def reserve() -> None:
        address = acl.reserve(1 << 30)
        acl.call("aclrtReleaseMemAddress", address)
        reserved.append(address)

    reserved: list[int] = []
    thread = threading.Thread(target=reserve)  # which has no device
    thread.start()
    thread.join()
    assert reserved


def test_memory_is_counted_where_it_is_physical(device):
    free = free_memory()
    address = acl.reserve(100 << 30)
    assert free_memory() == free
    handle = map_chunk(address)
    assert free - free_memory() == CHUNK
    acl.call("aclrtFreePhysical", handle)
    assert free - free_memory() == CHUNK  # still mapped
    acl.call("aclrtUnmapMem", address)
    assert free_memory() == free
    acl.call("aclrtReleaseMemAddress", address)


def test_copies_span_chunks_in_any_physical_order(device):
    address = acl.reserve(8 * CHUNK)
    order = [3, 0, 2, 1]
    handles = {position: map_chunk(address + position * CHUNK) for position in order}
    data = bytes(range(256)) * (4 * CHUNK // 256)
    acl.upload(address, data)
    assert acl.download(address, len(data)) == data
    stream, block = acl.stream(), acl.malloc(len(data))
    size = len(data)
    acl.call("aclrtMemsetAsync", address + CHUNK - 8, 16, 7, 16, stream)
    acl.call("aclrtMemcpyAsync", block, size, address, size, acl.D2D, stream)
    acl.call("aclrtSynchronizeStream", stream)
    expected = data[: CHUNK - 8] + bytes([7]) * 16 + data[CHUNK + 8 :]
    assert acl.download(block, size) == expected
    fails(acl.PARAM_INVALID, "go beyond", "aclrtMemset", address + CHUNK, size, 0, size - CHUNK + 1)
    acl.call("aclrtUnmapMem", address + CHUNK)
    fails(acl.PARAM_INVALID, "go beyond", "aclrtMemset", address, size, 0, CHUNK + 1)
    fails(acl.PARAM_INVALID, "freed block", "aclrtMemset", address + CHUNK, 8, 0, 8)
    acl.call("aclrtMapMem", address + CHUNK, CHUNK, 0, handles[1], 0)
    assert acl.download(address, size) == expected


def test_fragmented_memory_serves_physical_allocations(device):
    script = """
import ctypes
MIB = 1 << 20
call("aclrtSetDevice", 0)
blocks = [malloc(4 * MIB) for _ in range(16)]
for block in blocks[::2]:
    call("aclrtFree", block)
address = reserve(32 * MIB)
handle = malloc_physical(32 * MIB)
call("aclrtMapMem", address, 32 * MIB, 0, handle, 0)
data = bytes(range(256)) * (32 * MIB // 256)
upload(address, data)
assert download(address, len(data)) == data
try:
    malloc_physical(2 * MIB)
except AclError as error:
    print(error.code, error.message)
"""
    done = acl.run_script(script, ASCEND_EMULATOR_DEVICE_MEMORY="64M")
    assert done.stderr == ""
    assert re.match(rf"{acl.OUT_OF_MEMORY} .*asked for 2097152 bytes; 0 of 67108864", done.stdout)


def test_the_same_memory_at_two_addresses(device):
    address = acl.reserve(4 * CHUNK)
    handle = map_chunk(address)
    acl.call("aclrtMapMem", address + 2 * CHUNK, CHUNK, 0, handle, 0)
    acl.upload(address, b"twice")
    assert acl.download(address + 2 * CHUNK, 5) == b"twice"


def test_wrong_use_is_refused(device):
    address = acl.reserve(4 * CHUNK)
    handle = map_chunk(address)
    wanted = ctypes.byref(acl.properties())
    result = ctypes.byref(acl.Handle())
    cases = [
        ("mapped already", "aclrtMapMem", address, CHUNK, 0, handle, 0),
        ("must be the handle's", "aclrtMapMem", address + CHUNK, 2 * CHUNK, 0, handle, 0),
        ("offset and flags", "aclrtMapMem", address + CHUNK, CHUNK, 512, handle, 0),
        ("in one range", "aclrtMapMem", address + 512, CHUNK, 0, handle, 0),
        ("in one range", "aclrtMapMem", address + 4 * CHUNK, CHUNK, 0, handle, 0),
        ("no handle", "aclrtMapMem", address + CHUNK, CHUNK, 0, 4096, 0),
        ("is not where", "aclrtUnmapMem", address + CHUNK),
        ("still mapped", "aclrtReleaseMemAddress", address),
        ("not the start", "aclrtReleaseMemAddress", address + CHUNK),
        ("size is 0", "aclrtReserveMemAddress", result, 0, 0, None, 0),
        ("expectPtr null", "aclrtReserveMemAddress", result, CHUNK, CHUNK, None, 0),
        ("size is 0", "aclrtMallocPhysical", result, 0, wanted, 0),
        ("flags must be 0", "aclrtMallocPhysical", result, CHUNK, wanted, 1),
        ("prop is null", "aclrtMallocPhysical", result, CHUNK, None, 0),
        ("not the start of a live block of aclrtMalloc", "aclrtFree", address),
    ]
    for match, name, *arguments in cases:
        fails(acl.PARAM_INVALID, match, name, *arguments)
    host = acl.properties(attribute=3)
    arguments = (result, CHUNK, ctypes.byref(host), 0)
    fails(acl.NOT_SUPPORTED, "only device", "aclrtMallocPhysical", *arguments)
    acl.call("aclrtFreePhysical", handle)
    fails(acl.PARAM_INVALID, "or is freed", "aclrtFreePhysical", handle)


def test_a_range_belongs_to_one_device_at_a_time(device):
    address = acl.reserve(4 * CHUNK)
    map_chunk(address)
    acl.call("aclrtSetDevice", 1)
    other = acl.malloc_physical(CHUNK, 1)
    fails(acl.PARAM_INVALID, "device 0", "aclrtMapMem", address + CHUNK, CHUNK, 0, other, 0)
    acl.call("aclrtUnmapMem", address)
    acl.call("aclrtMapMem", address + CHUNK, CHUNK, 0, other, 0)
    acl.call("aclrtUnmapMem", address + CHUNK)
    acl.call("aclrtResetDevice", 1)
    acl.call("aclrtSetDevice", 0)


def test_reset_takes_everything_back(device):
    free, address = free_memory(), acl.reserve(4 * CHUNK)
    handle = map_chunk(address)
    acl.call("aclrtResetDevice", 0)
    acl.call("aclrtSetDevice", 0)
    assert free_memory() == free
    fails(acl.PARAM_INVALID, "is not where", "aclrtUnmapMem", address)
    fails(acl.PARAM_INVALID, "or is freed", "aclrtFreePhysical", handle)
    acl.call("aclrtReleaseMemAddress", address)


@pytest.mark.parametrize("offset", [0, CHUNK + 5])
def test_host_code_dies_and_learns_where(offset):
    script = f"""
import ctypes
call("aclrtSetDevice", 0)
address, size = reserve(8 << 20), 2 << 20
for chunk in range(2):
    call("aclrtMapMem", address + chunk * size, size, 0, malloc_physical(size), 0)
ctypes.string_at(address + {offset}, 1)
"""
    done = acl.run_script(script)
    assert done.returncode == -signal.SIGSEGV
    assert f"byte {offset} of the live block" in done.stderr
    assert f"of {2 * CHUNK} bytes" in done.stderr


def test_pointer_attributes_name_the_device(device):
    class Attributes(ctypes.Structure):
        _fields_ = [("id", ctypes.c_uint32), ("type", ctypes.c_int), ("rest", ctypes.c_uint32 * 5)]

    attributes, address = Attributes(), acl.reserve(CHUNK)
    acl.call("aclrtPointerGetAttributes", address, ctypes.byref(attributes))
    assert attributes.type == 2
    map_chunk(address)
    acl.call("aclrtPointerGetAttributes", address + 100, ctypes.byref(attributes))
    assert (attributes.type, attributes.id) == (1, 0)


def test_mapping_while_other_chunks_are_in_use(device):
    chunks = 64
    address, stream = acl.reserve((chunks + 1) * CHUNK), acl.stream()
    map_chunk(address)
    for position in range(1, chunks):
        map_chunk(address + position * CHUNK)
        for _ in range(20):
            begin = address + position * CHUNK - 64
            acl.call("aclrtMemsetAsync", begin, 128, position, 128, stream)
    acl.call("aclrtSynchronizeStream", stream)
    for position in range(1, chunks):
        assert acl.download(address + position * CHUNK - 1, 2) == bytes([position] * 2)

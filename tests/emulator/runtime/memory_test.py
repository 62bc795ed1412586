"""Device memory: blocks, capacity, reuse."""

import ctypes

import acl
import pytest

MIB = 1 << 20


def mem_info() -> tuple[int, int]:
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    acl.call("aclrtGetMemInfo", acl.HBM, ctypes.byref(free), ctypes.byref(total))
    return free.value, total.value


def test_blocks_are_aligned_and_apart():
    blocks = [acl.malloc(size) for size in (1, 511, 512, 513, MIB)]
    assert all(block % 512 == 0 for block in blocks)
    for number, block in enumerate(blocks):
        acl.call("aclrtMemset", block, 1, number, 1)
    assert [acl.download(block, 1)[0] for block in blocks] == list(range(5))


def test_out_of_memory_has_its_code_and_says_how_much_is_left():
    free, total = mem_info()
    assert free == total
    block = acl.malloc(total - MIB)
    with pytest.raises(acl.AclError) as error:
        acl.malloc(2 * MIB)
    assert error.value.code == acl.OUT_OF_MEMORY
    assert f"asked for {2 * MIB} bytes; {MIB} of {total} are free" in error.value.message
    acl.malloc(MIB)
    acl.call("aclrtFree", block)
    acl.malloc(2 * MIB)


def test_fragmented_memory_is_reported_as_such():
    total = mem_info()[1]
    blocks = [acl.malloc(total // 4) for _ in range(4)]
    for block in blocks[::2]:
        acl.call("aclrtFree", block)
    with pytest.raises(acl.AclError, match=f"the largest range has {total // 4}"):
        acl.malloc(total // 2)
    acl.call("aclrtFree", blocks[1])
    acl.malloc(total // 4 * 3)


def test_free_memory_follows_blocks():
    free, _ = mem_info()
    block = acl.malloc(3 * MIB)
    assert free - mem_info()[0] == 3 * MIB
    acl.call("aclrtFree", block)
    assert mem_info()[0] == free


def test_freed_memory_is_used_again():
    block = acl.malloc(MIB)
    acl.call("aclrtFree", block)
    assert acl.malloc(MIB) == block


@pytest.mark.parametrize("offset", [1, 512, MIB])
def test_free_takes_only_the_start_of_a_live_block(offset):
    block = acl.malloc(MIB)
    with pytest.raises(acl.AclError, match="not the start of a live block") as error:
        acl.call("aclrtFree", block + offset)
    assert error.value.code == acl.PARAM_INVALID
    acl.call("aclrtFree", block)


def test_double_free_names_the_freed_block():
    block = acl.malloc(MIB)
    acl.call("aclrtFree", block)
    with pytest.raises(acl.AclError, match=f"byte 0 of the freed block {block:#x} of {MIB} bytes"):
        acl.call("aclrtFree", block)


@pytest.mark.parametrize("address", [None, 4096])
def test_free_refuses_other_addresses(address):
    with pytest.raises(acl.AclError, match="it is host memory"):
        acl.call("aclrtFree", address)


def test_zero_bytes_are_refused():
    with pytest.raises(acl.AclError, match="size is 0"):
        acl.malloc(0)


def test_a_huge_size_is_out_of_memory():
    with pytest.raises(acl.AclError) as error:
        acl.malloc(2**64 - 1)
    assert error.value.code == acl.OUT_OF_MEMORY


def test_reset_gives_everything_back():
    block = acl.malloc(MIB)
    acl.upload(block, b"x" * 100)
    acl.call("aclrtResetDevice", 0)
    acl.call("aclrtSetDevice", 0)
    free, total = mem_info()
    assert free == total
    again = acl.malloc(MIB)
    assert again == block
    assert acl.download(again, 100) == bytes(100)


def test_freed_pages_return_to_the_host_above_the_limit():
    script = """
import os
def resident():
    for fd in range(3, 64):
        link = f"/proc/self/fd/{fd}"
        if os.path.lexists(link) and "ascend_npu0" in os.readlink(link):
            return os.stat(link).st_blocks * 512
call("aclrtSetDevice", 0)
block = malloc(32 << 20)
call("aclrtMemset", block, 32 << 20, 1, 32 << 20)
assert resident() >= 32 << 20
call("aclrtFree", block)
print(resident() >> 20)
"""
    kept = acl.run_script(script, ASCEND_EMULATOR_RESIDENT_LIMIT="1G")
    returned = acl.run_script(script, ASCEND_EMULATOR_RESIDENT_LIMIT="16M")
    assert (kept.stdout, returned.stdout) == ("32\n", "0\n"), kept.stderr + returned.stderr


def test_pointer_attributes():
    class Attributes(ctypes.Structure):
        _fields_ = [("id", ctypes.c_uint32), ("type", ctypes.c_int), ("rest", ctypes.c_uint32 * 5)]

    def location(address: int) -> tuple[int, int]:
        attributes = Attributes()
        acl.call("aclrtPointerGetAttributes", address, ctypes.byref(attributes))
        return attributes.type, attributes.id

    host, device_type, unregistered = 0, 1, 2
    acl.call("aclrtSetDevice", 3)
    on_three = acl.malloc(4096)
    assert location(on_three + 100) == (device_type, 3)
    pinned = acl.malloc_host(4096)
    assert location(pinned + 100)[0] == host
    acl.call("aclrtFreeHost", pinned)
    assert location(pinned)[0] == unregistered
    acl.call("aclrtFree", on_three)
    assert location(on_three)[0] == unregistered


def test_freeing_host_memory_twice_is_an_error():
    pinned = acl.malloc_host(100)
    acl.call("aclrtFreeHost", pinned)
    with pytest.raises(acl.AclError, match="was not returned by aclrtMallocHost"):
        acl.call("aclrtFreeHost", pinned)

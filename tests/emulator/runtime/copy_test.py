"""Copies of every kind: what they move, what they refuse, when they return."""

import ctypes
import time

import acl
import pytest

SIZE = 4096
DATA = bytes(range(256)) * (SIZE // 256)


@pytest.fixture
def blocks(device):
    first, second = acl.malloc(SIZE), acl.malloc(SIZE)
    acl.upload(first, DATA)
    return first, second


def copy(asynchronous, dst, dest_max, src, count, kind):
    if asynchronous:
        acl.call("aclrtMemcpyAsync", dst, dest_max, src, count, kind, None)
        acl.call("aclrtSynchronizeStream", None)
    else:
        acl.call("aclrtMemcpy", dst, dest_max, src, count, kind)


both = pytest.mark.parametrize("asynchronous", [False, True])


@both
@pytest.mark.parametrize("kind", [acl.H2D, acl.H2BUF2D, acl.DEFAULT])
def test_host_to_device(blocks, asynchronous, kind):
    copy(asynchronous, blocks[1] + 1, SIZE, DATA, 100, kind)
    assert acl.download(blocks[1] + 1, 100) == DATA[:100]


@both
@pytest.mark.parametrize("kind", [acl.D2H, acl.DEFAULT])
def test_device_to_host(blocks, asynchronous, kind):
    target = ctypes.create_string_buffer(SIZE)
    copy(asynchronous, target, SIZE, blocks[0] + 7, 100, kind)
    assert target.raw[:101] == DATA[7:107] + b"\0"


@both
@pytest.mark.parametrize("kind", [acl.D2D, acl.INNER_D2D, acl.DEFAULT])
def test_device_to_device(blocks, asynchronous, kind):
    copy(asynchronous, blocks[1], SIZE, blocks[0], SIZE, kind)
    assert acl.download(blocks[1], SIZE) == DATA


@both
@pytest.mark.parametrize("kind", [acl.H2H, acl.DEFAULT])
def test_host_to_host(device, asynchronous, kind):
    target = ctypes.create_string_buffer(100)
    copy(asynchronous, target, 100, DATA, 100, kind)
    assert target.raw == DATA[:100]


@both
def test_between_devices_only_with_peer_access(blocks, asynchronous):
    acl.call("aclrtSetDevice", 1)
    other = acl.malloc(SIZE)
    with pytest.raises(acl.AclError, match="devices 0 and 1 may not access each other"):
        copy(asynchronous, other, SIZE, blocks[0], SIZE, acl.D2D)
    acl.call("aclrtDeviceEnablePeerAccess", 0, 0)
    copy(asynchronous, other, SIZE, blocks[0], SIZE, acl.D2D)
    assert acl.download(other, SIZE) == DATA
    with pytest.raises(acl.AclError, match="needs one device"):
        copy(asynchronous, other, SIZE, blocks[0], SIZE, acl.INNER_D2D)
    acl.call("aclrtResetDevice", 1)


HOST = ctypes.create_string_buffer(SIZE)


@both
@pytest.mark.parametrize(
    ("kind", "dst", "src", "complaint"),
    [
        (acl.H2D, "host", "host", "dst=.* must be device memory, but is host memory"),
        (
            acl.H2D,
            "device",
            "device",
            "src=.* must be host memory for HOST_TO_DEVICE, but is device",
        ),
        (acl.D2H, "device", "device", "dst=.* must be host memory"),
        (acl.D2H, "host", "host", "src=.* must be device memory, but is host memory"),
        (acl.D2H, "host", "pinned", "src=.* must be device memory, but is pinned host memory"),
        (acl.D2D, "device", "host", "src=.* must be device memory"),
        (acl.H2H, "host", "device", "src=.* must be host memory for HOST_TO_HOST"),
        (acl.D2D, "device", "freed", "of the freed block"),
        (acl.D2H, "host", "nowhere", "but in no block"),
        (acl.H2D, "device", "null", "src=.* but is null"),
        (acl.INTER_D2D, "device", "device", "needs two devices"),
        (99, "device", "host", "unknown aclrtMemcpyKind 99"),
    ],
)
def test_addresses_must_be_what_the_kind_says(blocks, asynchronous, kind, dst, src, complaint):
    freed = acl.malloc(SIZE)
    acl.call("aclrtFree", freed)
    addresses = {
        "host": ctypes.addressof(HOST),
        "device": blocks[0],
        "pinned": acl.malloc_host(SIZE),
        "freed": freed,
        "nowhere": blocks[1] + (1 << 30),
        "null": None,
    }
    with pytest.raises(acl.AclError, match=complaint) as error:
        copy(asynchronous, addresses[dst], SIZE, addresses[src], SIZE, kind)
    assert error.value.code == acl.PARAM_INVALID


@both
@pytest.mark.parametrize(
    ("offset", "count", "dest_max"), [(0, SIZE + 1, SIZE + 1), (SIZE - 10, 11, 11), (0, 11, 10)]
)
def test_copies_stay_in_their_block(blocks, asynchronous, offset, count, dest_max):
    source = ctypes.create_string_buffer(2 * SIZE)
    with pytest.raises(acl.AclError, match=r"go beyond the block|more than destMax"):
        copy(asynchronous, blocks[0] + offset, dest_max, source, count, acl.H2D)
    assert acl.download(blocks[0], SIZE) == DATA


@pytest.mark.parametrize("size", [100, 1 << 20])
def test_pageable_source_may_change_once_the_call_has_returned(device, size):
    stream, block = acl.stream(), acl.malloc(size)
    source = ctypes.create_string_buffer(b"a" * size, size)
    acl.call("aclrtMemcpyAsync", block, size, source, size, acl.H2D, stream)
    ctypes.memset(source, ord("b"), size)
    acl.call("aclrtSynchronizeStream", stream)
    assert acl.download(block, size) == b"a" * size


def test_a_small_pageable_upload_does_not_wait(device):
    stream, block = acl.stream(), acl.malloc(SIZE)
    with acl.gate(stream):
        acl.call("aclrtMemcpyAsync", block, SIZE, DATA, SIZE, acl.H2D, stream)
        assert acl.download(block, SIZE) == bytes(SIZE)
    acl.call("aclrtSynchronizeStream", stream)
    assert acl.download(block, SIZE) == DATA


def test_pageable_target_holds_the_data_once_the_call_has_returned(blocks):
    stream = acl.stream()
    acl.launch(stream, lambda: time.sleep(0.1))
    acl.call("aclrtMemsetAsync", blocks[0], SIZE, ord("z"), SIZE, stream)
    target = ctypes.create_string_buffer(SIZE)
    acl.call("aclrtMemcpyAsync", target, SIZE, blocks[0], SIZE, acl.D2H, stream)
    assert target.raw == b"z" * SIZE


def test_pinned_copies_are_asynchronous(blocks):
    stream, pinned = acl.stream(), acl.malloc_host(SIZE)
    ctypes.memset(pinned, 0, SIZE)
    with acl.gate(stream):
        acl.call("aclrtMemcpyAsync", pinned, SIZE, blocks[0], SIZE, acl.D2H, stream)
        assert ctypes.string_at(pinned, SIZE) == bytes(SIZE)
    acl.call("aclrtSynchronizeStream", stream)
    assert ctypes.string_at(pinned, SIZE) == DATA


def test_memset_and_its_bounds(blocks):
    acl.call("aclrtMemset", blocks[0] + 10, 20, 0xAB, 20)
    acl.call("aclrtMemsetAsync", blocks[0], 5, 0xCD, 5, None)
    acl.call("aclrtSynchronizeStream", None)
    expected = b"\xcd" * 5 + DATA[5:10] + b"\xab" * 20 + DATA[30:]
    assert acl.download(blocks[0], SIZE) == expected
    for arguments in ((blocks[0], SIZE + 64, 0, SIZE + 64), (blocks[0], 9, 0, 10)):
        with pytest.raises(acl.AclError, match=r"beyond the block|more than maxCount"):
            acl.call("aclrtMemset", *arguments)


def test_copies_are_counted(blocks):
    before = acl.lib.emulatorMemcpyCount(0)
    acl.download(blocks[0], 1)
    acl.call("aclrtMemcpyAsync", blocks[1], SIZE, blocks[0], SIZE, acl.D2D, None)
    acl.call("aclrtSynchronizeStream", None)
    assert acl.lib.emulatorMemcpyCount(0) == before + 2

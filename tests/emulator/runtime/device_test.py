"""Devices, contexts and what a thread has as its current device; error messages."""

import ctypes
import threading

import acl
import pytest


def in_thread(function):
    result = []
    thread = threading.Thread(target=lambda: result.append(function()))
    thread.start()
    thread.join(30)
    return result[0]


def device_count():
    return acl.value("aclrtGetDeviceCount", ctypes.c_uint32)


def current_device():
    return acl.value("aclrtGetDevice", ctypes.c_int32)


def test_eight_devices_each_with_its_own_memory(device):
    assert device_count() == 8
    blocks = []
    for number in range(8):
        acl.call("aclrtSetDevice", number)
        assert current_device() == number
        blocks.append(acl.malloc(4096))
        acl.upload(blocks[-1], bytes([number]) * 4096)
    assert len(set(blocks)) == 8
    for number in range(8):
        assert acl.download(blocks[number], 4096) == bytes([number]) * 4096
    for number in range(1, 8):
        acl.call("aclrtResetDevice", number)


@pytest.mark.parametrize("number", [-1, 8])
def test_a_device_that_does_not_exist(device, number):
    with pytest.raises(acl.AclError, match="there are 8 devices") as error:
        acl.call("aclrtSetDevice", number)
    assert error.value.code == acl.INVALID_DEVICE
    assert current_device() == 0


def test_a_thread_has_no_device_until_it_sets_one(device):
    block = acl.malloc(8)
    for name, *arguments in (
        ("aclrtMalloc", ctypes.byref(acl.Handle()), 8, 0),
        ("aclrtMemset", block, 8, 0, 8),
        ("aclrtSynchronizeStream", None),
        ("aclrtSynchronizeDevice",),
    ):
        code = in_thread(lambda name=name, arguments=arguments: getattr(acl.lib, name)(*arguments))
        assert code == acl.CONTEXT_NULL, name


def test_contexts(device):
    primary = acl.make("aclrtGetCurrentContext")
    created = acl.make("aclrtCreateContext", 1)
    assert current_device() == 1
    stream = acl.stream()
    acl.call("aclrtSetCurrentContext", primary)
    assert current_device() == 0
    with pytest.raises(acl.AclError, match="belongs to device 1"):
        acl.call("aclrtSynchronizeStream", stream)
    acl.call("aclrtDestroyContext", created)
    for call in (
        lambda: acl.call("aclrtSetCurrentContext", created),
        lambda: acl.call("aclrtDestroyContext", created),
    ):
        with pytest.raises(acl.AclError, match="no live context"):
            call()
    with pytest.raises(acl.AclError, match="use aclrtResetDevice"):
        acl.call("aclrtDestroyContext", primary)


def test_a_destroyed_context_is_nobodys_current_one(device):
    created = acl.make("aclrtCreateContext", 0)
    acl.call("aclrtDestroyContext", created)
    with pytest.raises(acl.AclError) as error:
        current_device()
    assert error.value.code == acl.CONTEXT_NULL


def test_reset_ends_streams_and_is_counted(device):
    stream, ran = acl.stream(), []
    acl.launch(stream, lambda: ran.append(1))
    acl.call("aclrtSetDevice", 0)
    acl.call("aclrtResetDevice", 0)
    acl.call("aclrtSynchronizeStream", stream)
    acl.call("aclrtResetDevice", 0)
    assert ran == [1]
    with pytest.raises(acl.AclError, match="is not set"):
        acl.call("aclrtResetDevice", 0)
    acl.call("aclrtSetDevice", 0)
    with pytest.raises(acl.AclError, match="already destroyed"):
        acl.call("aclrtSynchronizeStream", stream)


def test_peer_access(device):
    def can_access(device_, peer):
        result = ctypes.c_int32()
        acl.call("aclrtDeviceCanAccessPeer", ctypes.byref(result), device_, peer)
        return result.value

    assert (can_access(0, 1), can_access(0, 0)) == (1, 0)
    for peer, complaint in ((0, "no peer of itself"), (8, "does not exist")):
        with pytest.raises(acl.AclError, match=complaint):
            acl.call("aclrtDeviceEnablePeerAccess", peer, 0)


def test_a_message_is_read_once(device):
    assert acl.message() == ""
    assert acl.lib.aclrtSetDevice(99) == acl.INVALID_DEVICE
    assert "device 99 does not exist" in acl.message()
    assert acl.message() == ""


def test_a_message_belongs_to_its_thread(device):
    in_thread(lambda: acl.lib.aclrtSetDevice(99))
    assert acl.message() == ""
    assert "no device" in in_thread(lambda: (acl.lib.aclrtSynchronizeDevice(), acl.message())[1])


def test_last_error_is_kept_until_asked(device):
    acl.lib.aclrtGetLastError(0)
    acl.lib.aclrtSetDevice(99)
    assert acl.lib.aclrtPeekAtLastError(0) == acl.INVALID_DEVICE
    assert acl.lib.aclrtGetLastError(0) == acl.INVALID_DEVICE
    assert acl.lib.aclrtGetLastError(0) == 0

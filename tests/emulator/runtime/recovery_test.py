"""Aborts, resets and injected faults: how a device works again after something went wrong."""

import ctypes
import threading
import time

import acl
import pytest


def test_abort_drops_what_is_queued_and_the_stream_works_again(device):
    stream, ran = acl.stream(), []
    begun, entering, opened = (threading.Event() for _ in range(3))
    acl.launch(stream, lambda: (begun.set(), opened.wait(30)))
    event = acl.event()
    for _ in range(10):
        acl.launch(stream, lambda: ran.append("dropped"))
    acl.call("aclrtRecordEvent", event, stream)
    codes = []

    def synchronize() -> None:
        acl.call("aclrtSetDevice", 0)
        entering.set()
        codes.append(acl.lib.aclrtSynchronizeStream(stream))

    waiting = threading.Thread(target=synchronize)
    waiting.start()
    assert begun.wait(30) and entering.wait(30)
    time.sleep(1)  # from there into the call
    threading.Timer(2, opened.set).start()
    acl.call("aclrtStreamAbort", stream)
    waiting.join()
    assert (ran, codes) == ([], [acl.STREAM_ABORT])
    with pytest.raises(acl.AclError, match="dropped") as error:
        acl.call("aclrtSynchronizeEvent", event)
    assert error.value.code == acl.STREAM_ABORT
    acl.launch(stream, lambda: ran.append("new"))
    acl.call("aclrtSynchronizeStream", stream)
    assert ran == ["new"]


def test_abort_ends_a_wait_for_an_event(device):
    slow, stream, event = acl.stream(), acl.stream(), acl.event()
    with acl.gate(slow):
        acl.call("aclrtRecordEvent", event, slow)
        acl.call("aclrtStreamWaitEvent", stream, event)
        begin = time.monotonic()
        acl.call("aclrtStreamAbort", stream)
        assert time.monotonic() - begin < 10
        acl.call("aclrtSynchronizeStreamWithTimeout", stream, 10_000)


def test_device_abort_reaches_every_stream(device):
    streams, ran = [acl.stream() for _ in range(3)], []
    begun, opened = threading.Barrier(4), threading.Event()

    def hold() -> None:
        begun.wait(30)
        opened.wait(30)

    for stream in streams:
        acl.launch(stream, hold)
        acl.launch(stream, lambda: ran.append(1))
    begun.wait(30)  # what has not begun is dropped without a wait
    with pytest.raises(acl.AclError) as error:
        acl.call("aclrtDeviceTaskAbort", 0, 100)
    assert error.value.code == acl.TASK_TIMEOUT
    opened.set()
    acl.call("aclrtDeviceTaskAbort", 0, 0)
    assert ran == []
    acl.call("aclrtSynchronizeDevice")


def test_a_wait_of_its_own_limit(device):
    slow, stream, event = acl.stream(), acl.stream(), acl.event()
    with acl.gate(slow):
        acl.call("aclrtRecordEvent", event, slow)
        assert acl.value("aclrtQueryEventWaitStatus", ctypes.c_int, event) == 1
        acl.call("aclrtStreamWaitEventWithTimeout", stream, event, 100)
        with pytest.raises(acl.AclError, match="within 100 ms") as error:
            acl.call("aclrtSynchronizeStreamWithTimeout", stream, 10_000)
        assert error.value.code == acl.WAIT_TIMEOUT
    acl.call("aclrtStreamAbort", stream)  # also forgets the failure
    acl.call("aclrtSynchronizeStream", stream)
    assert acl.value("aclrtQueryEventWaitStatus", ctypes.c_int, acl.event()) == 0


def test_streams_tell_what_they_were_made_with(device):
    stream = acl.make("aclrtCreateStreamWithConfig", 3, 1)
    assert acl.value("aclrtStreamGetPriority", ctypes.c_uint32, stream) == 3
    assert acl.value("aclrtStreamGetFlags", ctypes.c_uint32, stream) == 1
    with pytest.raises(acl.AclError, match=r"priority=8 \(0 to 7\)"):
        acl.make("aclrtCreateStreamWithConfig", 8, 0)


def primary_active() -> int:
    active = ctypes.c_int32()
    acl.call("aclrtGetPrimaryCtxState", 0, None, ctypes.byref(active))
    return active.value


def test_forced_reset_needs_one_call(device):
    acl.call("aclrtSetDevice", 0)
    assert primary_active() == 1
    acl.call("aclrtResetDeviceForce", 0)
    assert primary_active() == 0
    with pytest.raises(acl.AclError) as error:
        acl.stream()
    assert error.value.code == acl.CONTEXT_NULL
    acl.call("aclrtSetDevice", 0)


def test_malloc_fails_on_demand(device):
    acl.call("emulatorInjectFaults", b"malloc:2")
    acl.malloc(512)
    with pytest.raises(acl.AclError, match="injected") as error:
        acl.malloc(512)
    assert error.value.code == acl.OUT_OF_MEMORY
    acl.malloc(512)
    acl.call("emulatorInjectFaults", b"malloc=507899")
    with pytest.raises(acl.AclError) as error:
        acl.malloc_physical(2 << 20)
    assert error.value.code == 507899


@pytest.mark.parametrize("text", ["x:", "x:0", "x=0", ":1", "x:1y", "x=,y"])
def test_garbage_is_refused(device, text):
    with pytest.raises(acl.AclError, match="is no fault"):
        acl.call("emulatorInjectFaults", text.encode())
    done = acl.run_script("call('aclrtSetDevice', 0); malloc(8)", ASCEND_EMULATOR_FAULTS=text)
    assert "ASCEND_EMULATOR_FAULTS is ignored" in done.stderr


def test_faults_come_from_the_environment_too():
    script = "call('aclrtSetDevice', 0)\nprint(lib.aclrtMalloc(byref(Handle()), 8, 0))"
    assert acl.run_script(script, ASCEND_EMULATOR_FAULTS="malloc").stdout == "207001\n"

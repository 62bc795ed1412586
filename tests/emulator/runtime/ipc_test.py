"""Memory and events that processes share."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import acl
import pytest

from tests.emulator.leftovers import sockets, sockets_of

MIB = 1 << 20
ANYONE = 1


class Child:
    """Another process with this module's functions, which runs code piece by piece."""

    _LOOP = """
import sys
sys.path.insert(0, {folder!r})
from acl import *
names = globals()
for line in sys.stdin:
    try:
        print(repr(eval(line, names)), flush=True)
    except AclError as error:
        print(repr((error.code, error.message)), flush=True)
"""

    def __init__(self) -> None:
        code = self._LOOP.format(folder=str(Path(__file__).parent))
        self.process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.do("call('aclrtSetDevice', 0)")

    def do(self, expression: str) -> object:
        self.process.stdin.write(expression + "\n")
        self.process.stdin.flush()
        return eval(self.process.stdout.readline(), {})

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def child() -> Iterator[Child]:
    started = Child()
    try:
        yield started
    finally:
        started.kill()


def export(block: int, size: int, flags: int = ANYONE) -> bytes:
    key = ctypes.create_string_buffer(65)
    acl.call("aclrtIpcMemGetExportKey", block, size, key, 65, flags)
    return key.value


def pids(*numbers: int) -> ctypes.Array:
    return (ctypes.c_int32 * len(numbers))(*numbers)


def test_both_processes_see_the_same_bytes(device):
    block = acl.malloc(4096)
    acl.upload(block, b"from the parent")
    key = export(block, 4096)
    with child() as other:
        address = other.do(f"make('aclrtIpcMemImportByKey', {key!r}, 0)")
        assert isinstance(address, int)
        assert other.do(f"download({address}, 15)") == b"from the parent"
        other.do(f"upload({address}, b'from the child!')")
        assert acl.download(block, 15) == b"from the child!"
        other.do(f"call('aclrtMemsetAsync', {address}, 4, 33, 4, None)")
        other.do("call('aclrtSynchronizeDevice')")
        assert acl.download(block, 5) == b"!!!! "
        assert other.do(f"call('aclrtIpcMemClose', {key!r})") is None
        code, message = other.do(f"download({address}, 1)")
        assert (code, "must be device memory" in message) == (acl.PARAM_INVALID, True)
    acl.call("aclrtIpcMemClose", key)
    with pytest.raises(acl.AclError, match="is no key"):
        acl.call("aclrtIpcMemClose", key)


def test_only_admitted_processes_import(device):
    key = export(acl.malloc(512), 512, 0)
    with child() as first, child() as second:
        code, message = first.do(f"make('aclrtIpcMemImportByKey', {key!r}, 0)")
        assert (code, "does not admit" in message) == (acl.IPC_ERROR, True)
        acl.call("aclrtIpcMemSetImportPid", key, pids(first.do("os.getpid()")), 1)
        assert isinstance(first.do(f"make('aclrtIpcMemImportByKey', {key!r}, 0)"), int)
        assert second.do(f"make('aclrtIpcMemImportByKey', {key!r}, 0)")[0] == acl.IPC_ERROR


def test_a_key_ends_with_its_process_and_leaves_nothing(device):
    with child() as other:
        other.do("names.update(block=malloc(512), key=ctypes.create_string_buffer(65))")
        other.do("call('aclrtIpcMemGetExportKey', block, 512, key, 65, 1)")
        key = other.do("key.value")
        pid = other.process.pid
        address = acl.make("aclrtIpcMemImportByKey", key, 0)
        names = sockets_of([pid])
        other.kill()
    acl.upload(address, b"still mapped here")
    assert acl.download(address, 17) == b"still mapped here"
    acl.call("aclrtIpcMemClose", key)
    begin = time.monotonic()
    with pytest.raises(acl.AclError, match="is gone") as error:
        acl.make("aclrtIpcMemImportByKey", key, 0)
    assert error.value.code == acl.IPC_ERROR
    assert time.monotonic() - begin < 10
    assert names and not names & sockets()


def test_wrong_exports_are_refused(device):
    block, key = acl.malloc(4096), ctypes.create_string_buffer(65)
    for match, *arguments in (
        ("must be the start", block + 512, 512, key, 65, 0),
        ("has 4096 bytes", block, 8192, key, 65, 0),
        ("65 characters", block, 4096, key, 64, 0),
        ("must be the start", acl.malloc_host(64), 64, key, 65, 0),
    ):
        with pytest.raises(acl.AclError, match=match) as error:
            acl.call("aclrtIpcMemGetExportKey", *arguments)
        assert error.value.code == acl.PARAM_INVALID


def test_reset_withdraws_keys(device):
    key = export(acl.malloc(512), 512)
    acl.call("aclrtResetDevice", 0)
    acl.call("aclrtSetDevice", 0)
    with child() as other:
        assert other.do(f"make('aclrtIpcMemImportByKey', {key!r}, 0)")[0] == acl.IPC_ERROR


def free_memory() -> int:
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    acl.call("aclrtGetMemInfo", acl.HBM, ctypes.byref(free), ctypes.byref(total))
    return free.value


def test_physical_memory_is_shared_and_outlives_its_owners_handle(device):
    free, size = free_memory(), 4 * MIB
    handle, address = acl.malloc_physical(size), acl.reserve(size)
    acl.call("aclrtMapMem", address, size, 0, handle, 0)
    acl.upload(address + 3 * MIB, b"shared")
    shareable = acl.value("aclrtMemExportToShareableHandle", ctypes.c_uint64, handle, 0, 0)
    with pytest.raises(acl.AclError, match="exported already"):
        acl.value("aclrtMemExportToShareableHandle", ctypes.c_uint64, handle, 0, 0)
    with pytest.raises(acl.AclError, match="this very process"):
        acl.make_last("aclrtMemImportFromShareableHandle", shareable, 0)
    with child() as other:
        attempt = f"make_last('aclrtMemImportFromShareableHandle', {shareable}, 0)"
        assert other.do(attempt)[0] == acl.IPC_ERROR
        acl.call("aclrtMemSetPidToShareableHandle", shareable, pids(other.process.pid), 1)
        theirs = other.do(attempt)
        assert isinstance(theirs, int)
        there = other.do(f"reserve({size})")
        other.do(f"call('aclrtMapMem', {there}, {size}, 0, {theirs}, 0)")
        assert other.do(f"download({there + 3 * MIB}, 6)") == b"shared"
        other.do(f"upload({there}, b'answer')")
        assert acl.download(address, 6) == b"answer"
        acl.call("aclrtUnmapMem", address)
        acl.call("aclrtFreePhysical", handle)
        filler = acl.malloc_physical(size)
        other_address = acl.reserve(size)
        acl.call("aclrtMapMem", other_address, size, 0, filler, 0)
        acl.call("aclrtMemset", other_address, size, 1, size)
        assert other.do(f"download({there}, 6)") == b"answer"
        assert free - free_memory() == 2 * size
        os.kill(other.process.pid, signal.SIGKILL)
        other.process.wait()
    again = acl.malloc_physical(2 * MIB)  # finds that nobody uses the first one any more
    assert free - free_memory() == size + 2 * MIB
    acl.call("aclrtFreePhysical", again)


def event_handle(event: int) -> bytes:
    handle = acl.IpcEventHandle()
    acl.call("aclrtIpcGetEventHandle", event, ctypes.byref(handle))
    return ctypes.string_at(ctypes.byref(handle), 64)


def open_event(handle: bytes) -> str:
    value = f"IpcEventHandle.from_buffer_copy({handle!r})"
    return f"names.update(e=make_last('aclrtIpcOpenEventHandle', {value}))"


def test_a_stream_waits_for_another_process(device):
    event, stream = acl.event(acl.EVENT_IPC), acl.stream()
    with child() as other:
        assert other.do(open_event(event_handle(event))) is None
        with acl.gate(stream):
            acl.call("aclrtRecordEvent", event, stream)
            other.do("names.update(s=stream(), ran=[])")
            other.do("call('aclrtStreamWaitEvent', s, e)")
            other.do("launch(s, lambda: ran.append(1))")
            time.sleep(0.1)
            assert other.do("ran") == []
            assert other.do("event_complete(e)") is False
            timeout = other.do("call('aclrtSynchronizeEventWithTimeout', e, 50)")
            assert timeout[0] == acl.EVENT_TIMEOUT
        other.do("call('aclrtSynchronizeStreamWithTimeout', s, 10000)")
        assert other.do("(ran, event_complete(e))") == ([1], True)
        other.do("call('aclrtDestroyEvent', e)")
    for name, arguments in {
        "aclrtResetEvent": (event, stream),
        "aclrtEventElapsedTime": (ctypes.byref(ctypes.c_float()), event, event),
    }.items():
        with pytest.raises(acl.AclError) as error:
            acl.call(name, *arguments)
        assert error.value.code == acl.NOT_SUPPORTED


def test_the_death_of_the_recorder_ends_the_wait(device):
    event, stream = acl.event(acl.EVENT_IPC), acl.stream()
    with child() as other:
        other.do(open_event(event_handle(event)))
        other.do("names.update(s=stream())")
        other.do("launch(s, __import__('threading').Event().wait)")
        other.do("call('aclrtRecordEvent', e, s)")
        acl.call("aclrtStreamWaitEvent", stream, event)
        assert not acl.event_complete(event)
        other.kill()
    with pytest.raises(acl.AclError, match="has ended") as error:
        acl.call("aclrtSynchronizeStreamWithTimeout", stream, 10_000)
    assert error.value.code == acl.IPC_ERROR


def test_only_events_for_processes_have_a_handle(device):
    with pytest.raises(acl.AclError, match="ACL_EVENT_IPC"):
        event_handle(acl.event())
    with pytest.raises(acl.AclError) as error:
        acl.event(acl.EVENT_IPC | acl.EVENT_SYNC)
    assert error.value.code == acl.PARAM_INVALID

"""The emulator's C interface for tests: the library, its constants, and a few short forms."""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from ctypes import POINTER, byref, c_char_p, c_float, c_int, c_int32, c_size_t, c_uint32, c_uint64
from ctypes import c_void_p as Handle
from pathlib import Path

LIBRARY = Path(__file__).absolute().parents[3] / "emulator/runtime/lib/libascendcl.so"

H2H, H2D, D2H, D2D, DEFAULT, H2BUF2D, INNER_D2D, INTER_D2D = range(8)
HBM, HBM_HUGE, HBM_HUGE_1G = 1, 4, 10
EVENT_SYNC, EVENT_TIME_LINE, EVENT_EXTERNAL, EVENT_IPC = 0x1, 0x8, 0x20, 0x40
GLOBAL, THREAD_LOCAL, RELAXED = range(3)

PARAM_INVALID = 107000
INVALID_DEVICE = 107001
CONTEXT_NULL = 107002
STREAM_CONTEXT = 107003
MODEL_CONTEXT = 107004
TIMESTAMP_INVALID = 107006
TIMESTAMP_REVERSAL = 107007
STREAM_SUBSCRIBE = 107011
THREAD_SUBSCRIBE = 107012
NO_CALLBACK_THREAD = 107015
INVALID_HANDLE = 107017
WAIT_TIMEOUT = 107019
TASK_TIMEOUT = 107020
STREAM_ABORT = 107023
CAPTURE_DEPENDENCY = 107024
STREAM_UNJOINED = 107025
MODEL_CAPTURED = 107026
STREAM_CAPTURED = 107027
EVENT_CAPTURED = 107028
STREAM_NOT_CAPTURED = 107029
CAPTURE_MODE = 107030
CAPTURE_IMPLICIT = 107031
CAPTURE_CONFLICT = 107032
TASK_GROUP_STATUS = 107033
TASK_GROUP_INTERRUPTED = 107034
CAPTURE_UNMATCHED = 107036
MODEL_RUNNING = 107037
CAPTURE_WRONG_THREAD = 107038
CAPTURE_BLOCKS = 107041
NOT_SUPPORTED = 207000
OUT_OF_MEMORY = 207001
INTERNAL_ERROR = 507000
EVENT_NOT_COMPLETE = 507006
REPORT_TIMEOUT = 507012
STREAM_TIMEOUT = 507046
EVENT_TIMEOUT = 507047
TASK_TYPE = 507009
AICORE_EXCEPTION = 507015
IPC_ERROR = 507022
CAPTURE_INVALIDATED = 507903


class IpcEventHandle(ctypes.Structure):
    """aclrtIpcEventHandle."""

    _fields_ = [("reserved", ctypes.c_char * 64)]


class PhysicalProperties(ctypes.Structure):
    """aclrtPhysicalMemProp."""

    _fields_ = [
        ("handle_type", c_int),
        ("allocation_type", c_int),
        ("attribute", c_int),
        ("location_id", c_uint32),
        ("location_type", c_int),
        ("reserve", c_uint64),
    ]


HostFunction = ctypes.CFUNCTYPE(None, Handle)
ExceptionFunction = ctypes.CFUNCTYPE(None, Handle)  # aclrtExceptionInfoCallback

_ARGUMENTS = {
    "aclInit": [c_char_p],
    "aclFinalize": [],
    "aclrtSetDevice": [c_int32],
    "aclrtResetDevice": [c_int32],
    "aclrtResetDeviceForce": [c_int32],
    "aclrtDeviceTaskAbort": [c_int32, c_uint32],
    "aclrtGetPrimaryCtxState": [c_int32, POINTER(c_uint32), POINTER(c_int32)],
    "aclrtGetDevice": [POINTER(c_int32)],
    "aclrtGetDeviceCount": [POINTER(c_uint32)],
    "aclrtGetDeviceInfo": [c_uint32, c_int, POINTER(ctypes.c_int64)],
    "aclrtCreateContext": [POINTER(Handle), c_int32],
    "aclrtDestroyContext": [Handle],
    "aclrtSetCurrentContext": [Handle],
    "aclrtGetCurrentContext": [POINTER(Handle)],
    "aclrtDeviceCanAccessPeer": [POINTER(c_int32), c_int32, c_int32],
    "aclrtDeviceEnablePeerAccess": [c_int32, c_uint32],
    "aclrtMalloc": [POINTER(Handle), c_size_t, c_int],
    "aclrtFree": [Handle],
    "aclrtMallocHost": [POINTER(Handle), c_size_t],
    "aclrtFreeHost": [Handle],
    "aclrtGetMemInfo": [c_int, POINTER(c_size_t), POINTER(c_size_t)],
    "aclrtPointerGetAttributes": [Handle, Handle],
    "aclrtReserveMemAddress": [POINTER(Handle), c_size_t, c_size_t, Handle, c_uint64],
    "aclrtReleaseMemAddress": [Handle],
    "aclrtMallocPhysical": [POINTER(Handle), c_size_t, Handle, c_uint64],
    "aclrtFreePhysical": [Handle],
    "aclrtMapMem": [Handle, c_size_t, c_size_t, Handle, c_uint64],
    "aclrtUnmapMem": [Handle],
    "aclrtMemGetAllocationGranularity": [Handle, c_int, POINTER(c_size_t)],
    "aclrtMemExportToShareableHandle": [Handle, c_int, c_uint64, POINTER(c_uint64)],
    "aclrtMemSetPidToShareableHandle": [c_uint64, POINTER(c_int32), c_size_t],
    "aclrtMemImportFromShareableHandle": [c_uint64, c_int32, POINTER(Handle)],
    "aclrtIpcMemGetExportKey": [Handle, c_size_t, c_char_p, c_size_t, c_uint64],
    "aclrtIpcMemSetImportPid": [c_char_p, POINTER(c_int32), c_size_t],
    "aclrtIpcMemSetAttr": [c_char_p, c_int, c_uint64],
    "aclrtIpcMemImportByKey": [POINTER(Handle), c_char_p, c_uint64],
    "aclrtIpcMemClose": [c_char_p],
    "aclrtIpcGetEventHandle": [Handle, POINTER(IpcEventHandle)],
    "aclrtIpcOpenEventHandle": [IpcEventHandle, POINTER(Handle)],
    "emulatorInjectFaults": [c_char_p],
    "aclrtMemcpy": [Handle, c_size_t, Handle, c_size_t, c_int],
    "aclrtMemcpyAsync": [Handle, c_size_t, Handle, c_size_t, c_int, Handle],
    "aclrtMemset": [Handle, c_size_t, c_int32, c_size_t],
    "aclrtMemsetAsync": [Handle, c_size_t, c_int32, c_size_t, Handle],
    "aclrtCreateStreamWithConfig": [POINTER(Handle), c_uint32, c_uint32],
    "aclrtDestroyStream": [Handle],
    "aclrtDestroyStreamForce": [Handle],
    "aclrtSynchronizeStream": [Handle],
    "aclrtSynchronizeStreamWithTimeout": [Handle, c_int32],
    "aclrtSynchronizeDevice": [],
    "aclrtSynchronizeDeviceWithTimeout": [c_int32],
    "aclrtStreamQuery": [Handle, POINTER(c_int)],
    "aclrtStreamAbort": [Handle],
    "aclrtStreamGetPriority": [Handle, POINTER(c_uint32)],
    "aclrtStreamGetFlags": [Handle, POINTER(c_uint32)],
    "aclrtStreamGetId": [Handle, POINTER(c_int32)],
    "aclrtSetStreamFailureMode": [Handle, c_uint64],
    "aclrtLaunchHostFunc": [Handle, HostFunction, Handle],
    "aclrtSubscribeReport": [c_uint64, Handle],
    "aclrtUnSubscribeReport": [c_uint64, Handle],
    "aclrtProcessReport": [c_int32],
    "aclrtLaunchCallback": [HostFunction, Handle, c_int, Handle],
    "aclrtCreateEvent": [POINTER(Handle)],
    "aclrtCreateEventWithFlag": [POINTER(Handle), c_uint32],
    "aclrtCreateEventExWithFlag": [POINTER(Handle), c_uint32],
    "aclrtDestroyEvent": [Handle],
    "aclrtRecordEvent": [Handle, Handle],
    "aclrtResetEvent": [Handle, Handle],
    "aclrtQueryEventStatus": [Handle, POINTER(c_int)],
    "aclrtSynchronizeEvent": [Handle],
    "aclrtSynchronizeEventWithTimeout": [Handle, c_int32],
    "aclrtQueryEventWaitStatus": [Handle, POINTER(c_int)],
    "aclrtStreamWaitEvent": [Handle, Handle],
    "aclrtStreamWaitEventWithTimeout": [Handle, Handle, c_int32],
    "aclmdlRICaptureBegin": [Handle, c_int],
    "aclmdlRICaptureEnd": [Handle, POINTER(Handle)],
    "aclmdlRICaptureGetInfo": [Handle, POINTER(c_int), POINTER(Handle)],
    "aclmdlRICaptureThreadExchangeMode": [POINTER(c_int)],
    "aclmdlRICaptureTaskGrpBegin": [Handle],
    "aclmdlRICaptureTaskGrpEnd": [Handle, POINTER(Handle)],
    "aclmdlRICaptureTaskUpdateBegin": [Handle, Handle],
    "aclmdlRICaptureTaskUpdateEnd": [Handle],
    "aclmdlRIExecuteAsync": [Handle, Handle],
    "aclmdlRIExecute": [Handle, c_int32],
    "aclmdlRIDestroy": [Handle],
    "aclmdlRIGetId": [Handle, POINTER(c_uint32)],
    "aclmdlRIDebugPrint": [Handle],
    "aclmdlRIDebugJsonPrint": [Handle, c_char_p, c_uint32],
    "aclrtEventElapsedTime": [POINTER(c_float), Handle, Handle],
    "aclrtSetOpWaitTimeout": [c_uint32],
    "aclrtGetLastError": [c_int],
    "aclrtSetExceptionInfoCallback": [ExceptionFunction],
    "aclrtGetThreadLastTaskId": [POINTER(c_uint32)],
    "aclrtSetStreamAttribute": [Handle, c_int, POINTER(c_uint64)],
    "aclrtGetStreamAttribute": [Handle, c_int, POINTER(c_uint64)],
    **{
        f"aclrtGet{field}FromExceptionInfo": [Handle]
        for field in ("TaskId", "StreamId", "ThreadId", "DeviceId", "ErrorCode")
    },
}


def _load() -> ctypes.CDLL:
    library = ctypes.CDLL(str(LIBRARY))
    for name, arguments in _ARGUMENTS.items():
        getattr(library, name).argtypes = arguments
    for name in ("aclGetRecentErrMsg", "aclrtGetSocName"):
        getattr(library, name).restype = c_char_p
    library.emulatorMemcpyCount.restype = c_uint64
    return library


lib = _load()


class AclError(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


def message() -> str:
    """The thread's recent message, which this call consumes."""
    return lib.aclGetRecentErrMsg().decode()


def call(name: str, *arguments: object) -> None:
    """Calls a function; its error becomes an exception."""
    code = getattr(lib, name)(*arguments)
    if code:
        raise AclError(code, message())


def make(name: str, *arguments: object) -> int:
    """A function whose first parameter is a pointer to the handle or address that it creates."""
    result = Handle()
    call(name, byref(result), *arguments)
    return result.value


def make_last(name: str, *arguments: object) -> int:
    """The same, with the pointer as the last parameter."""
    result = Handle()
    call(name, *arguments, byref(result))
    return result.value


def malloc(size: int) -> int:
    return make("aclrtMalloc", size, 0)


def properties(device: int = 0, attribute: int = HBM_HUGE) -> PhysicalProperties:
    return PhysicalProperties(0, 0, attribute, device, 1, 0)


def malloc_physical(size: int, device: int = 0) -> int:
    return make("aclrtMallocPhysical", size, byref(properties(device)), 0)


def reserve(size: int) -> int:
    return make("aclrtReserveMemAddress", size, 0, None, 0)


def malloc_host(size: int) -> int:
    return make("aclrtMallocHost", size)


def stream() -> int:
    return make("aclrtCreateStreamWithConfig", 0, 0)


def event(flag: int = EVENT_SYNC | EVENT_TIME_LINE) -> int:
    return make("aclrtCreateEventExWithFlag", flag)


def value(name: str, type_: type, *arguments: object) -> int:
    """A function whose last parameter is a pointer to the number that it returns."""
    result = type_()
    call(name, *arguments, byref(result))
    return result.value


def upload(device: int, data: bytes) -> None:
    call("aclrtMemcpy", device, len(data), data, len(data), H2D)


def download(device: int, size: int) -> bytes:
    buffer = ctypes.create_string_buffer(size)
    call("aclrtMemcpy", buffer, size, device, size, D2H)
    return buffer.raw


def event_complete(handle: int) -> bool:
    return value("aclrtQueryEventStatus", c_int, handle) == 1


def stream_idle(handle: int) -> bool:
    return value("aclrtStreamQuery", c_int, handle) == 0


_alive: list[object] = []  # callbacks must outlive the tasks that call them


def launch(stream_: int | None, function: Callable[[], object]) -> None:
    """Runs `function` on the stream."""
    callback = HostFunction(lambda _: (function(), None)[1])
    _alive.append(callback)
    call("aclrtLaunchHostFunc", stream_, callback, None)


@contextlib.contextmanager
def gate(stream_: int | None) -> Iterator[threading.Event]:
    """Holds the stream back until the event is set, at the latest when the block ends."""
    opened = threading.Event()
    launch(stream_, lambda: opened.wait(30))
    try:
        yield opened
    finally:
        opened.set()


def run_script(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs Python code with this module imported as *, in a process of its own."""
    here = str(Path(__file__).parent)
    code = f"import sys; sys.path.insert(0, {here!r})\nfrom acl import *\n{script}"
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
    )

"""A CANN client in ctypes: enough of the runtime and of aclprof* to profile copies."""

import ctypes
from pathlib import Path

import ascend_emulator

ACL_API, TASK_TIME, RUNTIME_API = 0x1, 0x2, 0x100
HOST_TO_DEVICE = 1
SUCCESS, INVALID_PARAM, REPEAT_INITIALIZE = 0, 100000, 100002
ALREADY_RUN, NOT_RUN, API_CONFLICT = 100042, 100043, 148047
UNSUPPORTED, FAILURE = 200007, 500005

_POINTER, _SIZE = ctypes.c_void_p, ctypes.c_size_t


def load() -> ctypes.CDLL:
    library = ctypes.CDLL(str(Path(ascend_emulator.home()) / "lib64" / "libascendcl.so"))
    library.aclprofCreateConfig.restype = _POINTER
    library.aclprofCreateConfig.argtypes = [
        _POINTER,
        ctypes.c_uint32,
        ctypes.c_int,
        _POINTER,
        ctypes.c_uint64,
    ]
    for name in ("Start", "Stop", "DestroyConfig", "Warmup"):
        getattr(library, f"aclprof{name}").argtypes = [_POINTER]
    library.aclprofInit.argtypes = [ctypes.c_char_p, _SIZE]
    library.aclprofSetConfig.argtypes = [ctypes.c_int, ctypes.c_char_p, _SIZE]
    library.aclrtMalloc.argtypes = [_POINTER, _SIZE, ctypes.c_int]
    library.aclrtMemcpyAsync.argtypes = [_POINTER, _SIZE, _POINTER, _SIZE, ctypes.c_int, _POINTER]
    library.aclrtSynchronizeStream.argtypes = [_POINTER]
    library.aclGetRecentErrMsg.restype = ctypes.c_char_p
    library.emulatorMemcpyCount.restype = ctypes.c_uint64
    return library


class Client:
    """`acl` is the library; calls through `check` must succeed."""

    def __init__(self) -> None:
        self.acl = load()
        code = self.acl.aclInit(None)
        assert code in (SUCCESS, REPEAT_INITIALIZE), code
        self.check(self.acl.aclrtSetDevice(0))

    def check(self, code: int) -> None:
        assert code == SUCCESS, (code, self.message())

    def message(self) -> str:
        return (self.acl.aclGetRecentErrMsg() or b"").decode()

    def init(self, path: Path) -> int:
        text = str(path).encode()
        return self.acl.aclprofInit(text, len(text))

    def create_config(self, devices: tuple[int, ...] = (0,), mask: int = ACL_API | TASK_TIME):
        array = (ctypes.c_uint32 * len(devices))(*devices)
        return self.acl.aclprofCreateConfig(array, len(devices), 0xFF, None, mask)

    def stream(self) -> _POINTER:
        stream = _POINTER()
        self.check(self.acl.aclrtCreateStream(ctypes.byref(stream)))
        return stream

    def copy(self, stream: _POINTER, count: int, size: int = 4096) -> None:
        """Enqueues `count` copies to the device and waits for them."""
        device = _POINTER()
        self.check(self.acl.aclrtMalloc(ctypes.byref(device), size, 0))
        host = ctypes.create_string_buffer(size)
        for _ in range(count):
            self.check(self.acl.aclrtMemcpyAsync(device, size, host, size, HOST_TO_DEVICE, stream))
        self.check(self.acl.aclrtSynchronizeStream(stream))
        self.check(self.acl.aclrtFree(device))

    def profile_copies(
        self, path: Path, counts: list[int], mask: int = ACL_API | TASK_TIME
    ) -> Path:
        """Profiles counts[i] copies on a stream of their own; returns the PROF directory."""
        self.check(self.init(path))
        config = self.create_config(mask=mask)
        streams = [self.stream() for _ in counts]
        self.check(self.acl.aclprofStart(config))
        for stream, count in zip(streams, counts, strict=True):
            self.copy(stream, count)
        self.check(self.acl.aclprofStop(config))
        self.check(self.acl.aclprofDestroyConfig(config))
        self.check(self.acl.aclprofFinalize())
        (directory,) = path.iterdir()
        return directory

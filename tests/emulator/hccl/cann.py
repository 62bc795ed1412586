"""What these tests call of CANN's C ABI, by ctypes: a device, its memory and a communicator."""

from __future__ import annotations

import ctypes
import struct
from pathlib import Path

import numpy as np

ROOT_INFO_BYTES = 4108
LIBRARIES = (
    "emulator/runtime/lib/libascendcl.so",
    "emulator/hccl/lib/libhccl.so",
    "emulator/hccl/lib/libhcomm.so",
)
SUM, PROD, MAX, MIN = range(4)
HCCL_SUCCESS, HCCL_E_PARA, HCCL_E_PTR, HCCL_E_NOT_SUPPORT = 0, 1, 2, 5
HCCL_E_TIMEOUT, HCCL_E_TCP_CONNECT, HCCL_E_REMOTE = 9, 11, 21
# numpy has no bfloat16: its bits travel as uint16 under the name "bfloat16".
HCCL_TYPES = {
    "int8": 0,
    "int16": 1,
    "int32": 2,
    "float16": 3,
    "float32": 4,
    "int64": 5,
    "uint64": 6,
    "uint8": 7,
    "uint16": 8,
    "uint32": 9,
    "float64": 10,
    "bfloat16": 11,
}
_HOST_TO_DEVICE, _DEVICE_TO_HOST = 1, 2
_DEADLINE_MS = 60_000


class CannError(Exception):
    """A CANN call returned something else than 0."""

    def __init__(self, call: str, code: int, message: str) -> None:
        super().__init__(f"{call} returned {code}: {message}")
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple:
        return CannError, (str(self).split(" ", 1)[0], self.code, self.message)


class Cann:
    """The libraries, with every returned code checked."""

    def __init__(self) -> None:
        self.libraries = [
            ctypes.CDLL(str(Path(name).resolve()), mode=ctypes.RTLD_GLOBAL) for name in LIBRARIES
        ]
        self.libraries[0].aclGetRecentErrMsg.restype = ctypes.c_char_p
        self.libraries[1].HcclGetErrorString.restype = ctypes.c_char_p

    def function(self, name: str) -> ctypes._CFuncPtr:
        for library in self.libraries:
            if hasattr(library, name):
                return getattr(library, name)
        raise AttributeError(name)

    def recent_message(self) -> str:
        return (self.libraries[0].aclGetRecentErrMsg() or b"").decode()

    def __call__(self, name: str, *arguments: object) -> None:
        code = self.function(name)(*arguments)
        if code != 0:
            raise CannError(name, code, self.recent_message())


class Buffer:
    """Device memory that holds a numpy array."""

    def __init__(self, cann: Cann, array: np.ndarray) -> None:
        self.cann = cann
        self.array = np.ascontiguousarray(array)
        self.address = ctypes.c_void_p()
        cann(
            "aclrtMalloc", ctypes.byref(self.address), ctypes.c_size_t(max(self.array.nbytes, 1)), 0
        )
        self.write(self.array)

    def write(self, array: np.ndarray) -> None:
        size = ctypes.c_size_t(array.nbytes)
        source = array.ctypes.data_as(ctypes.c_void_p)
        if array.nbytes:
            self.cann("aclrtMemcpy", self.address, size, source, size, _HOST_TO_DEVICE)

    def read(self) -> np.ndarray:
        result = np.empty_like(self.array)
        size = ctypes.c_size_t(result.nbytes)
        target = result.ctypes.data_as(ctypes.c_void_p)
        if result.nbytes:
            self.cann("aclrtMemcpy", target, size, self.address, size, _DEVICE_TO_HOST)
        return result

    def at(self, elements: int) -> ctypes.c_void_p:
        return ctypes.c_void_p(self.address.value + elements * self.array.itemsize)


class Rank:
    """One rank of a communicator, on the device with its number."""

    def __init__(self, rank: int, size: int, cann: Cann | None = None) -> None:
        self.rank = rank
        self.size = size
        self.comm = ctypes.c_void_p()
        self.cann = cann or Cann()
        if cann is None:
            self.cann("aclInit", None)
        self.cann("aclrtSetDevice", rank)
        self.stream = self.new_stream()

    def new_stream(self) -> ctypes.c_void_p:
        stream = ctypes.c_void_p()
        self.cann("aclrtCreateStream", ctypes.byref(stream))
        return stream

    def root_info(self) -> bytes:
        root = ctypes.create_string_buffer(ROOT_INFO_BYTES)
        self.cann("HcclGetRootInfo", root)
        return root.raw

    def join(self, root: bytes, config: bytes | None = None) -> None:
        info = ctypes.create_string_buffer(root, ROOT_INFO_BYTES)
        arguments = [self.size, info, self.rank]
        name = "HcclCommInitRootInfo"
        if config is not None:
            name, arguments = name + "Config", [*arguments, config]
        self.cann(name, *arguments, ctypes.byref(self.comm))

    def buffer(self, array: np.ndarray) -> Buffer:
        return Buffer(self.cann, array)

    def call(self, name: str, *arguments: object, stream: ctypes.c_void_p | None = None) -> None:
        """An HCCL function; the communicator and the stream come last."""
        wide = [ctypes.c_uint64(x) if isinstance(x, int) else x for x in arguments]
        self.cann(name, *wide, self.comm, stream or self.stream)

    def synchronize(self, stream: ctypes.c_void_p | None = None) -> None:
        self.cann("aclrtSynchronizeStreamWithTimeout", stream or self.stream, _DEADLINE_MS)

    def async_error(self) -> tuple[int, str]:
        error = ctypes.c_int()
        self.cann("HcclGetCommAsyncError", self.comm, ctypes.byref(error))
        return error.value, self.cann.recent_message()

    def destroy(self) -> None:
        self.cann("HcclCommDestroy", self.comm)


def comm_config(name: str = "", exec_timeout: int = -1, size: int = 2240) -> bytes:
    """An HcclCommConfig as a client with a struct of `size` bytes makes it."""
    config = bytearray(2248)
    struct.pack_into("<QIIQ", config, 0, size, 0xF0F0F0F0, 10, 0)
    struct.pack_into("<II128s", config, 24, 0xFFFFFFFF, 0xFFFFFFFF, name.encode())
    struct.pack_into("<i", config, 316, exec_timeout)
    return bytes(config[:size])

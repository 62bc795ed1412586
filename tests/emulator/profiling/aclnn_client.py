"""aclnn operators in ctypes, on top of prof_client."""

import ctypes
from pathlib import Path

import ascend_emulator
import torch  # noqa: F401  libopapi.so finds libtorch_cpu.so in the process
from prof_client import Client

_FLOAT, _ND = 0, 2
_POINTER = ctypes.c_void_p


class Operators:
    """Square float tensors of one size, and two operators on them."""

    def __init__(self, client: Client, size: int) -> None:
        self._acl = client.acl
        self._check = client.check
        self._size = size
        self._lib = ctypes.CDLL(str(Path(ascend_emulator.home()) / "lib64" / "libopapi.so"))
        self._lib.aclCreateTensor.restype = _POINTER
        self._lib.aclCreateScalar.restype = _POINTER
        self._one = ctypes.c_float(1.0)
        self._alpha = _POINTER(self._lib.aclCreateScalar(ctypes.byref(self._one), _FLOAT))

    def tensor(self) -> _POINTER:
        size, count = self._size, self._size * self._size
        memory = _POINTER()
        self._check(self._acl.aclrtMalloc(ctypes.byref(memory), 4 * count, 0))
        dims = (ctypes.c_int64 * 2)(size, size)
        strides = (ctypes.c_int64 * 2)(size, 1)
        rank, offset = ctypes.c_uint64(2), ctypes.c_int64(0)
        return _POINTER(
            self._lib.aclCreateTensor(dims, rank, _FLOAT, strides, offset, _ND, dims, rank, memory)
        )

    def add(self, a, b, out, stream) -> None:
        self._run("aclnnAdd", (a, b, self._alpha, out), stream)

    def mm(self, a, b, out, stream) -> None:
        self._run("aclnnMm", (a, b, out, ctypes.c_int8(0)), stream)

    def _run(self, name: str, arguments: tuple, stream) -> None:
        size, executor = ctypes.c_uint64(), _POINTER()
        prepare = getattr(self._lib, name + "GetWorkspaceSize")
        self._check(prepare(*arguments, ctypes.byref(size), ctypes.byref(executor)))
        assert size.value == 0
        self._check(getattr(self._lib, name)(None, ctypes.c_uint64(0), executor, stream))

"""An emulated device through CANN's C ABI alone: ctypes on the libraries, no torch_npu.

Arguments are given as torch CPU tensors: their storage is copied to the device with strides and
offset as they are, and back after the call where the fact base says that it is written.
"""

import ctypes
import pathlib

import aclnn_table
import torch

ROOT = pathlib.Path(__file__).parents[3]
LIBRARIES = (
    "emulator/runtime/lib/libascendcl.so",
    "emulator/ops/lib/libnnopbase.so",
    "emulator/ops/lib/libopapi.so",
)
# But those that communicate, which tests/distributed runs.
TABLES = sorted(
    path for path in (ROOT / "third_party/cann/aclnn").glob("*.yaml") if path.stem != "collective"
)
FUNCTIONS = {function.name: function for function in aclnn_table.load(TABLES)}
DTYPES = {
    torch.float32: 0,
    torch.float16: 1,
    torch.int8: 2,
    torch.int32: 3,
    torch.uint8: 4,
    torch.int16: 6,
    torch.uint16: 7,
    torch.uint32: 8,
    torch.int64: 9,
    torch.uint64: 10,
    torch.float64: 11,
    torch.bool: 12,
    torch.complex64: 16,
    torch.complex128: 17,
    torch.bfloat16: 27,
}
NAMES = dict(
    zip(
        DTYPES,
        "FLOAT FLOAT16 INT8 INT32 UINT8 INT16 UINT16 UINT32 INT64 UINT64 DOUBLE BOOL COMPLEX64 "
        "COMPLEX128 BF16".split(),
        strict=True,
    )
)
FORMAT_ND = 2
HOST_TO_DEVICE, DEVICE_TO_HOST = 1, 2
PARAM_NULLPTR, PARAM_INVALID, DEVICE_FAULT = 161001, 161002, 507015


VALUES = {
    "int64_t": ctypes.c_int64,
    "int32_t": ctypes.c_int32,
    "int8_t": ctypes.c_int8,
    "uint64_t": ctypes.c_uint64,
    "bool": ctypes.c_bool,
    "double": ctypes.c_double,
    "float": ctypes.c_float,
}
SCALARS = {
    bool: torch.bool,
    int: torch.int64,
    float: torch.float64,
    complex: torch.complex128,
}


class AclError(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class DeviceTensor:
    """An aclTensor over a copy of a tensor's whole storage."""

    def __init__(self, device: "Device", tensor: torch.Tensor, pointer: int | None = None) -> None:
        self.device = device
        self.tensor = tensor
        self.owned = pointer is None
        self.bytes = tensor.untyped_storage().nbytes()
        self.pointer = device.malloc(max(self.bytes, 1)) if self.owned else pointer
        self.upload()
        dims = _int64s(tensor.shape)
        strides = _int64s(tensor.stride())
        storage = _int64s([self.bytes // tensor.element_size()])
        self.handle = device.nnopbase.aclCreateTensor(
            dims, ctypes.c_uint64(tensor.dim()), DTYPES[tensor.dtype], strides,
            ctypes.c_int64(tensor.storage_offset()), FORMAT_ND, storage, ctypes.c_uint64(1),
            ctypes.c_void_p(self.pointer),
        )  # fmt: skip

    def upload(self) -> None:
        host = self.tensor.untyped_storage().data_ptr()
        if self.bytes:
            self.device.memcpy(self.pointer, host, self.bytes, HOST_TO_DEVICE)

    def download(self) -> None:
        host = self.tensor.untyped_storage().data_ptr()
        if self.bytes:
            self.device.memcpy(host, self.pointer, self.bytes, DEVICE_TO_HOST)

    def view_shape(self) -> list[int]:
        """The shape that the caller of a function with a dynamic output reads."""
        dims, size = ctypes.POINTER(ctypes.c_int64)(), ctypes.c_uint64()
        self.device.check(
            self.device.nnopbase.aclGetViewShape(
                ctypes.c_void_p(self.handle), ctypes.byref(dims), ctypes.byref(size)
            )
        )
        return dims[: size.value]

    def free(self) -> None:
        if self.owned:
            self.device.free(self.pointer)


def _int64s(values) -> ctypes.Array:
    return (ctypes.c_int64 * max(len(values), 1))(*values)


def _library(path: pathlib.Path) -> ctypes.CDLL:
    return ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)


class Device:
    """Device 0 with one stream."""

    def __init__(self) -> None:
        self.ascendcl, self.nnopbase, self.opapi = (_library(ROOT / path) for path in LIBRARIES)
        for create in "Tensor Scalar IntArray FloatArray BoolArray TensorList ScalarList".split():
            getattr(self.nnopbase, f"aclCreate{create}").restype = ctypes.c_void_p
        self.ascendcl.aclGetRecentErrMsg.restype = ctypes.c_char_p
        self.ascendcl.emulatorTaskCount.restype = ctypes.c_uint64
        self.check(self.ascendcl.aclInit(None))
        self.check(self.ascendcl.aclrtSetDevice(0))
        self.stream = ctypes.c_void_p()
        self.check(self.ascendcl.aclrtCreateStream(ctypes.byref(self.stream)))

    def check(self, code: int) -> None:
        if code:
            message = self.ascendcl.aclGetRecentErrMsg()
            raise AclError(code, (message or b"").decode())

    def malloc(self, size: int) -> int:
        pointer = ctypes.c_void_p()
        self.check(self.ascendcl.aclrtMalloc(ctypes.byref(pointer), ctypes.c_size_t(size), 0))
        return pointer.value

    def free(self, pointer: int) -> None:
        self.check(self.ascendcl.aclrtFree(ctypes.c_void_p(pointer)))

    def memcpy(self, target: int, source: int, size: int, kind: int) -> None:
        self.check(
            self.ascendcl.aclrtMemcpy(
                ctypes.c_void_p(target), ctypes.c_size_t(size), ctypes.c_void_p(source),
                ctypes.c_size_t(size), kind,
            )
        )  # fmt: skip

    def synchronize(self) -> None:
        self.check(self.ascendcl.aclrtSynchronizeStream(self.stream))

    def new_stream(self) -> None:
        """Replaces a stream that an asynchronous error has spoilt."""
        self.ascendcl.aclrtDestroyStream(self.stream)
        self.check(self.ascendcl.aclrtCreateStream(ctypes.byref(self.stream)))

    def task_count(self) -> int:
        return self.ascendcl.emulatorTaskCount(0)

    def tensor(self, tensor: torch.Tensor) -> DeviceTensor:
        return DeviceTensor(self, tensor)

    def prepare(self, name: str, arguments: list) -> ctypes.c_void_p:
        """Phase 1 with C arguments; the executor."""
        size, executor = ctypes.c_uint64(), ctypes.c_void_p()
        phase1 = getattr(self.opapi, f"{name}GetWorkspaceSize")
        self.check(phase1(*arguments, ctypes.byref(size), ctypes.byref(executor)))
        return executor

    def launch(self, name: str, executor: ctypes.c_void_p) -> None:
        """Phase 2."""
        self.check(getattr(self.opapi, name)(None, ctypes.c_uint64(0), executor, self.stream))

    def call(self, name: str, *arguments, run: bool = True) -> None:
        """Both phases, until the results are in the given tensors. `run=False`: phase 1 alone."""
        parameters = FUNCTIONS[name].parameters
        assert len(arguments) == len(parameters), f"{name} has parameters {parameters}"
        encoder = Encoder(self)
        try:
            encoded = [encoder.encode(p, a) for p, a in zip(parameters, arguments, strict=True)]
            executor = self.prepare(name, encoded)
            if not run:
                return
            self.launch(name, executor)
            encoder.destroy()
            self.synchronize()
            for parameter, tensor in encoder.tensors:
                if parameter.io != "in":
                    tensor.download()
        finally:
            encoder.destroy()
            encoder.free()


class Encoder:
    """Turns Python values into the C arguments of one call."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.tensors: list[tuple[aclnn_table.Parameter, DeviceTensor]] = []
        self.handles: list[tuple[str, int]] = []
        self.kept: list = []

    def encode(self, parameter: aclnn_table.Parameter, value):
        if parameter.type in VALUES:
            return VALUES[parameter.type](value)
        if parameter.type == "aclDataType":
            return ctypes.c_int(DTYPES[value])
        if parameter.type == "char*":
            return ctypes.c_char_p(value.encode())
        if value is None:
            return ctypes.c_void_p()
        kind = parameter.type.removeprefix("acl")
        handle = getattr(self, f"_{kind}")(parameter, value)
        self.handles.append((kind, handle))
        return ctypes.c_void_p(handle)

    def _Tensor(self, parameter, value: torch.Tensor) -> int:
        tensor = self.device.tensor(value)
        self.tensors.append((parameter, tensor))
        return tensor.handle

    def _TensorList(self, parameter, values: list) -> int:
        handles = [None if v is None else self._Tensor(parameter, v) for v in values]
        array = (ctypes.c_void_p * max(len(handles), 1))(*handles)
        return self.device.nnopbase.aclCreateTensorList(array, ctypes.c_uint64(len(handles)))

    def _Scalar(self, _, value) -> int:
        dtype = {
            bool: torch.bool,
            int: torch.int64,
            float: torch.float64,
            complex: torch.complex128,
        }
        host = (
            value
            if isinstance(value, torch.Tensor)
            else torch.tensor(value, dtype=dtype[type(value)])
        )
        self.kept.append(host)
        return self.device.nnopbase.aclCreateScalar(
            ctypes.c_void_p(host.data_ptr()), DTYPES[host.dtype]
        )

    def _ScalarList(self, parameter, values: list) -> int:
        array = (ctypes.c_void_p * len(values))(*(self._Scalar(parameter, v) for v in values))
        return self.device.nnopbase.aclCreateScalarList(array, ctypes.c_uint64(len(values)))

    def _array(self, kind: str, element, values: list) -> int:
        array = (element * max(len(values), 1))(*values)
        create = getattr(self.device.nnopbase, f"aclCreate{kind}")
        return create(array, ctypes.c_uint64(len(values)))

    def _IntArray(self, _, values: list) -> int:
        return self._array("IntArray", ctypes.c_int64, values)

    def _FloatArray(self, _, values: list) -> int:
        return self._array("FloatArray", ctypes.c_float, values)

    def _BoolArray(self, _, values: list) -> int:
        return self._array("BoolArray", ctypes.c_bool, values)

    def destroy(self) -> None:
        """Destroys the handles, as clients do right after phase 2."""
        for kind, handle in self.handles:
            self.device.check(
                getattr(self.device.nnopbase, f"aclDestroy{kind}")(ctypes.c_void_p(handle))
            )
        self.handles.clear()

    def free(self) -> None:
        for _, tensor in self.tensors:
            tensor.free()

"""Numbers that stand for memory formats and dtypes in arguments of Ascend's operators."""

from __future__ import annotations

import enum

import torch


class Format(enum.IntEnum):
    """Memory formats: aclFormat of third_party/cann/include/acl/acl_base.h."""

    UNDEFINED = -1
    NCHW = 0
    NHWC = 1
    ND = 2
    NC1HWC0 = 3
    FRACTAL_Z = 4
    HWCN = 16
    NDHWC = 27
    FRACTAL_NZ = 29
    NCDHW = 30
    NDC1HWC0 = 32
    FRACTAL_Z_3D = 33
    NC = 35
    NCL = 47


_DTYPE_OFFSET = 256  # so that they are not taken for torch's own numbers

# aclDataType of the same header.
_ACL_DTYPES = {
    "bfloat16": 27,
    "bool": 12,
    "complex128": 17,
    "complex32": 33,
    "complex64": 16,
    "float16": 1,
    "float32": 0,
    "float64": 11,
    "float8_e4m3fn": 36,
    "float8_e5m2": 35,
    "float8_e8m0fnu": 37,
    "hifloat8": 34,
    "int16": 6,
    "int32": 3,
    "int4": 29,
    "int64": 9,
    "int8": 2,
    "string": 13,
    "uint1": 30,
    "uint16": 7,
    "uint32": 8,
    "uint64": 10,
    "uint8": 4,
}

DTYPES = {name: _DTYPE_OFFSET + number for name, number in _ACL_DTYPES.items()}

# dtypes that no Ascend operator takes; their generated Tensor methods would only mislead.
UNSUPPORTED_DTYPES = [torch.quint8, torch.quint4x2, torch.quint2x4, torch.qint32, torch.qint8]

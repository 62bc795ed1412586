"""aclnn_parameters.h: name and dtypes of every aclnn parameter, for checks before a call."""

from __future__ import annotations

import pathlib

import yaml

# aclDataType values (acl/acl_base.h).
_VALUES = {
    "FLOAT": 0, "FLOAT16": 1, "INT8": 2, "INT32": 3, "UINT8": 4, "INT16": 6, "UINT16": 7,
    "UINT32": 8, "INT64": 9, "UINT64": 10, "DOUBLE": 11, "BOOL": 12, "STRING": 13,
    "COMPLEX64": 16, "COMPLEX128": 17, "BF16": 27, "INT4": 29, "UINT1": 30, "COMPLEX32": 33,
    "HIFLOAT8": 34, "FLOAT8_E5M2": 35, "FLOAT8_E4M3FN": 36,
}  # fmt: skip

_HEAD = """// Generated from third_party/cann/aclnn/*.yaml.
#pragma once

#include "csrc/aten/AclnnArguments.h"

namespace at_npu::aclnn::parameters {

"""


def mask(function: str, declaration: str) -> int:
    """Bit per dtype of "type io dtypes…"."""
    dtypes = declaration.split()[2:]
    unknown = [dtype for dtype in dtypes if dtype not in _VALUES]
    if unknown:
        raise ValueError(f"{function}: unknown dtypes {unknown}")
    return sum(1 << _VALUES[dtype] for dtype in dtypes)


def header(paths: list[pathlib.Path]) -> str:
    lines = []
    for path in paths:
        for function, parameters in yaml.safe_load(path.read_text()).items():
            rows = ", ".join(
                f'{{"{name}", {mask(function, declaration):#x}}}'
                for name, declaration in parameters.items()
            )
            lines.append(f"inline constexpr Parameter {function}[] = {{{rows}}};\n")
    return _HEAD + "".join(lines) + "\n}  // namespace at_npu::aclnn::parameters\n"

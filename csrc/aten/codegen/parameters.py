"""aclnn/<family>.h: declarations, names and dtypes of aclnn functions, for checks before a call."""

from __future__ import annotations

import pathlib
import re

import aclnn_table

# aclDataType values (acl/acl_base.h).
_VALUES = {
    "FLOAT": 0, "FLOAT16": 1, "INT8": 2, "INT32": 3, "UINT8": 4, "INT16": 6, "UINT16": 7,
    "UINT32": 8, "INT64": 9, "UINT64": 10, "DOUBLE": 11, "BOOL": 12, "STRING": 13,
    "COMPLEX64": 16, "COMPLEX128": 17, "BF16": 27, "INT4": 29, "UINT1": 30, "COMPLEX32": 33,
    "HIFLOAT8": 34, "FLOAT8_E5M2": 35, "FLOAT8_E4M3FN": 36, "FLOAT8_E8M0": 37,
}  # fmt: skip

_HEAD = """// Generated from third_party/cann/aclnn/{family}.yaml.
#pragma once

#include "aclnn/ops/{family}.h"
#include "csrc/aten/AclnnArguments.h"

namespace at_npu::aclnn::parameters {{

"""
_USED = re.compile(r"(?:\bACLNN_CALL\(|\bparameters::)(aclnn\w+)")


def mask(parameter: aclnn_table.Parameter) -> int:
    """Bit per dtype that the parameter takes."""
    return sum(1 << _VALUES[dtype] for dtype in parameter.dtypes)


def row(parameter: aclnn_table.Parameter) -> str:
    flags = [parameter.io != "in", "FRACTAL_NZ" in parameter.formats]
    while flags and not flags[-1]:
        flags.pop()
    shown = "".join(f", {str(flag).lower()}" for flag in flags)
    return f'{{"{parameter.name}", {mask(parameter):#x}{shown}}}'


def header(family: str, functions: list[aclnn_table.Function]) -> str:
    lines = []
    for function in functions:
        rows = ", ".join(map(row, function.parameters))
        lines.append(f"inline constexpr Parameter {function.name}[] = {{{rows}}};\n")
    end = "\n}  // namespace at_npu::aclnn::parameters\n"
    return _HEAD.format(family=family) + "".join(lines) + end


def includes(code: str, tables: list[pathlib.Path]) -> str:
    """The headers of the aclnn functions that `code` calls."""
    used = set(_USED.findall(code))
    found = [path.stem for path in tables if used & {f.name for f in aclnn_table.load([path])}]
    return "".join(f'#include "csrc/aten/aclnn/{family}.h"\n' for family in sorted(found))

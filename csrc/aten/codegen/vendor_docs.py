"""Docstrings of Ascend's own operators, from csrc/aten/vendor/*.yaml and the tables of CANN."""

from __future__ import annotations

import pathlib

import yaml

from csrc.aten.codegen.vendor_entries import VendorOp, as_callers_say, holds_tensors, split

_TORCH_NAMES = {
    "FLOAT": "float32", "FLOAT16": "float16", "BF16": "bfloat16", "DOUBLE": "float64",
    "INT8": "int8", "UINT8": "uint8", "INT16": "int16", "INT32": "int32", "INT64": "int64",
    "BOOL": "bool", "INT4": "int4 (packed)", "UINT64": "uint64",
}  # fmt: skip


def _dtypes(op: VendorOp, tables: dict[str, dict[str, str]]) -> list[str]:
    """What the hardware takes of each tensor that is passed on as it is."""
    lines = []
    call = op.calls[-1] if op.calls else None
    if call is None:
        return lines
    passed, parameters = split(call.arguments), tables[call.function]
    tensors = {argument.name for argument in op.arguments if holds_tensors(argument)}
    for name, declaration in zip(passed, parameters.values(), strict=True):
        dtypes = [_TORCH_NAMES[dtype] for dtype in declaration.split()[2:] if dtype in _TORCH_NAMES]
        if name in tensors and dtypes:
            lines.append(f"    {name}: {', '.join(dtypes)}")
    return lines


def docstring(op: VendorOp, tables: dict[str, dict[str, str]]) -> str:
    parts = [f"torch_npu.{op.text}", "", op.doc]
    if why := op.unavailable:
        return "\n".join(
            [*parts, "", f"Not on Atlas A2: {why.function} is there on {why.only_on} only.",
             f"Use {why.instead}.", "", "Raises:", "    NotImplementedError: always."]
        )  # fmt: skip
    if dtypes := _dtypes(op, tables):
        parts += ["", "dtypes on Atlas A2:", *dtypes]
    if op.formula:
        inputs = ", ".join(name for name in op.formula.inputs if name != "_")
        parts += ["", f"Differentiable with respect to {inputs}."]
    parts += [
        "",
        "Raises:",
        "    RuntimeError: a shape or an option does not fit; the text names the argument.",
        "    NotImplementedError: the NPU does not take the dtype of an argument.",
    ]
    return "\n".join(parts)


def docs_module(ops: list[VendorOp], aclnn: list[pathlib.Path]) -> str:
    """The Python module with the docstrings by name; overloads come one after the other."""
    tables: dict[str, dict[str, str]] = {}
    for path in aclnn:
        tables.update(yaml.safe_load(path.read_text()))
    docs: dict[str, str] = {}
    for op in ops:
        base = op.name.split(".")[0]
        text = as_callers_say(docstring(op, tables))
        docs[base] = f"{docs[base]}\n\n{text}" if base in docs else text
    rows = "".join(f"    {name!r}: {docs[name]!r},\n" for name in sorted(docs))
    return f'"""Docstrings of operators, from csrc/aten/vendor/*.yaml."""\n\nDOCS = {{\n{rows}}}\n'

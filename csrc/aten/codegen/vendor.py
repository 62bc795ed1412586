"""Ascend's own operators, from csrc/aten/vendor/*.yaml, as C++."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from torchgen import local
from torchgen.api.types import DispatcherSignature
from torchgen.model import Argument, ListType

from csrc.aten.codegen.entries import EntryError
from csrc.aten.codegen.vendor_entries import TENSOR, VendorOp, as_callers_say, holds_tensors

_INCLUDES = """// Generated from csrc/aten/vendor/*.yaml.
#include <torch/library.h>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Arguments.h"
#include "csrc/aten/vendor/AllRules.h"
#include "csrc/aten/vendor/Derivative.h"
#include "csrc/aten/vendor/NotDifferentiable.h"
#include "csrc/aten/vendor/Unavailable.h"
#include "csrc/core/NPUGuard.h"

// Every function takes all that its schema has.
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wunused-variable"
"""

# ---- derivatives ----


def _sources(op: VendorOp, ops: dict[str, VendorOp]) -> list[str]:
    """C++ for the arguments of the backward operator."""
    if op.formula.backward not in ops:
        raise EntryError(f"{op.name}: there is no operator {op.formula.backward!r}")
    parameters = ops[op.formula.backward].arguments
    names = {argument.name: i for i, argument in enumerate(op.arguments)}
    given = {
        parameters[int(key)].name if key.isdigit() else key: value
        for key, value in op.formula.arguments.items()
    }
    if unknown := set(given) - {parameter.name for parameter in parameters}:
        raise EntryError(f"{op.name}: {op.formula.backward} has no parameter {sorted(unknown)}")
    if unknown := set(op.formula.inputs) - set(names) - {"_"}:
        raise EntryError(f"{op.name}: has no argument {sorted(unknown)}")
    if len(op.formula.inputs) != len(ops[op.formula.backward].schema.returns):
        raise EntryError(f"{op.name}: {op.formula.backward} returns another number of gradients")
    return [_source(op, names, given, parameter) for parameter in parameters]


def _source(op: VendorOp, names: dict[str, int], given: dict[str, str], parameter: Argument) -> str:
    value = given.get(parameter.name)
    if value is None:
        if parameter.default is None:
            raise EntryError(f"{op.name}: {op.formula.backward} needs {parameter.name}")
        return "{Source::Kind::kDefault}"
    if value in names:
        return f"{{Source::Kind::kInput, {names[value]}}}"
    match = re.fullmatch(r"(out|grad)(\d*)", value)
    if match is None or int(match[2] or 0) >= len(op.schema.returns):
        raise EntryError(f"{op.name}: {value!r} is no argument, result or gradient")
    kind = {"out": "kOutput", "grad": "kGrad"}[match[1]]
    return f"{{Source::Kind::{kind}, {match[2] or 0}}}"


def _derivative(op: VendorOp, ops: dict[str, VendorOp]) -> str:
    names = [argument.name for argument in op.arguments]
    inputs = [str(names.index(name)) if name in names else "-1" for name in op.formula.inputs]
    return (
        f'    {{"npu::{op.name}", "npu::{op.formula.backward}", '
        f"{{{', '.join(_sources(op, ops))}}}, {{{', '.join(inputs)}}}}},"
    )


# ---- C++ ----


@contextlib.contextmanager
def _torchgen_options() -> Iterator[None]:
    with local.parametrize(
        use_const_ref_for_mutable_tensors=True, use_ilistref_for_tensor_lists=False
    ):
        yield


def _device_of(op: VendorOp) -> str:
    for argument in op.arguments:
        if argument.type == TENSOR:
            return argument.name
        if isinstance(argument.type, ListType) and argument.type.elem == TENSOR:
            return f"{argument.name}[0]"
    raise EntryError(f"{op.name}: no tensor among its arguments tells the device")


def _returned(op: VendorOp, suffix: str) -> str:
    """`suffix`: of the arguments' names."""
    outputs = iter(op.output_names)
    names = [name + suffix if name else next(outputs) for name in op.returned]
    if not names:
        return ""
    return f"  return {names[0] if len(names) == 1 else '{' + ', '.join(names) + '}'};\n"


def _definition(op: VendorOp, prefix: str, body: list[str], suffix: str = "") -> str:
    signature = DispatcherSignature.from_schema(op.schema, symint=False)
    lines = "".join(f"  {line}\n" for line in body)
    return f"{signature.defn(prefix + op.symbol)} {{\n{lines}{_returned(op, suffix)}}}"


def _checked(op: VendorOp) -> list[str]:
    return [f"{op.check};"] if op.check else []


def _made(op: VendorOp) -> list[str]:
    names = zip(op.output_names, op.outputs, strict=True)
    return [f"const auto {name} = make({output});" for name, output in names]


def _kernel(op: VendorOp) -> str:
    guard = f"const c10_npu::OptionalNPUGuard guard(npu_device({_device_of(op)}));"
    lines = [*_checked(op), guard, *_made(op)]
    some = " || ".join(f"has_elements({name})" for name in op.output_names)
    lines.append(f"if ({some}) {{" if op.calls and op.outputs else "{")
    for call in op.calls:
        lines.append(
            f"  if ({call.when}) {{ {call.code} }} else" if call.when else f"  {call.code}"
        )
    lines.append("}")
    return _definition(op, "kernel_", lines)


def _fake(op: VendorOp) -> str:
    """The kernel for Meta: the same checks and outputs, with sizes that may be symbols."""
    code = _definition(op, "fake_", ["{body}"], suffix="_")
    lines = []
    head, body = code.split("{body}")
    for argument in filter(holds_tensors, op.arguments):
        head = re.sub(rf"\b{argument.name}\b(?=[,)])", f"{argument.name}_", head)
        optional_or_list = argument.type != TENSOR
        value = f"shaped({argument.name}_)" if optional_or_list else f"Shaped({argument.name}_)"
        lines.append(f"const auto {argument.name} = {value};")
    return head + "\n  ".join([*lines, *_checked(op), *_made(op)]) + body


def _unavailable(op: VendorOp) -> str:
    why = op.unavailable
    return f'    {{"{op.name}", "{why.function}", "{why.only_on}", "{why.instead}"}},'


def source(ops: list[VendorOp], all_ops: dict[str, VendorOp]) -> str:
    """One source file: schemas, kernels, fake kernels and derivatives."""
    missing = [op for op in ops if op.unavailable]
    derivatives = [_derivative(op, all_ops) for op in ops if op.formula]
    parts = [_INCLUDES, "namespace at_npu::vendor {\nnamespace {\n"]
    with _torchgen_options():
        for op in ops:
            if op.by_hand and not op.has_fake:
                continue
            parts.append(f"// {op.name}")
            if not op.by_hand:
                parts.append(_kernel(op))
            if op.has_fake:
                parts.append(_fake(op))
    if derivatives:
        parts += ["const Derivative kDerivatives[] = {", *derivatives, "};"]
    if missing:
        parts += ["const Unavailable kUnavailable[] = {", *map(_unavailable, missing), "};"]
    parts.append("}  // namespace\n")
    for namespace in sorted({op.namespace for op in ops}):
        parts += _registrations(namespace, [op for op in ops if op.namespace == namespace])
    if missing:
        parts.append("TORCH_LIBRARY_IMPL(npu, CompositeExplicitAutograd, m) {")
        parts.append("  for (const Unavailable& op : kUnavailable) implement(m, op);")
        parts.append("}")
    if derivatives:
        parts.append("TORCH_LIBRARY_IMPL(npu, AutogradPrivateUse1, m) {")
        parts.append(
            "  for (const Derivative& derivative : kDerivatives) implement(m, derivative);"
        )
        parts.append("}")
    parts.append("\n}  // namespace at_npu::vendor\n")
    return "\n".join(parts)


def _registrations(namespace: str, ops: list[VendorOp]) -> list[str]:
    return [
        f"TORCH_LIBRARY_FRAGMENT({namespace}, m) {{",
        *(
            f'  m.def(R"({as_callers_say(op.text)})", {{at::Tag::pt2_compliant_tag}});'
            for op in ops
        ),
        f"}}\nTORCH_LIBRARY_IMPL({namespace}, PrivateUse1, m) {{",
        *(f'  m.impl("{op.name}", &kernel_{op.symbol});' for op in ops if not op.by_hand),
        f"}}\nTORCH_LIBRARY_IMPL({namespace}, Meta, m) {{",
        *(f'  m.impl("{op.name}", &fake_{op.symbol});' for op in ops if op.has_fake),
        "}",
        *_refused_backward(namespace, [op.name for op in ops if op.refuses_backward]),
    ]


def _refused_backward(namespace: str, names: list[str]) -> list[str]:
    if not names:
        return []
    return [
        f"TORCH_LIBRARY_IMPL({namespace}, AutogradPrivateUse1, m) {{",
        "  refuse_backward(m, {" + ", ".join(f'"{name}"' for name in names) + "});",
        "}",
    ]


def sources(ops: list[VendorOp]) -> dict[str, str]:
    """One source file for each family."""
    by_name = {op.name: op for op in ops}
    families = sorted({op.family for op in ops})
    return {name: source([op for op in ops if op.family == name], by_name) for name in families}

"""Ascend's own operators, from csrc/aten/vendor/*.yaml, as C++.

An entry has
    schema    as torch.library has it, in the namespace npu unless it names another (atb::…)
    doc       what it computes, and the shapes of its arguments and results
    check     C++ that refuses what the kernel cannot take (csrc/aten/vendor/*Rules.h)
    out       one C++ expression for each result that is no argument: shape and dtype, or a number
    acl       the aclnn call, as in csrc/aten/ops ([]: none is needed); without it
              csrc/aten/vendor/*.cc has the kernel
    backward  {arguments: call of another operator}, with the names of arguments, out<i> and grad<i>
    kernel    composite: csrc/aten/vendor/*.cc makes it of other operators, for all devices
`self`, which torchgen wants of an operator that changes its argument, is called `input` by callers.
Results are named out, or out0, out1 … if there are several; with an argument `out`, result.
An operator that Atlas A2 lacks has `schema`, `doc`, `only_on` (the devices that have it),
`function` (which CANN has on those only) and `instead` (what to use): its kernel raises.
"""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import re
from collections.abc import Iterator

import yaml
from torchgen import local
from torchgen.api.types import DispatcherSignature
from torchgen.model import Argument, BaseTy, BaseType, FunctionSchema, ListType, OptionalType

from csrc.aten.codegen.entries import Call, EntryError, as_calls, as_tuple

_KEYS = {"schema", "doc", "check", "out", "acl", "backward", "kernel"}
_UNAVAILABLE_KEYS = {"schema", "doc", "only_on", "function", "instead"}
_FORMULA = re.compile(r"(\w+)\((.*)\)", re.DOTALL)
_ANNOTATION = re.compile(r"\((\w+!)\)")
_TENSOR = BaseType(BaseTy.Tensor)

_INCLUDES = """// Generated from csrc/aten/vendor/*.yaml.
#include <torch/library.h>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Arguments.h"
#include "csrc/aten/vendor/AllRules.h"
#include "csrc/aten/vendor/Derivative.h"
#include "csrc/aten/vendor/Unavailable.h"
#include "csrc/core/NPUGuard.h"

// Every function takes all that its schema has.
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wunused-variable"
"""


def as_callers_say(text: str) -> str:
    return re.sub(r"\bself\b", "input", text)


@dataclasses.dataclass(frozen=True)
class Formula:
    """A derivative: the operator `backward` gives the gradients of `inputs` ("_": of nothing)."""

    backward: str
    arguments: dict[str, str]  # parameter of the backward operator -> name
    inputs: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Unavailable:
    """Why Atlas A2 lacks an operator, and what to use instead."""

    function: str
    only_on: str
    instead: str


@dataclasses.dataclass(frozen=True)
class VendorOp:
    """One entry."""

    family: str  # name of the file
    namespace: str
    text: str  # of the schema, without the namespace
    schema: FunctionSchema
    doc: str
    check: str
    outputs: tuple[str, ...]
    calls: tuple[Call, ...]
    by_hand: bool
    formula: Formula | None
    composite: bool = False
    unavailable: Unavailable | None = None

    @property
    def name(self) -> str:
        """With the overload: npu_format_cast.Tensor."""
        return str(self.schema.name)

    @property
    def symbol(self) -> str:
        return self.name.replace(".", "_")

    @property
    def arguments(self) -> tuple[Argument, ...]:
        return tuple(self.schema.arguments.flat_all)

    @property
    def returned(self) -> list[str | None]:
        """For each result the argument that it is, or None for a new value."""
        names = {str(a.annotation): a.name for a in self.arguments if a.annotation}
        return [names[alias] if alias else None for alias in _returned_aliases(self.text)]

    @property
    def output_names(self) -> list[str]:
        count = len(self.outputs)
        name = "result" if any(argument.name == "out" for argument in self.arguments) else "out"
        return [name] if count == 1 else [f"{name}{i}" for i in range(count)]


def parse(data: dict, family: str) -> VendorOp:
    text = data.get("schema", "<no schema>")
    if "only_on" in data:
        return _parse_unavailable(data, family)
    if set(data) - _KEYS or not {"schema", "doc"} <= set(data):
        raise EntryError(f"{text}: keys must be `schema`, `doc` and some of {sorted(_KEYS)}")
    namespace, text = text.split("::", 1) if "::" in text else ("npu", text)
    schema = _schema(text)
    name = str(schema.name)
    formula = data.get("backward", {})
    if len(formula) > 1:
        raise EntryError(f"{name}: one operator computes all gradients, not {len(formula)}")
    if data.get("kernel", "composite") != "composite":
        raise EntryError(f"{name}: `kernel` is composite or left out, not {data['kernel']!r}")
    if "kernel" in data and set(data) - {"schema", "doc", "kernel"}:
        raise EntryError(f"{name}: a composite is written by hand: it has `schema` and `doc` only")
    op = VendorOp(
        family=family,
        namespace=namespace,
        text=text,
        schema=schema,
        doc=data["doc"].strip(),
        check=" ".join(data.get("check", "").split()),
        outputs=as_tuple(data.get("out")),
        calls=as_calls(name, data["acl"]) if data.get("acl") else (),
        by_hand="acl" not in data,
        formula=_formula(name, *next(iter(formula.items()))) if formula else None,
        composite="kernel" in data,
    )
    if op.composite:
        return op
    fresh = op.returned.count(None)
    if op.outputs and len(op.outputs) != fresh:
        raise EntryError(f"{name}: returns {fresh} new values, `out` has another number")
    if not op.outputs and fresh:
        raise EntryError(f"{name}: `out` must say what it returns")
    return op


def _schema(text: str) -> FunctionSchema:
    """torchgen knows no results that are partly new and partly arguments: to it, all are new."""
    aliases = _returned_aliases(text)
    if any(aliases) and None in aliases:
        arguments, returns = text.split(" -> ")
        text = f"{arguments} -> {_ANNOTATION.sub('', returns)}"
    return FunctionSchema.parse(text)


def _returned_aliases(text: str) -> list[str | None]:
    """For each result "a!" as in Tensor(a!), or None."""
    returns = text.split(" -> ")[1]
    if returns.startswith("("):
        returns = returns[1:-1]
    matches = [_ANNOTATION.search(value) for value in split(returns) if value]
    return [match[1] if match else None for match in matches]


def _parse_unavailable(data: dict, family: str) -> VendorOp:
    text = data.get("schema", "<no schema>")
    if set(data) != _UNAVAILABLE_KEYS:
        raise EntryError(f"{text}: with `only_on` the keys must be {sorted(_UNAVAILABLE_KEYS)}")
    why = Unavailable(data["function"], data["only_on"], data["instead"])
    return VendorOp(
        family=family,
        namespace="npu",
        text=text,
        schema=FunctionSchema.parse(text),
        doc=data["doc"].strip(),
        check="",
        outputs=(),
        calls=(),
        by_hand=True,
        formula=None,
        unavailable=why,
    )


def _formula(name: str, inputs: str, text: str) -> Formula:
    match = _FORMULA.fullmatch(" ".join(text.split()))
    if match is None:
        raise EntryError(f"{name}: expected `backward: {{arguments: op(names)}}`, not {text!r}")
    arguments = {}
    for i, argument in enumerate(split(match[2])):
        key, _, value = argument.rpartition("=")
        arguments[key.strip() or str(i)] = value.strip()
    return Formula(match[1], arguments, tuple(split(inputs)))


def split(text: str) -> list[str]:
    """At the commas outside of brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def load(paths: list[pathlib.Path]) -> list[VendorOp]:
    """All entries; the operator behind each formula must be among them."""
    ops: dict[str, VendorOp] = {}
    for path in paths:
        for data in yaml.safe_load(path.read_text()):
            op = parse(data, path.stem)
            if op.name in ops:
                raise EntryError(f"{op.name}: twice")
            ops[op.name] = op
    for op in ops.values():
        if op.formula:
            _sources(op, ops)
    return list(ops.values())


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


def holds_tensors(argument: Argument) -> bool:
    type_ = argument.type.elem if isinstance(argument.type, OptionalType) else argument.type
    return type_ == _TENSOR or (isinstance(type_, ListType) and type_.elem == _TENSOR)


def _device_of(op: VendorOp) -> str:
    for argument in op.arguments:
        if argument.type == _TENSOR:
            return argument.name
        if isinstance(argument.type, ListType) and argument.type.elem == _TENSOR:
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
        optional_or_list = argument.type != _TENSOR
        value = f"shaped({argument.name}_)" if optional_or_list else f"Shaped({argument.name}_)"
        lines.append(f"const auto {argument.name} = {value};")
    return head + "\n  ".join([*lines, *_checked(op), *_made(op)]) + body


def _unavailable(op: VendorOp) -> str:
    why = op.unavailable
    return f'    {{"{op.name}", "{why.function}", "{why.only_on}", "{why.instead}"}},'


def source(ops: list[VendorOp], all_ops: dict[str, VendorOp]) -> str:
    """One source file: schemas, kernels, fake kernels and derivatives."""
    faked = [op for op in ops if not op.unavailable and not op.composite]
    missing = [op for op in ops if op.unavailable]
    derivatives = [_derivative(op, all_ops) for op in ops if op.formula]
    parts = [_INCLUDES, "namespace at_npu::vendor {\nnamespace {\n"]
    with _torchgen_options():
        for op in faked:
            parts.append(f"// {op.name}")
            if not op.by_hand:
                parts.append(_kernel(op))
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
        *(
            f'  m.impl("{op.name}", &fake_{op.symbol});'
            for op in ops
            if not op.unavailable and not op.composite
        ),
        "}",
    ]


def sources(ops: list[VendorOp]) -> dict[str, str]:
    """One source file for each family."""
    by_name = {op.name: op for op in ops}
    families = sorted({op.family for op in ops})
    return {name: source([op for op in ops if op.family == name], by_name) for name in families}

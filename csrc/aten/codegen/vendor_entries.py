"""Ascend's own operators: the entries of csrc/aten/vendor/*.yaml.

An entry has
    schema    as torch.library has it, in the namespace npu unless it names another (atb::…)
    doc       what it computes, and the shapes of its arguments and results
    check     C++ that refuses what the kernel cannot take (csrc/aten/vendor/*Rules.h)
    out       one C++ expression for each result that is no argument: shape and dtype, or a number
    acl       the aclnn call, as in csrc/aten/ops ([]: none is needed); without it
              csrc/aten/vendor/*.cc has the kernel
    backward  {arguments: call of another operator}, with the names of arguments, out<i> and grad<i>
    kernel    composite: csrc/aten/vendor/*.cc makes it of other operators, for all devices
    fake      python: torch_npu/_fakes.py has the kernel for fake tensors, as one in C++ cannot take
              tensors of several devices; without `acl`, `check` and `out` are left out, too
`self`, which torchgen wants of an operator that changes its argument, is called `input` by callers.
Results are named out, or out0, out1 … if there are several; with an argument `out`, result.
An operator that Atlas A2 lacks has `schema`, `doc`, `only_on` (the devices that have it),
`function` (which CANN has on those only) and `instead` (what to use): its kernel raises.
"""

from __future__ import annotations

import dataclasses
import pathlib
import re

import yaml
from torchgen.model import Argument, BaseTy, BaseType, FunctionSchema, ListType, OptionalType

from csrc.aten.codegen.entries import Call, EntryError, as_calls, as_tuple

_KEYS = {"schema", "doc", "check", "out", "acl", "backward", "kernel", "fake"}
_UNAVAILABLE_KEYS = {"schema", "doc", "only_on", "function", "instead"}
_FORMULA = re.compile(r"(\w+)\((.*)\)", re.DOTALL)
_ANNOTATION = re.compile(r"\((\w+!)\)")
TENSOR = BaseType(BaseTy.Tensor)


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
    python_fake: bool = False
    unavailable: Unavailable | None = None

    @property
    def name(self) -> str:
        """With the overload: npu_format_cast.Tensor."""
        return str(self.schema.name)

    @property
    def has_fake(self) -> bool:
        """Not one that raises, is made of others, which have theirs, or has its rules in Python."""
        return not (self.unavailable or self.composite or self.python_fake)

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
    if data.get("fake", "python") != "python":
        raise EntryError(f"{name}: `fake` is python or left out, not {data['fake']!r}")
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
        python_fake="fake" in data,
    )
    if op.composite or (op.python_fake and op.by_hand):
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
    """All entries, by the order of the files."""
    ops: dict[str, VendorOp] = {}
    for path in paths:
        for data in yaml.safe_load(path.read_text()):
            op = parse(data, path.stem)
            if op.name in ops:
                raise EntryError(f"{op.name}: twice")
            ops[op.name] = op
    return list(ops.values())


def holds_tensors(argument: Argument) -> bool:
    type_ = argument.type.elem if isinstance(argument.type, OptionalType) else argument.type
    return type_ == TENSOR or (isinstance(type_, ListType) and type_.elem == TENSOR)

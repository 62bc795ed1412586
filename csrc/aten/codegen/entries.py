"""The operator entries of csrc/aten/ops/*.yaml, checked and joined with PyTorch's schemas."""

from __future__ import annotations

import dataclasses
import pathlib
import re
from collections.abc import Iterable

import torchgen
import yaml
from torchgen.gen import get_grouped_native_functions, parse_native_yaml
from torchgen.model import (
    BackendMetadata,
    DispatchKey,
    NativeFunction,
    NativeFunctionsGroup,
    SchemaKind,
)

_KEYS = {"op", "acl", "meta", "out", "pre", "post", "cast", "variants", "computed_as", "out_casts"}
_META = re.compile(r"(\w+)\((.+)\)")
# `x.log(` and `at::where(` of an expression.
_CALLED = re.compile(r"(?:\.|\bat::)(\w+)\(")
_CALL = re.compile(r"(aclnn\w+)\((.*)\)\s*", re.DOTALL)


class EntryError(ValueError):
    """An entry that cannot be generated; the text says which and why."""


@dataclasses.dataclass(frozen=True)
class Call:
    """One aclnn call; `when` is the C++ condition under which it is used ("" = always)."""

    function: str
    arguments: str
    when: str = ""

    @property
    def code(self) -> str:
        separator = ", " if self.arguments else ""
        return f"ACLNN_CALL({self.function}{separator}{self.arguments});"


@dataclasses.dataclass(frozen=True)
class Entry:
    """One operator: all its variants share the calls."""

    op: str
    group: NativeFunctionsGroup | None
    functions: tuple[NativeFunction, ...]
    calls: tuple[Call, ...]
    meta: tuple[str, str] | None  # class of csrc/aten/Iterators.h and its arguments
    outputs: tuple[str, ...]
    out_casts: bool  # PyTorch lets `out` have another dtype that the result can be cast to
    composed: bool  # its calls take what other operators make of the inputs
    pre: str
    post: str  # after the last call, not after one with a condition
    cast: tuple[str, ...] | None
    computed_as: dict[str, str]  # output -> dtype, where aclnn's is another than PyTorch's
    slow_kernels: dict[str, str]  # function -> PyTorch's kernel for any device, if it has one

    @property
    def structured(self) -> bool:
        return self.group is not None and self.group.structured

    @property
    def has_meta(self) -> bool:
        """A shape function makes the outputs: PyTorch's own or one of Iterators.h."""
        return self.structured or self.meta is not None

    @property
    def iterates(self) -> bool:
        """Its shape function is a TensorIterator, which leaves casting inputs to us."""
        inherits = self.structured and self.group.out.structured_inherits is not None
        return inherits or self.meta is not None


def parse_call(op: str, data: str | dict) -> Call:
    when = ""
    if isinstance(data, dict):
        if set(data) - {"when", "call"} or "call" not in data:
            raise EntryError(f"{op}: a call has the keys `when` and `call`, not {sorted(data)}")
        when, data = data.get("when", ""), data["call"]
    match = _CALL.fullmatch(data)
    if match is None:
        raise EntryError(f"{op}: expected `aclnnName(arguments)`, not {data!r}")
    return Call(match[1], " ".join(match[2].split()), when)


def as_calls(op: str, data: object) -> tuple[Call, ...]:
    """The calls of an entry: all but the last have a condition."""
    calls = tuple(parse_call(op, call) for call in as_tuple(data))
    if any(not call.when for call in calls[:-1]) or calls[-1].when:
        raise EntryError(f"{op}: every call but the last needs `when`, the last must have none")
    return calls


def parse_meta(op: str, data: str) -> tuple[str, str]:
    match = _META.fullmatch(data)
    if match is None:
        raise EntryError(f"{op}: expected `meta: Class(arguments)`, not {data!r}")
    return match[1], match[2]


def as_tuple(value: object) -> tuple:
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list) else (value,)


class Schemas:
    """PyTorch's operators by name, from the copy of native_functions.yaml inside torchgen."""

    def __init__(self) -> None:
        folder = pathlib.Path(torchgen.__file__).parent / "packaged/ATen/native"
        parsed = parse_native_yaml(str(folder / "native_functions.yaml"), str(folder / "tags.yaml"))
        self._backends = parsed.backend_indices
        self._functions = parsed.native_functions
        self._found: dict[str, tuple[NativeFunctionsGroup | None, NativeFunction]] = {}
        self._makes_tensors = {
            f.root_name
            for f in parsed.native_functions
            if any(result.type.is_tensor_like() for result in f.func.returns) and not f.is_view_op
        }
        for item in get_grouped_native_functions(parsed.native_functions):
            group = item if isinstance(item, NativeFunctionsGroup) else None
            for function in item.functions() if group else [item]:
                self._found[str(function.func.name)] = (group, function)

    def composite_kernels(self, functions: tuple[NativeFunction, ...]) -> dict[str, str]:
        backend = self._backends[DispatchKey.CompositeExplicitAutograd]
        found = {str(f.func.name): backend.get_kernel(f) for f in functions}
        return {name: metadata.kernel for name, metadata in found.items() if metadata}

    def kernels(self, key: DispatchKey) -> dict[str, tuple[NativeFunction, BackendMetadata]]:
        """Operator -> kernel of all that a backend of PyTorch has."""
        found = [(f, self._backends[key].get_kernel(f)) for f in self._functions]
        return {str(f.func.name): (f, kernel) for f, kernel in found if kernel}

    def called_in(self, expressions: Iterable[str]) -> bool:
        """Whether C++ expressions call an operator that computes a tensor."""
        return any(
            name in self._makes_tensors for text in expressions for name in _CALLED.findall(text)
        )

    def find(self, op: str) -> tuple[NativeFunctionsGroup | None, NativeFunction]:
        if op not in self._found:
            raise EntryError(f"{op}: PyTorch has no such operator")
        return self._found[op]


def _variants(data: dict, group: NativeFunctionsGroup | None, named: NativeFunction) -> tuple:
    wanted = data.get("variants")
    if group is None:
        return (named,)
    if wanted is None:
        return tuple(f for f in group.functions() if _is_ours(f))
    kinds = {SchemaKind[kind] for kind in as_tuple(wanted)}
    return tuple(f for f in group.functions() if f.func.kind() in kinds)


def _is_ours(function: NativeFunction) -> bool:
    """Not decomposed or generated by PyTorch, and of a kind that we emit."""
    return (
        "generated" not in function.tags
        and not function.has_composite_implicit_autograd_kernel
        and function.func.kind() in (SchemaKind.functional, SchemaKind.inplace, SchemaKind.out)
    )


def parse_entry(data: dict, schemas: Schemas) -> Entry:
    op = data.get("op", "<no op>")
    if set(data) - _KEYS or not {"op", "acl"} <= set(data):
        raise EntryError(f"{op}: keys must be `op`, `acl` and some of {sorted(_KEYS)}")
    group, named = schemas.find(op)
    calls = as_calls(op, data["acl"])
    functions = _variants(data, group, named)
    entry = Entry(
        op=op,
        group=group,
        functions=functions,
        calls=calls,
        meta=parse_meta(op, data["meta"]) if "meta" in data else None,
        outputs=as_tuple(data.get("out")),
        out_casts=data.get("out_casts", False),
        composed=schemas.called_in(call.arguments for call in calls),
        pre=data.get("pre", ""),
        post=data.get("post", ""),
        cast=as_tuple(data["cast"]) if "cast" in data else None,
        computed_as=data.get("computed_as", {}),
        slow_kernels=schemas.composite_kernels(functions),
    )
    if entry.structured and (entry.outputs or entry.meta):
        raise EntryError(f"{op}: PyTorch has a shape function for it, drop `out` and `meta`")
    if entry.outputs and entry.meta:
        raise EntryError(f"{op}: `meta` makes the output, drop `out`")
    makes_none = not entry.has_meta and not entry.outputs and not op.startswith("_foreach_")
    if makes_none and len(entry.functions) > 1:
        raise EntryError(f"{op}: several variants need `meta` or `out`, or name one: `variants`")
    if not entry.functions:
        raise EntryError(f"{op}: no variant to generate; name them with `variants`")
    return entry


def load(paths: list[pathlib.Path]) -> list[Entry]:
    schemas = Schemas()
    entries, seen = [], {}
    for path in paths:
        for data in yaml.safe_load(path.read_text()):
            entry = parse_entry(data, schemas)
            for function in entry.functions:
                name = str(function.func.name)
                if name in seen:
                    raise EntryError(f"{name}: in {path.name} and again in {seen[name]}")
                seen[name] = path.name
            entries.append(entry)
    return entries

"""C++ for one entry: a function that makes the aclnn call, and one wrapper per variant."""

from __future__ import annotations

import dataclasses

from torchgen.api import meta, structured
from torchgen.api.translate import translate
from torchgen.api.types import DispatcherSignature
from torchgen.context import native_function_manager
from torchgen.model import Argument, BaseTy, BaseType, NativeFunction, OptionalType, SchemaKind

from csrc.aten.codegen.entries import Entry, EntryError

_KINDS = {
    SchemaKind.functional: "Kind::kFunctional",
    SchemaKind.inplace: "Kind::kInplace",
    SchemaKind.out: "Kind::kOut",
}


@dataclasses.dataclass(frozen=True)
class Wrapper:
    """One registered function."""

    schema_name: str
    symbol: str
    signature: str
    code: str


def symbol(function: NativeFunction) -> str:
    """Prefixed: all.dims must not hide the helper all_dims()."""
    return "npu_" + str(function.func.name).replace(".", "_")


def dispatcher_signature(function: NativeFunction) -> DispatcherSignature:
    return DispatcherSignature.from_schema(function.func, symint=False)


def _reference(entry: Entry) -> NativeFunction:
    """The variant whose arguments the call function takes."""
    writes_itself = not entry.has_meta and not entry.outputs
    return entry.functions[0] if entry.group is None or writes_itself else entry.group.out


def _output_names(entry: Entry) -> list[str]:
    function = _reference(entry).func
    if function.kind() == SchemaKind.out:
        return [a.name for a in function.arguments.out]
    count = 1 if entry.meta else len(entry.outputs)
    return ["out"] if count == 1 else [f"out{i}" for i in range(count)]


def _inputs(entry: Entry) -> list:
    outputs = set(_output_names(entry))
    arguments = dispatcher_signature(_reference(entry)).arguments()
    return [binding for binding in arguments if binding.name not in outputs]


def _is_tensor(argument: Argument) -> bool:
    return argument.type == BaseType(BaseTy.Tensor)


def _cast_names(entry: Entry) -> list[str]:
    if entry.cast is not None:
        return list(entry.cast)
    if not entry.iterates:
        return []
    return [b.name for b in _inputs(entry) if _is_tensor(b.argument)]


def call_function(entry: Entry) -> str:
    """`call_<op>(inputs…, outputs…)`, shared by the variants."""
    with native_function_manager(_reference(entry)):
        return _call_function(entry)


def _call_function(entry: Entry) -> str:
    outputs = _output_names(entry)
    parameters = ["bool compute"]
    parameters += ["at::ScalarType compute_dtype"] if entry.has_meta else []
    parameters += [_by_value(b) for b in _inputs(entry)]
    parameters += [f"const at::Tensor& {name}" for name in outputs]
    lines = [f"void call_{_call_name(entry)}({', '.join(parameters)}) {{"]
    if entry.pre:
        lines.append(f"  {entry.pre};")
    lines.append("  if (!compute) return;")
    if entry.composed:  # autocast must not cast in the middle
        lines.append("  const c10::impl::ExcludeDispatchKeyGuard no_autocast(kAutocast);")
    for call in entry.calls[:-1]:
        lines.append(f"  if ({call.when}) {{ {call.code} return; }}")
    casts = _cast_names(entry)
    if casts and not outputs:
        raise EntryError(f"{entry.op}: `cast` needs an output, whose device it casts to")
    if casts and not entry.has_meta:
        lines.append(f"  const at::ScalarType compute_dtype = {outputs[0]}.scalar_type();")
    if casts:
        first = f"aclnn::parameters::{entry.calls[-1].function}[0]"
        lines.append(f"  const at::ScalarType wide = aclnn::widen(compute_dtype, {first});")
    for name in casts:
        lines.append(f"  const Cast {name}_cast({name}, wide, {outputs[0]});")
    made = entry.computed_as
    wide = [name for name in outputs if casts and name not in made]
    lines += [f"  const Widened {name}_wide({name}, compute_dtype, wide);" for name in wide]
    lines += [f"  const at::Tensor {n}_made = new_like({n}, {dtype});" for n, dtype in made.items()]
    lines.append("  {")
    lines += [f"    const at::Tensor& {name} = {name}_cast;" for name in casts]
    lines += [f"    const at::Tensor& {name} = {name}_made;" for name in made]
    lines += [f"    const at::Tensor& {name} = {name}_wide;" for name in wide]
    lines += [f"    {entry.calls[-1].code}", "  }"]
    lines += [f"  {name}.copy_({name}_made);" for name in made]
    lines += [f"  {name}_wide.give_back();" for name in wide]
    lines += [f"  {entry.post};"] if entry.post else []
    return "\n".join([*lines, "}"])


def _by_value(binding) -> str:
    """In-place `at::Tensor& self` is an input like any other to the call."""
    return (
        binding.decl()
        .replace("at::Tensor & ", "const at::Tensor & ")
        .replace("const const ", "const ")
    )


def _call_name(entry: Entry) -> str:
    return symbol(_reference(entry)).removeprefix("npu_")


def _call(entry: Entry, outputs: list[str], compute: str = "true") -> str:
    """`compute`: C++ condition under which there is more to do than checks."""
    first = [compute] + (["op.compute_dtype()"] if entry.has_meta else [])
    arguments = first + [b.name for b in _inputs(entry)] + outputs
    return f"call_{_call_name(entry)}({', '.join(arguments)});"


def _check_targets(entry: Entry, targets: list[str]) -> list[str]:
    """TensorIterator looks for overlaps itself."""
    if entry.iterates or not targets:
        return []
    inputs = [b.name for b in _inputs(entry) if _is_tensor(b.argument)]
    return [f"check_targets({{{', '.join(targets)}}}, {{{', '.join(inputs)}}});"]


def _returned(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{{{', '.join(names)}}}"


def _meta(entry: Entry, function: NativeFunction) -> tuple[str, str]:
    """The class of the shape function and what it is called with."""
    if entry.meta:
        return entry.meta
    wanted = structured.meta_arguments(entry.group)
    arguments = translate(dispatcher_signature(function).arguments(), wanted, method=False)
    name = f"at::meta::structured_{meta.name(entry.group)}"
    return name, ", ".join(e.expr for e in arguments)


def _meta_body(entry: Entry, function: NativeFunction) -> list[str]:
    kind = function.func.kind()
    names = _output_names(entry)
    targets = {SchemaKind.functional: [], SchemaKind.inplace: ["self"], SchemaKind.out: names}[kind]
    given = f"({', '.join(targets)})" if targets else ""
    shape_function, arguments = _meta(entry, function)
    outputs = [f"op.output({i})" for i in range(len(names))]
    lines = [
        *_check_targets(entry, targets),
        f"Structured<{shape_function}, {_KINDS[kind]}, {len(names)}> op{given};",
        f"op.meta({arguments});",
        _call(entry, outputs, "!op.is_empty()"),
    ]
    if kind == SchemaKind.functional:
        return [*lines, "return op.take_results();"]
    return [*lines, "op.finish();", f"return {_returned(targets)};"]


def _plain_body(entry: Entry, function: NativeFunction) -> list[str]:
    kind = function.func.kind()
    if not entry.outputs:
        names = ["self"] if kind == SchemaKind.inplace else _output_names(entry)
        lines = [*_check_targets(entry, names), _call(entry, _output_names(entry))]
        return [*lines, f"return {_returned(names)};"] if function.func.returns else lines
    names = _output_names(entry)
    targets = ["self"] if kind == SchemaKind.inplace else names
    maker = {
        SchemaKind.functional: "make({spec})",
        SchemaKind.inplace: "fit_inplace({target}, {spec})",
        SchemaKind.out: "make({spec})" if entry.out_casts else "fit({target}, {spec})",
    }[kind]
    lines = [] if kind == SchemaKind.functional else _check_targets(entry, targets)
    lines += [
        f"const at::Tensor result{i} = {maker.format(target=target, spec=spec)};"
        for i, (target, spec) in enumerate(zip(targets, entry.outputs, strict=True))
    ]
    results = [f"result{i}" for i in range(len(names))]
    some = " || ".join(f"{r}.numel() != 0" for r in results)
    lines.append(_call(entry, results, some))
    if kind == SchemaKind.functional:
        return [*lines, f"return {_returned(results)};"]
    if entry.out_casts and kind == SchemaKind.out:
        lines += [f"copy_out({r}, {t});" for r, t in zip(results, targets, strict=True)]
    return [*lines, f"return {_returned(targets)};"]


def _guard(entry: Entry) -> list[str]:
    """Shape functions name the device, which sets it."""
    if entry.has_meta:
        return []
    for binding in _inputs(entry):
        if _is_tensor(binding.argument):
            return [f"const c10_npu::OptionalNPUGuard guard(npu_device({binding.name}));"]
        if isinstance(binding.argument.type, OptionalType) and binding.name == "device":
            return []
    raise EntryError(f"{entry.op}: no tensor among its inputs tells the device: write it by hand")


def wrappers(entry: Entry) -> list[Wrapper]:
    result = []
    for function in entry.functions:
        with native_function_manager(function):
            result.append(_wrapper(entry, function))
    return result


def _wrapper(entry: Entry, function: NativeFunction) -> Wrapper:
    signature = dispatcher_signature(function)
    body = _meta_body if entry.has_meta else _plain_body
    lines = _guard(entry) + body(entry, function)
    name = symbol(function)
    code = f"{signature.defn(name)} {{\n" + "".join(f"  {line}\n" for line in lines) + "}"
    return Wrapper(str(function.func.name), name, signature.type(), code)

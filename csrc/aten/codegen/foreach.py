"""C++ for _foreach_*: one call for a list of tensors, PyTorch's loop where that does not fit."""

from __future__ import annotations

import re

from torchgen.context import native_function_manager
from torchgen.model import BaseTy, BaseType, ListType, NativeFunction, SchemaKind

from csrc.aten.codegen.entries import Entry, EntryError
from csrc.aten.codegen.wrappers import Wrapper, dispatcher_signature, symbol


def is_foreach(entry: Entry) -> bool:
    return entry.op.startswith("_foreach_")


def _names(function: NativeFunction, element: BaseTy) -> tuple[list[str], list[str]]:
    """Arguments of that type, and lists of it."""
    single, lists = [], []
    for argument in function.func.arguments.flat_all:
        if argument.type == BaseType(element):
            single.append(argument.name)
        elif isinstance(argument.type, ListType) and argument.type.elem == BaseType(element):
            lists.append(argument.name)
    return single, lists


def _wrapper(entry: Entry, function: NativeFunction) -> Wrapper:
    if str(function.func.name) not in entry.slow_kernels:
        raise EntryError(f"{entry.op}: PyTorch has no loop for it, write it by hand")
    signature = dispatcher_signature(function)
    inplace = function.func.kind() == SchemaKind.inplace
    tensors = _names(function, BaseTy.Tensor)[1]
    scalar, scalars = _names(function, BaseTy.Scalar)
    call = entry.calls[-1]
    fits = [f"is_one_call(aclnn::parameters::{call.function}[{_first_list(call, tensors)}], "
            f"{{{', '.join(tensors)}}})"]  # fmt: skip
    fits += [f"is_real_number({name})" for name in scalar + scalars]
    arguments = ", ".join(binding.name for binding in signature.arguments())
    slow = f"at::native::{entry.slow_kernels[str(function.func.name)]}({arguments});"
    results = tensors[0] if inplace else "at::TensorList(made)"
    called = " ".join(f"{each.when} {each.arguments}" for each in entry.calls)
    used = [name for name in tensors + scalars if re.search(rf"\b{name}\b", called)]
    parts = [f"const auto {name}_part = part({name});" for name in used]
    parts += [f"const at::TensorList out = part({results});"] if "out" in call.arguments else []
    lines = [
        f"if (!({' && '.join(fits)})) return {slow}",
        f"const c10_npu::NPUGuard guard({tensors[0]}[0].device());",
    ]
    if not inplace:
        lines.append(f"const std::vector<at::Tensor> made = each_like({tensors[0]});")
    lines.append(f"in_parts({tensors[0]}.size(), [&](const auto& part) {{")
    lines += [f"  {line}" for line in [*parts, "{"]]
    # The names of the entry mean the parts.
    lines += [f"    const auto& {name} = {name}_part;" for name in used]
    lines += [f"    if ({each.when}) {{ {each.code} return; }}" for each in entry.calls[:-1]]
    lines += [f"    {call.code}", "  }", "});"]
    if not inplace:
        lines.append("return made;")
    name = symbol(function)
    code = f"{signature.defn(name)} {{\n" + "".join(f"  {line}\n" for line in lines) + "}"
    return Wrapper(str(function.func.name), name, signature.type(), code)


def _first_list(call, tensors: list[str]) -> int:
    """Which parameter of the function takes the first of the lists."""
    passed = [part.strip() for part in call.arguments.split(",")]
    return next(i for i, argument in enumerate(passed) if argument in tensors)


def wrappers(entry: Entry) -> list[Wrapper]:
    result = []
    for function in entry.functions:
        with native_function_manager(function):
            result.append(_wrapper(entry, function))
    return result

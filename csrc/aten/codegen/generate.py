"""Generates the operator library: ATen and vendor operators, sparse kernels, names, docstrings."""

from __future__ import annotations

import argparse
import pathlib

import aclnn_table

from csrc.aten.codegen import (
    entries,
    foreach,
    layouts,
    parameters,
    vendor,
    vendor_docs,
    vendor_entries,
    wrappers,
)

_INCLUDES = """// Generated from csrc/aten/ops/*.yaml.
#include <ATen/ops/complex.h>
#include <ATen/ops/gcd.h>
#include <ATen/ops/imag.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/real.h>
#include <ATen/ops/where.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/library.h>

#include <cmath>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Arguments.h"
#include "csrc/aten/Foreach.h"
#include "csrc/aten/ImageShapes.h"
#include "csrc/aten/Iterators.h"
#include "csrc/aten/Structured.h"

// Every call function takes all that its schema has.
#pragma GCC diagnostic ignored "-Wunused-parameter"
"""

_BEGIN = """
namespace at_npu {
namespace {

[[maybe_unused]] constexpr auto kAutocast = c10::DispatchKey::AutocastPrivateUse1;
"""


def shard(selected: list[tuple[entries.Entry, list[wrappers.Wrapper]]]) -> str:
    """One source file. Registering function pointers shares boxing code between signatures."""
    roots = sorted({entry.group.functional.func.name.name.base for entry, _ in selected
                    if entry.structured})  # fmt: skip
    metas = "".join(f"#include <ATen/ops/{root}_meta.h>\n" for root in roots)
    loops = sorted({entry.op.split(".")[0] for entry, _ in selected if foreach.is_foreach(entry)})
    metas += "".join(f"#include <ATen/ops/{loop.rstrip('_')}_native.h>\n" for loop in loops)
    code = [_INCLUDES + metas + _BEGIN]
    for entry, functions in selected:
        code.append(f"// {entry.op}")
        if not foreach.is_foreach(entry):
            code.append(wrappers.call_function(entry))
        code += [function.code for function in functions]
    code.append("}  // namespace\n")
    code.append("TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {")
    code += [
        f'  m.impl("{function.schema_name}", &{function.symbol});'
        for _, functions in selected
        for function in functions
    ]
    code.append("}\n\n}  // namespace at_npu\n")
    return "\n".join(code)


def wrappers_of(entry: entries.Entry) -> list[wrappers.Wrapper]:
    return (foreach if foreach.is_foreach(entry) else wrappers).wrappers(entry)


def shards(all_entries: list[entries.Entry], count: int) -> list[str]:
    """Sorted by signature, so that equal ones meet in one file; the last may be empty."""
    generated = [(entry, wrappers_of(entry)) for entry in all_entries]
    generated.sort(key=lambda pair: (pair[1][0].signature, pair[0].op))
    size = -(-len(generated) // count)
    return [shard(generated[i * size : (i + 1) * size]) for i in range(count)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ops", nargs="*", type=pathlib.Path, default=[])
    parser.add_argument("--aclnn", nargs="*", type=pathlib.Path, default=[])
    parser.add_argument("--shards", nargs="*", type=pathlib.Path, default=[], metavar="FILE")
    parser.add_argument("--vendor", nargs="*", type=pathlib.Path, default=[])
    parser.add_argument("--vendor_sources", nargs="*", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--layouts", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--docs", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--parameters", nargs="*", type=pathlib.Path, metavar="FILE")
    options = parser.parse_args()
    if options.parameters:
        families = aclnn_table.families(options.aclnn, options.parameters)
        for path, functions in families.items():
            path.write_text(parameters.header(path.stem, functions))
    vendor_ops = vendor_entries.load(sorted(options.vendor))
    if options.vendor_sources:
        texts = vendor.sources(vendor_ops)
        for path in options.vendor_sources:
            text = texts[path.stem.removeprefix("vendor_")]
            path.write_text(parameters.includes(text, options.aclnn) + text)
    if options.docs:
        options.docs.write_text(vendor_docs.docs_module(vendor_ops, options.aclnn))
    if options.layouts:
        options.layouts.write_text(layouts.source(entries.Schemas()))
    if options.shards:
        loaded = entries.load(sorted(options.ops))
        for path, text in zip(options.shards, shards(loaded, len(options.shards)), strict=True):
            path.write_text(parameters.includes(text, options.aclnn) + text)


if __name__ == "__main__":
    main()

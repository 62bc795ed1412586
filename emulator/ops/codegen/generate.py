"""Generates the aclnn entry points of the emulator from third_party/cann/aclnn/*.yaml.

functions/<family>.h  what EMULATE() checks a kernel against: a type list and a symbol per function
entry_points.cc       the exported two-phase functions and the parameters with their accepted dtypes

A function without a kernel leaves `kernels::<function>` undefined, so that libopapi does not link.
"""

import argparse
import pathlib
import re

import aclnn_table

# The Kind (emulator/ops/base/function.h) of each parameter type.
KINDS = {
    "aclTensor": "kTensor",
    "aclTensorList": "kTensorList",
    "aclScalar": "kScalar",
    "aclScalarList": "kScalarList",
    "aclIntArray": "kIntArray",
    "aclFloatArray": "kFloatArray",
    "aclBoolArray": "kBoolArray",
    "char*": "kString",
    "int64_t": "kInteger",
    "int32_t": "kInteger",
    "int8_t": "kInteger",
    "uint64_t": "kInteger",
    "bool": "kBool",
    "double": "kFloating",
    "float": "kFloating",
    "aclDataType": "kDataType",
}
# Engine that runs a family's kernels on the hardware; AI_VECTOR_CORE unless named here.
ENGINES = {
    "matmul": "AI_CORE",
    "convolution": "AI_CORE",
    "attention": "MIX_AIC",
    "inference": "MIX_AIC",
    "collective": "MIX_AIC",
}
# Families whose functions communicate: EMULATE_EXCHANGE() makes them, not EMULATE().
EXCHANGES = {"collective"}
# Functions that also tell the largest workspace that a captured graph may need of them.
MAX_WORKSPACE = {
    "aclnnFlashAttentionVarLenScoreV5",
    "aclnnFlashAttentionUnpaddingScoreGradV5",
    "aclnnFusedInferAttentionScoreV3",
    "aclnnFusedInferAttentionScoreV4",
}
AI_CPU = {"aclnnMultinomial", "aclnnRandperm", "aclnnUnique", "aclnnUnique2"}


def parameter_row(parameter):
    # A scalar of any type is converted to what the tensors make of it, so only tensors have rules.
    checked = parameter.dtypes if parameter.type in ("aclTensor", "aclTensorList") else ()
    dtypes = " | ".join(f"bit(ACL_{dtype})" for dtype in checked if dtype != "STRING") or "0"
    reads = str(parameter.io != "out").lower()
    writes = str(parameter.io != "in").lower()
    kind = KINDS[parameter.type]
    return f'    {{"{parameter.name}", Kind::{kind}, {reads}, {writes}, {dtypes}}},'


def wire_type(parameter):
    return "CString" if parameter.type == "char*" else parameter.type


def entry_points(function, family):
    name = function.name
    op = re.sub(r"^aclnn(Inplace)?", "", name)
    engine = "AI_CPU" if name in AI_CPU else ENGINES.get(family, "AI_VECTOR_CORE")
    core = "AiCpu" if engine == "AI_CPU" else "AiCore"
    rows = "\n".join(parameter_row(parameter) for parameter in function.parameters)
    declarations = "".join(f"{p.c_type} {p.name}_, " for p in function.parameters)
    arguments = ", ".join(f"{p.name}_" for p in function.parameters)
    kernel = f"ascend_emulator::kernels::{name}"
    prepare, launch = f"k{name}", f"k{name}"
    if family in EXCHANGES:
        exchange = f"ascend_emulator::exchanges::{name}"
        kernel = f"{exchange}.kernel"
        prepare, launch = f"k{name}, {exchange}", f"k{name}, {exchange}, workspace_, size_"
    first_phases = [f"{name}GetWorkspaceSize"]
    if name in MAX_WORKSPACE:
        first_phases.append(f"{name}GetMaxWorkspaceSize")
    prepared = "".join(
        f"""aclnnStatus {phase}({declarations}uint64_t* workspace_size_,
                                   aclOpExecutor** executor_) {{
  return prepare({prepare}, arguments({arguments}), workspace_size_, executor_);
}}
"""
        for phase in first_phases
    )
    return f"""
namespace {{
constexpr Parameter k{name}Parameters[] = {{
{rows}
}};
static_assert(std::size(k{name}Parameters) <= ascend_emulator::kMaxParameters);
constexpr Function k{name} = {{
    "{name}", "{name}GetWorkspaceSize", "{name}_{op}{core}_{op}", "{op}", "{engine}",
    &{kernel}, k{name}Parameters, std::size(k{name}Parameters)}};
}}  // namespace
{prepared}aclnnStatus {name}([[maybe_unused]] void* workspace_, [[maybe_unused]] uint64_t size_,
                   aclOpExecutor* executor_, aclrtStream stream_) {{
  return launch({launch}, executor_, stream_);
}}
"""


HEADER = """\
#pragma once

{include}#include "emulator/ops/base/wire.h"

namespace ascend_emulator::parameters {{
{parameters}
}}  // namespace ascend_emulator::parameters

namespace ascend_emulator::{namespace} {{
{kernels}
}}  // namespace ascend_emulator::{namespace}
"""

SOURCE = """\
#include <array>
#include <iterator>

#include "emulator/ops/base/exchange.h"
{includes}

using ascend_emulator::Argument;
using ascend_emulator::Function;
using ascend_emulator::Kind;
using ascend_emulator::launch;
using ascend_emulator::Parameter;
using ascend_emulator::prepare;

namespace {{
constexpr ascend_emulator::DtypeSet bit(aclDataType dtype) {{ return uint64_t{{1}} << dtype; }}

template <class... T>
std::array<Argument, sizeof...(T)> arguments(T... values) {{
  return {{Argument(values)...}};
}}
}}  // namespace

extern "C" {{
#pragma GCC visibility push(default)
{functions}
#pragma GCC visibility pop
}}  // extern "C"
"""


def header(functions, family):
    exchanges = family in EXCHANGES
    parameters = (
        f"using {function.name} = Parameters<{', '.join(map(wire_type, function.parameters))}>;"
        for function in functions
    )
    type_ = "Exchange" if exchanges else "Kernel"
    kernels = (f"extern const {type_} {function.name};" for function in functions)
    return HEADER.format(
        include='#include "emulator/ops/base/exchange.h"\n' if exchanges else "",
        namespace="exchanges" if exchanges else "kernels",
        parameters="\n".join(parameters),
        kernels="\n".join(kernels),
    )


def source(families):
    includes = (f'#include "emulator/ops/functions/{family}.h"' for family in families)
    functions = (
        entry_points(function, family)
        for family, functions in families.items()
        for function in functions
    )
    return SOURCE.format(includes="\n".join(includes), functions="".join(functions))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--headers", type=pathlib.Path, nargs="+", required=True)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--tables", type=pathlib.Path, nargs="+", required=True)
    options = parser.parse_args()
    families = aclnn_table.families(options.tables, options.headers)
    for path, functions in families.items():
        path.write_text(header(functions, path.stem))
    options.source.write_text(source({path.stem: rows for path, rows in families.items()}))


if __name__ == "__main__":
    main()

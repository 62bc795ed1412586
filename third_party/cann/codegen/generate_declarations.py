"""Writes aclnn/ops/<table>.h: the C declarations of both phases of every function in the table."""

import argparse
import pathlib

import aclnn_table

_HEADER = """\
// Generated from third_party/cann/aclnn/*.yaml. Phase one checks the arguments, states
// the workspace it needs and makes an executor; phase two launches that executor on a stream.
#pragma once

#include "aclnn/aclnn_base.h"

CANN_BEGIN_DECLS

"""
_FOOTER = "\nCANN_END_DECLS\n"


def declarations(function: aclnn_table.Function) -> str:
    """Both declarations of one function, one line each (the stub generator reads them)."""
    parameters = [f"{p.c_type} {p.name}" for p in function.parameters]
    parameters += ["uint64_t* workspaceSize", "aclOpExecutor** executor"]
    return (
        f"CANN_API aclnnStatus {function.name}GetWorkspaceSize({', '.join(parameters)});\n"
        f"CANN_API aclnnStatus {function.name}(void* workspace, uint64_t workspaceSize, "
        "aclOpExecutor* executor, aclrtStream stream);\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--headers", nargs="+", required=True, type=pathlib.Path)
    parser.add_argument("--tables", nargs="+", required=True, type=pathlib.Path)
    args = parser.parse_args()
    families = aclnn_table.families(args.tables, args.headers)
    for header, functions in families.items():
        header.write_text(_HEADER + "".join(map(declarations, functions)) + _FOOTER)


if __name__ == "__main__":
    main()

"""Writes a program that compiles and links only if the selected CANN has every function we declare.

Each prototype of third_party/cann is repeated after the selected CANN's own headers, where another
type of result or parameter is a compile error; the address of each is taken, where a missing one is
a link error.
"""

import sys
from pathlib import Path

import generate_stubs
import yaml

# Headers that every CANN has; operators are declared in one header each, by version.
INCLUDES = [
    "acl/acl.h",
    "acl/acl_prof.h",
    "aclnn/aclnn_base.h",
    "hccl/hccl.h",
    "mstx/ms_tools_ext.h",
]


def prototypes(libraries: Path, headers: list[Path]) -> list[generate_stubs.Stub]:
    found = generate_stubs.find_headers(yaml.safe_load(libraries.read_text()), headers)
    paths = [path for row in found.values() for path in row]
    return [stub for path in paths for stub in generate_stubs.parse(path.read_text())]


def program(stubs: list[generate_stubs.Stub]) -> str:
    lines = [f'#include "{name}"' for name in INCLUDES]
    lines.append('extern "C" {')
    for stub in stubs:
        parameters = ", ".join(type_ + name for type_, name in stub.arguments)
        lines.append(f"{stub.result} {stub.name}({parameters});")
    # Volatile and read, or the linker drops the table and looks for nothing.
    lines += ["}", "void* const volatile kFunctions[] = {"]
    lines += [f"    reinterpret_cast<void*>(&{stub.name})," for stub in stubs]
    lines += ["};", "int main() { return kFunctions[0] == nullptr; }", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    output, libraries, *headers = map(Path, sys.argv[1:])
    output.write_text(program(prototypes(libraries, headers)))

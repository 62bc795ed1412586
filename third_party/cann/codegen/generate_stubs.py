"""Writes the adapter's lazy CANN stubs: one hidden forwarder for each function a header declares.

A forwarder resolves its function at the first call. What it cannot parse it refuses: a function
left out in silence would come back as an undefined symbol at import.
"""

import argparse
import dataclasses
import pathlib
import re

import yaml

# Return type -> what a forwarder returns when its function is missing (see stubs/loader.h).
MISSING_VALUES = {
    "aclError": "cann::kMissingSymbol",
    "aclnnStatus": "cann::kMissingSymbol",
    "HcclResult": "HCCL_E_NOT_FOUND",
    "uint32_t": "0",
    "const char*": '""',
    "mstxDomainHandle_t": "nullptr",
    "mstxRangeId": "MSTX_INVALID_RANGE_ID",
    "void": "",
}
_POINTER = re.compile(r"^(?:const )?\w+\*+$")
_DECLARATION = re.compile(
    r"\bCANN_API\s+(?P<result>[\w\s*]+?)\s*\b(?P<name>\w+)\((?P<args>[^;{}]*)\);"
)
_ARGUMENT = re.compile(r"^(?P<type>.*?[\s*])(?P<name>\w+)$")


class StubError(ValueError):
    """A declaration that no forwarder can be written for."""


@dataclasses.dataclass(frozen=True)
class Stub:
    """A declaration, taken apart."""

    name: str
    result: str
    arguments: tuple[tuple[str, str], ...]

    def missing_value(self) -> str:
        if self.result in MISSING_VALUES:
            return MISSING_VALUES[self.result]
        if _POINTER.match(self.result):
            return "nullptr"
        raise StubError(f"{self.name}: no value for a missing function of type '{self.result}'")

    def definition(self, library: str) -> str:
        parameters = ", ".join(f"{type_}{name}" for type_, name in self.arguments)
        names = ", ".join(name for _, name in self.arguments)
        return (
            f"{self.result} {self.name}({parameters}) {{\n"
            f"  static const auto function = reinterpret_cast<decltype(&{self.name})>(\n"
            f'      cann::resolve(cann::Library::k{library}, "{self.name}"));\n'
            f"  if (function == nullptr) [[unlikely]] {{\n"
            f'    cann::report_missing(cann::Library::k{library}, "{self.name}");\n'
            f"    return {self.missing_value()};\n"
            f"  }}\n"
            f"  return function({names});\n"
            f"}}\n"
        )


def _arguments(name: str, text: str) -> tuple[tuple[str, str], ...]:
    text = text.strip()
    if text in ("", "void"):
        return ()
    if "(" in text:
        raise StubError(f"{name}: function pointers need a typedef")
    if "..." in text:
        raise StubError(f"{name}: variadic functions cannot be forwarded")
    arguments = []
    for argument in text.split(","):
        match = _ARGUMENT.match(argument.strip())
        if match is None or "[" in argument:
            raise StubError(f"{name}: cannot parse the parameter '{argument.strip()}'")
        arguments.append((match["type"], match["name"]))
    return tuple(arguments)


def parse(header: str) -> list[Stub]:
    """The functions a header declares; every CANN_API must be understood."""
    text = re.sub(r"//[^\n]*|/\*.*?\*/", "", header, flags=re.DOTALL)
    text = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"\s+", " ", text)
    stubs = [
        Stub(m["name"], m["result"].strip(), _arguments(m["name"], m["args"]))
        for m in _DECLARATION.finditer(text)
    ]
    if len(stubs) != (declared := len(re.findall(r"\bCANN_API\b", text))):
        raise StubError(f"understood {len(stubs)} of {declared} CANN_API declarations")
    return stubs


def find_headers(libraries: dict, paths: list[pathlib.Path]) -> dict[str, list[pathlib.Path]]:
    """The headers that each row of the library table names; a * stands for several."""
    found = {}
    for name in libraries:
        matching = sorted(path for path in paths if path.match("*/" + name))
        if not matching or (len(matching) > 1 and "*" not in name):
            raise StubError(f"{name}: expected a header with that name, got {matching}")
        found[name] = matching
    return found


def generate(libraries: dict, headers: dict[str, list[pathlib.Path]]) -> str:
    """The source of all forwarders, and the table of libraries that `resolve` searches."""
    lines = [
        "// Generated from the headers in third_party/cann/include.",
        '#include "third_party/cann/stubs/loader.h"',
    ]
    folders = {name: name.rpartition("/")[0] for name in headers}
    lines += [
        f'#include "{folders[name]}/{path.name}"'
        for name, paths in headers.items()
        for path in paths
    ]
    files: dict[str, list[str]] = {}
    definitions, names = [], []
    for name, paths in headers.items():
        entry = libraries[name]
        known = files.setdefault(entry["library"], [])
        known += [file for file in entry["files"] if file not in known]
        for stub in (stub for path in paths for stub in parse(path.read_text())):
            definitions.append(stub.definition(entry["library"]))
            names.append((stub.name, entry["library"]))
    lines += ["", "namespace cann {", "const LibraryFiles kLibraryFiles[] = {"]
    for library in files:
        quoted = ", ".join(f'"{file}"' for file in files[library])
        lines.append(f"    {{Library::k{library}, {{{quoted}}}}},")
    lines += ["};", f"const size_t kLibraryCount = {len(files)};"]
    lines.append("const Symbol kSymbols[] = {")
    lines += [f'    {{"{n}", Library::k{library}}},' for n, library in sorted(names)]
    lines += ["};", f"const size_t kSymbolCount = {len(names)};", "}  // namespace cann", ""]
    return "\n".join(lines) + "\n" + "\n".join(definitions)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--libraries", required=True, type=pathlib.Path)
    parser.add_argument("--output", required=True, type=pathlib.Path)
    parser.add_argument("headers", nargs="+", type=pathlib.Path)
    args = parser.parse_args()
    libraries = yaml.safe_load(args.libraries.read_text())
    args.output.write_text(generate(libraries, find_headers(libraries, args.headers)))


if __name__ == "__main__":
    main()

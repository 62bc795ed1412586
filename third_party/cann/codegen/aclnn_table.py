"""Reads the aclnn function tables (third_party/cann/aclnn/*.yaml)."""

import dataclasses
import pathlib
from collections.abc import Iterable

import yaml

# aclnn parameter type -> C type of an input; outputs of handle type drop the const.
C_TYPES = {
    "aclTensor": "const aclTensor*",
    "aclScalar": "const aclScalar*",
    "aclIntArray": "const aclIntArray*",
    "aclFloatArray": "const aclFloatArray*",
    "aclBoolArray": "const aclBoolArray*",
    "aclTensorList": "const aclTensorList*",
    "aclScalarList": "const aclScalarList*",
    "aclDataType": "aclDataType",
    "char*": "const char*",
    "bool": "bool",
    "double": "double",
    "float": "float",
    "int8_t": "int8_t",
    "int32_t": "int32_t",
    "int64_t": "int64_t",
    "uint64_t": "uint64_t",
}
DIRECTIONS = ("in", "out", "inout")
_DTYPE_NAMES = """
    FLOAT FLOAT16 BF16 DOUBLE INT4 INT8 INT16 INT32 INT64 UINT8 UINT16 UINT32 UINT64 BOOL
    COMPLEX32 COMPLEX64 COMPLEX128 STRING HIFLOAT8 FLOAT8_E5M2 FLOAT8_E4M3FN FLOAT8_E8M0
"""
DTYPES = frozenset(_DTYPE_NAMES.split())
# Memory formats that a tensor may have; the base formats go without saying.
FORMATS = frozenset({"FRACTAL_NZ"})


@dataclasses.dataclass(frozen=True)
class Parameter:
    """One parameter of an aclnn function; no `dtypes` means that the rule is unknown."""

    name: str
    type: str
    io: str
    dtypes: tuple[str, ...]
    formats: tuple[str, ...] = ()

    @property
    def c_type(self) -> str:
        """The C type in the function's declaration."""
        c_type = C_TYPES[self.type]
        return c_type.removeprefix("const ") if self.io != "in" else c_type

    @property
    def optional(self) -> bool:
        """Whether CANN names the parameter as one that may be null."""
        return "Optional" in self.name


@dataclasses.dataclass(frozen=True)
class Function:
    """An aclnn operator function: name and the parameters of its first phase."""

    name: str
    parameters: tuple[Parameter, ...]


def _parameter(function: str, name: str, text: str) -> Parameter:
    type_, io, *words = text.split()
    formats = tuple(word for word in words if word in FORMATS)
    dtypes = tuple(word for word in words if word not in FORMATS)
    where = f"{function}.{name}: '{text}'"
    if type_ not in C_TYPES:
        raise ValueError(f"{where}: unknown type '{type_}', expected one of {sorted(C_TYPES)}")
    if io not in DIRECTIONS:
        raise ValueError(f"{where}: unknown direction '{io}', expected one of {DIRECTIONS}")
    if unknown := set(dtypes) - DTYPES:
        raise ValueError(f"{where}: unknown dtypes {sorted(unknown)}")
    return Parameter(name, type_, io, dtypes, formats)


def load(paths: Iterable[str | pathlib.Path]) -> list[Function]:
    """All functions of the given tables, sorted by name; a function may stand in one table only."""
    functions: dict[str, Function] = {}
    for path in paths:
        table = yaml.safe_load(pathlib.Path(path).read_text()) or {}
        for name, parameters in table.items():
            if name in functions:
                raise ValueError(f"{path}: {name} is declared twice")
            functions[name] = Function(
                name, tuple(_parameter(name, key, text) for key, text in parameters.items())
            )
    return [functions[name] for name in sorted(functions)]


def families(
    tables: Iterable[pathlib.Path], outputs: Iterable[pathlib.Path]
) -> dict[pathlib.Path, list[Function]]:
    """The functions of each table, by the output file that is named like the table."""
    by_name = {path.stem: path for path in sorted(tables)}
    files = {path.stem: path for path in sorted(outputs)}
    if set(by_name) != set(files):
        raise ValueError(
            f"aclnn_families.bzl lists {sorted(files)}, the tables are {sorted(by_name)}"
        )
    load(by_name.values())  # a function may stand in one table only
    return {files[name]: load([path]) for name, path in by_name.items()}

"""The tables of names are true: the names are there, callable as they say, and tests call them."""

import ast
import contextlib
import functools
import importlib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from torch.optim.optimizer import required

import torch_npu
from torch_npu.npu.unavailable import INSTEAD

TESTS = Path("tests")
TABLES = {
    path.parent.name: yaml.safe_load(path.read_text())
    for path in sorted(TESTS.glob("*/api_surface.yaml"))
}
NAMES = {name: row for table in TABLES.values() for name, row in table["names"].items()}
PRESENT = {name: row for name, row in NAMES.items() if "missing" not in row}
VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
# Expressions that may show a name without using it.
TEXTS = (ast.Constant, ast.BoolOp)
# What asserts as well as an assert statement does.
CHECKS = ("assertRtolEqual", "assert_close", "raises", "warns")


def resolve(name: str) -> Any:
    """The object of a dotted name; what is no plain name is Python code or prose."""
    parts = name.split(".")
    value: Any = {"torch": torch, "torch_npu": torch_npu}[parts[0]]
    for i, part in enumerate(parts[1:], 1):
        if not hasattr(value, part) and inspect.ismodule(value):
            with contextlib.suppress(ModuleNotFoundError):
                importlib.import_module(".".join(parts[: i + 1]))
        if not hasattr(value, part):  # of the module that something else of its name hides
            value = sys.modules.get(".".join(parts[:i]), value)
        value = getattr(value, part)
    return value


def is_dotted(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))


def without_doc(function: ast.FunctionDef) -> list[ast.AST]:
    return [*function.decorator_list, *function.args.defaults, *function.body]


def checks_something(function: ast.FunctionDef) -> bool:
    nodes = [node for part in without_doc(function) for node in ast.walk(part)]
    return any(
        isinstance(node, ast.Assert) or (isinstance(node, ast.Attribute) and node.attr in CHECKS)
        for node in nodes
    )


@functools.cache
def definitions(path: Path) -> dict[str, ast.AST]:
    """What a module defines: functions, and the assignments of its variables, by name."""
    found: dict[str, ast.AST] = {}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        for target in getattr(node, "targets", ()):
            if isinstance(target, ast.Name):
                found[target.id] = node
    return found


def code_in(text: str) -> ast.AST | None:
    """The program in a string, or None if it is none."""
    with contextlib.suppress(SyntaxError, ValueError):
        return ast.parse(text)
    return None


def scripts_in(part: ast.AST) -> Iterator[ast.AST]:
    """Programs in strings that a call is given or a variable is."""
    for holder in ast.walk(part):
        is_text = isinstance(
            getattr(holder, "value", None), ast.Constant | ast.JoinedStr | ast.BinOp
        )
        if isinstance(holder, ast.Call) or (isinstance(holder, ast.Assign) and is_text):
            for node in ast.walk(holder):
                is_string = isinstance(node, ast.Constant) and isinstance(node.value, str)
                if is_string and (script := code_in(node.value)) is not None:
                    yield script


def evaluated(node: ast.AST, known: dict[str, ast.AST], seen: set[str]) -> Iterator[ast.AST]:
    """Expressions of a test, of what it uses of its module, and of the scripts that it runs."""
    for part in without_doc(node) if isinstance(node, ast.FunctionDef) else [node]:
        for script in scripts_in(part):
            yield from ast.walk(script)
        for child in ast.walk(part):
            yield child
            if isinstance(child, ast.Name) and child.id in known and child.id not in seen:
                yield from evaluated(known[child.id], known, seen | {child.id})


def uses(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == name
    if isinstance(node, ast.Name):
        return node.id == name
    if isinstance(node, ast.ImportFrom):
        return any(alias.name == name for alias in node.names)
    return False


def find_test(where: str) -> tuple[ast.FunctionDef, list[ast.AST]]:
    """A test, and all that runs when it runs."""
    path, name = where.split("::")
    known = definitions(TESTS / path)
    assert name in known, f"there is no test {where}"
    function = known[name]
    assert isinstance(function, ast.FunctionDef)
    return function, list(evaluated(function, known, {name}))


def accepts(actual: inspect.Signature, promised: inspect.Signature) -> list[str]:
    """What calls that `promised` allows find otherwise in `actual`."""
    problems = []
    have = {name: (i, p) for i, (name, p) in enumerate(actual.parameters.items())}
    for position, (name, wanted) in enumerate(promised.parameters.items()):
        if wanted.kind in VARIADIC:
            continue
        if name not in have or have[name][1].kind != wanted.kind:
            problems.append(f"no {wanted}")
        elif have[name][1].default != wanted.default:
            problems.append(f"{have[name][1]} instead of {wanted}")
        elif wanted.kind == wanted.POSITIONAL_OR_KEYWORD and have[name][0] != position:
            problems.append(f"{wanted} is not number {position + 1}")
    more = [p for name, (_, p) in have.items() if name not in promised.parameters]
    needed = [p for p in more if p.default is p.empty and p.kind not in VARIADIC]
    return problems + [f"also needs {p}" for p in needed]


def signature_of(text: str) -> inspect.Signature:
    namespace: dict[str, Any] = {"torch": torch, "required": required}
    exec(f"def function{text}: ...", namespace)  # of the table, which is ours
    return inspect.signature(namespace["function"])


@pytest.mark.parametrize("name", [name for name in PRESENT if is_dotted(name)])
def test_the_name_is_there_as_promised(name):
    row = PRESENT[name]
    value = resolve(name)
    if "same_as" in row:
        assert value == resolve(row["same_as"]) and "test" in NAMES[row["same_as"]]
    if "signature" in row:
        actual = inspect.signature(value)
        assert not accepts(actual, signature_of(row["signature"])), f"{name}{actual}"
    if callable(value) and name.startswith("torch_npu.") and not is_special(name):
        assert inspect.getdoc(value), f"{name} has no docstring"


def is_special(name: str) -> bool:
    """Methods that Python calls, and the tensor types, which torch makes."""
    return name.endswith(("__", "Tensor"))


@pytest.mark.parametrize("name", [name for name, row in PRESENT.items() if "test" in row])
def test_a_test_calls_the_name(name):
    row = PRESENT[name]
    function, nodes = find_test(row["test"])
    if "shown_as" in row:
        code = [n for n in nodes if isinstance(n, ast.expr | ast.With) and type(n) not in TEXTS]
        assert any(row["shown_as"] in ast.unparse(node) for node in code)
    else:
        assert any(uses(node, name.rsplit(".", 1)[-1]) for node in nodes)
    assert checks_something(function), f"{row['test']} asserts nothing"


@pytest.mark.parametrize("name", [name for name, row in NAMES.items() if "missing" in row])
def test_a_missing_name_is_missing(name):
    with pytest.raises(AttributeError) as error:
        resolve(name)
    advised = [part for part in name.split(".") if part in INSTEAD]
    # torch.npu.memory is a module of its own, which has no advice
    if name.startswith(("torch.npu", "torch_npu.npu")) and "memory" not in name:
        assert INSTEAD[advised[0]] in str(error.value)


@pytest.mark.parametrize("table", TABLES)
def test_the_table_is_whole(table):
    names, reasons = TABLES[table]["names"], TABLES[table]["reasons"]
    for name, row in names.items():
        assert row["tier"] in "abc", name
        assert len({"missing", "same_as", "test"} & set(row)) == 1, name
    assert {row["missing"] for row in names.values() if "missing" in row} == set(reasons)
    assert all(reasons.values())


def test_the_table_has_what_torch_npu_says_is_missing():
    missing_names = " ".join(name for name, row in NAMES.items() if "missing" in row)
    assert all(name in missing_names for name in INSTEAD)


def test_public_functions_have_hints_and_docstrings():
    bare = []
    for name in torch_npu.npu.__all__:
        value = getattr(torch_npu.npu, name)
        if inspect.isfunction(value):
            hints = value.__annotations__
            if set(inspect.signature(value).parameters) | {"return"} != set(hints):
                bare.append(f"{name} lacks hints")
            if not value.__doc__:
                bare.append(f"{name} lacks a docstring")
    assert not bare

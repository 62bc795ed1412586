"""Finds what a Python file does with CUDA, by its syntax tree: nothing is run or imported."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator

from torch_npu.contrib import cuda_names as names
from torch_npu.migrate.findings import Edit, Finding, Kind
from torch_npu.migrate.source import Source

_DEVICE = re.compile(r"cuda(:.*)?")
_BACKEND = re.compile(r"nccl|[\w:,]*\bcuda:nccl\b[\w:,]*")
_NAME_IN_TEXT = re.compile(r"torch\.cuda(\.\w+)*")
_NCCL_VARIABLE = re.compile(r"(TORCH_)?NCCL_[A-Z_]+")
_CUDA_VARIABLE = re.compile(r"CUDA_[A-Z_]+|PYTORCH_CUDA_[A-Z_]+")
_PROFILER = "torch.profiler"
_PRIVATE = "a private name of torch; use torch.npu's functions"


def _prefixed(name: str, table: dict[str, str]) -> str | None:
    """The longest key of `table` that is `name` or above it."""
    parts = name.split(".")
    above = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
    return next((key for key in above if key in table), None)


def _has(module: str, name: str) -> bool:
    return hasattr(importlib.import_module(module), name)


class Scanner:
    """The findings of one file."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.findings: list[Finding] = []

    def run(self) -> list[Finding]:
        for node in ast.walk(self._source.tree):
            if isinstance(node, ast.Import):
                self._import(node)
            elif isinstance(node, ast.ImportFrom):
                self._import_from(node)
            elif isinstance(node, (ast.Attribute, ast.Name)):
                self._name(node)
            elif isinstance(node, (ast.Constant, ast.JoinedStr)):
                self._string(node)
            elif isinstance(node, ast.keyword):
                self._keyword(node)
        return sorted(self.findings, key=lambda finding: (finding.line, finding.column))

    def _add(self, node: ast.AST, kind: Kind, name: str, advice: str, *edits: Edit) -> None:
        self.findings.append(
            Finding(self._source.path, node.lineno, node.col_offset + 1, kind, name, advice, edits)
        )

    # ---- imports ----

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.name.startswith("torch.cuda"):
                target = names.MODULES.get(alias.name)
                if target is None:
                    self._cuda_name(alias, alias.name, None)
                    continue
                new = f"import of {target}" if alias.asname else "import torch"
                text = f"{target} as {alias.asname}" if alias.asname else "torch"
                edit = Edit(*self._source.span(alias), text)
                self._add(alias, Kind.REWRITTEN, alias.name, new, edit)
            elif package := _prefixed(alias.name, names.PACKAGES):
                self._add(alias, Kind.NO_COUNTERPART, alias.name, names.PACKAGES[package])

    def _import_from(self, node: ast.ImportFrom) -> None:
        if node.level or node.module is None:
            return
        full = [f"{node.module}.{alias.name}" for alias in node.names]
        for alias, name in zip(node.names, full, strict=True):
            if package := _prefixed(name, names.PACKAGES):
                self._add(alias, Kind.NO_COUNTERPART, name, names.PACKAGES[package])
            elif name == "torch.cuda":
                new = f"npu as {alias.asname or 'cuda'}"
                self._add(
                    alias,
                    Kind.REWRITTEN,
                    name,
                    "torch.npu",
                    Edit(*self._source.span(alias), new),
                )
            elif not self._moves(node.module, alias.name):
                self._cuda_name(alias, name, None)
        self._move_imports(node)

    def _moves(self, module: str, name: str) -> bool:
        """Whether `from module import name` has a counterpart."""
        if module not in names.MODULES or f"{module}.{name}" in names.NO_COUNTERPART:
            return False
        if f"{module}.{name}" in (*names.RENAMED, *names.MODULES):
            return True
        return _has(names.MODULES[module], name) and not name.startswith("_")

    def _move_imports(self, node: ast.ImportFrom) -> None:
        moved = [alias for alias in node.names if self._moves(node.module, alias.name)]
        if not moved:
            return
        kept = [ast.unparse(alias) for alias in node.names if alias not in moved]
        lines = self._moved_imports(node.module, moved)
        if kept := [ast.unparse(alias) for alias in node.names if alias not in moved]:
            lines.insert(0, f"from {node.module} import {', '.join(kept)}")
        text = ("\n" + " " * node.col_offset).join(lines)
        listed = ", ".join(alias.name for alias in moved)
        edit = Edit(*self._source.span(node), text)
        self._add(node, Kind.REWRITTEN, f"{node.module}: {listed}", "; ".join(lines), edit)

    def _moved_imports(self, module: str, moved: list[ast.alias]) -> list[str]:
        """Import statements for the counterparts, one a module."""
        statements: dict[str, list[str]] = {}
        for alias in moved:
            full, own = f"{module}.{alias.name}", alias.asname or alias.name
            home = "torch_npu.profiler" if module.startswith(_PROFILER) else names.MODULES[module]
            target = names.RENAMED.get(full) or names.MODULES.get(full) or f"{home}.{alias.name}"
            target_module, last = target.rsplit(".", 1)
            text = last if last == own else f"{last} as {own}"
            statements.setdefault(target_module, []).append(text)
        return [f"from {module} import {', '.join(parts)}" for module, parts in statements.items()]

    # ---- names ----

    def _name(self, node: ast.Attribute | ast.Name) -> None:
        parent = self._source.parents.get(node)
        full = self._source.dotted(node)
        if full is None:
            if isinstance(node, ast.Attribute):
                self._member(node, parent)
            return
        if isinstance(parent, ast.Attribute):  # a longer name, of which this is the beginning
            return
        if full.startswith(_PROFILER):
            self._profiler(node, full)
        elif not isinstance(node, ast.Name):  # what is imported by its own name is found there
            self._cuda_name(node, full, node)

    def _member(self, node: ast.Attribute, parent: ast.AST | None) -> None:
        """Tensor.is_cuda, and calls of Tensor.cuda or Module.cuda."""
        called = isinstance(parent, ast.Call) and parent.func is node
        if node.attr == "is_cuda" or (node.attr == "cuda" and called):
            new = node.attr.replace("cuda", "npu")
            self._add(node, Kind.REWRITTEN, f".{node.attr}", f".{new}", self._last(node, new))

    def _last(self, node: ast.Attribute, new: str) -> Edit:
        """Replaces what stands behind the last dot of `node`."""
        _, end = self._source.span(node)
        return Edit(end - len(node.attr.encode()), end, new)

    def _cuda_name(self, where: ast.AST, full: str, node: ast.Attribute | None) -> None:
        """Reports a full name, if it is CUDA's; `node` is the expression, None for imports."""
        if package := _prefixed(full, names.PACKAGES):
            if "." in package:  # others are found where they are imported
                self._add(where, Kind.NO_COUNTERPART, full, names.PACKAGES[package])
        elif key := _prefixed(full, names.NO_COUNTERPART):
            self._add(where, Kind.NO_COUNTERPART, full, names.NO_COUNTERPART[key])
        elif key := _prefixed(full, names.NO_EFFECT):
            self._add(where, Kind.NO_EFFECT, full, names.NO_EFFECT[key])
        elif key := _prefixed(full, names.RENAMED):
            edits = () if node is None else (Edit(*self._source.span(node), names.RENAMED[key]),)
            self._add(where, Kind.REWRITTEN, full, names.RENAMED[key], *edits)
        elif full.startswith("torch.cuda"):
            self._below_torch_cuda(where, full, node)
        elif full.startswith("torch._C") and re.search("cuda|nccl", full, re.IGNORECASE):
            self._add(where, Kind.NO_COUNTERPART, full, _PRIVATE)

    def _below_torch_cuda(self, where: ast.AST, full: str, node: ast.Attribute | None) -> None:
        new = full.replace("torch.cuda", "torch.npu", 1)
        module = _prefixed(full, names.MODULES)
        rest = full[len(module) :].split(".")[1:]
        private = [part for part in rest if part.startswith("_")]
        if private and rest[0] not in names.PRIVATE_NAMES.get(module, ()):
            self._add(where, Kind.NO_COUNTERPART, full, _PRIVATE)
            return
        if rest and not (_has(names.MODULES[module], rest[0]) or full in names.VALUES):
            self._add(where, Kind.NO_COUNTERPART, full, "torch.npu has no such name")
            return
        target = names.MODULES[module]
        elsewhere = not target.startswith("torch_npu.npu")
        if elsewhere:
            new = full.replace(module, target, 1)
        edits = []
        while isinstance(node, ast.Attribute):
            name = self._source.dotted(node)
            if name == module and elsewhere:
                edits = [Edit(*self._source.span(node), target)]
                break
            if name == "torch.cuda":
                edits.append(self._last(node, "npu"))
            node = node.value
        self._add(where, Kind.REWRITTEN, full, new, *edits)

    def _profiler(self, node: ast.Attribute | ast.Name, full: str) -> None:
        first = full[len(_PROFILER) + 1 :].split(".")[0]
        edits, whole = [], node
        if full.endswith("ProfilerActivity.CUDA") and isinstance(node, ast.Attribute):
            edits.append(self._last(node, "NPU"))
        while isinstance(node, ast.Attribute):
            if self._source.dotted(node) == _PROFILER and _has("torch_npu.profiler", first):
                edits.append(Edit(*self._source.span(node), "torch_npu.profiler"))
            node = node.value
        if edits:
            new = full.replace(_PROFILER, "torch_npu.profiler").replace(".CUDA", ".NPU")
            self._add(whole, Kind.REWRITTEN, full, new, *edits)

    # ---- strings and keywords ----

    def _keyword(self, node: ast.keyword) -> None:
        if node.arg in ("cuda_sources", "extra_cuda_cflags", "with_cuda"):
            advice = "CUDA kernels must be rewritten for Ascend C or aclnn"
            self._add(node, Kind.NO_COUNTERPART, f"{node.arg}=", advice)
        call = self._source.parents[node]
        of_torch = isinstance(call, ast.Call) and (self._source.dotted(call.func) or "")
        if node.arg == "use_cuda" and of_torch and of_torch.startswith("torch."):
            self._add(node, Kind.NO_EFFECT, "use_cuda=", "activities=[ProfilerActivity.NPU]")

    def _string(self, node: ast.Constant | ast.JoinedStr) -> None:
        parent = self._source.parents.get(node)
        if isinstance(parent, (ast.JoinedStr, ast.FormattedValue, ast.Expr)):
            return  # part of another string, or a docstring
        if isinstance(node, ast.JoinedStr):
            first = node.values[0] if node.values else None
            value = getattr(first, "value", None)
        else:
            value = node.value
        if not isinstance(value, str):
            return
        compared = self._is_compared(node)
        if _DEVICE.fullmatch(value) or _BACKEND.fullmatch(value):
            self._device(node, value, compared)
        elif match := _NAME_IN_TEXT.fullmatch(value):
            new = match[0].replace("torch.cuda", "torch.npu")
            self._add(node, Kind.REWRITTEN, repr(value), new, self._replaced(node))
        elif value in names.ENVIRONMENT:
            new = names.ENVIRONMENT[value]
            start, end = self._source.span(node)
            self._add(node, Kind.ENVIRONMENT, value, f"use {new}", Edit(start, end, repr(new)))
        elif _NCCL_VARIABLE.fullmatch(value):
            self._add(node, Kind.ENVIRONMENT, value, "HCCL has variables of its own: HCCL_*")
        elif _CUDA_VARIABLE.fullmatch(value):
            self._add(node, Kind.ENVIRONMENT, value, "NPUs do not read it")
        elif compared and re.search(r"\b(cuda|CUDA|nccl|NCCL|cuDNN|CUDNN)\b", value):
            self._add(node, Kind.COMPARED, repr(value), "messages about NPUs say NPU and HCCL")

    def _device(self, node: ast.Constant | ast.JoinedStr, value: str, compared: bool) -> None:
        new = value.replace("cuda", "npu").replace("nccl", "hccl")
        kind = Kind.COMPARED if compared else Kind.REWRITTEN
        advice = f"{new!r}" + (": transfer_to_npu does not change comparisons" if compared else "")
        self._add(node, kind, repr(value), advice, self._replaced(node))

    def _replaced(self, node: ast.Constant | ast.JoinedStr) -> Edit:
        text = self._source.text(node)
        quote = re.match(r"\w*[\"']+", text).end()
        end = len(text) if isinstance(node, ast.Constant) else text.index("{", quote)
        new = text[quote:end].replace("cuda", "npu").replace("nccl", "hccl")
        return Edit(*self._source.span(node), text[:quote] + new + text[end:])

    def _is_compared(self, node: ast.AST) -> bool:
        parent = self._source.parents.get(node)
        while isinstance(parent, (ast.Tuple, ast.List, ast.Set)):
            parent = self._source.parents.get(parent)
        if isinstance(parent, (ast.Compare, ast.MatchValue)):
            return True
        called = parent.func if isinstance(parent, ast.Call) else None
        return isinstance(called, ast.Attribute) and called.attr in ("startswith", "endswith")


def scan(path: str, text: str) -> Iterator[Finding]:
    """The uses of CUDA in a file, in order. Raises SyntaxError if it is no Python."""
    yield from Scanner(Source(path, text)).run()

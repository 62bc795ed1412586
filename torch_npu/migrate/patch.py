"""Changes the text of a file as its findings say."""

from __future__ import annotations

import ast
import difflib

from torch_npu.migrate.findings import Edit, Finding
from torch_npu.migrate.source import Source


def _import_of_torch_npu(source: Source) -> list[Edit]:
    """`import torch_npu` behind the first line that imports torch, unless it is there."""
    imports = [node for node in source.tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    modules = {
        node: [alias.name for alias in node.names]
        if isinstance(node, ast.Import)
        else [node.module or ""]
        for node in imports
    }
    roots = {node: {name.split(".")[0] for name in found} for node, found in modules.items()}
    if any("torch_npu" in found for found in roots.values()):
        return []
    first = next((node for node in imports if "torch" in roots[node]), None)
    if first is None:
        return []
    end = source.end_of_line(first)
    return [Edit(end, end, "\nimport torch_npu  # noqa: F401")]


def patched(path: str, text: str, findings: list[Finding]) -> str:
    """`text` with the edits of its findings; the same text if there are none."""
    edits = {edit for finding in findings for edit in finding.edits}
    if not edits:
        return text
    source = Source(path, text)
    data = source.data
    last = len(data) + 1
    for edit in sorted(
        [*edits, *_import_of_torch_npu(source)], key=lambda e: (e.start, e.end), reverse=True
    ):
        if edit.end > last:  # within one that is done
            continue
        data = data[: edit.start] + edit.text.encode() + data[edit.end :]
        last = edit.start
    return data.decode()


def diff(path: str, before: str, after: str) -> str:
    """A unified diff that `patch -p1` takes."""
    name = path.lstrip("/")
    lines = difflib.unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        f"a/{name}",
        f"b/{name}",
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )

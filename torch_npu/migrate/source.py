"""A parsed file, with positions as offsets of bytes, and what its names are imported as."""

from __future__ import annotations

import ast
import itertools


class Source:
    """Raises SyntaxError for text that is no Python, UnicodeDecodeError for other encodings."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.data = text.encode()
        self.tree = ast.parse(text, filename=path)
        lengths = [len(line) for line in self.data.splitlines(keepends=True)]
        self._starts = [0, *itertools.accumulate(lengths)]
        self.parents = {
            child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)
        }
        self.imported = self._imported()

    def span(self, node: ast.AST) -> tuple[int, int]:
        """First byte of a node, and the one after its last."""
        start = self._starts[node.lineno - 1] + node.col_offset
        return start, self._starts[node.end_lineno - 1] + node.end_col_offset

    def text(self, node: ast.AST) -> str:
        start, end = self.span(node)
        return self.data[start:end].decode()

    def end_of_line(self, node: ast.AST) -> int:
        """Offset of the line break after a node, or of the end of the file."""
        _, end = self.span(node)
        newline = self.data.find(b"\n", end)
        return len(self.data) if newline < 0 else newline

    def _imported(self) -> dict[str, str]:
        """Name in this file -> dotted name of what was imported by it."""
        names = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    root = alias.name.split(".")[0]
                    names[alias.asname or root] = alias.name if alias.asname else root
            elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                for alias in node.names:
                    names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        return names

    def dotted(self, node: ast.AST) -> str | None:
        """The full name of an expression like `dist.barrier`; None if it is no import."""
        if isinstance(node, ast.Name):
            return self.imported.get(node.id)
        if isinstance(node, ast.Attribute):
            owner = self.dotted(node.value)
            return None if owner is None else f"{owner}.{node.attr}"
        return None

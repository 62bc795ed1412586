"""Scans Python files for uses of CUDA: python -m torch_npu.migrate PATH…

Every use is printed as file:line:column, with what becomes of it:

- rewritten: torch_npu.contrib.transfer_to_npu takes it as the NPU's when it runs, and so does the
  patch
- compared: only the patch changes it
- environment: a variable that has another name
- no effect: may stay
- no counterpart: needs work; the advice says which

--patch=FILE writes a patch that says npu everywhere; --in-place changes the files.
"""

from __future__ import annotations

import argparse
import collections
import sys
from collections.abc import Iterator
from pathlib import Path

from torch_npu.migrate.findings import Edit, Finding, Kind
from torch_npu.migrate.patch import diff, patched
from torch_npu.migrate.scan import scan

__all__ = ["Edit", "Finding", "Kind", "diff", "main", "patched", "scan"]


def _files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(path.rglob("*.py"))
        else:
            yield path


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m torch_npu.migrate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files or folders")
    parser.add_argument("--patch", type=Path, metavar="FILE", help="write a unified diff")
    parser.add_argument("--in-place", action="store_true", help="change the files")
    return parser


def _summary(kinds: collections.Counter[Kind], files: int) -> str:
    counts = ", ".join(f"{kinds[kind]} {kind.value}" for kind in Kind)
    return f"{files} files, {kinds.total()} uses of CUDA: {counts}"


def main(arguments: list[str] | None = None) -> int:
    """Runs the program; returns its exit code: 0, or 1 if a file could not be read."""
    options = _parser().parse_args(arguments)
    kinds: collections.Counter[Kind] = collections.Counter()
    differences, files, unread = [], 0, 0
    for path in _files(options.paths):
        try:
            text = path.read_text(encoding="utf-8")
            findings = list(scan(str(path), text))
        except (OSError, SyntaxError, UnicodeDecodeError, ValueError) as error:
            print(f"{path}: cannot be read: {error}", file=sys.stderr)
            unread += 1
            continue
        files += 1
        kinds.update(finding.kind for finding in findings)
        for finding in findings:
            print(finding)
        new = patched(str(path), text, findings)
        differences.append(diff(str(path), text, new))
        if options.in_place and new != text:
            path.write_text(new, encoding="utf-8")
    if options.patch is not None:
        options.patch.write_text("".join(differences), encoding="utf-8")
    print(_summary(kinds, files))
    return 1 if unread else 0

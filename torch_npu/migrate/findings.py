"""What a scan finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What becomes of a use of CUDA; the value is how it is printed."""

    REWRITTEN = "rewritten"  # by transfer_to_npu as it runs, and by the patch
    COMPARED = "compared"  # by the patch only: transfer_to_npu does not see comparisons
    ENVIRONMENT = "environment"  # a variable that has another name
    NO_EFFECT = "no effect"
    NO_COUNTERPART = "no counterpart"


@dataclass(frozen=True)
class Edit:
    """Bytes [start, end) of a file that become `text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Finding:
    """A use of CUDA. Lines and columns count from 1."""

    path: str
    line: int
    column: int
    kind: Kind
    name: str
    advice: str
    edits: tuple[Edit, ...] = ()

    def __str__(self) -> str:
        return (
            f"{self.path}:{self.line}:{self.column}: {self.kind.value}: {self.name}: {self.advice}"
        )

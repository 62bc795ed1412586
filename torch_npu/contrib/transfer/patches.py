"""Attributes set for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_ABSENT = object()


class Patches:
    """Sets and deletes attributes of modules and classes; undo() makes them what they were."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], Any]] = []

    def set(self, owner: Any, name: str, value: Any) -> None:
        # Of what is inherited nothing must stay behind, so it is not read by getattr.
        before = vars(owner).get(name, _ABSENT)
        setattr(owner, name, value)
        if before is _ABSENT:
            self.on_undo(lambda: delattr(owner, name))
        else:
            self.on_undo(lambda: setattr(owner, name, before))

    def delete(self, owner: Any, name: str) -> None:
        before = vars(owner)[name]
        delattr(owner, name)
        self.on_undo(lambda: setattr(owner, name, before))

    def on_undo(self, action: Callable[[], Any]) -> None:
        """Makes undo() call `action` too, at its turn."""
        self._undo.append(action)

    def undo(self) -> None:
        """The last one first."""
        while self._undo:
            self._undo.pop()()

"""Progress of an analysis: what it is doing, once it takes long, and how long each part took."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .. import log

_LONG_SECONDS = 5.0


class Stages:
    """Seconds by stage; every stage is announced after the first seconds have passed."""

    def __init__(self, say: Callable[[str], None] = log.info) -> None:
        self.seconds: dict[str, float] = {}
        self._say = say
        self._begin = time.monotonic()

    @property
    def total(self) -> float:
        return time.monotonic() - self._begin

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        begin = time.monotonic()
        if self.total > _LONG_SECONDS:
            self._say(f"Analysis: {name} ({self.total:.0f} s so far)")
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - begin

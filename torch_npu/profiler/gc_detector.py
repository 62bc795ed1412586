"""Records when Python collects garbage: it stops the thread that launches kernels."""

import gc
import os
from pathlib import Path

import numpy as np

from torch_npu._C._profiler import _get_monotonic

from . import output_directory
from .analysis.gc_events import RECORD


class GcDetector:
    """Between start() and stop() keeps collections that take `threshold` ms or more."""

    def __init__(self, threshold: float) -> None:
        self._threshold_ns = threshold * 1e6
        self._begin = 0
        self._collections: list[tuple[int, int]] = []

    def start(self) -> None:
        self._collections = []
        gc.callbacks.append(self._on_collection)

    def detach(self) -> None:
        if self._on_collection in gc.callbacks:
            gc.callbacks.remove(self._on_collection)

    def stop(self, framework: Path) -> None:
        """Writes what was seen to torch.gc_record in `framework`."""
        self.detach()
        rows = [(os.getpid(), begin, end) for begin, end in self._collections]
        output_directory.make_directory(framework)
        with output_directory.open_file(framework / "torch.gc_record", "wb") as file:
            file.write(np.array(rows, RECORD).tobytes())

    def _on_collection(self, phase: str, _info: dict) -> None:
        now = _get_monotonic()
        if phase == "start":
            self._begin = now
        elif self._begin and now - self._begin >= self._threshold_ns:
            self._collections.append((self._begin, now))

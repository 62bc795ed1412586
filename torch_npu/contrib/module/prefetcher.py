"""Prefetcher."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

__all__ = ["Prefetcher"]


class Prefetcher:
    """Copies the next batch to the NPU while the current one is computed with.

    `loader` gives (input, target), both tensors on the CPU. next() gives them on the NPU, and
    (None, None) behind the last. `stream`: the one that copies, by default a new one.
    """

    def __init__(self, loader: Iterable, stream: torch.npu.Stream | None = None) -> None:
        self.loader = iter(loader)
        self.stream = stream if stream is not None else torch.npu.Stream()
        self._batch: list[Any] = [None, None]
        self.preload()

    def preload(self) -> None:
        """Starts the copy of the next batch."""
        try:
            batch = next(self.loader)
        except StopIteration:
            self._batch = [None, None]
            return
        with torch.npu.stream(self.stream):
            self._batch = [tensor.to("npu", non_blocking=True) for tensor in batch]

    def next(self) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        """The batch that was copied; the copy of the one behind it begins."""
        current = torch.npu.current_stream()
        current.wait_stream(self.stream)
        batch = self._batch
        for tensor in batch:
            if tensor is not None:
                tensor.record_stream(current)
        if batch[0] is not None:
            self.preload()
        return tuple(batch)

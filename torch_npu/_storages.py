"""Storages of npu tensors that are written to files."""

from __future__ import annotations

from typing import Any

import torch

_write_file = torch.UntypedStorage._write_file


def _write_rows(self: torch.UntypedStorage, *arguments: Any) -> None:
    """torch writes the memory of other devices as it lies there, which may be in blocks
    (torch_npu.Format.FRACTAL_NZ); a copy on the CPU has rows."""
    _write_file(self.cpu() if self.device.type == "npu" else self, *arguments)


def register() -> None:
    """Puts it in the place of torch's, which pickle and torch.save's older format call."""
    torch.UntypedStorage._write_file = _write_rows

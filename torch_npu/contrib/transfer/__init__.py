"""Runs scripts that were written for CUDA on NPUs.

    from torch_npu.contrib import transfer

    with transfer.scope():
        model.cuda()  # is on an NPU

torch.cuda's names, devices of CUDA as arguments, the backend nccl and torch.profiler then mean the
NPU's. `enable()` and `disable()` do it without a context, `report()` says what was taken as what.
Importing torch_npu.contrib.transfer_to_npu, or TORCH_TRANSFER_TO_NPU=1, is enable().

What a script compares itself, such as `tensor.device.type == "cuda"`, stays as it is:
`python -m torch_npu.migrate` finds it. Names that were imported before (`from torch.cuda import
synchronize`) are the old ones.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from torch_npu.contrib.transfer import apply as _apply
from torch_npu.contrib.transfer.patches import Patches
from torch_npu.contrib.transfer.rewrite import Rewrite, counted, forget_counts

__all__ = ["Report", "Rewrite", "disable", "enable", "is_enabled", "report", "scope"]

_patches: Patches | None = None
_replaced: list[str] = []


@dataclass(frozen=True)
class Report:
    """`replaced`: names that mean something else; `rewritten`: arguments that were passed."""

    replaced: list[str]
    rewritten: list[Rewrite]

    def __str__(self) -> str:
        lines = [f"transfer_to_npu: {len(self.replaced)} names of torch are replaced"]
        lines += [
            f"  {row.count} x {row.name}: {row.before} -> {row.after}, first at {row.first}"
            for row in self.rewritten
        ]
        return "\n".join(lines)


def is_enabled() -> bool:
    """Whether CUDA means NPU now."""
    return _patches is not None


def enable() -> None:
    """CUDA means NPU from now on, in all threads. Nothing happens if it does already."""
    global _patches, _replaced
    if _patches is not None:
        return
    forget_counts()
    patches = Patches()
    try:
        _replaced = _apply.apply(patches)
    except BaseException:
        patches.undo()
        raise
    _patches = patches


def disable() -> None:
    """torch is what it was before enable(). Nothing happens if it is already."""
    global _patches
    if _patches is not None:
        _patches.undo()
        _patches = None


@contextlib.contextmanager
def scope() -> Iterator[None]:
    """Context in which CUDA means NPU; where it does already, nothing changes."""
    was_enabled = is_enabled()
    enable()
    try:
        yield
    finally:
        if not was_enabled:
            disable()


def report() -> Report:
    """What was done since enable(); print it."""
    return Report(sorted(_replaced), counted())

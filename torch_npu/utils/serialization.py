"""Checkpoints."""

from __future__ import annotations

import os
import pickle
import threading
from typing import IO, Any

import torch
from torch import load
from torch.utils import _pytree as pytree

__all__ = ["load", "save_async"]


def _host_copy(value: Any) -> Any:
    return value.detach().cpu() if isinstance(value, torch.Tensor) and value.is_npu else value


def save_async(
    obj: object,
    f: str | os.PathLike[str] | IO[bytes],
    pickle_module: Any = pickle,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
    _disable_byteorder_record: bool = False,
    model: torch.nn.Module | None = None,
) -> None:
    """torch.save() that does not wait for the file: npu tensors are copied to the host, then a
    thread writes, and training goes on. The tensors in the file are on the CPU.

    The program does not end before the file is written; an error of the thread is printed. `model`
    needs no treatment of its own, as the copy is made before the call returns.
    """
    copy = pytree.tree_map(_host_copy, obj)
    threading.Thread(
        target=torch.save,
        args=(
            copy,
            f,
            pickle_module,
            pickle_protocol,
            _use_new_zipfile_serialization,
            _disable_byteorder_record,
        ),
        name="save_async",
    ).start()

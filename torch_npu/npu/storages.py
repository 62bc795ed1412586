"""Typed storages, which scripts and old checkpoints name."""

from __future__ import annotations

import torch
from torch.storage import _LegacyStorage

DTYPES = {
    "BFloat16": torch.bfloat16,
    "Bool": torch.bool,
    "Byte": torch.uint8,
    "Char": torch.int8,
    "Double": torch.float64,
    "Float": torch.float32,
    "Half": torch.float16,
    "Int": torch.int32,
    "Long": torch.int64,
    "Short": torch.int16,
}
# torch looks for the device in the last part of the module's name.
_MODULE = "torch_npu.npu"


def _storage_class(name: str, dtype: torch.dtype) -> type:
    doc = f"A typed storage of {dtype} on npu. torch.UntypedStorage is what to use in new code."
    attributes = {"__module__": _MODULE, "__doc__": doc, "_dtype": dtype, "dtype": dtype}
    return type(_LegacyStorage)(f"{name}Storage", (_LegacyStorage,), attributes)


STORAGES = {f"{name}Storage": _storage_class(name, dtype) for name, dtype in DTYPES.items()}
globals().update(STORAGES)
torch._storage_classes.update(STORAGES.values())

__all__ = list(STORAGES)

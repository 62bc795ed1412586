"""Environment variables: those of csrc/core/env.inc, and those that only Python reads."""

from __future__ import annotations

import os

# name, type, default, meaning: as in csrc/core/env.inc.
PYTHON_ONLY = (
    ("SET_NPU_DEVICE", "text", "0", "index of the NPU that torch_npu.testing's helpers use"),
    (
        "TORCH_TRANSFER_TO_NPU",
        "flag",
        "0",
        "1: scripts written for CUDA run on NPUs, as torch_npu.contrib.transfer_to_npu makes them",
    ),
)


def table() -> list[tuple[str, str, str, str]]:
    """Every variable that torch_npu reads: name, type, default, meaning."""
    from torch_npu import _C

    return [*_C._env_table(), *PYTHON_ONLY]


def flag(name: str) -> bool:
    """The value of a flag of PYTHON_ONLY. Raises ValueError if it is neither 0 nor 1."""
    text = os.environ.get(name) or next(row[2] for row in PYTHON_ONLY if row[0] == name)
    if text not in ("0", "1"):
        raise ValueError(f"{name} must be 0 or 1, but is {text!r}")
    return text == "1"

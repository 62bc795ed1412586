"""What each of PyTorch's operators does on an NPU, by dtype."""

from __future__ import annotations

import functools
from importlib import resources

__all__ = ["support"]


def support(name: str) -> dict[str, str]:
    """What an operator does with each dtype on an Atlas A2 device.

    name: as in "add", "aten::add", "torch.nn.functional.gelu" or "linalg.svd".

    Returns a dictionary from dtype ("float32") to one of

    - native: runs on the device, by a kernel of its own
    - composed: runs on the device, as other operators
    - fallback: runs on the CPU, with a warning; torch.npu.fallback_stats() counts such calls
    - refused: raises NotImplementedError, as the hardware has no such kernel

    Dtypes that PyTorch itself does not offer for the operator are left out. Operators that
    PyTorch's own operator tests do not call have the key "*" only.

    Measured by tests/aten/support.py. Raises ValueError for a name that is no operator.
    """
    table = _table()
    key = name.removeprefix("torch.").removeprefix("aten::")
    for candidate in (name, key, f"nn.functional.{key}", key.rpartition(".")[2]):
        if candidate in table:
            return dict(table[candidate])
    raise ValueError(f"{name!r} is no operator of PyTorch; expected a name such as 'add'")


@functools.cache
def _table() -> dict[str, dict[str, str]]:
    text = resources.files(__package__).joinpath("support.tsv").read_text()
    header, *rows = (line.split("\t") for line in text.splitlines())
    return {
        name: {dtype: state for dtype, state in zip(header[1:], states, strict=True) if state}
        for name, *states in rows
    }

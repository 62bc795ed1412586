"""Versions of CANN and its parts."""

from __future__ import annotations

from pathlib import Path

from torch_npu import _C, _loader

__all__ = ["get_cann_version"]

# Part -> where its version stands, below CANN's folder.
_FILES = {
    "COMPILER": "compiler/version.info",
    "HCCL": "hccl/version.info",
    "OPP": "opp/version.info",
    "OPP_KERNEL": "opp_kernel/version.info",
    "RUNTIME": "runtime/version.info",
    "TOOLKIT": "toolkit/version.info",
}


def get_cann_version(module: str = "CANN") -> str:
    """Version of the CANN in use, or of a part of it; empty if that is not installed. Raises
    ValueError for a part that is not known."""
    if module != "CANN" and module not in _FILES:
        raise ValueError(f"expected module as one of CANN, {', '.join(_FILES)}; got {module!r}")
    home = _loader.cann_home()
    if home is None:
        return ""
    if module == "CANN":
        return _C._cann_version()
    file = Path(home, _FILES[module])
    if not file.exists():
        return ""
    for line in file.read_text().splitlines():
        name, _, value = line.partition("=")
        if name.strip().lower() == "version":
            return value.strip()
    return ""

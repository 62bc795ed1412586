"""What the emulated devices are, asked of the installed runtime. Opens no device."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ascend_emulator import home

_TOTAL_GLOBAL_MEM_SIZE = 301  # aclrtDevAttr


class RuntimeFailure(RuntimeError):
    """The runtime refused a call."""


@dataclass(frozen=True)
class Devices:
    """All devices of the host are alike. `memory` is bytes per device."""

    count: int
    soc: str
    memory: int


@cache
def _library() -> ctypes.CDLL:
    path = Path(home()) / "lib64" / "libascendcl.so"
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        raise RuntimeFailure(f"the emulator is not installed properly: {error}") from error
    library.aclrtGetSocName.restype = ctypes.c_char_p
    library.aclGetRecentErrMsg.restype = ctypes.c_char_p
    return library


def _check(code: int) -> None:
    if code:
        message = _library().aclGetRecentErrMsg().decode(errors="replace").strip()
        raise RuntimeFailure(f"error {code}: {message}")


def devices() -> Devices:
    """Number, name and memory of the devices that this environment gives a process."""
    library = _library()
    count, memory = ctypes.c_uint32(), ctypes.c_int64()
    _check(library.aclrtGetDeviceCount(ctypes.byref(count)))
    _check(library.aclrtGetDeviceInfo(0, _TOTAL_GLOBAL_MEM_SIZE, ctypes.byref(memory)))
    return Devices(count.value, library.aclrtGetSocName().decode(), memory.value)


def cann_version() -> str:
    """The CANN release whose interface is emulated."""
    for line in (Path(home()) / "version.cfg").read_text().splitlines():
        key, _, value = line.partition("=")
        if key == "Version":
            return value
    raise RuntimeFailure(f"{home()}/version.cfg names no Version")

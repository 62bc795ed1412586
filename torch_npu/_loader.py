"""Decides which CANN this process uses: an installed one, the software emulator, or none.

Nothing is loaded here. libtorch_npu.so opens CANN's libraries in the chosen folder at the first use
of a device, and if there is none raises the text that `Choice.missing` holds.
"""

from __future__ import annotations

import glob
import importlib.util
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MODES = ("auto", "system", "emulator")
HOME_VARIABLES = ("ASCEND_HOME_PATH", "ASCEND_TOOLKIT_HOME")
DEFAULT_HOMES = (
    "/usr/local/Ascend/cann",
    "/usr/local/Ascend/ascend-toolkit/latest",
    "~/Ascend/cann",
    "~/Ascend/ascend-toolkit/latest",
)
DEVICE_NODES = "/dev/davinci[0-9]*"
RUNTIME_LIBRARY = "lib64/libascendcl.so"
EMULATOR_PACKAGE = "ascend_emulator"

_INSTALL = (
    "To use an Ascend device, install its driver and CANN, then run `source <CANN>/set_env.sh`. "
    "To try without hardware, install the emulator: pip install ascend_emulator."
)


@dataclass(frozen=True)
class Choice:
    """`home` is the CANN folder; without one, `missing` says what to do about it."""

    home: str = ""
    notice: str = ""  # for stderr, at the first use of a device
    missing: str = ""


def _is_home(folder: str) -> bool:
    return (Path(folder) / RUNTIME_LIBRARY).exists()


def _emulator_home() -> str | None:
    spec = importlib.util.find_spec(EMULATOR_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    home = str(Path(spec.submodule_search_locations[0]) / "cann")
    return home if _is_home(home) else None


def _system(environ: Mapping[str, str], default_homes: Sequence[str]) -> Choice:
    """An installed CANN. A variable that names something else is an error."""
    for name in HOME_VARIABLES:
        folder = environ.get(name)
        if folder and _is_home(folder):
            return Choice(home=folder)
        if folder:
            return Choice(
                missing=f"{name}={folder} is not a CANN installation: it has no {RUNTIME_LIBRARY}. "
                f"Source the set_env.sh of an installed CANN again, or unset {name}."
            )
    for default in default_homes:
        folder = os.path.expanduser(default)
        if _is_home(folder):
            return Choice(home=folder)
    variables = ", ".join(f"${name} (not set)" for name in HOME_VARIABLES)
    return Choice(
        missing="No NPU can be used: no CANN installation was found. "
        f"Looked for {RUNTIME_LIBRARY} in {variables}, {', '.join(default_homes)}"
    )


def _emulator(notice: str = "") -> Choice:
    home = _emulator_home()
    if home is not None:
        return Choice(home=home, notice=notice.format(home=home))
    return Choice(
        missing="No NPU can be used: TORCH_NPU_CANN=emulator, but the Python package "
        f"{EMULATOR_PACKAGE} is not installed. Install it with: pip install {EMULATOR_PACKAGE}"
    )


def _auto(environ: Mapping[str, str], default_homes: Sequence[str], device_nodes: str) -> Choice:
    system = _system(environ, default_homes)
    if system.home or any(environ.get(name) for name in HOME_VARIABLES):
        return system
    # A machine with devices is meant to use them: an emulated run would look like a very slow one.
    if nodes := sorted(glob.glob(device_nodes)):
        return Choice(
            missing=f"{system.missing}. But this machine has Ascend devices ({nodes[0]}): "
            "source the set_env.sh of its CANN, for example `source "
            f"{default_homes[0]}/set_env.sh`. To use the emulator all the same, set "
            "TORCH_NPU_CANN=emulator."
        )
    if _emulator_home() is None:
        return Choice(
            missing=f"{system.missing}, and for the Python package {EMULATOR_PACKAGE} "
            f"(not installed). {_INSTALL}"
        )
    return _emulator(
        "torch_npu: no CANN installation was found, so npu devices are emulated on the CPU "
        "by {home}. TORCH_NPU_CANN=emulator silences this notice, TORCH_NPU_CANN=system forbids "
        "emulation."
    )


def choose(
    environ: Mapping[str, str] = os.environ,
    default_homes: Sequence[str] = DEFAULT_HOMES,
    device_nodes: str = DEVICE_NODES,
) -> Choice:
    """Follows TORCH_NPU_CANN. Never raises: what is wrong is told at the first use of a device."""
    mode = environ.get("TORCH_NPU_CANN") or "auto"
    if mode == "auto":
        return _auto(environ, default_homes, device_nodes)
    if mode == "emulator":
        return _emulator()
    if mode == "system":
        system = _system(environ, default_homes)
        return system if system.home else Choice(missing=f"{system.missing}. {_INSTALL}")
    return Choice(
        missing=f"No NPU can be used: TORCH_NPU_CANN={mode!r} is not one of {', '.join(MODES)}."
    )


_chosen = Choice()


def load() -> None:
    """Chooses, and tells libtorch_npu.so."""
    global _chosen
    from torch_npu import _C

    _chosen = choose()
    _C._set_cann_source(home=_chosen.home, notice=_chosen.notice, missing=_chosen.missing)


def cann_home() -> str | None:
    """The folder of the CANN in use, None if there is none."""
    return _chosen.home or None

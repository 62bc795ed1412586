"""Which torch, Python and CANN a torch_npu goes with, and what to do where they do not match."""

from __future__ import annotations

import sys
import warnings
from typing import NamedTuple

import torch

from torch_npu import version


class Release(NamedTuple):
    """A torch_npu, what it was built for, and the branch that it is maintained on."""

    torch_npu: str
    torch: str
    python: tuple[str, ...]
    cann: tuple[str, ...]  # major.minor
    branch: str


RELEASES = (
    Release(torch_npu="2.13.0", torch="2.13.0", python=("3.11",), cann=("9.1",), branch="main"),
)


def this_release() -> Release | None:
    """The row of the torch_npu that is running; None for one that was never released."""
    return next((row for row in RELEASES if row.torch_npu == version.__version__), None)


def check_python() -> None:
    """Extension modules are built for one Python each."""
    release, found = this_release(), f"{sys.version_info.major}.{sys.version_info.minor}"
    if release is not None and found not in release.python:
        raise ImportError(
            f"this torch_npu {version.__version__} was built for Python "
            f"{' and '.join(release.python)}, but this is Python {found}. "
            f"Use python{release.python[-1]}, or: python{found} -m pip install torch_npu"
        )


def check_torch() -> None:
    """torch has no stable C++ ABI: another version fails in ways that do not name the cause."""
    wanted, found = version.torch_version, torch.__version__.split("+")[0]
    if found == wanted:
        return
    other = next((row.torch_npu for row in RELEASES if row.torch == found), None)
    or_else = f", or: pip install torch_npu=={other}" if other else ""
    raise ImportError(
        f"this torch_npu was built for torch {wanted}, but torch {found} is installed. Run: "
        f"pip install torch=={wanted} --index-url https://download.pytorch.org/whl/cpu{or_else}"
    )


def cann_mismatch(found: str | None) -> str | None:
    """What to say of a CANN of another version; None if it matches or is not known."""
    release = this_release()
    if release is None or found in (None, "", "unknown"):
        return None
    if ".".join(found.split(".")[:2]) in release.cann:
        return None
    wanted = " or ".join(release.cann)
    row = next((row for row in RELEASES if found.rsplit(".", 1)[0] in row.cann), None)
    or_else = f", or: pip install torch_npu=={row.torch_npu}" if row else ""
    return (
        f"torch_npu {version.__version__} goes with CANN {wanted}, but CANN {found} is in use: "
        f"functions may be missing. Install CANN {wanted}, then: source <CANN>/set_env.sh{or_else}"
    )


def warn_of_other_cann(found: str | None) -> None:
    """Warns once; functions that are missing are errors where they are called."""
    if (text := cann_mismatch(found)) is not None:
        warnings.warn(text, stacklevel=2)

"""A software Ascend device: a CANN installation whose kernels run on the CPU.

`home()` is the installation; `source "$(python -m ascend_emulator home)/set_env.sh"` makes any CANN
program use it.
"""

from pathlib import Path

from ascend_emulator._version import __version__

__all__ = ["__version__", "home"]


def home() -> str:
    """The folder that stands for $ASCEND_HOME_PATH: lib64/, bin/, opp/, set_env.sh."""
    return str(Path(__file__).absolute().parent / "cann")

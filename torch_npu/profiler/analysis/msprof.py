"""Runs CANN's msprof, which turns raw device records into a timeline and tables."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

_TIMEOUT_SECONDS = 3600


def export(prof_directory: Path) -> Path:
    """Returns the directory with msprof's files. Raises with msprof's own words if it fails."""
    command = [find_msprof(), "--export=on", f"--output={prof_directory}"]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            env=_environment(),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(
            f"msprof did not finish within {_TIMEOUT_SECONDS} s: {' '.join(command)}"
        ) from None
    output = prof_directory / "mindstudio_profiler_output"
    if done.returncode != 0 or not output.is_dir():
        raise RuntimeError(
            f"msprof failed with exit code {done.returncode}: {' '.join(command)}\n"
            f"{done.stdout}{done.stderr}"
        )
    return output


def find_msprof() -> str:
    """The msprof of the CANN in use, else the one on PATH."""
    from torch_npu import _loader

    home = _loader.cann_home()
    if home:
        for place in ("tools/profiler/bin/msprof", "bin/msprof"):
            if (Path(home) / place).is_file():
                return str(Path(home) / place)
    found = shutil.which("msprof")
    if found is None:
        raise RuntimeError(
            f"msprof was not found in {home or 'any CANN installation'} nor on PATH; it belongs to "
            "CANN's toolkit: source its set_env.sh"
        )
    return found


def _environment() -> dict[str, str]:
    """msprof is a Python program: it shall find this interpreter first."""
    environment = dict(os.environ)
    environment["PATH"] = os.pathsep.join(
        [str(Path(sys.executable).parent), environment.get("PATH", os.defpath)]
    )
    return environment

"""Runs CANN's msprof, which turns raw device records into a timeline, tables and databases."""

import functools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

_TIMEOUT_SECONDS = 3600
_HELP_TIMEOUT_SECONDS = 60
# Either the choices of the option, or what newer versions say about "text".
_EXPORTS_DATABASE = re.compile(
    r"--type[ =]?\S*[{<|,]db\b|text\(which will also export the database\)"
)


def export(prof_directory: Path) -> Path:
    """Returns the directory with msprof's files. Raises with msprof's own words if it fails."""
    done = _run("--export=on", f"--output={prof_directory}")
    output = prof_directory / "mindstudio_profiler_output"
    if not output.is_dir():
        raise RuntimeError(f"msprof wrote no {output}:\n{done.stdout}{done.stderr}")
    return output


def export_database(prof_directory: Path) -> Path | None:
    """The database that msprof writes, None if this one writes none."""
    if _EXPORTS_DATABASE.search(help_text()) is None:
        return None
    _run("--export=on", "--type=db", f"--output={prof_directory}")
    found = [*prof_directory.glob("msprof_*.db")]
    found += (prof_directory / "mindstudio_profiler_output").glob("msprof_*.db")
    return max(found, key=lambda path: path.name, default=None)


def analyze(prof_directory: Path) -> Path | None:
    """The directory with msprof's analysis of communication, None if this one cannot do it."""
    if "--analyze" not in help_text():
        return None
    _run("--analyze=on", f"--output={prof_directory}")
    return prof_directory / "analyze"


@functools.cache
def help_text() -> str:
    return _run("--help", timeout=_HELP_TIMEOUT_SECONDS).stdout


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


def _run(*arguments: str, timeout: int = _TIMEOUT_SECONDS) -> subprocess.CompletedProcess:
    command = [find_msprof(), *arguments]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=timeout,
            env=_environment(),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(
            f"msprof did not finish within {timeout} s: {' '.join(command)}"
        ) from None
    if done.returncode != 0:
        raise RuntimeError(
            f"msprof failed with exit code {done.returncode}: {' '.join(command)}\n"
            f"{done.stdout}{done.stderr}"
        )
    return done


def _environment() -> dict[str, str]:
    """msprof is a Python program: it shall find this interpreter first."""
    environment = dict(os.environ)
    environment["PATH"] = os.pathsep.join(
        [str(Path(sys.executable).parent), environment.get("PATH", os.defpath)]
    )
    return environment

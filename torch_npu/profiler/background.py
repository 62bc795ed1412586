"""Analysis in other processes: started anew, never forked, as this one has threads and a device."""

import atexit
import os
import subprocess
import sys
from pathlib import Path

from . import log

_EXIT_TIMEOUT_SECONDS = 3600

_running: list[subprocess.Popen] = []


def start_analysis(directory: Path, export_types: list[str] | None = None) -> subprocess.Popen:
    """Starts `python -m torch_npu.profiler analyse`, with this process's import path."""
    # -P: the working folder may hold something that is named like a package.
    command = [sys.executable, "-P", "-m", "torch_npu.profiler", "analyse", str(directory)]
    if export_types:
        command += ["--export-type", *export_types]
    path = os.pathsep.join(entry for entry in sys.path if entry)
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path})


def analyse_in_background(directory: Path) -> None:
    if not _running:
        atexit.register(wait)
    _running[:] = [process for process in _running if process.poll() is None]
    _running.append(start_analysis(directory))


def finish(process: subprocess.Popen) -> int:
    """Waits for an analysis and returns its exit code; one of more than an hour is given up."""
    try:
        return process.wait(_EXIT_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        log.error(f"An analysis took more than {_EXIT_TIMEOUT_SECONDS} s and was given up.")
        return process.wait()


def wait() -> None:
    """Waits for analyses in the background."""
    while _running:
        finish(_running.pop())

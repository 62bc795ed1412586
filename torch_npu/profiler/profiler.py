"""Offline analysis, under the name that users import it by."""

import os
from pathlib import Path

from . import output_directory
from .analysis import analyse_directory
from .background import finish, start_analysis
from .experimental_config import checked_export_type

__all__ = ["analyse"]


def analyse(
    profiler_path: str,
    max_process_number: int | None = None,
    export_type: str | list[str] | None = None,
) -> None:
    """Analyses one `*_ascend_pt` directory, or every one directly below `profiler_path`.

    Several are analysed by up to `max_process_number` processes (default: half of the CPUs).
    `export_type`: "text", "db" or both; by default what each recording asked for.

    Raises FileNotFoundError if there is nothing to analyse, and what the analysis raises; of
    several directories all are tried, and RuntimeError names those that failed.
    """
    path = Path(profiler_path)
    if not path.is_dir():
        raise FileNotFoundError(f"analyse: {path} is not a directory")
    directories = output_directory.find(path)
    if not directories:
        raise FileNotFoundError(f"analyse: no *{output_directory.SUFFIX} directory in {path}")
    types = None
    if export_type is not None:
        types = checked_export_type("analyse", export_type, None)
    limit = max_process_number or max(1, (os.cpu_count() or 2) // 2)
    if len(directories) == 1:
        analyse_directory(directories[0], types)
    elif failed := _analyse_all(directories, types, limit):
        names = ", ".join(str(directory) for directory in failed)
        raise RuntimeError(f"analyse: {len(failed)} of {len(directories)} failed: {names}")


def _analyse_all(directories: list[Path], types: list[str] | None, limit: int) -> list[Path]:
    """Returns those that failed; why is on stderr of the processes."""
    waiting, running, failed = list(directories), [], []
    try:
        while waiting or running:
            while waiting and len(running) < limit:
                directory = waiting.pop(0)
                running.append((directory, start_analysis(directory, types)))
            directory, process = running.pop(0)
            if finish(process) != 0:
                failed.append(directory)
    finally:
        for _, process in running:
            process.kill()
            process.wait()
    return failed

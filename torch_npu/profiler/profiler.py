"""Offline analysis, under the name that users import it by."""

from pathlib import Path

from . import log, output_directory
from .analysis import analyse_directory

__all__ = ["analyse"]


def analyse(
    profiler_path: str,
    max_process_number: int | None = None,
    export_type: str | list[str] | None = None,
) -> None:
    """Analyses one `*_ascend_pt` directory, or every one directly below `profiler_path`.

    `max_process_number` is accepted for compatibility: analysis runs in this process.
    Only `export_type` "text" is available.
    """
    if export_type is not None and export_type not in ("text", ["text"]):
        log.warning(f"analyse: export_type {export_type!r} is not available yet, text is exported.")
    path = Path(profiler_path)
    if not path.is_dir():
        raise FileNotFoundError(f"analyse: {path} is not a directory")
    directories = output_directory.find(path)
    if not directories:
        raise FileNotFoundError(f"analyse: no *{output_directory.SUFFIX} directory in {path}")
    for directory in directories:
        analyse_directory(directory)

"""Writes everything that can be had from one PROF directory."""

import csv
import os
import shutil
from datetime import datetime
from pathlib import Path

from ascend_emulator.msprof import prof_directory, timeline
from ascend_emulator.msprof.tables import TABLES

_OUTPUT = "mindstudio_profiler_output"


def export(path: Path) -> Path:
    """Returns the directory written, which replaces one of an earlier export."""
    prof = prof_directory.read(path)
    output = path / _OUTPUT
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(mode=0o750)
    stamp = datetime.now().strftime("%Y%m%d%H%M%S")
    with _open(output / f"msprof_{stamp}.json") as file:
        timeline.dump(prof, file)
    for name, build in TABLES.items():
        header, rows = build(prof)
        if not rows:  # as msprof: no rows, no file
            continue
        with _open(output / f"{name}_{stamp}.csv") as file:
            file.write(header + "\n")
            csv.writer(file, lineterminator="\n").writerows(rows)
    return output


def _open(path: Path):
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640), "w", newline="")

"""Command line of msprof, as far as it is emulated."""

import argparse
import sys
from pathlib import Path

from ascend_emulator.msprof.export import export
from ascend_emulator.msprof.prof_directory import ProfDirectoryError, find_prof_directories


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="msprof",
        description="Exports profiling results of the Ascend emulator. Device times are measured "
        "on the emulator, not on Ascend hardware.",
    )
    parser.add_argument(
        "--export",
        choices=["on", "off"],
        default="off",
        help="on: write timeline and tables to PROF_*/mindstudio_profiler_output",
    )
    parser.add_argument(
        "--output", metavar="DIR", help="a PROF_* directory, or a directory that contains some"
    )
    parser.add_argument(
        "--type",
        choices=["text"],
        default="text",
        help="what to export: text (JSON and CSV); the emulator has no db export",
    )
    return parser


def main(arguments: list[str]) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.export != "on":
        parser.error("nothing to do: give --export=on")
    if options.output is None:
        parser.error("--export=on needs --output=PROF_DIR")
    try:
        for directory in find_prof_directories(Path(options.output)):
            print(f"[INFO] exported {export(directory)}")
    except (ProfDirectoryError, OSError) as error:
        print(f"[ERROR] msprof: {error}", file=sys.stderr)
        return 1
    return 0

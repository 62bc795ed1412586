"""`python -m ascend_emulator home|info`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ascend_emulator import __version__, home
from ascend_emulator.runtime import RuntimeFailure, cann_version, devices


def _info() -> str:
    known = devices()
    return "\n".join(
        [
            f"ascend_emulator {__version__}",
            f"CANN interface  {cann_version()}",
            f"home            {home()}",
            f"devices         {known.count} x {known.soc}, {known.memory / 2**30:g} GiB each",
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m ascend_emulator", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("home", help="print the folder that stands for $ASCEND_HOME_PATH")
    commands.add_parser("info", help="print versions and devices")
    command = parser.parse_args(arguments).command
    try:
        print(home() if command == "home" else _info())
    except RuntimeFailure as error:
        print(f"ascend_emulator: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

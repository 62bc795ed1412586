"""`npu-smi info`: devices, their memory, and the processes that use them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ascend_emulator import __version__
from ascend_emulator.processes import Usage, usages
from ascend_emulator.runtime import Devices, RuntimeFailure, cann_version, devices

_MIB = 1 << 20


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    rule = "+" + "+".join("-" * (width + 2) for width in widths) + "+"

    def line(cells: Sequence[str]) -> str:
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        return "| " + " | ".join(padded) + " |"

    return [rule, line(header), rule, *(line(row) for row in rows), rule]


def _device_rows(known: Devices, used: Sequence[Usage]) -> list[list[str]]:
    rows = []
    for device in range(known.count):
        memory = sum(usage.memory for usage in used if usage.device == device)
        rows.append([str(device), known.soc, "OK", f"{memory // _MIB} / {known.memory // _MIB}"])
    return rows


def _process_rows(used: Sequence[Usage]) -> list[list[str]]:
    rows = [[str(u.device), str(u.pid), u.name, str(u.memory // _MIB)] for u in used]
    return rows or [["-", "-", "no process uses an emulated NPU", "-"]]


def report() -> str:
    """The text of `npu-smi info`. Memory is what is touched, for processes of this user."""
    used = usages()
    title = f"npu-smi of ascend_emulator {__version__}, CANN {cann_version()}: emulated devices"
    lines = [
        title,
        *_table(["NPU", "Name", "Health", "HBM-Usage(MB)"], _device_rows(devices(), used)),
        *_table(["NPU", "Process id", "Process name", "Process memory(MB)"], _process_rows(used)),
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="npu-smi", description=__doc__)
    parser.add_argument("command", choices=["info"])
    parser.parse_args(arguments)
    try:
        print(report())
    except RuntimeFailure as error:
        print(f"npu-smi: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

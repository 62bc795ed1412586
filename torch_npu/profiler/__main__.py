"""python -m torch_npu.profiler: what can be done with recorded results."""

import argparse
import sys
from pathlib import Path

from . import output_directory
from .profiler import analyse


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m torch_npu.profiler", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    command = commands.add_parser("analyse", help="write ASCEND_PROFILER_OUTPUT of raw data")
    command.add_argument("directory", help="a *_ascend_pt directory, or one that contains some")
    command.add_argument("--export-type", nargs="+", metavar="text|db")
    command.add_argument("--max-process-number", type=int)

    command = commands.add_parser("summary", help="print steps, gaps and kernels")
    command.add_argument("directory", type=Path)

    command = commands.add_parser("report", help="write a page of HTML")
    command.add_argument("directory", type=Path)
    command.add_argument("-o", "--output", type=Path, default=Path("report.html"))

    command = commands.add_parser("perfetto", help="write a trace for ui.perfetto.dev")
    command.add_argument("directory", type=Path)
    command.add_argument("-o", "--output", type=Path, default=Path("trace.perfetto-trace"))

    command = commands.add_parser(
        "merge", help="write one Perfetto trace of several ranks, and print who delays the others"
    )
    command.add_argument("directories", type=Path, nargs="+", metavar="DIR")
    command.add_argument("-o", "--output", type=Path, default=Path("merged.perfetto-trace"))
    return parser


def _merge(options: argparse.Namespace) -> None:
    from .report import AnalysedResult
    from .report.merge import merge

    found = [entry for path in options.directories for entry in output_directory.find(path)]
    results = [AnalysedResult(directory) for directory in found]
    results.sort(key=lambda result: -1 if result.rank is None else result.rank)
    print(merge(results, options.output), end="")


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    try:
        if options.command == "analyse":
            analyse(options.directory, options.max_process_number, options.export_type)
        elif options.command == "merge":
            _merge(options)
        else:
            from .report import AnalysedResult

            result = AnalysedResult(options.directory)
            if options.command == "summary":
                print(result.summary(), end="")
            elif options.command == "report":
                result.write_html(options.output)
            else:
                result.write_perfetto(options.output)
    except (OSError, ValueError, RuntimeError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

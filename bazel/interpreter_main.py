"""Runs the environment's Python with the packages of this build on its path, children included."""

import os
import sys


def main() -> None:
    here = os.path.dirname(os.path.abspath(__file__))
    own = [path for path in sys.path if path and os.path.abspath(path) != here]
    own = [path for path in own if ".runfiles" in path]
    inherited = [path for path in [os.environ.get("PYTHONPATH", "")] if path]
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(own + inherited))
    # -c and -m put the working folder first: in the source tree that would be torch_npu without its
    # libraries, so it comes last instead.
    runs_script = len(sys.argv) > 1 and not sys.argv[1].startswith("-")
    flags = [] if runs_script else ["-P"]
    os.execv(sys.executable, [sys.executable, *flags, *sys.argv[1:]])


if __name__ == "__main__":
    main()

"""Writes requirements.lock: every package with its version and hash, resolved from requirements.in.

Run it with Python 3.11 on x86_64 Linux, from anywhere: python3.11 third_party/python/lock.py
"""

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
HEADER = """\
# Made by third_party/python/lock.py from requirements.in; don't edit.
--only-binary=:all:
"""


def resolve(requirements: Path) -> list[dict]:
    """pip's installation report of everything that the requirements need."""
    sys.path.insert(0, str(HERE))
    import torch_index

    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"]
    command += ["--only-binary=:all:", "--report=-", *torch_index.pip_arguments(sys.executable)]
    report = subprocess.run([*command, "-r", requirements], check=True, capture_output=True)
    return json.loads(report.stdout)["install"]


def lock_line(package: dict) -> str:
    metadata = package["metadata"]
    # 2.13.0+cpu is locked as 2.13.0: the hash, not the version, tells the CPU build from others.
    version = metadata["version"].partition("+")[0]
    digest = package["download_info"]["archive_info"]["hashes"]["sha256"]
    return f"{metadata['name'].lower()}=={version} --hash=sha256:{digest}\n"


def main() -> None:
    if sys.version_info[:2] != (3, 11):
        sys.exit("lock.py: run it with Python 3.11, the version that the wheels are built for")
    lines = sorted(lock_line(package) for package in resolve(HERE / "requirements.in"))
    (HERE / "requirements.lock").write_text(HEADER + "".join(lines))


if __name__ == "__main__":
    main()

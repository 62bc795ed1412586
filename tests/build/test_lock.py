"""The lock file: complete, hashed, bound to no machine or index, and what is installed."""

import importlib.metadata
import re
from pathlib import Path

LOCK = Path("third_party/python/requirements.lock").read_text().splitlines()
REQUIREMENTS = Path("third_party/python/requirements.in").read_text().splitlines()
LINE = re.compile(r"(?P<name>[\w.-]+)==(?P<version>[\w.]+) --hash=sha256:[0-9a-f]{64}")


def packages() -> dict[str, str]:
    lines = [LINE.fullmatch(line) for line in LOCK if line[0] not in "#-"]
    assert all(lines)
    return {line["name"]: line["version"] for line in lines}


def test_holds_wheels_with_hashes_and_no_index() -> None:
    assert "--only-binary=:all:" in LOCK
    assert not any("://" in line for line in LOCK)


def test_holds_every_requirement() -> None:
    wanted = {re.split("==", line)[0] for line in REQUIREMENTS if line and line[0] != "#"}
    assert wanted <= packages().keys()


def test_is_what_is_installed() -> None:
    for name, version in packages().items():
        assert importlib.metadata.version(name).partition("+")[0] == version

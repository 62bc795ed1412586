"""How Bazel's shards and exit codes map to pytest's."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

# As a test's generated main does, but with the folder of the sample instead of the runfiles.
MAIN = """
import sys
from bazel import pytest_main
pytest_main.__file__ = sys.argv.pop() + "/bazel/pytest_main.py"
sys.exit(pytest_main.main(["sample_test.py"]))
"""
THREE_TESTS = "import pytest\n@pytest.mark.parametrize('x', [0, 1, 2])\ndef test_x(x): pass\n"


def run(folder: Path, source: str, **environment: str) -> tuple[int, int]:
    """(exit code, tests in the report)"""
    (folder / "sample_test.py").write_text(source)
    report = folder / "report.xml"
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("TEST", "XML_OUTPUT"))}
    code = subprocess.run(
        [sys.executable, "-c", MAIN, folder],
        env={**clean, "XML_OUTPUT_FILE": str(report), **environment},
        timeout=60,
    ).returncode
    suite = ElementTree.parse(report).find("testsuite")
    return code, int(suite.get("tests"))


def test_shards_share_the_tests(tmp_path: Path) -> None:
    shards = [
        run(tmp_path, THREE_TESTS, TEST_TOTAL_SHARDS="2", TEST_SHARD_INDEX=str(index))
        for index in range(2)
    ]
    assert shards == [(0, 2), (0, 1)]


def test_a_shard_may_be_empty(tmp_path: Path) -> None:
    assert run(tmp_path, THREE_TESTS, TEST_TOTAL_SHARDS="4", TEST_SHARD_INDEX="3") == (0, 0)


def test_a_run_without_any_test_fails(tmp_path: Path) -> None:
    assert run(tmp_path, "") == (pytest.ExitCode.NO_TESTS_COLLECTED, 0)


def test_a_filter_that_leaves_nothing_fails(tmp_path: Path) -> None:
    assert run(tmp_path, THREE_TESTS, TESTBRIDGE_TEST_ONLY="nothing")[0] != 0


def test_a_failing_test_fails(tmp_path: Path) -> None:
    assert run(tmp_path, "def test_x(): assert False\n") == (1, 1)

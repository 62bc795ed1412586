"""CI's closing line: the sum over Bazel's test reports, and failure when nothing ran."""

import json
from pathlib import Path

import pytest

from ci import test_summary

REPORT = '<testsuites><testsuite tests="{}" failures="{}" errors="{}" skipped="{}"/></testsuites>'


def event(folder: Path, label: str, counts: tuple[int, ...], attempt: int = 1) -> str:
    report = folder / f"{label} {attempt}.xml"
    report.write_text(REPORT.format(*counts))
    outputs = [{"name": "test.log", "uri": "file:///none"}]
    outputs.append({"name": "test.xml", "uri": report.as_uri()})
    identity = {"label": label, "run": 1, "shard": 1, "attempt": attempt}
    return json.dumps({"id": {"testResult": identity}, "testResult": {"testActionOutput": outputs}})


@pytest.mark.parametrize(
    ("results", "code", "line"),
    [
        ([("a", (5, 0, 0, 1)), ("b", (2, 0, 0, 0))], 0, "6 passed, 0 failed, 1 skipped"),
        ([("a", (5, 1, 1, 0))], 1, "3 passed, 2 failed, 0 skipped"),
        ([("a", (2, 0, 0, 2))], 1, "0 passed, 0 failed, 2 skipped"),
        ([], 1, "0 passed, 0 failed, 0 skipped"),
        # The last attempt of a test counts.
        ([("a", (1, 1, 0, 0)), ("a", (1, 0, 0, 0), 2)], 0, "1 passed, 0 failed, 0 skipped"),
    ],
)
def test_sum(results: list, code: int, line: str, tmp_path: Path, capsys) -> None:
    events = tmp_path / "events.json"
    other = json.dumps({"id": {"progress": {}}})
    events.write_text("\n".join([other, *(event(tmp_path, *result) for result in results)]))
    assert test_summary.main(str(events)) == code
    assert capsys.readouterr().out == line + "\n"

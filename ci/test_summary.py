"""Adds up the tests that a Bazel run executed, from its build events; fails when there are none.

Usage: test_summary.py events.json
"""

import json
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlparse


def reports(events: Path) -> list[Path]:
    """The JUnit report of every test and shard, of its last attempt."""
    last = {}
    for line in events.read_text().splitlines():
        event = json.loads(line)
        identity = event["id"].get("testResult")
        if not identity or "testResult" not in event:
            continue
        for output in event["testResult"].get("testActionOutput", []):
            if output["name"] == "test.xml":
                key = identity["label"], identity.get("shard", 0), identity.get("run", 0)
                last[key] = Path(unquote(urlparse(output["uri"]).path))
    return list(last.values())


def count(report: Path) -> Counter:
    counts = Counter()
    for suite in ElementTree.parse(report).iter("testsuite"):
        get = {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")}
        failed = get["failures"] + get["errors"]
        counts += Counter(
            passed=get["tests"] - failed - get["skipped"], failed=failed, skipped=get["skipped"]
        )
    return counts


def main(events: str) -> int:
    counts = sum((count(report) for report in reports(Path(events))), Counter())
    print(", ".join(f"{counts[kind]} {kind}" for kind in ("passed", "failed", "skipped")))
    return 0 if counts["passed"] and not counts["failed"] else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

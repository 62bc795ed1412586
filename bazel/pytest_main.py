"""Runs pytest as a Bazel test: shards, filter and report as Bazel's environment variables ask."""

import os
import sys
from pathlib import Path

import pytest


class Shard:
    """Keeps every n-th collected test."""

    def __init__(self, index: int, total: int) -> None:
        self.index = index
        self.total = total
        self.collected = 0

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list) -> None:
        self.collected = len(items)
        config.hook.pytest_deselected(items=[x for i, x in enumerate(items) if not self.has(i)])
        items[:] = [item for i, item in enumerate(items) if self.has(i)]

    def has(self, position: int) -> bool:
        return position % self.total == self.index


def main(files: list[str]) -> int:
    environment = os.environ
    # Bazel starts a test in its runfiles; by hand it may start anywhere.
    os.chdir(Path(__file__).parents[1])
    options = ["-p", "no:cacheprovider", "--import-mode=importlib", "--rootdir=.", "-ra"]
    if report := environment.get("XML_OUTPUT_FILE"):
        options.append(f"--junitxml={report}")
    if only := environment.get("TESTBRIDGE_TEST_ONLY"):
        options += ["-k", only]
    if status_file := environment.get("TEST_SHARD_STATUS_FILE"):
        Path(status_file).touch()
    shard = Shard(
        int(environment.get("TEST_SHARD_INDEX", 0)), int(environment.get("TEST_TOTAL_SHARDS", 1))
    )
    code = pytest.main([*options, *sys.argv[1:], *files], plugins=[shard])
    # A shard may be left without a test, but a run that collects none has tested nothing.
    if code == pytest.ExitCode.NO_TESTS_COLLECTED and shard.collected:
        return 0
    return code

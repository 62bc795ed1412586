"""The msprof command: files, headers, and what it says about bad input."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import ascend_emulator
import prof_client
import pytest


@pytest.fixture(scope="module")
def prof(tmp_path_factory):
    return prof_client.Client().profile_copies(tmp_path_factory.mktemp("prof"), [5, 3])


def run(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "ascend_emulator.msprof", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def output(prof):
    done = run("--export=on", f"--output={prof}", "--type=text")
    assert done.returncode == 0, done.stderr
    return prof / "mindstudio_profiler_output"


def the_file(output: Path, pattern: str) -> Path:
    (path,) = output.glob(pattern)
    return path


def test_help_names_types_but_no_database():
    done = run("--help")
    assert done.returncode == 0
    assert "--type" in done.stdout
    assert "text(which will also export the database)" not in done.stdout


def test_the_installed_command_runs(prof):
    for place in ("bin/msprof", "tools/profiler/bin/msprof"):
        command = Path(ascend_emulator.home()) / place
        done = subprocess.run(
            [str(command), "--export=on", f"--output={prof}"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={
                "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
                "PYTHONPATH": ":".join(sys.path),
            },
        )
        assert done.returncode == 0, done.stderr


def test_timeline(output):
    events = json.loads(the_file(output, "msprof_*.json").read_text())
    processes = {e["pid"]: e["args"]["name"] for e in events if e["name"] == "process_name"}
    assert set(processes.values()) == {"CANN", "Ascend Hardware", "Overlap Analysis"}
    slices = [e for e in events if e["ph"] == "X"]
    copies = [e for e in slices if e.get("args", {}).get("Task Type") == "MEMCPY_ASYNC"]
    calls = [e for e in slices if e["name"] == "AscendCL@aclrtMemcpyAsync"]
    assert len(copies) == len(calls) == 8
    assert len({e["tid"] for e in copies}) == 2
    assert all(isinstance(e["ts"], str) and len(e["ts"].partition(".")[2]) == 3 for e in slices)
    assert all(e["args"]["size(B)"] == 4096 for e in copies)


def test_flows_join_calls_and_tasks(output):
    events = json.loads(the_file(output, "msprof_*.json").read_text())
    at = {(e["pid"], e["tid"], e["ts"]): e for e in events if e["ph"] == "X"}
    flows = [e for e in events if e.get("cat") == "HostToDevice"]
    starts = {e["id"]: e for e in flows if e["ph"] == "s"}
    ends = {e["id"]: e for e in flows if e["ph"] == "f"}
    assert len(starts) == len(ends) == len(flows) / 2 >= 8
    for identity, start in starts.items():
        source = at[start["pid"], start["tid"], start["ts"]]
        end = ends[identity]
        target = at[end["pid"], end["tid"], end["ts"]]
        connection = source["args"]["connection_id"]
        assert connection == target["args"]["connection_id"] == int(identity) >> 32
        assert float(source["ts"]) <= float(target["ts"])


def test_table_headers(output):
    def header(name):
        with open(the_file(output, f"{name}_*.csv"), newline="") as file:
            return next(csv.reader(file))

    assert header("task_time") == (
        "Device_id kernel_name kernel_type stream_id task_id task_time(us) task_start(us) "
        "task_stop(us)"
    ).split(" ")
    assert header("api_statistic") == [
        *["Device_id", "Level", "API Name", "Time(us)", "Count", "Avg(us)", "Min(us)", "Max(us)"],
        "Variance",
    ]


def test_tables_without_rows_are_not_written(output):
    assert not list(output.glob("op_summary_*"))  # copies are no operators


def test_export_replaces_an_earlier_one(prof, output):
    assert run("--export=on", f"--output={prof.parent}").returncode == 0
    assert len(list(output.glob("msprof_*.json"))) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 2, "--export=on"),
        (("--export=on",), 2, "--output"),
        (("--export=on", "--output=/nonexistent"), 1, "not a directory"),
        (("--export=on", "--type=db", "--output=/"), 2, "db"),
    ],
)
def test_bad_arguments(arguments, code, words):
    done = run(*arguments)
    assert done.returncode == code
    assert words in done.stderr


def test_damaged_and_empty_directories(tmp_path):
    done = run("--export=on", f"--output={tmp_path}")
    assert done.returncode == 1
    assert "contains none" in done.stderr
    empty = tmp_path / "PROF_000001_20260101000000000_00000001ABCDEFGH"
    empty.mkdir()
    done = run("--export=on", f"--output={empty}")
    assert done.returncode == 1
    assert "start_info is missing" in done.stderr


def test_a_torn_last_record_is_left_out(tmp_path):
    directory = prof_client.Client().profile_copies(tmp_path, [2])
    data = directory / "device_0/data/emulator_task.data.0.slice_0"
    whole = data.read_bytes()
    data.write_bytes(whole + whole[:17])
    assert run("--export=on", f"--output={directory}").returncode == 0
    data.write_bytes(b"\0" * 88 + whole)
    done = run("--export=on", f"--output={directory}")
    assert done.returncode == 1
    assert "record 0 has no magic" in done.stderr

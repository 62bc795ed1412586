"""Kernels in the records: count, order, streams, shapes, and the call each one came from."""

import csv
import json
import subprocess
import sys

import prof_client
import pytest
from aclnn_client import Operators

OP_SUMMARY = (
    "Device_id,Model ID,Task ID,Stream ID,Op Name,OP Type,OP State,Task Type,Task Start Time(us),"
    "Task Duration(us),Task Wait Time(us),Block Num,Mix Block Num,HF32 Eligible,Input Shapes,"
    "Input Data Types,Input Formats,Output Shapes,Output Data Types,Output Formats,Context ID"
)
OP_STATISTIC = (
    "Device_id,OP Type,Core Type,Count,Total Time(us),Min Time(us),Avg Time(us),Max Time(us),"
    "Ratio(%)"
)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Three mm on one stream, then two add on another: (output directory, kernels counted)."""
    client = prof_client.Client()
    client.acl.emulatorTaskCount.restype = prof_client.ctypes.c_uint64
    operators = Operators(client, 8)
    a, b, out = (operators.tensor() for _ in range(3))
    first, second = client.stream(), client.stream()
    path = tmp_path_factory.mktemp("prof")
    client.check(client.init(path))
    config = client.create_config()
    client.check(client.acl.aclprofStart(config))
    before = client.acl.emulatorTaskCount(0)
    for _ in range(3):
        operators.mm(a, b, out, first)
    client.check(client.acl.aclrtSynchronizeStream(first))
    for _ in range(2):
        operators.add(a, b, out, second)
    client.check(client.acl.aclrtSynchronizeStream(second))
    count = client.acl.emulatorTaskCount(0) - before
    client.check(client.acl.aclprofStop(config))
    client.check(client.acl.aclprofFinalize())
    (prof,) = path.iterdir()
    command = [sys.executable, "-m", "ascend_emulator.msprof", "--export=on", f"--output={prof}"]
    subprocess.run(command, check=True, timeout=60)
    return prof / "mindstudio_profiler_output", count


def table(output, name):
    (path,) = output.glob(f"{name}_*.csv")
    with open(path, newline="") as file:
        reader = csv.DictReader(file)
        return ",".join(reader.fieldnames), list(reader)


def test_count_and_order(exported):
    output, count = exported
    header, rows = table(output, "op_summary")
    assert header == OP_SUMMARY
    assert len(rows) == count == 5
    assert [row["Op Name"].split("_")[0] for row in rows] == ["aclnnMm"] * 3 + ["aclnnAdd"] * 2
    assert len({row["Stream ID"] for row in rows[:3]}) == 1
    assert len({row["Stream ID"] for row in rows}) == 2
    starts = [float(row["Task Start Time(us)"]) for row in rows]
    assert starts == sorted(starts)


def test_shapes(exported):
    _, rows = table(exported[0], "op_summary")
    for row in rows:
        assert row["Input Shapes"] == '"8,8;8,8"'
        assert row["Input Data Types"] == "FLOAT;FLOAT"
        assert row["Input Formats"] == "ND;ND"
        assert row["Output Shapes"] == '"8,8"'


def test_statistics_sum_up(exported):
    output, _ = exported
    header, rows = table(output, "op_statistic")
    assert header == OP_STATISTIC
    assert sum(int(row["Count"]) for row in rows) == 5
    _, kernels = table(output, "op_summary")
    total = sum(float(row["Task Duration(us)"]) for row in kernels)
    assert sum(float(row["Total Time(us)"]) for row in rows) == pytest.approx(total, abs=0.01)
    assert sum(float(row["Ratio(%)"]) for row in rows) == pytest.approx(100, abs=0.01)


def test_each_kernel_points_to_its_launch(exported):
    (path,) = exported[0].glob("msprof_*.json")
    events = json.loads(path.read_text())
    slices = {(e["pid"], e["tid"], e["ts"]): e for e in events if e["ph"] == "X"}
    launches = {e["id"]: e for e in events if e.get("cat") == "HostToDevice" and e["ph"] == "s"}
    kernels = 0
    for flow in events:
        if flow.get("cat") != "HostToDevice" or flow["ph"] != "f":
            continue
        kernel = slices[flow["pid"], flow["tid"], flow["ts"]]
        start = launches[flow["id"]]
        launch = slices[start["pid"], start["tid"], start["ts"]]
        if not kernel["name"].startswith("aclnn"):
            continue
        kernels += 1
        assert launch["name"] == "Node@launch"
        connection = launch["args"]["connection_id"]
        enclosing = {
            e["name"]
            for e in slices.values()
            if e["name"].startswith("AscendCL@") and e["args"]["connection_id"] == connection
        }
        assert enclosing == {"AscendCL@" + kernel["name"].split("_")[0]}
        assert float(launch["ts"]) <= float(kernel["ts"])
    assert kernels == 5


def test_computing_is_the_sum_of_the_kernels(exported):
    output, _ = exported
    (path,) = output.glob("msprof_*.json")
    events = json.loads(path.read_text())
    computing = sum(e["dur"] for e in events if e["ph"] == "X" and e["name"] == "Computing")
    _, kernels = table(output, "op_summary")
    total = sum(float(row["Task Duration(us)"]) for row in kernels)
    assert computing == pytest.approx(total, abs=0.01)

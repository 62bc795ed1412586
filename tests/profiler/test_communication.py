"""communication.json, its matrix and its tables, from figures of msprof's that are known."""

import json
import sqlite3

import pytest
import results
from synthetic import SyntheticResult

from torch_npu.profiler.analysis import analyse_directory, msprof

GROUP = "group_name_0"


def operation(start, elapse, transit, wait, synchronization, size, packets):
    times = {
        "Start Timestamp(us)": start / 1000,
        "Elapse Time(ms)": elapse,
        "Transit Time(ms)": transit,
        "Wait Time(ms)": wait,
        "Synchronization Time(ms)": synchronization,
        "Idle Time(ms)": elapse - transit - wait,
        "Wait Time Ratio": 0,
        "Synchronization Time Ratio": 0,
    }
    link = {
        "Transit Size(MB)": size,
        "Transit Time(ms)": transit,
        "Bandwidth(GB/s)": size / transit,
        "Large Packet Ratio": 0,
        "Size Distribution": packets,
    }
    return {"Communication Time Info": times, "Communication Bandwidth Info": {"HCCS": link}}


def link(size, time):
    return {
        "Transport Type": "HCCS",
        "Transit Size(MB)": size,
        "Transit Time(ms)": time,
        "Bandwidth(GB/s)": size / time,
    }


OPERATIONS = {
    f"hcom_allReduce__123_0_1@{GROUP}": operation(2000, 10.0, 4.0, 4.0, 2.0, 40, {"40": [1, 4.0]}),
    f"hcom_allReduce__123_1_1@{GROUP}": operation(
        3000, 4.0, 2.0, 0.0, 0.0, 16, {"8": [2, 2.0], "40": [1, 1.0]}
    ),
    f"hcom_send__123_2_1@{GROUP}": operation(4000, 1.0, 1.0, 0.0, 0.0, 1, {"1": [1, 1.0]}),
    f"hcom_allGather__123_3_1@{GROUP}": operation(12000, 2.0, 1.0, 1.0, 0.0, 2, {"2": [1, 1.0]}),
}
MATRIX = {
    f"hcom_allReduce__123_0_1@{GROUP}": {"0-1": link(40, 4.0)},
    f"hcom_allReduce__123_1_1@{GROUP}": {"0-1": link(16, 2.0)},
    f"hcom_allGather__123_3_1@{GROUP}": {"0-1": link(2, 1.0)},
}


@pytest.fixture
def made(tmp_path, monkeypatch):
    made = SyntheticResult(tmp_path)
    made.op("ProfilerStep#4", 1000, 9000)
    made.op("c10d::allreduce_", 1500, 8000)
    made.op("ProfilerStep#5", 10_000, 20_000)
    made.op("c10d::allgather_", 10_500, 19_000)
    for name, start in (("hcom_allReduce_", 2000), ("hcom_allReduce_", 3000), ("hcom_send_", 4000)):
        made.kernel(name, start - 400, start, start + 900, kind="COMMUNICATION")
    made.kernel("hcom_allGather_", 11_000, 12_000, 13_000, kind="COMMUNICATION")
    made.export_types = ["text", "db"]

    def analyze(prof):
        folder = prof / "analyze"
        folder.mkdir(exist_ok=True)
        (folder / "communication.json").write_text(json.dumps(OPERATIONS))
        (folder / "communication_matrix.json").write_text(json.dumps(MATRIX))
        return folder

    monkeypatch.setattr(msprof, "analyze", analyze)
    monkeypatch.setattr(msprof, "export_database", lambda prof: None)
    return made


def output(made, monkeypatch):
    analyse_directory(made.write(monkeypatch))
    return results.Result(made.directory).output


def test_operations_by_step_and_kind(made, monkeypatch):
    content = json.loads((output(made, monkeypatch) / "communication.json").read_text())
    assert {step: {kind: set(ops) for kind, ops in of.items()} for step, of in content.items()} == {
        "step4": {
            "collective": {
                f"hcom_allReduce__123_0_1@{GROUP}",
                f"hcom_allReduce__123_1_1@{GROUP}",
                "Total Op Info",
            },
            "p2p": {f"hcom_send__123_2_1@{GROUP}", "Total Op Info"},
        },
        "step5": {
            "collective": {f"hcom_allGather__123_3_1@{GROUP}", "Total Op Info"},
            "p2p": set(),
        },
    }
    total = content["step4"]["collective"]["Total Op Info"]
    times = total["Communication Time Info"]
    assert times["Elapse Time(ms)"] == 14
    assert times["Wait Time Ratio"] == round(4 / (4 + 6), 4)
    assert times["Synchronization Time Ratio"] == round(2 / (2 + 6), 4)
    hccs = total["Communication Bandwidth Info"]["HCCS"]
    assert (hccs["Transit Size(MB)"], hccs["Transit Time(ms)"]) == (56, 6)
    assert hccs["Bandwidth(GB/s)"] == round(56 / 6, 4)
    assert hccs["Size Distribution"] == {"40": [2, 5.0], "8": [2, 2.0]}
    assert hccs["Large Packet Ratio"] == 0.5


def test_matrix_ranks_links(made, monkeypatch):
    content = json.loads((output(made, monkeypatch) / "communication_matrix.json").read_text())
    of_type = content["step4"]["collective"]
    assert of_type.keys() == {
        f"allreduce-{rank}@{GROUP}" for rank in ("top1", "middle", "bottom1", "bottom2", "total")
    }
    assert of_type[f"allreduce-top1@{GROUP}"]["0-1"]["Bandwidth(GB/s)"] == 10
    assert of_type[f"allreduce-bottom1@{GROUP}"]["0-1"]["Bandwidth(GB/s)"] == 8
    assert of_type[f"allreduce-bottom1@{GROUP}"]["0-1"]["Op Name"] == "hcom_allReduce__123_1_1"
    total = of_type[f"allreduce-total@{GROUP}"]["0-1"]
    assert (total["Transit Size(MB)"], total["Bandwidth(GB/s)"]) == (56, round(56 / 6, 4))
    assert f"allgather-top1@{GROUP}" in content["step5"]["collective"]


def test_tables_hold_the_same(made, monkeypatch):
    database = sqlite3.connect(output(made, monkeypatch) / "analysis.db")
    rows = database.execute(
        "SELECT hccl_op_name, group_name, elapse_time, step, type FROM CommAnalyzerTime "
        "WHERE hccl_op_name != 'Total Op Info'"
    ).fetchall()
    assert sorted(rows) == [
        ("hcom_allGather__123_3_1", GROUP, 2, "step5", "collective"),
        ("hcom_allReduce__123_0_1", GROUP, 10, "step4", "collective"),
        ("hcom_allReduce__123_1_1", GROUP, 4, "step4", "collective"),
        ("hcom_send__123_2_1", GROUP, 1, "step4", "p2p"),
    ]
    rows = database.execute(
        "SELECT package_size, count, total_duration, large_packet_ratio FROM "
        "CommAnalyzerBandwidth WHERE hccl_op_name = 'hcom_allReduce__123_1_1'"
    ).fetchall()
    assert sorted(rows) == [(8, 2, 2, 0), (40, 1, 1, 0)]
    rows = database.execute(
        "SELECT src_rank, dst_rank, transit_size, op_name FROM CommAnalyzerMatrix "
        "WHERE hccl_op_name = 'allreduce-top1'"
    ).fetchall()
    assert rows == [("0", "1", 40, "hcom_allReduce__123_0_1")]


def test_an_msprof_that_cannot_tell_is_named(made, monkeypatch, capsys):
    monkeypatch.setattr(msprof, "analyze", lambda prof: None)
    folder = output(made, monkeypatch)
    assert "This msprof has no --analyze" in capsys.readouterr().out
    assert not (folder / "communication.json").exists()

"""The databases: tables, columns, and that their rows are those of the text files."""

import sqlite3

import pytest
import results
import torch

from torch_npu import profiler

# The contract with the tools that read them.
TABLES = {
    "PYTORCH_API": "startNs endNs globalTid connectionId name sequenceNumber fwdThreadId "
    "inputDtypes inputShapes callchainId type",
    "CONNECTION_IDS": "id connectionId",
    "PYTORCH_CALLCHAINS": "id stack stackDepth",
    "STRING_IDS": "id value",
    "ENUM_API_TYPE": "id name",
    "STEP_TIME": "id startNs endNs",
    "GC_RECORD": "startNs endNs globalTid",
    "RANK_DEVICE_MAP": "rankId deviceId",
    "HOST_INFO": "hostUid hostName",
    "META_DATA": "name value",
    "SESSION_TIME_INFO": "startTimeNs endTimeNs",
    "NPU_INFO": "id name",
    "TASK": "startNs endNs deviceId connectionId globalTaskId globalPid taskType contextId "
    "streamId taskId modelId",
    "COMPUTE_TASK_INFO": "name globalTaskId blockNum mixBlockNum taskType opType inputFormats "
    "inputDataTypes inputShapes outputFormats outputDataTypes outputShapes attrInfo opState "
    "hf32Eligible",
    "COMMUNICATION_OP": "opName startNs endNs connectionId groupName opId relay retry dataType "
    "algType count opType deviceId rankSize",
    "CANN_API": "startNs endNs type globalTid connectionId name",
    "MEMCPY_INFO": "globalTaskId size memcpyOperation",
    "OVERLAP_ANALYSIS": "id deviceId startNs endNs type",
}
ANALYSIS = {
    "StepTraceTime": "deviceId step computing communication_not_overlapped overlapped "
    "communication free stage bubble communication_not_overlapped_and_exclude_receive preparing",
}


class Db:
    def __init__(self, path) -> None:
        self.connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)

    def __call__(self, query: str) -> list[tuple]:
        return self.connection.execute(query).fetchall()

    def columns(self, table: str) -> list[str]:
        return [row[1] for row in self(f"PRAGMA table_info({table})")]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    directory = tmp_path_factory.mktemp("db")
    x = torch.randn(8, 8, device="npu", requires_grad=True)
    (x @ x).sum().backward()
    torch.npu.synchronize()
    before = results.emulator_task_count()
    config = profiler._ExperimentalConfig(
        profiler_level="Level1", export_type=["text", "db"], gc_detect_threshold=0
    )
    with profiler.profile(
        record_shapes=True,
        schedule=profiler.schedule(wait=0, warmup=0, active=2, repeat=1),
        experimental_config=config,
        on_trace_ready=profiler.tensorboard_trace_handler(str(directory)),
    ) as prof:
        prof.add_metadata_json("answer", "[42]")
        for _ in range(2):
            (x @ x).sum().backward()
            torch.npu.synchronize()
            prof.step()
    count = results.emulator_task_count() - before
    result = results.only_result(directory)
    return result, Db(result.output / "ascend_pytorch_profiler.db"), count


@pytest.mark.parametrize("table", TABLES)
def test_columns(recorded, table):
    _, db, _ = recorded
    assert db.columns(table) == TABLES[table].split()


def test_strings_have_no_id_that_means_none(recorded):
    _, db, _ = recorded
    ids = [identity for (identity,) in db("SELECT id FROM STRING_IDS")]
    assert min(ids) > 0
    assert len(set(ids)) == len(ids)
    assert db("SELECT count(*) FROM STRING_IDS WHERE value = 'launch'") == [(1,)]


def test_kernels_are_those_of_the_emulator_and_of_the_csv(recorded):
    result, db, count = recorded
    rows = db(
        "SELECT n.value, t.startNs, t.endNs, s.value FROM COMPUTE_TASK_INFO c "
        "JOIN TASK t ON t.globalTaskId = c.globalTaskId JOIN STRING_IDS n ON n.id = c.name "
        "JOIN STRING_IDS s ON s.id = c.inputShapes ORDER BY t.startNs"
    )
    assert len(rows) == count > 0
    _, details = result.table("kernel_details")
    wanted = [
        (
            row["Name"],
            round(float(row["Duration(us)"]) * 1000),
            int(row["Start Time(us)"].replace(".", "")),
            row["Input Shapes"],
        )
        for row in details
    ]
    found = [(name, end - start, start, shapes) for name, start, end, shapes in rows]
    assert found == sorted(wanted, key=lambda row: row[2])


def test_operators_lead_to_kernels_through_connections(recorded):
    result, db, count = recorded
    rows = db(
        "SELECT o.value, k.value FROM PYTORCH_API p JOIN STRING_IDS o ON o.id = p.name "
        "JOIN CONNECTION_IDS c ON c.id = p.connectionId "
        "JOIN TASK t ON t.connectionId = c.connectionId "
        "JOIN COMPUTE_TASK_INFO i ON i.globalTaskId = t.globalTaskId "
        "JOIN STRING_IDS k ON k.id = i.name WHERE p.type = 50001"
    )
    joined = result.op_of_kernel()
    wanted = sorted((joined[results.position(k)]["name"], k["name"]) for k in result.kernels())
    assert sorted(rows) == wanted
    assert len(wanted) == count


def test_launches_share_the_connection_of_their_task(recorded):
    _, db, count = recorded
    launches = db(
        "SELECT count(*) FROM CANN_API a JOIN TASK t ON t.connectionId = a.connectionId "
        "JOIN COMPUTE_TASK_INFO i ON i.globalTaskId = t.globalTaskId "
        "JOIN STRING_IDS s ON s.id = a.name WHERE a.type = 10000 AND s.value = 'launch'"
    )
    assert launches == [(count,)]


def test_forward_and_backward_share_a_connection(recorded):
    _, db, _ = recorded
    pairs = db(
        "SELECT f.value, b.value FROM PYTORCH_API pf JOIN CONNECTION_IDS cf ON cf.id = "
        "pf.connectionId JOIN CONNECTION_IDS cb ON cb.connectionId = cf.connectionId "
        "JOIN PYTORCH_API pb ON pb.connectionId = cb.id JOIN STRING_IDS f ON f.id = pf.name "
        "JOIN STRING_IDS b ON b.id = pb.name WHERE cf.connectionId < 0 "
        "AND pf.fwdThreadId = 0 AND pb.fwdThreadId != 0"
    )
    assert any(f == "aten::mm" and "MmBackward0" in b for f, b in pairs)


def test_operators_are_those_of_the_trace(recorded):
    result, db, _ = recorded
    rows = db(
        "SELECT s.value, p.startNs FROM PYTORCH_API p JOIN STRING_IDS s ON s.id = p.name "
        "WHERE p.type = 50001"
    )
    wanted = [(e["name"], e["ts"].replace(".", "")) for e in result.slices("Python")]
    assert sorted(rows) == sorted(wanted)
    shapes = db(
        "SELECT DISTINCT s.value FROM PYTORCH_API p JOIN STRING_IDS n ON n.id = p.name "
        "JOIN STRING_IDS s ON s.id = p.inputShapes WHERE n.value = 'aten::mm'"
    )
    assert ("8,8;8,8",) in shapes


def test_steps_and_metadata(recorded):
    result, db, _ = recorded
    steps = [e for e in result.slices("Python") if e["name"].startswith("ProfilerStep#")]
    wanted = [(int(e["name"][13:]), int(e["ts"].replace(".", ""))) for e in steps]
    assert db("SELECT id, startNs FROM STEP_TIME ORDER BY id") == sorted(wanted)
    assert db("SELECT value FROM META_DATA WHERE name = 'answer'") == [("[42]",)]
    assert db("SELECT value FROM META_DATA WHERE name = 'SCHEMA_VERSION'") == [("1.2.0",)]
    assert db("SELECT * FROM RANK_DEVICE_MAP") == [(-1, 0)]
    assert dict(db("SELECT name, id FROM ENUM_API_TYPE")) == {
        **{"acl": 20000, "model": 15000, "node": 10000, "communication": 5500, "runtime": 5000},
        **{"op": 50001, "queue": 50002, "trace": 50003, "mstx": 50004},
    }


def test_step_times_are_those_of_the_csv(recorded):
    result, _, _ = recorded
    db = Db(result.output / "analysis.db")
    for table, columns in ANALYSIS.items():
        assert db.columns(table) == columns.split()
    _, rows = result.table("step_trace_time")
    wanted = [
        (int(row["Device_id"]), row["Step"], *(float(v) for v in list(row.values())[2:]))
        for row in rows
    ]
    assert db("SELECT * FROM StepTraceTime") == wanted
    assert len(wanted) == 2


def test_a_database_of_msprof_is_the_base(tmp_path, monkeypatch):
    """What only CANN's msprof knows stays in it."""
    handler = profiler.tensorboard_trace_handler(str(tmp_path), analyse_flag=False)
    config = profiler._ExperimentalConfig(export_type="db")
    with profiler.profile(on_trace_ready=handler, experimental_config=config):
        torch.ones(3, device="npu").neg()
    result = results.only_result(tmp_path)
    (prof,) = result.directory.glob("PROF_*")

    def export_database(prof_directory):
        path = prof_directory / "msprof_20250101000000.db"
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE STRING_IDS (id INTEGER PRIMARY KEY, value TEXT)")
            database.execute("INSERT INTO STRING_IDS VALUES (3, 'of CANN')")
            database.execute("CREATE TABLE AICORE_FREQ (deviceId, timestampNs, freq, dieId)")
        return path

    monkeypatch.setattr("torch_npu.profiler.analysis.msprof.export_database", export_database)
    from torch_npu.profiler.profiler import analyse

    analyse(str(result.directory))
    db = Db(result.output / "ascend_pytorch_profiler.db")
    assert db("SELECT value FROM STRING_IDS WHERE id = 3") == [("of CANN",)]
    assert db("SELECT count(*) FROM STRING_IDS WHERE value = 'aten::neg' AND id >= 1 << 28") == [
        (1,)
    ]
    assert db.columns("AICORE_FREQ")
    assert not db.columns("TASK")
    assert not list(prof.glob("*.db"))

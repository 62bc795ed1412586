"""Kernels that the task queue's thread launched belong to the operator that filled the queue."""

import pytest
import results
from synthetic import HOST_PID, QUEUE_THREAD, THREAD, SyntheticResult

from torch_npu.profiler.analysis import analyse_directory


@pytest.fixture
def result(tmp_path, monkeypatch):
    """Two operators enqueue; the queue's thread launches both while the second one runs."""
    made = SyntheticResult(tmp_path)
    made.op("aten::add", 1000, 2000, shapes="2,3;2,3", dtypes="float;float", stack="a.py(1): f")
    made.op("aten::mul", 3000, 9000, modules="Net;Linear_0")
    made.queued("aclnnAdd", 7, (1500, 1600), (4000, 5000))
    made.queued("aclnnMul", 8, (3500, 3600), (5000, 6000))
    made.queued("aclnnLost", 9, (3700, 3800), (6000, 6000))
    made.kernel("AddKernel", 4100, 7000, 7500, thread=QUEUE_THREAD)
    made.kernel("MulKernel", 5100, 8000, 8500, thread=QUEUE_THREAD)
    analyse_directory(made.write(monkeypatch))
    return results.Result(made.directory)


def test_kernels_join_the_operators_that_enqueued_them(result):
    joined = result.op_of_kernel()
    kernels = {k["name"]: joined[results.position(k)]["name"] for k in result.kernels()}
    assert kernels == {"AddKernel": "aten::add", "MulKernel": "aten::mul"}


def test_both_ends_of_the_queue_are_shown(result):
    rows = {e["name"]: e for e in result.slices("Python") if e["cat"] in ("enqueue", "dequeue")}
    assert rows.keys() == {
        f"{end}@{name}"
        for end in ("Enqueue", "Dequeue")
        for name in ("aclnnAdd", "aclnnMul", "aclnnLost")
    }
    add = rows["Dequeue@aclnnAdd"]
    assert (add["pid"], add["tid"], add["ts"], add["dur"]) == (HOST_PID, QUEUE_THREAD, "4.000", 1)
    assert add["args"] == {"correlation_id": 7}
    assert rows["Enqueue@aclnnAdd"]["tid"] == THREAD


def test_arrows_through_the_queue(result):
    arrows = [e for e in result.trace() if e.get("cat") == "async_task_queue"]
    by_id = {}
    for arrow in arrows:
        assert arrow["name"] == "enqueue_to_dequeue"
        assert arrow["bp"] == "e"
        by_id.setdefault(arrow["id"], {})[arrow["ph"]] = (arrow["tid"], arrow["ts"])
    assert by_id[7] == {"s": (THREAD, "1.500"), "f": (QUEUE_THREAD, "4.000")}
    assert by_id.keys() == {7, 8, 9}


def test_threads_that_empty_the_queue_come_last(result):
    order = {
        e["tid"]: e["args"]["sort_index"]
        for e in result.trace()
        if e["name"] == "thread_sort_index" and e["pid"] == HOST_PID
    }
    assert order == {THREAD: 0, QUEUE_THREAD: 1}


def test_arguments_of_operators(result):
    ops = {e["name"]: e["args"] for e in result.slices("Python")}
    assert ops["aten::add"]["Input Dims"] == "2,3;\r\n2,3"
    assert ops["aten::add"]["Input type"] == "float;\r\nfloat"
    assert ops["aten::add"]["Call stack"] == "a.py(1): f"
    assert ops["aten::mul"]["Module Hierarchy"] == "Net;\r\nLinear_0"
    assert "Input Dims" not in ops["aten::mul"]
    _, rows = result.table("operator_details")
    assert rows[0]["Call Stack"] == "a.py(1): f"
    assert [row["Device Self Duration(us)"] for row in rows] == ["0.500", "0.500"]

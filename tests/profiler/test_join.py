"""Every kernel that ran is in the result, joined to the operator that launched it."""

import threading

import numpy as np
import pytest
import results
import torch

from torch_npu import profiler


def known_operators() -> None:
    """Three mm, then two add on another stream, then a backward pass."""
    left = torch.randn(8, 8, device="npu")
    right = torch.randn(8, 8, device="npu", requires_grad=True)
    torch.npu.synchronize()
    with torch.no_grad():
        for _ in range(3):
            left.mm(right)
        other = torch.npu.Stream()
        other.wait_stream(torch.npu.current_stream())
        with torch.npu.stream(other):
            for _ in range(2):
                left.add(left)
    torch.npu.current_stream().wait_stream(other)
    left.mm(right).sum().backward()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    directory = tmp_path_factory.mktemp("result")
    known_operators()  # first use of an operator may do more than later ones
    torch.npu.synchronize()
    before = results.emulator_task_count()
    with profiler.profile(
        record_shapes=True,
        experimental_config=results.level1(),
        on_trace_ready=profiler.tensorboard_trace_handler(str(directory)),
    ):
        known_operators()
    torch.npu.synchronize()
    return results.only_result(directory), results.emulator_task_count() - before


def ops_with_kernels(result) -> list[tuple[dict, dict]]:
    """(kernel, its operator), by start."""
    joined = result.op_of_kernel()
    kernels = sorted(result.kernels(), key=lambda e: float(e["ts"]))
    return [(kernel, joined[results.position(kernel)]) for kernel in kernels]


def test_count_equals_the_emulator_s_own(recorded):
    result, count = recorded
    assert count > 0
    assert len(result.kernels()) == count
    assert len(result.table("kernel_details")[1]) == count


def test_every_kernel_has_its_operator(recorded):
    result, count = recorded
    assert len(ops_with_kernels(result)) == count


def test_kernels_come_in_order_from_the_right_operators(recorded):
    result, _ = recorded
    pairs = ops_with_kernels(result)
    mm = [kernel for kernel, op in pairs if op["name"] == "aten::mm"]
    add = [kernel for kernel, op in pairs if op["name"] == "aten::add"]
    assert len(mm) == 5  # three, the forward one, and the gradient of `right`
    assert len(add) == 2
    main, other = {k["tid"] for k in mm}, {k["tid"] for k in add}
    assert len(main) == len(other) == 1
    assert main != other
    assert max(float(k["ts"]) for k in mm[:3]) < min(float(k["ts"]) for k in add)


def test_backward_kernels_belong_to_the_autograd_thread(recorded):
    result, _ = recorded
    pairs = ops_with_kernels(result)
    main = threading.get_native_id()
    backward = [op for _, op in pairs if op["tid"] != main]
    assert "aten::mm" in {op["name"] for op in backward}
    enclosing = {e["name"] for e in result.slices("Python") if e["tid"] == backward[0]["tid"]}
    assert "MmBackward0" in enclosing


def test_forward_arrows_reach_the_backward_operator(recorded):
    result, _ = recorded
    trace = result.trace()
    ops = {results.position(e): e for e in result.slices("Python")}
    arrows = [e for e in trace if e.get("cat") == "fwdbwd"]
    starts = {e["id"]: ops[results.position(e)] for e in arrows if e["ph"] == "s"}
    ends = {e["id"]: ops[results.position(e)] for e in arrows if e["ph"] == "f"}
    assert starts
    assert starts.keys() == ends.keys()
    assert any(op["name"] == "aten::mm" for op in starts.values())
    for identity, end in ends.items():
        assert end["tid"] != starts[identity]["tid"]
        assert "Backward0" in end["name"]


def test_a_kernel_starts_after_its_operator_and_its_launch(recorded):
    result, _ = recorded
    calls = {}
    for call in result.slices("CANN"):
        calls.setdefault(call["args"]["connection_id"], []).append(float(call["ts"]))
    for kernel, op in ops_with_kernels(result):
        assert float(op["ts"]) <= float(kernel["ts"])
        assert min(calls[kernel["args"]["connection_id"]]) <= float(kernel["ts"])


def span(event: dict) -> tuple[int, int]:
    """In ns, exactly: a double knows Unix time in µs to a quarter of a µs."""
    begin = int(event["ts"].replace(".", ""))
    return begin, begin + round(event["dur"] * 1000)


def test_launches_lie_inside_their_operator(recorded):
    result, _ = recorded
    calls = {c["args"]["connection_id"]: c for c in result.slices("CANN")}
    for kernel, op in ops_with_kernels(result):
        call = calls[kernel["args"]["connection_id"]]
        assert call["tid"] == op["tid"]
        (begin, end), (op_begin, op_end) = span(call), span(op)
        assert op_begin <= begin and end <= op_end + 2


def test_host_to_device_arrows_join_launch_and_kernel(recorded):
    result, count = recorded
    trace = result.trace()
    slices = {results.position(e): e for e in trace if e["ph"] == "X"}
    flows = [e for e in trace if e.get("cat") == "HostToDevice"]
    ends = [slices[results.position(e)] for e in flows if e["ph"] == "f"]
    kernels = {results.position(k) for k in result.kernels()}
    assert len(kernels & {results.position(e) for e in ends}) == count
    for flow in flows:
        connection = slices[results.position(flow)]["args"]["connection_id"]
        assert int(flow["id"]) >> 32 == connection


def test_operator_details_sum_up_to_the_kernels(recorded):
    result, _ = recorded
    _, rows = result.table("operator_details")
    _, kernels = result.table("kernel_details")
    device = sum(float(row["Device Self Duration(us)"]) for row in rows)
    assert device == pytest.approx(sum(float(k["Duration(us)"]) for k in kernels), abs=0.01)
    for row in rows:
        own = float(row["Host Self Duration(us)"])
        assert 0 <= own <= float(row["Host Total Duration(us)"])
        assert float(row["Device Self Duration(us)"]) <= float(row["Device Total Duration(us)"])
        with_core = float(row["Device Total Duration With AICore(us)"])
        assert with_core <= float(row["Device Total Duration(us)"])


def test_kernel_shapes_are_the_operators(recorded):
    result, _ = recorded
    _, rows = result.table("kernel_details")
    assert '"8,8;8,8"' in {row["Input Shapes"] for row in rows}
    waits = np.array([float(row["Wait Time(us)"]) for row in rows])
    assert (waits >= 0).all()

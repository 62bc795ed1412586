"""summary() and key_averages(): the figures of known results."""

import pytest
import results
import torch
from synthetic import SyntheticResult

from torch_npu import profiler
from torch_npu.profiler.report import AnalysedResult


@pytest.fixture
def known(tmp_path, monkeypatch):
    """One operator launches two kernels early, the next one a third, late."""
    made = SyntheticResult(tmp_path)
    made.op("aten::outer", 1000, 90_000)
    made.op("aten::early", 2000, 5000, shapes="2,3")
    made.op("aten::slow_host_work", 6000, 70_000)
    made.op("aten::late", 71_000, 80_000, shapes="4")
    made.kernel("A", 3000, 10_000, 12_000)
    made.kernel("B", 3100, 11_000, 14_000, stream=4)  # overlaps A
    made.kernel("B", 3200, 20_000, 21_000)  # launched long before: it waited for the device
    made.kernel("C", 72_000, 75_000, 75_500, kind="AI_VECTOR_CORE")
    made.kernel("Wait", 3300, 14_000, 20_000, kind="EVENT_WAIT_SQE")  # no work
    for begin, end in ((10_000, 14_000), (20_000, 21_000), (75_000, 75_500)):
        made.overlap("Computing", begin, end)
    for begin, end in ((14_000, 20_000), (21_000, 75_000)):
        made.overlap("Free", begin, end)
    return AnalysedResult(made.write(monkeypatch))


def test_gaps_and_what_caused_them(known):
    first, second = known.summary().gaps
    assert (first.begin, first.duration, first.cause) == (21_000, 54_000, "host")
    assert (first.next_task, first.launched_by) == ("C", "aten::late")
    assert first.host_op == "aten::slow_host_work"
    assert (second.begin, second.duration, second.cause) == (14_000, 6_000, "device")
    assert (second.next_task, second.launched_by) == ("B", "aten::early")


def test_kernels(known):
    kernels = known.summary().kernels
    assert [(k.name, k.count, k.total) for k in kernels] == [
        ("B", 2, 4000),
        ("A", 1, 2000),
        ("C", 1, 500),
    ]
    assert kernels[0].share == pytest.approx(4000 / 6500)
    assert kernels[2].task_type == "AI_VECTOR_CORE"


def test_step(known):
    (step,) = known.summary().steps
    assert (step.device, step.step) == (0, "")
    assert step.times.computing == 5500
    assert step.times.free == 60_000
    assert step.times.stage == 65_500
    assert step.times.preparing == 9000


def test_text(known):
    text = str(known.summary())
    assert "Longest gaps of the device" in text
    assert "aten::slow_host_work" in text
    assert "54.000" in text


def test_averages(known):
    rows = {row.key: row for row in known.key_averages()}
    early, outer = rows["aten::early"], rows["aten::outer"]
    assert (early.count, early.cpu_time_total, early.self_cpu_time_total) == (1, 3, 3)
    assert early.self_device_time_total == early.device_time_total == 6
    assert outer.cpu_time_total == 89
    assert outer.self_cpu_time_total == 89 - 3 - 64 - 9
    assert (outer.self_device_time_total, outer.device_time_total) == (0, 6.5)
    assert (rows["B"].count, rows["B"].self_device_time_total) == (2, 4)
    by_shape = {row.key: row.input_shapes for row in known.key_averages(group_by_input_shape=True)}
    assert by_shape["aten::early"] == [[2, 3]]


def test_table_sorts_by_npu_time(known):
    lines = known.key_averages().table(sort_by="self_npu_time_total").splitlines()
    assert "Self NPU" in lines[1]
    assert lines[3].split()[0] == "aten::early"
    assert "Self NPU time total: 6.500us" in lines[-1]


def run():
    x = torch.randn(64, 64, device="npu")
    with profiler.profile(experimental_config=results.level1()) as prof:
        for _ in range(3):
            x = (x @ x).clamp(-1, 1)
    return prof


def test_of_a_run():
    prof = run()
    rows = {row.key: row for row in prof.key_averages()}
    assert rows["aten::mm"].count >= 3
    summary = prof.summary()
    assert sum(kernel.count for kernel in summary.kernels) == 6
    kernels = sum(kernel.total for kernel in summary.kernels)
    assert kernels == sum(step.times.computing for step in summary.steps)
    assert rows["aten::mm"].self_device_time_total * 1000 == pytest.approx(
        sum(k.total for k in summary.kernels if "Mm" in k.name)
    )


def test_intermediate_files_do_not_stay(tmp_path):
    handler = profiler.tensorboard_trace_handler(str(tmp_path), analyse_flag=False)
    with profiler.profile(on_trace_ready=handler) as prof:
        torch.ones(2, device="npu").neg()
    assert prof.summary().kernels
    prof.export_chrome_trace(str(tmp_path / "trace.json"))
    (raw,) = prof.result_directory.glob("PROF_*")
    assert not (raw / "mindstudio_profiler_output").exists()


def test_operators_that_fell_back():
    x = torch.ones(3, 3, device="npu")
    with profiler.profile() as prof:
        torch.linalg.eigvalsh(x)
        torch.linalg.eigvalsh(x)
    fallbacks = prof.summary().fallbacks
    assert fallbacks.keys() == {"aten::_linalg_eigh"}
    calls, time = fallbacks["aten::_linalg_eigh"]
    assert calls == 2
    assert time > 0
    assert "ran on the CPU" in str(prof.summary())


def test_nothing_recorded():
    with pytest.raises(RuntimeError, match="summary: nothing has been recorded"):
        profiler.profile().summary()
    with profiler.profile() as prof:
        pass
    assert "No device tasks" in str(prof.summary())
    assert "Nothing was recorded" in prof.key_averages().table()

"""Analysis later, elsewhere, in the background, of what a killed process left, and what can go
wrong."""

import gc
import json
import os
import random
import signal
import subprocess
import sys

import pytest
import results
import torch
from synthetic import SyntheticResult

from torch_npu import profiler
from torch_npu.profiler import background
from torch_npu.profiler.__main__ import main
from torch_npu.profiler.analysis import analyse_directory
from torch_npu.profiler.profiler import analyse

TIMEOUT = 120


def record(directory, **options):
    handler = profiler.tensorboard_trace_handler(str(directory), analyse_flag=False)
    with profiler.profile(on_trace_ready=handler, **options) as prof:
        torch.ones(4, device="npu").neg()
    return prof.result_directory


def command(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-P", "-m", "torch_npu.profiler", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


def test_from_the_command_line(tmp_path):
    directory = record(tmp_path)
    done = command("analyse", directory, "--export-type", "text", "db")
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (directory / "ASCEND_PROFILER_OUTPUT").iterdir()}
    assert {"trace_view.json", "ascend_pytorch_profiler.db", "analyse.done"} <= names


def test_other_commands(tmp_path, capsys):
    directory = record(tmp_path)
    assert main(["summary", str(directory)]) == 0
    assert "Kernels with the most time" in capsys.readouterr().out
    for name in ("report", "perfetto"):
        assert main([name, str(directory), "-o", str(tmp_path / name)]) == 0
        assert (tmp_path / name).stat().st_size > 0


def test_errors_of_the_command_line(tmp_path, capsys):
    assert main(["analyse", str(tmp_path / "missing")]) == 1
    assert "is not a directory" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["merge"])
    assert main(["merge", str(record(tmp_path))]) == 1
    assert "at least two ranks" in capsys.readouterr().err


def test_several_directories(tmp_path, capfd):
    directories = [record(tmp_path), record(tmp_path)]
    (directories[0] / "FRAMEWORK/torch.op_range").write_bytes(b"\x07" * 100)
    with pytest.raises(RuntimeError, match=f"1 of 2 failed: {directories[0]}"):
        analyse(str(tmp_path), max_process_number=2)
    assert "the file is damaged" in capfd.readouterr().err
    assert (directories[1] / "ASCEND_PROFILER_OUTPUT/analyse.done").exists()


def test_export_types(tmp_path, capsys):
    directory = record(tmp_path)
    output = directory / "ASCEND_PROFILER_OUTPUT"
    analyse(str(directory), export_type="db")
    assert {path.name for path in output.iterdir()} == {
        "analyse.done",
        "analysis.db",
        "ascend_pytorch_profiler.db",
    }
    analyse(str(directory), export_type="xml")
    assert "export_type 'xml' is invalid, what the recording asked for is used" in (
        capsys.readouterr().out
    )
    assert not (output / "analysis.db").exists()


def test_in_the_background(tmp_path):
    handler = profiler.tensorboard_trace_handler(str(tmp_path), async_mode=True)
    with profiler.profile(on_trace_ready=handler):
        torch.ones(4, device="npu").neg()
    background.wait()
    result = results.only_result(tmp_path)
    assert (result.output / "analyse.done").exists()
    assert result.kernels()


def test_an_analysis_that_fails_does_not_stop_the_program(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("torch_npu.profiler.analysis.msprof.find_msprof", lambda: "/bin/false")
    with profiler.profile(on_trace_ready=profiler.tensorboard_trace_handler(str(tmp_path))):
        torch.ones(4, device="npu").neg()
    said = capsys.readouterr().out
    assert "[ERROR]" in said
    assert "Call tensorboard_trace_handler failed. Exception: msprof failed" in said
    result = results.only_result(tmp_path)
    assert not result.output.exists()
    assert list(result.directory.glob("PROF_*"))


KILLED = """
import os, signal, sys
import torch, torch_npu
from torch_npu import profiler
activities = [getattr(profiler.ProfilerActivity, name) for name in sys.argv[2].split(",")]
prof = profiler.profile(
    activities=activities,
    schedule=profiler.schedule(wait=0, warmup=1, active=100),
    on_trace_ready=profiler.tensorboard_trace_handler(sys.argv[1]),
)
prof.start()
x = torch.ones(64, device="npu")
for _ in range(20):
    for _ in range(50):
        x = x.neg()
    torch.npu.synchronize()
    prof.step()
import time
time.sleep(0.5)  # collectors write every few ms
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("activities", ["CPU", "CPU,NPU"])
def test_what_a_killed_process_leaves(tmp_path, activities, capsys):
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), activities], timeout=TIMEOUT, check=False
    )
    assert done.returncode == -signal.SIGKILL
    (directory,) = tmp_path.iterdir()
    analyse(str(directory))
    result = results.Result(directory)
    names = [e["name"] for e in result.slices("Python")]
    assert names.count("aten::neg") >= 19 * 50
    # CANN may not have written yet what msprof needs; that is said, and the host's part is there.
    cut_off = "the device's are cut off" in capsys.readouterr().out
    if "NPU" in activities and not cut_off:
        assert len(result.kernels()) >= 19 * 50


def test_garbage_collections(tmp_path):
    config = profiler._ExperimentalConfig(gc_detect_threshold=0, export_type=["text", "db"])
    handler = profiler.tensorboard_trace_handler(str(tmp_path))
    gc.collect()
    with profiler.profile(on_trace_ready=handler, experimental_config=config):
        torch.ones(4, device="npu").neg()
        with torch.profiler.record_function("collect"):
            gc.collect()
        torch.ones(4, device="npu").neg()
    assert not any("GcDetector" in str(callback) for callback in gc.callbacks)
    result = results.only_result(tmp_path)
    rows = result.slices("Python GC")
    (within,) = (e for e in result.slices("Python") if e["name"] == "collect")
    begin, end = float(within["ts"]), float(within["ts"]) + within["dur"]
    inside = [row for row in rows if begin <= float(row["ts"]) <= end]
    assert len(inside) == 1
    assert inside[0]["cat"] == inside[0]["name"] == "GC"
    assert inside[0]["dur"] <= within["dur"]


def test_short_collections_are_left_out(tmp_path):
    config = profiler._ExperimentalConfig(gc_detect_threshold=1e6)
    handler = profiler.tensorboard_trace_handler(str(tmp_path))
    with profiler.profile(on_trace_ready=handler, experimental_config=config):
        gc.collect()
    assert results.only_result(tmp_path).slices("Python GC") == []


def test_output_that_is_a_link_elsewhere(tmp_path):
    directory = record(tmp_path / "results")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("data")
    (directory / "ASCEND_PROFILER_OUTPUT").symlink_to(elsewhere)
    with pytest.raises(OSError, match="symbolic link"):
        analyse(str(directory))
    assert [path.name for path in elsewhere.iterdir()] == ["precious"]


def test_a_full_disk_leaves_no_finished_output(tmp_path):
    directory = record(tmp_path)
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
        with pytest.raises((OSError, RuntimeError), match=r"too large|msprof"):
            analyse(str(directory))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert not (directory / "ASCEND_PROFILER_OUTPUT/analyse.done").exists()
    analyse(str(directory))


def test_mutated_records_are_read_or_refused(tmp_path, monkeypatch):
    """Whatever the raw files hold, nothing but an error that says so, and no file outside."""
    made = SyntheticResult(tmp_path)
    for i in range(20):
        made.op("aten::add", i * 1000, i * 1000 + 900, shapes="2,3", dtypes="float", stack="a;b")
        made.queued("add", i, (i * 1000 + 10, i * 1000 + 20), (i * 1000 + 30, i * 1000 + 40))
        made.kernel("K", i * 1000 + 32, i * 1000 + 100, i * 1000 + 200, thread=200)
    made.export_types = ["text", "db"]
    directory = made.write(monkeypatch)
    monkeypatch.setattr("torch_npu.profiler.analysis.msprof.help_text", lambda: "")
    files = [directory / "FRAMEWORK/torch.op_range", directory / "FRAMEWORK/torch.op_mark"]
    files.append(made.prof / "mindstudio_profiler_output/msprof_1.json")
    originals = {path: path.read_bytes() for path in files}
    generator = random.Random(11)
    outcomes = {"read": 0, "refused": 0}
    for _ in range(300):
        path = generator.choice(files)
        data = bytearray(originals[path])
        for _ in range(generator.randint(1, 3)):
            data[generator.randrange(len(data))] = generator.randrange(256)
        path.write_bytes(data[: generator.randint(1, len(data))])
        try:
            analyse_directory(directory)
            outcomes["read"] += 1
        except (ValueError, KeyError, TypeError) as error:
            assert str(error)
            outcomes["refused"] += 1
        path.write_bytes(originals[path])
    assert min(outcomes.values()) > 10
    assert [path.name for path in tmp_path.iterdir()] == [directory.name]


def test_under_the_msprof_command_nothing_is_recorded(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PROFILER_SAMPLECONFIG", "x")
    with profiler.profile(on_trace_ready=profiler.tensorboard_trace_handler(str(tmp_path))) as prof:
        torch.ones(1, device="npu").neg()
        prof.step()
    assert list(tmp_path.iterdir()) == []
    assert "the msprof command records this process" in capsys.readouterr().out


def test_an_execution_trace_observer_goes_along(tmp_path):
    calls = []

    class Observer:
        def start(self):
            calls.append("start")

        def stop(self):
            calls.append("stop")

    with profiler.profile(
        schedule=profiler.schedule(wait=1, warmup=1, active=1, repeat=1),
        on_trace_ready=profiler.tensorboard_trace_handler(str(tmp_path), analyse_flag=False),
        execution_trace_observer=Observer(),
    ) as prof:
        for _ in range(5):
            prof.step()
    assert calls == ["start", "stop"]


def test_info_says_what_fell_back(tmp_path):
    handler = profiler.tensorboard_trace_handler(str(tmp_path), analyse_flag=False)
    x = torch.ones(2, 2, device="npu")
    torch.linalg.eigvalsh(x)
    with profiler.profile(on_trace_ready=handler):
        torch.linalg.eigvalsh(x)
    directory = results.only_result(tmp_path).directory
    info = json.loads((directory / "profiler_info.json").read_text())
    assert info["cpu_fallbacks"] == {"aten::_linalg_eigh.eigenvalues": 1}

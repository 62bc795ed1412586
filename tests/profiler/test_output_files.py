"""The output directory contract: files, headers, formats."""

import json
import os
import re
import stat

import pytest
import results
import torch

from torch_npu import profiler
from torch_npu.profiler.profiler import analyse

KERNEL_COLUMNS = (
    "Device_id,Model ID,Task ID,Stream ID,Name,Type,OP State,Accelerator Core,Start Time(us),"
    "Duration(us),Wait Time(us),Block Num,Mix Block Num,HF32 Eligible,Input Shapes,"
    "Input Data Types,Input Formats,Output Shapes,Output Data Types,Output Formats,Context ID"
)
HEADERS = {
    "kernel_details": KERNEL_COLUMNS,
    "operator_details": "Name,Input Shapes,Call Stack,Host Self Duration(us),"
    "Host Total Duration(us),Device Self Duration(us),Device Total Duration(us),"
    "Device Self Duration With AICore(us),Device Total Duration With AICore(us)",
    "step_trace_time": "Device_id,Step,Computing,Communication(Not Overlapped),Overlapped,"
    "Communication,Free,Stage,Bubble,Communication(Not Overlapped and Exclude Receive),Preparing",
    "op_statistic": "Device_id,OP Type,Core Type,Count,Total Time(us),Min Time(us),Avg Time(us),"
    "Max Time(us),Ratio(%)",
    "api_statistic": "Device_id,Level,API Name,Time(us),Count,Avg(us),Min(us),Max(us),Variance",
    "task_time": "Device_id,kernel_name,kernel_type,stream_id,task_id,task_time(us),"
    "task_start(us),task_stop(us)",
}


def run(directory, **options):
    options.setdefault("on_trace_ready", profiler.tensorboard_trace_handler(str(directory)))
    with profiler.profile(**options) as prof:
        x = torch.randn(4, 4, device="npu")
        (x @ x + x).cpu()
    return prof


@pytest.fixture(scope="module")
def detailed(tmp_path_factory):
    directory = tmp_path_factory.mktemp("detailed")
    run(directory, experimental_config=results.level1())
    return results.only_result(directory)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    directory = tmp_path_factory.mktemp("plain")
    run(directory)
    return results.only_result(directory)


def test_directory_name(detailed):
    assert re.fullmatch(rf"[^_]+_{os.getpid()}_\d{{17}}_ascend_pt", detailed.directory.name)


def test_worker_name(tmp_path):
    handler = profiler.tensorboard_trace_handler(str(tmp_path), worker_name="me")
    run(tmp_path, on_trace_ready=handler)
    assert results.only_result(tmp_path).directory.name.startswith(f"me_{os.getpid()}_")


@pytest.mark.parametrize("name", HEADERS)
def test_headers(detailed, name):
    header, rows = detailed.table(name)
    assert header == HEADERS[name].split(",")
    assert rows


def test_files_of_level0(plain):
    names = {path.name for path in plain.output.iterdir()}
    assert names == {
        "analyse.done",
        "kernel_details.csv",
        "operator_details.csv",
        "step_trace_time.csv",
        "task_time.csv",
        "trace_view.json",
    }
    header, _ = plain.table("kernel_details")
    assert header[:8] == (
        "Device_id,Name,Type,Accelerator Core,Start Time(us),Duration(us),Wait Time(us),Block Num"
    ).split(",")


def test_level0_leaves_out_cann(plain, detailed):
    assert not plain.slices("CANN")
    assert detailed.slices("CANN")
    assert not [e for e in plain.trace() if e.get("cat") == "HostToDevice"]
    assert [e for e in plain.trace() if e.get("cat") == "async_npu"]


def test_trace_has_the_known_processes(detailed):
    trace = detailed.trace()
    names = {e["args"]["name"] for e in trace if e["name"] == "process_name"}
    assert names == {"Python", "CANN", "Ascend Hardware", "Overlap Analysis"}
    for event in trace:
        if "ts" in event:
            assert re.fullmatch(r"\d+\.\d{3}", event["ts"]), event
    assert all(e["cat"] == "cpu_op" for e in detailed.slices("Python"))


def test_descriptive_files(detailed):
    info = json.loads((detailed.directory / "profiler_info.json").read_text())
    assert info["config"]["experimental_config"]["_profiler_level"] == "Level1"
    activities = info["config"]["common_config"]["activities"]
    assert activities == ["ProfilerActivity.CPU", "ProfilerActivity.NPU"]
    assert info["cann_version"] == "9.1.0"
    assert info["end_info"]["collectionTimeEnd"] > info["start_info"]["start_monotonic"]
    metadata = json.loads((detailed.directory / "profiler_metadata.json").read_text())
    assert re.fullmatch(r"[0-9A-F]{32}", metadata["trace_id"])
    assert "HCCL_ALGO" in metadata["ENV_VARIABLES"]


def test_modes(detailed):
    for path in detailed.directory.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o750 if path.is_dir() else 0o640), path


def test_raw_data_is_kept_and_intermediate_is_not(detailed):
    (prof,) = detailed.directory.glob("PROF_*")
    assert not (prof / "mindstudio_profiler_output").exists()
    assert (prof / "host/data").is_dir()


def test_analyse_later_gives_the_same(tmp_path):
    handler = profiler.tensorboard_trace_handler(str(tmp_path), analyse_flag=False)
    run(tmp_path, on_trace_ready=handler)
    result = results.only_result(tmp_path)
    assert not result.output.exists()
    analyse(str(tmp_path))
    first = result.trace()
    assert first
    analyse(str(result.directory))
    assert result.trace() == first


def test_host_only(tmp_path):
    run(tmp_path, activities=[profiler.ProfilerActivity.CPU])
    result = results.only_result(tmp_path)
    assert not list(result.directory.glob("PROF_*"))
    assert {path.name for path in result.output.iterdir()} == {
        "analyse.done",
        "operator_details.csv",
        "trace_view.json",
    }
    assert {e["name"] for e in result.slices("Python")} >= {"aten::matmul", "aten::add"}


def test_device_only(tmp_path):
    run(tmp_path, activities=[profiler.ProfilerActivity.NPU])
    result = results.only_result(tmp_path)
    assert not result.slices("Python")
    assert result.kernels()
    assert not (result.output / "operator_details.csv").exists()


def test_level_none_records_no_tasks(tmp_path):
    level = profiler._ExperimentalConfig(profiler_level=profiler.ProfilerLevel.Level_none)
    run(tmp_path, experimental_config=level)
    result = results.only_result(tmp_path)
    assert not result.kernels()
    assert result.slices("Python")


def test_export_chrome_trace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    prof = run(tmp_path, on_trace_ready=None)
    prof.export_chrome_trace(str(tmp_path / "sub" / "trace.json"))
    prof.export_chrome_trace(str(tmp_path / "trace.json.gz"))
    trace = json.loads((tmp_path / "sub" / "trace.json").read_text())
    assert any(e.get("cat") == "async_npu" for e in trace)
    assert {path.name for path in tmp_path.iterdir()} == {"sub", "trace.json.gz"}


def test_an_export_only_session_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    prof = run(tmp_path, on_trace_ready=None)
    assert list(tmp_path.iterdir())
    del prof
    assert list(tmp_path.iterdir()) == []


def test_ascend_work_path(tmp_path, monkeypatch):
    monkeypatch.setenv("ASCEND_WORK_PATH", str(tmp_path))
    run(tmp_path, on_trace_ready=lambda prof: None)
    assert len(list((tmp_path / "profiling_data").iterdir())) == 1

"""Wrong arguments and wrong order: a clear answer each time."""

import json

import pytest
import results
import torch

from torch_npu import profiler
from torch_npu.profiler.profiler import analyse


@pytest.mark.parametrize("option", ["profile_memory", "with_stack", "with_flops", "with_modules"])
def test_what_is_not_available_yet_says_so(option, capsys):
    profiler.profile(**{option: True})
    assert f"{option} is not available yet" in capsys.readouterr().out


def test_values_of_the_wrong_type_are_replaced(capsys):
    profiler.profile(record_shapes="yes")
    assert "record_shapes must be a bool" in capsys.readouterr().out
    profiler.profile(activities=["gpu"])
    assert "unknown activities" in capsys.readouterr().out
    profiler.profile(schedule=3)
    assert "schedule is not callable" in capsys.readouterr().out
    profiler.profile(experimental_config={"profiler_level": "Level1"})
    assert "no _ExperimentalConfig" in capsys.readouterr().out
    profiler.profile(use_cuda=True)
    assert "use_cuda is deprecated" in capsys.readouterr().out


def test_unknown_arguments_are_refused():
    with pytest.raises(TypeError, match="record_shape"):
        profiler.profile(record_shape=True)


def test_calls_out_of_order():
    prof = profiler.profile()
    prof.stop()  # nothing to stop
    with pytest.raises(RuntimeError, match="call start"):
        prof.step()
    with pytest.raises(RuntimeError, match="nothing has been recorded"):
        prof.export_chrome_trace("unused.json")
    prof.start()
    try:
        with pytest.raises(RuntimeError, match="running already"):
            prof.start()
        with pytest.raises(RuntimeError, match="open already"):
            profiler.profile().start()
    finally:
        prof.stop()


def test_a_refused_profile_leaves_no_directory(tmp_path):
    with profiler.profile():
        handler = profiler.tensorboard_trace_handler(str(tmp_path))
        with pytest.raises(RuntimeError, match="open already"):
            profiler.profile(on_trace_ready=handler).start()
    assert list(tmp_path.iterdir()) == []


def test_exports_that_are_not_available_yet():
    prof = profiler.profile()
    with pytest.raises(NotImplementedError, match="stacks are not recorded"):
        prof.export_stacks("unused")
    with pytest.raises(NotImplementedError, match="memory is not recorded"):
        prof.export_memory_timeline("unused")


def test_analyse_of_what_is_no_result(tmp_path):
    with pytest.raises(FileNotFoundError, match="not a directory"):
        analyse(str(tmp_path / "missing"))
    with pytest.raises(FileNotFoundError, match="no \\*_ascend_pt directory"):
        analyse(str(tmp_path))
    empty = tmp_path / "host_1_2_ascend_pt"
    empty.mkdir()
    with pytest.raises(FileNotFoundError, match=r"no profiler_info\.json"):
        analyse(str(empty))


def test_a_failing_msprof_is_quoted(tmp_path):
    handler = profiler.tensorboard_trace_handler(str(tmp_path), analyse_flag=False)
    with profiler.profile(on_trace_ready=handler):
        torch.ones(2, device="npu").neg()
    result = results.only_result(tmp_path)
    (hashes,) = result.directory.glob("PROF_*/host/data/*hash_dic.slice_0")
    hashes.write_text("")
    with pytest.raises(RuntimeError, match=r"msprof failed with exit code 1(.|\n)*hash_dic"):
        analyse(str(tmp_path))


def test_metadata(tmp_path, capsys):
    handler = profiler.tensorboard_trace_handler(str(tmp_path), analyse_flag=False)
    with profiler.profile(on_trace_ready=handler, custom_trace_id_callback=lambda: "my id") as prof:
        prof.add_metadata("who", "first")
        prof.add_metadata("who", "second")
        prof.add_metadata_json("shape", "[1, 2]")
        prof.add_metadata_json("broken", "[1, 2")
        prof.add_metadata("long", "x" * 5000)
        prof.add_metadata(3, "no key")
        assert prof.get_trace_id() == "my id"
    stored = json.loads(
        (results.only_result(tmp_path).directory / "profiler_metadata.json").read_text()
    )
    assert stored["who"] == "second"
    assert stored["shape"] == [1, 2]
    assert stored["trace_id"] == "my id"
    assert not {"broken", "long", 3} & stored.keys()
    said = capsys.readouterr().out
    for words in ("'who' is overwritten", "not JSON", "4096 characters", "must be str"):
        assert words in said


def test_a_trace_id_that_is_too_long_is_replaced(capsys):
    with profiler.profile(custom_trace_id_callback=lambda: "x" * 2000) as prof:
        pass
    assert len(prof.get_trace_id()) == 32
    assert "1024 characters" in capsys.readouterr().out

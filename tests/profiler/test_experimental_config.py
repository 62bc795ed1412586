"""_ExperimentalConfig and the enumerations."""

import pytest

from torch_npu import profiler
from torch_npu.profiler import AiCMetrics, ExportType, ProfilerActivity, ProfilerLevel
from torch_npu.profiler import _ExperimentalConfig as Config


def test_enumerations():
    assert profiler.supported_activities() == {ProfilerActivity.CPU, ProfilerActivity.NPU}
    assert str(ProfilerActivity.NPU) == "ProfilerActivity.NPU"
    assert profiler.supported_profiler_level() == {"Level0", "Level1", "Level2", "Level_none"}
    assert profiler.supported_export_type() == {"db", "text"}
    assert len(profiler.supported_ai_core_metrics()) == 9
    assert AiCMetrics.PipeUtilization in profiler.supported_ai_core_metrics()
    assert profiler.HostSystem.OSRT == "osrt"


def test_defaults():
    stored = Config().to_json()
    assert stored["_profiler_level"] == ProfilerLevel.Level0
    assert stored["_aic_metrics"] == AiCMetrics.AiCoreNone
    assert stored["_export_type"] == ["text"]
    assert stored["_data_simplification"] is True
    assert stored["_gc_detect_threshold"] is None


def test_metrics_need_level1(capsys):
    assert Config(aic_metrics=AiCMetrics.Memory).aic_metrics == AiCMetrics.AiCoreNone
    assert "needs Level1" in capsys.readouterr().out
    detailed = Config(profiler_level=ProfilerLevel.Level1, aic_metrics=AiCMetrics.Memory)
    assert detailed.aic_metrics == AiCMetrics.Memory


@pytest.mark.parametrize(
    ("options", "attribute", "used"),
    [
        ({"profiler_level": "Level9"}, "profiler_level", "Level0"),
        (
            {"profiler_level": "Level1", "aic_metrics": "x"},
            "aic_metrics",
            AiCMetrics.PipeUtilization,
        ),
        ({"export_type": "xml"}, "export_type", ["text"]),
        ({"export_type": [ExportType.Db, "xml"]}, "export_type", ["text"]),
        ({"gc_detect_threshold": -1}, "gc_detect_threshold", None),
        ({"gc_detect_threshold": "1"}, "gc_detect_threshold", None),
        ({"export_type": []}, "export_type", ["text"]),
    ],
)
def test_invalid_values_are_replaced_with_a_warning(options, attribute, used, capsys):
    assert getattr(Config(**options), attribute) == used
    assert "[WARNING]" in capsys.readouterr().out


@pytest.mark.parametrize(
    "option",
    [
        {"l2_cache": True},
        {"mstx": True},
        {"msprof_tx": True},
        {"record_op_args": True},
        {"op_attr": True},
        {"host_sys": ["cpu"]},
        {"mstx_domain_include": ["a"]},
        {"sys_io": True},
        {"sys_interconnection": True},
    ],
)
def test_what_is_not_available_yet_says_so(option, capsys):
    Config(**option)
    (name,) = option
    assert f"{name} is not available yet" in capsys.readouterr().out


@pytest.mark.parametrize("given", ["db", ["text", "db"], ["db", "db", "text"]])
def test_export_types(given, capsys):
    wanted = [given] if isinstance(given, str) else list(dict.fromkeys(given))
    assert Config(export_type=given).to_json()["_export_type"] == wanted
    assert capsys.readouterr().out == ""


def test_warnings_of_other_ranks_are_silent(monkeypatch, capsys):
    monkeypatch.setenv("RANK", "1")
    Config(profiler_level="Level9")
    assert capsys.readouterr().out == ""

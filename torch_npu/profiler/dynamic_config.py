"""profiler_config.json of dynamic_profile: its keys, their defaults and their checks."""

import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .experimental_config import AiCMetrics, ProfilerActivity, ProfilerLevel, _ExperimentalConfig

NOT_SCHEDULED, NEXT_STEP = 0, -1  # values of start_step

DEFAULTS: dict[str, Any] = {
    "activities": ["CPU", "NPU"],
    "prof_dir": "./",
    "analyse": False,
    "async_mode": False,
    "record_shapes": False,
    "profile_memory": False,
    "with_stack": False,
    "with_flops": False,
    "with_modules": False,
    "active": 1,
    "warmup": 0,
    "start_step": NOT_SCHEDULED,
    "is_rank": False,
    "rank_list": [],
    "metadata": {},
    "experimental_config": {
        "profiler_level": ProfilerLevel.Level0,
        "aic_metrics": "AiCoreNone",
        "l2_cache": False,
        "op_attr": False,
        "gc_detect_threshold": None,
        "data_simplification": True,
        "record_op_args": False,
        "export_type": ["text"],
        "msprof_tx": False,
        "mstx": False,
        "host_sys": [],
        "mstx_domain_include": [],
        "mstx_domain_exclude": [],
        "sys_io": False,
        "sys_interconnection": False,
    },
}
# Of numbers: the least value that makes sense.
_LEAST = {"active": 1, "warmup": 0, "start_step": NEXT_STEP}


@dataclass(frozen=True)
class DynamicConfig:
    """A checked configuration; `warnings` say what was replaced by its default."""

    values: dict[str, Any]
    warnings: list[str]

    def __getitem__(self, key: str) -> Any:
        return self.values[key]

    def is_for_rank(self, rank: int | None) -> bool:
        return not self["is_rank"] or (rank or 0) in self["rank_list"]

    def profile_options(self) -> dict[str, Any]:
        """Arguments of torch_npu.profiler.profile."""
        flags = ("record_shapes", "profile_memory", "with_stack", "with_flops", "with_modules")
        experimental = dict(self["experimental_config"])
        # Names of AiCMetrics are accepted as well as their values.
        metrics = experimental["aic_metrics"]
        experimental["aic_metrics"] = getattr(AiCMetrics, str(metrics), metrics)
        return {
            "activities": [getattr(ProfilerActivity, name) for name in self["activities"]],
            **{name: self[name] for name in flags},
            "experimental_config": _ExperimentalConfig(**experimental),
        }


def write_template(path: Path) -> None:
    path.write_text(json.dumps(DEFAULTS, indent=4) + "\n")


def read(path: Path) -> DynamicConfig:
    """Raises ValueError if `path` is not a JSON object."""
    try:
        given = json.loads(path.read_text())
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not JSON: {error}") from None
    if not isinstance(given, dict):
        raise ValueError(f"{path} must be a JSON object, it is {type(given).__name__}")
    values, warnings = copy.deepcopy(DEFAULTS), []
    experimental = given.pop("experimental_config", {})
    _update(values, given, warnings, "")
    if isinstance(experimental, dict):
        _update(values["experimental_config"], experimental, warnings, "experimental_config.")
    else:
        warnings.append(f"experimental_config must be an object, got {experimental!r}")
    _check_lists(values, warnings)
    return DynamicConfig(values, warnings)


def _update(values: dict, given: dict, warnings: list[str], prefix: str) -> None:
    for key, value in given.items():
        if key == "is_valid":  # written by other monitors
            continue
        if key not in values:
            warnings.append(f"{prefix}{key} is unknown and ignored")
        elif not _fits(key, value, values[key]):
            warnings.append(f"{prefix}{key} cannot be {value!r}; {values[key]!r} is used")
        else:
            values[key] = value


def _fits(key: str, value: Any, default: Any) -> bool:
    if key in _LEAST:
        return isinstance(value, int) and not isinstance(value, bool) and value >= _LEAST[key]
    if key in ("gc_detect_threshold", "aic_metrics", "export_type", "profiler_level"):
        return True  # _ExperimentalConfig checks it
    return type(value) is type(default)


def _check_lists(values: dict, warnings: list[str]) -> None:
    known = set(DEFAULTS["activities"])
    if not values["activities"] or any(name not in known for name in values["activities"]):
        warnings.append(f"activities cannot be {values['activities']!r}; CPU and NPU are recorded")
        values["activities"] = list(DEFAULTS["activities"])
    if any(not isinstance(rank, int) for rank in values["rank_list"]):
        warnings.append(f"rank_list must hold integers, got {values['rank_list']!r}")
        values["rank_list"] = []

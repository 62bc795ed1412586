"""Enumerations of the profiler's options, and _ExperimentalConfig which checks them."""

from torch_npu._C._profiler import Config, ProfilerActivity

from . import log


class ProfilerLevel:
    Level_none = "Level_none"
    Level0 = "Level0"
    Level1 = "Level1"
    Level2 = "Level2"


class AiCMetrics:
    PipeUtilization = "ACL_AICORE_PIPE_UTILIZATION"
    ArithmeticUtilization = "ACL_AICORE_ARITHMETIC_UTILIZATION"
    Memory = "ACL_AICORE_MEMORY_BANDWIDTH"
    MemoryL0 = "ACL_AICORE_L0B_AND_WIDTH"
    MemoryUB = "ACL_AICORE_MEMORY_UB"
    ResourceConflictRatio = "ACL_AICORE_RESOURCE_CONFLICT_RATIO"
    L2Cache = "ACL_AICORE_L2_CACHE"
    MemoryAccess = "ACL_AICORE_MEMORY_ACCESS"
    AiCoreNone = "ACL_AICORE_NONE"


class ExportType:
    Db = "db"
    Text = "text"


class HostSystem:
    CPU = "cpu"
    MEM = "mem"
    DISK = "disk"
    NETWORK = "network"
    OSRT = "osrt"
    NUMA = "numa"


def _values(names: type) -> set[str]:
    return {value for name, value in vars(names).items() if not name.startswith("_")}


def supported_activities() -> set[ProfilerActivity]:
    return {ProfilerActivity.CPU, ProfilerActivity.NPU}


def supported_profiler_level() -> set[str]:
    return _values(ProfilerLevel)


def supported_ai_core_metrics() -> set[str]:
    return _values(AiCMetrics)


def supported_export_type() -> set[str]:
    return _values(ExportType)


# Options that are accepted but record nothing yet: said aloud, never silently ignored.
_NOT_AVAILABLE = (
    "l2_cache",
    "mstx",
    "msprof_tx",
    "record_op_args",
    "op_attr",
    "host_sys",
    "mstx_domain_include",
    "mstx_domain_exclude",
    "sys_io",
    "sys_interconnection",
)


class _ExperimentalConfig:
    """What the device records, and what is exported. Invalid values are replaced with a warning."""

    def __init__(
        self,
        profiler_level: str = ProfilerLevel.Level0,
        aic_metrics: str = AiCMetrics.PipeUtilization,
        l2_cache: bool = False,
        msprof_tx: bool = False,
        mstx: bool = False,
        data_simplification: bool = True,
        record_op_args: bool = False,
        op_attr: bool = False,
        gc_detect_threshold: float | None = None,
        export_type: str | list[str] | None = None,
        host_sys: list[str] | None = None,
        mstx_domain_include: list[str] | None = None,
        mstx_domain_exclude: list[str] | None = None,
        sys_io: bool = False,
        sys_interconnection: bool = False,
    ) -> None:
        given = locals()
        for name in _NOT_AVAILABLE:
            if given[name]:
                log.warning(f"experimental_config: {name} is not available yet and has no effect.")
        self.profiler_level = _known(
            "profiler_level", profiler_level, supported_profiler_level(), ProfilerLevel.Level0
        )
        self.aic_metrics = self._checked_metrics(aic_metrics)
        self.data_simplification = bool(data_simplification)
        self.export_type = checked_export_type(
            "experimental_config",
            ExportType.Text if export_type is None else export_type,
            [ExportType.Text],
        )
        self.gc_detect_threshold = _checked_threshold(gc_detect_threshold)
        self._recorded = {
            "_msprof_tx": msprof_tx,
            "_mstx": mstx,
            "_l2_cache": l2_cache,
            "record_op_args": record_op_args,
            "_op_attr": op_attr,
            "_gc_detect_threshold": self.gc_detect_threshold,
            "_host_sys": host_sys or [],
            "_mstx_domain_include": mstx_domain_include or [],
            "_mstx_domain_exclude": mstx_domain_exclude or [],
            "_sys_io": sys_io,
            "_sys_interconnection": sys_interconnection,
        }

    def native(self, record_shapes: bool) -> Config:
        """The part that collection needs."""
        return Config(
            level=self.profiler_level,
            metrics=self.aic_metrics,
            record_shapes=record_shapes,
            l2_cache=False,
            op_attr=False,
            # CANN refuses an empty selection, so without a level it is asked for marks.
            mstx=self.profiler_level == ProfilerLevel.Level_none,
        )

    def to_json(self) -> dict:
        """As it is stored in profiler_info.json."""
        return {
            "_profiler_level": self.profiler_level,
            "_aic_metrics": self.aic_metrics,
            "_data_simplification": self.data_simplification,
            "_export_type": self.export_type,
            **self._recorded,
        }

    def _checked_metrics(self, metrics: str) -> str:
        if self.profiler_level in (ProfilerLevel.Level0, ProfilerLevel.Level_none):
            if metrics not in (AiCMetrics.PipeUtilization, AiCMetrics.AiCoreNone):
                log.warning(
                    f"experimental_config: aic_metrics {metrics!r} needs Level1 or Level2; "
                    "no metrics are recorded."
                )
            return AiCMetrics.AiCoreNone
        return _known(
            "aic_metrics", metrics, supported_ai_core_metrics(), AiCMetrics.PipeUtilization
        )


def _known(name: str, value: str, supported: set[str], default: str) -> str:
    if value in supported:
        return value
    log.warning(
        f"experimental_config: {name} {value!r} is unknown, {default} is used; "
        f"known: {', '.join(sorted(supported))}."
    )
    return default


def checked_export_type(
    caller: str, export_type: str | list[str] | None, default: list[str] | None
) -> list[str] | None:
    """As a list without repetitions; `default`, with a warning, if it is invalid."""
    types = [export_type] if isinstance(export_type, str) else export_type
    if not isinstance(types, list | tuple | set) or not types:
        types = [None]
    if all(kind in supported_export_type() for kind in types):
        return list(dict.fromkeys(types))
    instead = "what the recording asked for" if default is None else ", ".join(default)
    log.warning(
        f"{caller}: export_type {export_type!r} is invalid, {instead} is used; "
        f"known: {', '.join(sorted(supported_export_type()))}."
    )
    return default


def _checked_threshold(milliseconds: float | None) -> float | None:
    if milliseconds is None:
        return None
    is_number = isinstance(milliseconds, int | float) and not isinstance(milliseconds, bool)
    if is_number and milliseconds >= 0:
        return float(milliseconds)
    log.warning(
        "experimental_config: gc_detect_threshold must be a number of ms, 0 or more, got "
        f"{milliseconds!r}; collections of garbage are not recorded."
    )
    return None

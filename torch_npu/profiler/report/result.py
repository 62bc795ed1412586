"""One recorded result, read once, and everything that can be made of it."""

from functools import cached_property
from pathlib import Path

from .. import output_directory
from ..analysis.gc_events import GcEvents
from ..analysis.join import Joined
from ..analysis.result import ResultDirectory
from .averages import KeyAverages, key_averages
from .fallbacks import fallback_ops
from .summary import Summary, summarize


class AnalysedResult:
    """A `*_ascend_pt` directory. Its records are read when they are first asked for."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._result = ResultDirectory(directory)

    @property
    def name(self) -> str:
        rank = self._result.rank
        return "" if rank is None else f"rank {rank}"

    @property
    def rank(self) -> int | None:
        return self._result.rank

    @cached_property
    def joined(self) -> Joined:
        joined = self._result.joined()
        self._result.remove_intermediate()
        return joined

    @cached_property
    def collections(self) -> GcEvents:
        return self._result.collections()

    @cached_property
    def fallbacks(self):
        """Positions of the host operators that ran on the CPU for want of an NPU kernel."""
        return fallback_ops(self.joined, self._result.info.get("cpu_fallbacks", {}))

    def key_averages(self, group_by_input_shape: bool = False) -> KeyAverages:
        return key_averages(self.joined, group_by_input_shape)

    def summary(self) -> Summary:
        return summarize(self.joined, self.fallbacks)

    def write_perfetto(self, path: Path) -> None:
        from .perfetto import write_trace  # protobuf is needed for this alone

        output_directory.make_directory(path.absolute().parent)
        with output_directory.open_file(path, "wb") as file:
            write_trace([(self, 0)], file)

    def write_html(self, path: Path) -> None:
        from .html_report import write_page

        output_directory.make_directory(path.absolute().parent)
        with output_directory.open_file(path) as file:
            write_page(self, file)

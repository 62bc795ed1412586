"""Graphs: operators that are captured once and then run with one call. Names and meaning are those
of torch.cuda's graphs."""

from __future__ import annotations

import gc
from typing import Any, ClassVar

import torch

from torch_npu import _C
from torch_npu.npu import streams
from torch_npu.npu.device import synchronize
from torch_npu.npu.memory import empty_cache, host_empty_cache

__all__ = [
    "NPUGraph",
    "graph",
    "graph_pool_handle",
    "graph_task_group_begin",
    "graph_task_group_end",
    "graph_task_update_begin",
    "graph_task_update_end",
    "is_current_stream_capturing",
]

PoolHandle = tuple[int, int]


def is_current_stream_capturing() -> bool:
    """Whether what the current stream is given is being captured. False before the first use of a
    device."""
    if not _C._is_initialized():
        return False
    stream = streams.current_stream()
    return _C._is_captured(stream.stream_id, stream.device_index)


def graph_pool_handle() -> PoolHandle:
    """Names a memory pool that several graphs can share. Replay them in the order of their
    captures, and one after the other."""
    return _C._new_pool_id(True)


class NPUGraph(torch._C._acceleratorGraph):
    """A captured sequence of operators. They run again with replay(), on the same memory: write new
    inputs into the tensors that the capture read, and read the tensors that it made.

    keep_graph is accepted and changes nothing: what CANN captured can be run as it is.
    """

    def __new__(cls, keep_graph: bool = False) -> NPUGraph:
        return super().__new__(cls, keep_graph)

    def __init__(self, keep_graph: bool = False) -> None:
        super().__init__(keep_graph)

    def capture_begin(
        self, pool: PoolHandle | None = None, capture_error_mode: str = "global"
    ) -> None:
        """Captures what the current stream is given, until capture_end(). torch.npu.graph() does
        both.

        pool: of graph_pool_handle() or of another graph's pool(), to share its memory; None: memory
        of the graph's own. capture_error_mode: "global", "thread_local" or "relaxed": whether calls
        that run at once are errors in all threads, in this one, or in none.
        """
        super().capture_begin(pool=pool, capture_error_mode=capture_error_mode)

    def capture_end(self) -> None:
        """Ends the capture. Raises if something in it was not allowed; the graph is empty then."""
        super().capture_end()

    def instantiate(self) -> None:
        """Nothing is left to do after capture_end(); here for scripts that call it."""
        super().instantiate()

    def replay(self) -> None:
        """Runs what was captured, in order with the current stream. Does not wait for it."""
        super().replay()

    def reset(self) -> None:
        """Drops what was captured, so that the graph can be captured anew. Its memory goes back to
        the device with the next empty_cache(), if no other graph uses the pool."""
        super().reset()

    def pool(self) -> PoolHandle:
        """The memory pool, for other graphs that may use the same."""
        return super().pool()

    def enable_debug_mode(self) -> None:
        """debug_dump() tells more from then on: bytes, engines and arguments of the operators."""
        super().enable_debug_mode()

    def debug_dump(self, debug_path: str) -> None:
        """Writes the operators to a JSON file for chrome://tracing."""
        super().debug_dump(debug_path)

    def update(self, cpu_update_input: list[dict[str, Any]]) -> None:
        """Raises NotImplementedError: arguments on the host are replaced with task groups."""
        raise NotImplementedError(
            "NPUGraph.update() has no automatic form: capture the operator between "
            "torch.npu.graph_task_group_begin() and graph_task_group_end(), and call it again "
            "with the new arguments between graph_task_update_begin() and graph_task_update_end()"
        )

    def super_kernel_optimize(
        self, optimize_options: dict[str, Any] | None = None, debug_options: Any = None
    ) -> None:
        """Raises NotImplementedError: operators are not fused after their capture."""
        raise NotImplementedError(
            "captured operators are not fused into super kernels; replay() runs them as they are"
        )


class graph:
    """Context in which a stream is captured into `npu_graph`.

    pool: memory to share, see NPUGraph.capture_begin(). stream: what to capture, by default one
    that all such contexts of a device use. Run the code some times before, on a stream that is not
    the default one, so that everything which happens only once is over.
    """

    _default_streams: ClassVar[dict[int, streams.Stream]] = {}

    def __init__(
        self,
        npu_graph: NPUGraph,
        pool: PoolHandle | None = None,
        stream: torch.Stream | None = None,
        auto_dispatch_capture: bool = False,
        capture_error_mode: str = "global",
    ):
        if auto_dispatch_capture:
            raise NotImplementedError(
                "operators are not put into task groups by themselves: use "
                "torch.npu.graph_task_group_begin() and graph_task_group_end()"
            )
        self.npu_graph = npu_graph
        self.pool = pool
        self.capture_error_mode = capture_error_mode
        self._stream = streams.StreamContext(self._default_stream() if stream is None else stream)

    @classmethod
    def _default_stream(cls) -> streams.Stream:
        device = _C._current_device()
        if device not in cls._default_streams:
            cls._default_streams[device] = streams.Stream(device)
        return cls._default_streams[device]

    @property
    def capture_stream(self) -> torch.Stream:
        """The stream that is captured."""
        return self._stream.stream

    def __enter__(self) -> None:
        synchronize()
        if torch.compiler.config.force_cudagraph_gc:
            gc.collect()
        empty_cache()  # to have as much as possible for the graph's pool
        host_empty_cache()
        self._stream.__enter__()
        try:
            self.npu_graph.capture_begin(self.pool, self.capture_error_mode)
        except BaseException:
            self._stream.__exit__(None, None, None)
            raise

    def __exit__(self, exc_type: object, exc_value: object, traceback: object) -> None:
        try:
            if exc_type is None:
                self.npu_graph.capture_end()
            else:  # what went wrong is worth more than that the capture is not whole
                self.npu_graph.reset()
        finally:
            self._stream.__exit__(exc_type, exc_value, traceback)


def _ids(stream: torch.Stream) -> tuple[int, int]:
    return stream.stream_id, stream.device_index


def graph_task_group_begin(stream: torch.Stream) -> None:
    """Operators that `stream` captures from now on are a group that can be replaced later."""
    _C._task_group_begin(*_ids(stream))


def graph_task_group_end(stream: torch.Stream) -> int:
    """Ends the group and returns its handle for graph_task_update_begin()."""
    return _C._task_group_end(*_ids(stream))


def graph_task_update_begin(stream: torch.Stream, handle: int) -> None:
    """Operators that `stream` is given from now on do not run, but take the place of the group's,
    which were the same ones with other arguments. That happens in the order of `stream`, for which
    replays have to wait. Operators that need a workspace raise RuntimeError here."""
    _C._task_update_begin(*_ids(stream), handle)


def graph_task_update_end(stream: torch.Stream) -> None:
    """Ends the replacement; `stream` runs what it is given again."""
    _C._task_update_end(*_ids(stream))

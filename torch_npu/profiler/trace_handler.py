"""tensorboard_trace_handler: where results go, and their analysis when a trace is ready."""

import shutil
from pathlib import Path

from . import log
from .analysis import analyse_directory
from .background import analyse_in_background

_MAX_WORKER_NAME = 225


class TraceHandler:
    """Keeps the results of a profile in a directory of the user's choice, analysed if wanted."""

    def __init__(
        self, directory: Path | None, worker_name: str | None, analyse: bool, background: bool
    ) -> None:
        self.directory = directory
        self.worker_name = worker_name
        self.analyse = analyse
        self.background = background

    def __call__(self, prof) -> None:
        result = prof.result_directory
        # A handler that is called from a user's own function is unknown when recording starts.
        if self.directory is not None and result.parent.resolve() != self.directory.resolve():
            self.directory.mkdir(parents=True, exist_ok=True)
            result = Path(shutil.move(result, self.directory / result.name))
            prof.result_directory = result
        if not self.analyse:
            return
        if self.background:
            analyse_in_background(result)
            return
        try:
            analyse_directory(result)
        except Exception as error:  # noqa: BLE001 - the training goes on, the raw data is there
            log.error(
                f"Call tensorboard_trace_handler failed. Exception: {error}\n"
                f"The raw data is kept: python -m torch_npu.profiler analyse {result}"
            )


def tensorboard_trace_handler(
    dir_name: str | None = None,
    worker_name: str | None = None,
    analyse_flag: bool = True,
    async_mode: bool = False,
) -> TraceHandler:
    """An on_trace_ready that writes to `dir_name` (default: ASCEND_WORK_PATH or the working
    directory).

    With `analyse_flag=False` only raw data is kept; analyse() does the rest later. With
    `async_mode` another process analyses while this one goes on; this one waits for it when it
    ends. An analysis that fails is reported, it does not stop the program.
    """
    if worker_name is not None and len(worker_name) > _MAX_WORKER_NAME:
        log.warning(f"worker_name may have {_MAX_WORKER_NAME} characters; the host's name is used.")
        worker_name = None
    directory = None if dir_name is None else Path(dir_name)
    return TraceHandler(directory, worker_name, bool(analyse_flag), bool(async_mode))

"""Profiles a running program when a configuration file changes.

    from torch_npu.profiler import dynamic_profile as dp
    dp.init("profiler_config_path")      # creates profiler_config.json, unless it is there
    for batch in loader:
        train(batch)
        dp.step()

Set "start_step" in profiler_config.json: -1 profiles from the next step on, N from step N on. With
the environment variable PROF_CONFIG_PATH the same happens without a change of the program: steps of
optimizers are counted then.
"""

import atexit
import json
import logging
import logging.handlers
import os
import socket
from pathlib import Path

from . import dynamic_config, log, output_directory
from .dynamic_config import NEXT_STEP, NOT_SCHEDULED, DynamicConfig
from .profile import profile
from .scheduler import Schedule
from .trace_handler import tensorboard_trace_handler

__all__ = ["init", "set_state", "start", "step"]

_CONFIG_NAME = "profiler_config.json"
_LOG_BYTES = 200 * 1024


class DynamicProfile:
    """Watches the configuration in a directory and profiles accordingly."""

    def __init__(self, directory: Path) -> None:
        self.config_path = directory / _CONFIG_NAME
        output_directory.make_directory(directory / "log")
        if not self.config_path.exists():
            dynamic_config.write_template(self.config_path)
        self.current_step = 0
        self.optimizer_steps = 0
        self._logger = self._make_logger(directory / "log")
        self._modified = self._modification_time()
        self._profile: profile | None = None
        self._left = 0
        self._waiting: DynamicConfig | None = None

    def step(self) -> None:
        """The end of a training step."""
        self.current_step += 1
        if self._profile is not None:
            self._profile.step()
            self._left -= 1
            if self._left == 0:
                self.stop()
        modified = self._modification_time()
        if modified != self._modified:
            self._modified = modified
            self._load(self.config_path)
        self._start_if_due()

    def start(self, config_path: Path) -> None:
        """Profiles from here on by `config_path`, whatever start_step it has."""
        config = self._read(config_path)
        if config is None:
            return
        if self._profile is not None:
            self._say("warning", "A profile is running already; the request is ignored.")
            return
        self._begin(config)

    def stop(self) -> None:
        if self._profile is not None:
            running, self._profile = self._profile, None
            running.stop()
            self._say("info", f"Profiling ended before step {self.current_step}.")

    def _load(self, path: Path) -> None:
        config = self._read(path)
        if config is None or config["start_step"] == NOT_SCHEDULED:
            return
        if NEXT_STEP != config["start_step"] < self.current_step:
            self._say(
                "warning",
                f"start_step {config['start_step']} is over, step {self.current_step} begins; "
                "nothing is profiled.",
            )
            return
        self._waiting = config

    def _read(self, path: Path) -> DynamicConfig | None:
        try:
            config = dynamic_config.read(path)
        except (OSError, ValueError) as error:
            self._say("warning", f"The configuration is not used: {error}")
            return None
        for warning in config.warnings:
            self._say("warning", f"{path.name}: {warning}.")
        return config

    def _start_if_due(self) -> None:
        config = self._waiting
        if config is None or self._profile is not None:
            return
        if config["start_step"] in (NEXT_STEP, self.current_step):
            self._waiting = None
            self._begin(config)

    def _begin(self, config: DynamicConfig) -> None:
        if not config.is_for_rank(output_directory.rank()):
            return
        # Ranks that are not profiled would wait for the analysis of those that are.
        analyse = config["analyse"] and (not config["is_rank"] or config["async_mode"])
        self._profile = profile(
            schedule=Schedule(wait=0, active=config["active"], warmup=config["warmup"], repeat=1),
            on_trace_ready=tensorboard_trace_handler(
                config["prof_dir"], analyse_flag=analyse, async_mode=config["async_mode"]
            ),
            **config.profile_options(),
        )
        for key, value in config["metadata"].items():
            self._profile.add_metadata_json(str(key), json.dumps(value))
        self._profile._first_step = self.current_step
        self._left = config["warmup"] + config["active"]
        self._say("info", f"Profiling begins with step {self.current_step}.")
        try:
            self._profile.start()
        except (OSError, RuntimeError) as error:  # the training goes on
            self._profile = None
            self._say("error", f"Profiling could not begin: {error}")

    def _modification_time(self) -> int:
        try:
            return self.config_path.stat().st_mtime_ns
        except OSError:  # being replaced, or gone: nothing to do
            return self._modified

    def _make_logger(self, folder: Path) -> logging.Logger:
        rank = output_directory.rank()
        name = f"dp_{socket.gethostname()}_{os.getpid()}_rank_{-1 if rank is None else rank}.log"
        logger = logging.getLogger(f"torch_npu.dynamic_profile.{name}")
        logger.propagate = False
        logger.setLevel(logging.INFO)
        handler = logging.handlers.RotatingFileHandler(
            folder / name, maxBytes=_LOG_BYTES, backupCount=1
        )
        handler.setFormatter(logging.Formatter("[%(asctime)s] [%(levelname)s] %(message)s"))
        logger.addHandler(handler)
        return logger

    def _say(self, level: str, text: str) -> None:
        getattr(self._logger, level)(text)
        getattr(log, level)(f"dynamic_profile: {text}")


_active: DynamicProfile | None = None


def init(path: str) -> None:
    """Watches `path`/profiler_config.json, which is created if it is missing."""
    global _active
    if _active is not None:
        log.warning("dynamic_profile.init: it is initialized already; the call is ignored.")
        return
    _active = DynamicProfile(Path(path))
    atexit.register(_active.stop)


def step() -> None:
    """To be called after each training step."""
    _get("step").step()


def start(config_path: str | None = None) -> None:
    """Profiles from here on, by `config_path` or the configuration that init() watches."""
    active = _get("start")
    active.start(active.config_path if config_path is None else Path(config_path))


def set_state(state: dict) -> None:
    """`state`: {"cur_step": int}, the number of the step that runs, for resumed trainings."""
    step_number = state.get("cur_step")
    if not isinstance(step_number, int) or isinstance(step_number, bool) or step_number < 0:
        raise ValueError(f"dynamic_profile.set_state: cur_step must be 0 or more, got {state!r}")
    _get("set_state").current_step = step_number


def init_from_environment() -> None:
    """With PROF_CONFIG_PATH: init(), and a step whenever an optimizer has done one."""
    path = os.environ.get("PROF_CONFIG_PATH")
    if not path or _active is not None:
        return
    from torch.optim.optimizer import register_optimizer_step_post_hook

    init(path)
    counts: dict[int, int] = {}

    def on_optimizer_step(optimizer, _arguments, _options) -> None:
        # Of several optimizers the one that is ahead counts.
        count = counts[id(optimizer)] = counts.get(id(optimizer), 0) + 1
        if count > _get("step").optimizer_steps:
            _get("step").optimizer_steps = count
            step()

    register_optimizer_step_post_hook(on_optimizer_step)


def _get(caller: str) -> DynamicProfile:
    if _active is None:
        raise RuntimeError(f"dynamic_profile.{caller}: call dynamic_profile.init(path) first")
    return _active

"""Puts the table of names into torch."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch.jit import _builtins
from torch.utils._device import _device_constructors

from torch_npu.contrib import cuda_names as names
from torch_npu.contrib.transfer.patches import Patches
from torch_npu.contrib.transfer.proxies import rewriting, stand_in, without_counterpart
from torch_npu.contrib.transfer.rewrite import rewritten

# set_default_device() looks torch's functions up in this set: made before any of them is replaced.
_CONSTRUCTORS = _device_constructors()


def find(name: str) -> tuple[Any, str]:
    """The module or class that has the last part of a dotted name, and that part."""
    path, last = name.rsplit(".", 1)
    return resolve(path), last


def resolve(name: str) -> Any:
    """The object of a dotted name. Raises AttributeError if there is none."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        owner, last = find(name)
        return getattr(owner, last)


class _Apply:
    def __init__(self, patches: Patches) -> None:
        self._patches = patches
        self.replaced: list[str] = []

    def set(self, name: str, value: Any) -> None:
        owner, last = find(name)
        self._patches.set(owner, last, value)
        self.replaced.append(name)

    def modules(self) -> None:
        for name, other in names.MODULES.items():
            module, source = resolve(name), resolve(other)
            public = [part for part in source.__all__ if hasattr(module, part)]
            for part in (*public, *names.PRIVATE_NAMES.get(name, ())):
                if f"{name}.{part}" in (*names.MODULES, "torch.cuda.default_generators"):
                    continue
                value = getattr(source, part)
                if inspect.isfunction(value) or inspect.isbuiltin(value):
                    value = rewriting(f"{name}.{part}", value)
                self.set(f"{name}.{part}", value)

    def renamed(self) -> None:
        for name, other in names.RENAMED.items():
            value = resolve(other)
            self.set(name, rewriting(name, value) if inspect.isfunction(value) else value)

    def generators(self) -> None:
        """Counting the devices is left to the first who asks."""
        self._patches.delete(torch.cuda, "default_generators")

        def module_getattr(name: str) -> Any:
            if name == "default_generators":
                return torch.npu.default_generators
            raise AttributeError(f"module 'torch.cuda' has no attribute {name!r}")

        self.set("torch.cuda.__getattr__", module_getattr)

    def no_counterpart(self) -> None:
        for name, advice in names.NO_COUNTERPART.items():
            if not name.startswith("torch.cuda."):  # torch's own, which others may use
                continue
            value = resolve(name)
            if callable(value) and not _is_exception(value):
                self.set(name, without_counterpart(name, advice))

    def arguments(self) -> None:
        makers = [f"torch.{n}" for n, value in vars(torch).items() if _is_maker(value)]
        for name in (*makers, *names.DEVICE_ARGUMENTS):
            owner, last = find(name)
            function = getattr(owner, last)
            wrapper = rewriting(name, function)
            self.set(name, staticmethod(wrapper) if last == "__new__" else wrapper)
            self._keep_scriptable(wrapper, function)

    def _keep_scriptable(self, wrapper: Callable, function: Callable) -> None:
        """torch.jit.script knows torch's functions by identity."""
        if (operator := _builtins._find_builtin(function)) is not None:
            _builtins._register_builtin(wrapper, operator)
            table = _builtins._get_builtin_table()
            self._patches.on_undo(lambda: table.pop(id(wrapper)))

    def map_locations(self) -> None:
        """A dict's keys are compared with what a checkpoint says, which may be either."""
        original = torch.serialization._get_restore_location

        def both(map_location: Any) -> Any:
            if isinstance(map_location, dict):
                map_location = {
                    **{rewritten(k): v for k, v in map_location.items()},
                    **map_location,
                }
            return original(map_location)

        self.set("torch.serialization._get_restore_location", both)

    def types(self) -> None:
        for name in names.DEVICE_TYPES:
            self.set(name, stand_in(name, resolve(name)))


def _is_maker(value: Any) -> bool:
    return callable(value) and value in _CONSTRUCTORS


def _is_exception(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)


def apply(patches: Patches) -> list[str]:
    """Replaces everything, recorded in `patches`; returns the names."""
    work = _Apply(patches)
    work.no_counterpart()
    work.modules()
    work.generators()
    work.renamed()
    for name, value in names.VALUES.items():
        work.set(name, value)
    work.map_locations()
    work.arguments()
    work.types()
    return work.replaced

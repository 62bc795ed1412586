"""Modules keep their parameters when they move between CPU and NPU.

torch puts new parameters in the place of those of a device that it does not know. Weights that two
modules share would then be two, and an optimizer would go on updating the old ones. torch can swap
the contents of parameters instead, which is what happens here, as on GPUs.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import __future__ as conversion
from torch import nn
from torch.nn.parameter import UninitializedTensorMixin, is_lazy

_SWAPPED = {"cpu", "npu"}


def _is_move(module: nn.Module, device: torch.device) -> bool:
    """Whether a parameter of `module` leaves the CPU for an NPU, or the other way."""
    others = _SWAPPED - {device.type}
    return any(param.device.type in others for param in module.parameters())


def _shared(module: nn.Module) -> dict[int, list[tuple[nn.Module, str]]]:
    """The places of each parameter."""
    places: dict[int, list[tuple[nn.Module, str]]] = {}
    for owner in module.modules():
        for name, param in owner._parameters.items():
            if param is not None:
                places.setdefault(id(param), []).append((owner, name))
    return places


def _keeping_attributes(convert: Callable[[nn.Module], nn.Module]) -> Callable:
    """What was set on parameters, such as DDP's _ddp_ignored, is theirs afterwards too."""

    @functools.wraps(convert)
    def call(module: nn.Module, *arguments: Any) -> nn.Module:
        before = [
            (owner, name, vars(param))
            for owner in module.modules()
            for name, param in owner._parameters.items()
            if param is not None and vars(param)
        ]
        converted = convert(module, *arguments)
        for owner, name, attributes in before:
            current = vars(owner._parameters[name])
            current.update(attributes | current)
        return converted

    return call


@_keeping_attributes
def _move(module: nn.Module, convert: Callable[[], nn.Module]) -> nn.Module:
    if conversion.get_swap_module_params_on_conversion():
        return convert()
    places = _shared(module)
    conversion.set_swap_module_params_on_conversion(True)
    try:
        return convert()
    except RuntimeError as error:
        if "swap" not in str(error):
            raise
    finally:
        conversion.set_swap_module_params_on_conversion(False)
    # Something else holds on to a parameter, such as the graph of a loss: new ones after all.
    converted = convert()
    for same in places.values():
        (first, first_name), *others = same
        for owner, name in others:
            owner._parameters[name] = first._parameters[first_name]
    return converted


@contextlib.contextmanager
def _without_lazy(module: nn.Module, device: torch.device, dtype: torch.dtype | None) -> Iterator:
    """Takes away what has no shape yet, and puts it back on the device."""
    moved: dict[int, UninitializedTensorMixin] = {}  # modules may share it
    places = [
        (tensors, name, tensor)
        for owner in module.modules()
        for tensors in (owner._parameters, owner._buffers)
        for name, tensor in tensors.items()
        if tensor is not None and is_lazy(tensor)
    ]
    for tensors, name, _ in places:
        tensors[name] = None
    try:
        yield
    finally:
        for tensors, name, tensor in places:
            if id(tensor) not in moved:
                moved[id(tensor)] = _moved_lazy(tensor, device, dtype)
            tensors[name] = moved[id(tensor)]


def _moved_lazy(
    tensor: UninitializedTensorMixin, device: torch.device, dtype: torch.dtype | None
) -> UninitializedTensorMixin:
    if dtype is None or not tensor.dtype.is_floating_point:
        dtype = tensor.dtype
    return type(tensor)(requires_grad=tensor.requires_grad, device=device, dtype=dtype)


_Target = tuple[torch.device | None, torch.dtype | None]


def _moving(name: str, target_of: Callable[..., _Target]) -> None:
    original = getattr(nn.Module, name)

    @functools.wraps(original)
    def method(self: nn.Module, *args: Any, **kwargs: Any) -> nn.Module:
        device, dtype = target_of(*args, **kwargs)
        if device is None or device.type not in _SWAPPED:
            return original(self, *args, **kwargs)
        is_move = _is_move(self, device)
        with _without_lazy(self, device, dtype):
            if not is_move:
                return original(self, *args, **kwargs)
            return _move(self, lambda: original(self, *args, **kwargs))

    setattr(nn.Module, name, method)


def _target_of_to(*args: Any, **kwargs: Any) -> _Target:
    return torch._C._nn._parse_to(*args, **kwargs)[:2]


def _npu(device: torch.device | int | str | None) -> torch.device:
    if device is None:
        return torch.device("npu")
    return torch.device("npu", device) if isinstance(device, int) else torch.device(device)


def register() -> None:
    """Makes to(), npu() and cpu() of all modules do so."""
    _moving("to", _target_of_to)
    _moving("npu", lambda device=None: (_npu(device), None))
    _moving("cpu", lambda: (torch.device("cpu"), None))

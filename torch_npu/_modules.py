"""Modules keep their parameters when they move between CPU and NPU.

torch puts new parameters in the place of those of a device that it does not know. Weights that two
modules share would then be two, and an optimizer would go on updating the old ones. torch can swap
the contents of parameters instead, which is what happens here, as on GPUs.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import __future__ as conversion
from torch import nn

_SWAPPED = {"cpu", "npu"}


def _is_move(module: nn.Module, device: torch.device | None) -> bool:
    """Whether a parameter of `module` leaves the CPU for an NPU, or the other way."""
    if device is None or device.type not in _SWAPPED:
        return False
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


def _moving(name: str, device_of: Callable[..., torch.device | None]) -> None:
    original = getattr(nn.Module, name)

    @functools.wraps(original)
    def method(self: nn.Module, *args: Any, **kwargs: Any) -> nn.Module:
        if not _is_move(self, device_of(*args, **kwargs)):
            return original(self, *args, **kwargs)
        return _move(self, lambda: original(self, *args, **kwargs))

    setattr(nn.Module, name, method)


def _device_of_to(*args: Any, **kwargs: Any) -> torch.device | None:
    return torch._C._nn._parse_to(*args, **kwargs)[0]


def register() -> None:
    """Makes to(), npu() and cpu() of all modules do so."""
    _moving("to", _device_of_to)
    _moving("npu", lambda *args, **kwargs: torch.device("npu"))
    _moving("cpu", lambda: torch.device("cpu"))

"""Random numbers: one generator for each device."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from torch_npu import _C
from torch_npu.npu._utils import Device, _get_device_index

__all__ = [
    "get_rng_state",
    "get_rng_state_all",
    "initial_seed",
    "manual_seed",
    "manual_seed_all",
    "seed",
    "seed_all",
    "set_rng_state",
    "set_rng_state_all",
]


def _generator(device: Device) -> torch.Generator:
    return _C._default_generator(_get_device_index(device, optional=True))


def _default_generators() -> tuple[torch.Generator, ...]:
    return tuple(_generator(index) for index in range(_C._device_count()))


def manual_seed(seed: int) -> None:
    """Seeds the current device's generator."""
    _generator(None).manual_seed(seed)


def manual_seed_all(seed: int) -> None:
    """Seeds the generators of all devices; torch.manual_seed calls this."""
    for index in range(_C._device_count()):
        _generator(index).manual_seed(seed)


def seed() -> int:
    """Seeds the current device's generator with a random number and returns it."""
    return _generator(None).seed()


def seed_all() -> None:
    """Seeds the generators of all devices with one random number."""
    if _C._device_count() > 0:
        manual_seed_all(_generator(0).seed())


def initial_seed() -> int:
    """The seed of the current device's generator."""
    return _generator(None).initial_seed()


def get_rng_state(device: Device = "npu") -> torch.Tensor:
    """The generator's state: a CPU tensor of 16 bytes, the seed and the offset."""
    return _generator(device).get_state()


def set_rng_state(new_state: torch.Tensor, device: Device = "npu") -> None:
    """Restores a state of get_rng_state()."""
    _generator(device).set_state(new_state)


def get_rng_state_all() -> list[torch.Tensor]:
    """get_rng_state() of every device."""
    return [get_rng_state(index) for index in range(_C._device_count())]


def set_rng_state_all(new_states: Iterable[torch.Tensor]) -> None:
    """Restores the states of get_rng_state_all()."""
    for index, state in enumerate(new_states):
        set_rng_state(state, index)

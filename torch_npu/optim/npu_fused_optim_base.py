"""Optimizers that hold parameters, gradients and states in few large tensors."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.optim.optimizer import ParamsT

from torch_npu.utils.combine_tensors import is_combined_tensor_valid, npu_combine_tensors

__all__ = ["Combined", "NpuFusedOptimizerBase"]


@dataclass
class Combined:
    """Parameters of one group, dtype, device and number of steps, as one tensor [elements]."""

    params: list[torch.nn.Parameter]
    param: torch.Tensor
    grad: torch.Tensor
    step: torch.Tensor  # on the CPU, the same for all of them
    states: dict[str, torch.Tensor]

    def parts(self, combined: torch.Tensor) -> list[torch.Tensor]:
        """Views of `combined`, one a parameter: [its elements]."""
        return list(combined.split([param.numel() for param in self.params]))

    def has(self, params: list[torch.nn.Parameter]) -> bool:
        """Whether this is the memory of exactly these parameters and their gradients."""
        return (
            len(params) == len(self.params)
            and all(mine is other for mine, other in zip(self.params, params, strict=True))
            and is_combined_tensor_valid(self.param, params)
            and is_combined_tensor_valid(self.grad, [param.grad for param in params])
        )


class NpuFusedOptimizerBase(torch.optim.Optimizer):
    """Base of the fused optimizers: one update a group and dtype, not one a parameter.

    From the first step on, parameters, gradients and states are views of combined tensors.
    Gradients therefore keep their memory: zero_grad() writes zeros, whatever set_to_none says.
    Gradients that something else has replaced are taken in at the next step.
    """

    def __init__(self, params: ParamsT, default: dict[str, Any]) -> None:
        self._combined: dict[int, list[Combined]] = {}  # by index of the group
        super().__init__(params, default)

    # ---- what a subclass says ----

    def _state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        """The states that each parameter has, all of its shape."""
        raise NotImplementedError(f"{type(self).__name__} does not say which states it has")

    def _update(self, group: dict[str, Any], combined: Combined) -> None:
        """One step of `combined`, its step number included."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it updates")

    def _initial_state(self, name: str, param: torch.Tensor) -> torch.Tensor:
        return torch.zeros_like(param)

    # ---- combining ----

    def _combine(self) -> None:
        for index, group in enumerate(self.param_groups):
            params = [param for param in group["params"] if param.grad is not None]
            if any(param.grad.is_sparse for param in params):
                raise RuntimeError(f"{type(self).__name__} does not take sparse gradients")
            sets = self._sets(params, group)
            known = self._combined.get(index, [])
            if len(known) != len(sets) or not all(
                combined.has(params) for combined, params in zip(known, sets, strict=True)
            ):
                self._combined[index] = [self._combine_set(params, group) for params in sets]

    def _sets(
        self, params: list[torch.nn.Parameter], group: dict[str, Any]
    ) -> list[list[torch.nn.Parameter]]:
        """What is updated together."""
        sets: dict[tuple, list[torch.nn.Parameter]] = {}
        for param in params:
            state = self.state[param]
            if not state:
                state["step"] = torch.tensor(0.0)
                for name in self._state_names(group):
                    state[name] = self._initial_state(name, param.detach())
            key = (param.dtype, param.grad.dtype, param.device, float(state["step"]))
            sets.setdefault(key, []).append(param)
        return list(sets.values())

    def _combine_set(self, params: list[torch.nn.Parameter], group: dict[str, Any]) -> Combined:
        for param in params:  # gradients lie as their parameters do, so that elements correspond
            if param.grad.stride() != param.stride():
                param.grad = torch.empty_like(param).copy_(param.grad)
        step = self.state[params[0]]["step"].clone()
        states = {
            name: npu_combine_tensors([self.state[param][name] for param in params])
            for name in self._state_names(group)
        }
        for param in params:
            self.state[param]["step"] = step
        with torch.no_grad():
            flat = npu_combine_tensors(params)
            grad = npu_combine_tensors([param.grad for param in params])
        return Combined(params, flat, grad, step, states)

    def _all_combined(self) -> list[Combined]:
        self._combine()
        return [combined for index in sorted(self._combined) for combined in self._combined[index]]

    def get_combined_params(self) -> list[torch.Tensor]:
        """The parameters that have gradients: a tensor for each group and dtype."""
        return [combined.param for combined in self._all_combined()]

    def get_combined_grads(self) -> list[torch.Tensor]:
        """Their gradients."""
        return [combined.grad for combined in self._all_combined()]

    # ---- what a user calls ----

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Updates the parameters; returns what `closure` does, which computes the loss anew."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        self._combine()
        for index, group in enumerate(self.param_groups):
            for combined in self._combined[index]:
                self._update(group, combined)
        return loss

    @torch.no_grad()
    def zero_grad(self, set_to_none: bool = False) -> None:
        """Writes zeros into the gradients; before the first step, set_to_none is followed."""
        if not self._combined:
            super().zero_grad(set_to_none)
            return
        done = set()
        for combined in (each for sets in self._combined.values() for each in sets):
            if all(p.grad is not None for p in combined.params) and combined.has(combined.params):
                combined.grad.zero_()
                done.update(map(id, combined.params))
        for group in self.param_groups:
            for param in group["params"]:
                if param.grad is not None and id(param) not in done:
                    param.grad = None if set_to_none else torch.zeros_like(param.grad)

    @torch.no_grad()
    def clip_grad_norm_fused_(self, max_norm: float, norm_type: float = 2) -> torch.Tensor:
        """torch.nn.utils.clip_grad_norm_ over all gradients of this optimizer: their norm, as it
        was before."""
        grads = self.get_combined_grads()
        if not grads:
            return torch.tensor(0.0)
        norms = [torch.linalg.vector_norm(grad.float(), norm_type) for grad in grads]
        norms = [norm.to(norms[0].device) for norm in norms]
        total = norms[0] if len(norms) == 1 else torch.stack(norms)
        if len(norms) > 1:
            is_max = math.isinf(norm_type)
            total = total.max() if is_max else torch.linalg.vector_norm(total, norm_type)
        scale = (max_norm / (total + 1e-6)).clamp(max=1.0)
        for grad in grads:
            grad.mul_(scale.to(grad.device, grad.dtype))
        return total

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes the state of this optimizer, or of torch's of the same name."""
        super().load_state_dict(state_dict)
        self._combined = {}
        for state in self.state.values():
            state["step"] = torch.as_tensor(state["step"], dtype=torch.float32).cpu()

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        super().add_param_group(param_group)
        self._combined = {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._combined = {}


def check_not_negative(**values: float) -> None:
    """Raises ValueError that names the first argument below zero."""
    for name, value in values.items():
        if not value >= 0.0:
            raise ValueError(f"expected {name} >= 0, got {value}")


def check_betas(*betas: float) -> None:
    """Raises ValueError for a factor outside [0, 1)."""
    for index, beta in enumerate(betas):
        if not 0.0 <= beta < 1.0:
            raise ValueError(f"expected 0 <= betas[{index}] < 1, got {beta}")

"""NpuFusedRMSpropTF."""

from __future__ import annotations

from typing import Any

import torch
from torch.optim.optimizer import ParamsT

from torch_npu.optim.npu_fused_optim_base import (
    Combined,
    NpuFusedOptimizerBase,
    check_not_negative,
)

__all__ = ["NpuFusedRMSpropTF"]


class NpuFusedRMSpropTF(NpuFusedOptimizerBase):
    """RMSprop as TensorFlow has it, on combined tensors.

    eps is added below the square root and the mean square starts at one. decoupled_decay: weights
    decay by themselves and not through the gradient. lr_in_momentum: the momentum holds steps, with
    the learning rate in them.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-2,
        alpha: float = 0.9,
        eps: float = 1e-10,
        weight_decay: float = 0,
        momentum: float = 0.0,
        centered: bool = False,
        decoupled_decay: bool = False,
        lr_in_momentum: bool = True,
    ) -> None:
        check_not_negative(
            lr=lr, alpha=alpha, eps=eps, weight_decay=weight_decay, momentum=momentum
        )
        super().__init__(
            params,
            {
                "lr": lr,
                "alpha": alpha,
                "eps": eps,
                "weight_decay": weight_decay,
                "momentum": momentum,
                "centered": centered,
                "decoupled_decay": decoupled_decay,
                "lr_in_momentum": lr_in_momentum,
            },
        )

    def _state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        momentum = ("momentum_buffer",) if group["momentum"] > 0 else ()
        return ("square_avg", *momentum, *(("grad_avg",) if group["centered"] else ()))

    def _initial_state(self, name: str, param: torch.Tensor) -> torch.Tensor:
        return torch.ones_like(param) if name == "square_avg" else torch.zeros_like(param)

    def _update(self, group: dict[str, Any], combined: Combined) -> None:
        param, grad, states = combined.param, combined.grad, combined.states
        if group["weight_decay"] and group["decoupled_decay"]:
            param.mul_(1 - group["lr"] * group["weight_decay"])
        elif group["weight_decay"]:
            grad = grad.add(param, alpha=group["weight_decay"])
        square, rest = states["square_avg"], 1 - group["alpha"]
        square.add_(grad.square().sub_(square), alpha=rest)
        if group["centered"]:
            mean = states["grad_avg"]
            mean.add_(grad - mean, alpha=rest)
            scale = square.addcmul(mean, mean, value=-1).add_(group["eps"]).sqrt_()
        else:
            scale = square.add(group["eps"]).sqrt_()
        if group["momentum"] > 0:
            buffer = states["momentum_buffer"]
            inside = group["lr"] if group["lr_in_momentum"] else 1.0
            buffer.mul_(group["momentum"]).addcdiv_(grad, scale, value=inside)
            param.add_(buffer, alpha=-1.0 if group["lr_in_momentum"] else -group["lr"])
        else:
            param.addcdiv_(grad, scale, value=-group["lr"])
        combined.step += 1

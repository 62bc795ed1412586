"""NpuFusedRMSprop."""

from __future__ import annotations

from typing import Any

from torch.optim.optimizer import ParamsT
from torch.optim.rmsprop import rmsprop

from torch_npu.optim.npu_fused_optim_base import (
    Combined,
    NpuFusedOptimizerBase,
    check_not_negative,
)

__all__ = ["NpuFusedRMSprop"]


class NpuFusedRMSprop(NpuFusedOptimizerBase):
    """torch.optim.RMSprop on combined tensors."""

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
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
            },
        )

    def _state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        momentum = ("momentum_buffer",) if group["momentum"] > 0 else ()
        return ("square_avg", *momentum, *(("grad_avg",) if group["centered"] else ()))

    def _update(self, group: dict[str, Any], combined: Combined) -> None:
        states = combined.states
        rmsprop(
            [combined.param],
            [combined.grad],
            [states["square_avg"]],
            [states["grad_avg"]] if group["centered"] else [],
            [states["momentum_buffer"]] if group["momentum"] > 0 else [],
            [combined.step],
            foreach=False,
            lr=group["lr"],
            alpha=group["alpha"],
            eps=group["eps"],
            weight_decay=group["weight_decay"],
            momentum=group["momentum"],
            centered=group["centered"],
        )

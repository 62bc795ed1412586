"""NpuFusedAdadelta."""

from __future__ import annotations

from typing import Any

from torch.optim.adadelta import adadelta
from torch.optim.optimizer import ParamsT

from torch_npu.optim.npu_fused_optim_base import (
    Combined,
    NpuFusedOptimizerBase,
    check_not_negative,
)

__all__ = ["NpuFusedAdadelta"]


class NpuFusedAdadelta(NpuFusedOptimizerBase):
    """torch.optim.Adadelta on combined tensors."""

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
    ) -> None:
        check_not_negative(lr=lr, eps=eps, weight_decay=weight_decay)
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f"expected 0 <= rho <= 1, got {rho}")
        super().__init__(params, {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay})

    def _state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("square_avg", "acc_delta")

    def _update(self, group: dict[str, Any], combined: Combined) -> None:
        adadelta(
            [combined.param],
            [combined.grad],
            [combined.states["square_avg"]],
            [combined.states["acc_delta"]],
            [combined.step],
            foreach=False,
            lr=group["lr"],
            rho=group["rho"],
            eps=group["eps"],
            weight_decay=group["weight_decay"],
            maximize=False,
        )

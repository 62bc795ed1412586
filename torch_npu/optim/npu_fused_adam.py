"""NpuFusedAdam."""

from __future__ import annotations

from typing import Any

from torch.optim.adam import adam
from torch.optim.optimizer import ParamsT

from torch_npu.optim.npu_fused_optim_base import (
    Combined,
    NpuFusedOptimizerBase,
    check_betas,
    check_not_negative,
)

__all__ = ["NpuFusedAdam"]


class NpuFusedAdam(NpuFusedOptimizerBase):
    """torch.optim.Adam on combined tensors."""

    _decoupled = False  # weight decay, as AdamW has it

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
    ) -> None:
        check_not_negative(lr=lr, eps=eps, weight_decay=weight_decay)
        check_betas(*betas)
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "amsgrad": amsgrad,
            },
        )

    def _state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        names = ("exp_avg", "exp_avg_sq")
        return (*names, "max_exp_avg_sq") if group["amsgrad"] else names

    def _update(self, group: dict[str, Any], combined: Combined) -> None:
        states = combined.states
        adam(
            [combined.param],
            [combined.grad],
            [states["exp_avg"]],
            [states["exp_avg_sq"]],
            [states["max_exp_avg_sq"]] if group["amsgrad"] else [],
            [combined.step],
            foreach=False,
            decoupled_weight_decay=self._decoupled,
            amsgrad=group["amsgrad"],
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            lr=group["lr"],
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            maximize=False,
        )

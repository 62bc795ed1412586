"""NpuFusedBertAdam."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch.optim.optimizer import ParamsT, required

from torch_npu.optim.npu_fused_optim_base import (
    Combined,
    NpuFusedOptimizerBase,
    check_not_negative,
)

__all__ = ["NpuFusedBertAdam"]

# Factor of the learning rate, by the share of the steps that is done and the share of warm-up.
SCHEDULES = {
    "warmup_constant": lambda x, warmup: x / warmup if x < warmup else 1.0,
    "warmup_cosine": lambda x, warmup: (
        x / warmup if x < warmup else 0.5 * (1.0 + math.cos(math.pi * x))
    ),
    "warmup_linear": lambda x, warmup: (
        x / warmup if x < warmup else max((x - 1.0) / (warmup - 1.0), 0.0)
    ),
    "warmup_poly": lambda x, warmup: x / warmup if x < warmup else max(1.0 - x, 0.0) ** 0.5,
}


class NpuFusedBertAdam(NpuFusedOptimizerBase):
    """BERT's Adam on combined tensors: no correction of the bias, weights decay with the step.

    warmup: share of t_total steps in which the learning rate grows; t_total: steps of the whole
    training, -1 for a constant rate. max_grad_norm: a gradient of a larger norm is scaled to it,
    -1 none.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = required,
        warmup: float = -1,
        t_total: int = -1,
        schedule: str = "warmup_linear",
        b1: float = 0.9,
        b2: float = 0.999,
        e: float = 1e-6,
        weight_decay: float = 0.01,
        max_grad_norm: float = 1.0,
    ) -> None:
        if lr is not required:
            check_not_negative(lr=lr)
        check_not_negative(e=e, weight_decay=weight_decay)
        if schedule not in SCHEDULES:
            raise ValueError(f"expected schedule as one of {sorted(SCHEDULES)}, got {schedule!r}")
        if not (warmup == -1 or 0.0 <= warmup < 1.0):
            raise ValueError(f"expected 0 <= warmup < 1 or -1, got {warmup}")
        for name, value in (("b1", b1), ("b2", b2)):
            if not 0.0 <= value < 1.0:
                raise ValueError(f"expected 0 <= {name} < 1, got {value}")
        super().__init__(
            params,
            {
                "lr": lr,
                "warmup": warmup,
                "t_total": t_total,
                "schedule": schedule,
                "b1": b1,
                "b2": b2,
                "e": e,
                "weight_decay": weight_decay,
                "max_grad_norm": max_grad_norm,
            },
        )

    def _state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq")

    def _rate(self, group: dict[str, Any], step: float) -> float:
        if group["t_total"] == -1:
            return group["lr"]
        return group["lr"] * SCHEDULES[group["schedule"]](step / group["t_total"], group["warmup"])

    def get_lr(self) -> list[float]:
        """The learning rate of the next step, for each parameter that has taken one; [0] before."""
        rates = [
            self._rate(group, float(self.state[param]["step"]))
            for group in self.param_groups
            for param in group["params"]
            if self.state.get(param)
        ]
        return rates or [0]

    def _update(self, group: dict[str, Any], combined: Combined) -> None:
        grad, beta1, beta2 = combined.grad, group["b1"], group["b2"]
        if group["max_grad_norm"] > 0:
            parts = combined.parts(grad)
            norms = torch.stack(torch._foreach_norm(parts))
            scales = (group["max_grad_norm"] / (norms + 1e-6)).clamp(max=1.0)
            torch._foreach_mul_(parts, list(scales.unbind()))
        mean, square = combined.states["exp_avg"], combined.states["exp_avg_sq"]
        mean.mul_(beta1).add_(grad, alpha=1 - beta1)
        square.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        step = mean / square.sqrt().add_(group["e"])
        if group["weight_decay"] > 0:
            step.add_(combined.param, alpha=group["weight_decay"])
        combined.param.add_(step, alpha=-self._rate(group, float(combined.step)))
        combined.step += 1

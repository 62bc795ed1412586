"""NpuFusedLamb."""

from __future__ import annotations

from typing import Any

import torch
from torch.optim.optimizer import ParamsT

from torch_npu.optim.npu_fused_optim_base import (
    Combined,
    NpuFusedOptimizerBase,
    check_betas,
    check_not_negative,
)

__all__ = ["NpuFusedLamb"]

_MAX_WEIGHT_NORM = 10.0
_MAX_GLOBAL_NORM = 1.0


class NpuFusedLamb(NpuFusedOptimizerBase):
    """LAMB (You et al. 2019, https://arxiv.org/abs/1904.00962) on combined tensors.

    Each parameter's step is scaled by the norm of its weights, at most 10, over that of its step.
    adam: no such scaling. use_global_grad_norm: gradients are divided by their norm over all
    parameters where that is above 1.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 0,
        adam: bool = False,
        use_global_grad_norm: bool = False,
    ) -> None:
        check_not_negative(lr=lr, eps=eps, weight_decay=weight_decay)
        check_betas(*betas)
        self.adam = adam
        self.use_global_grad_norm = use_global_grad_norm
        super().__init__(
            params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        )

    def _state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq")

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        if self.use_global_grad_norm:
            self.clip_grad_norm_fused_(_MAX_GLOBAL_NORM)
        super().step()
        return loss

    def _update(self, group: dict[str, Any], combined: Combined) -> None:
        (beta1, beta2), grad = group["betas"], combined.grad
        mean, square = combined.states["exp_avg"], combined.states["exp_avg_sq"]
        mean.mul_(beta1).add_(grad, alpha=1 - beta1)
        square.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        step = mean / square.sqrt().add_(group["eps"])
        if group["weight_decay"]:
            step.add_(combined.param, alpha=group["weight_decay"])
        if not self.adam:
            self._trust(combined, step)
        combined.param.add_(step, alpha=-group["lr"])
        combined.step += 1

    def _trust(self, combined: Combined, step: torch.Tensor) -> None:
        parts = combined.parts(step)
        weights = torch.stack(torch._foreach_norm(combined.parts(combined.param)))
        weights = weights.clamp(max=_MAX_WEIGHT_NORM)
        steps = torch.stack(torch._foreach_norm(parts))
        ratios = torch.where((weights == 0) | (steps == 0), torch.ones_like(steps), weights / steps)
        torch._foreach_mul_(parts, list(ratios.unbind()))

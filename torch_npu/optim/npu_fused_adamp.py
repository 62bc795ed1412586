"""NpuFusedAdamP."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT

from torch_npu.optim.npu_fused_optim_base import (
    Combined,
    NpuFusedOptimizerBase,
    check_betas,
    check_not_negative,
)

__all__ = ["NpuFusedAdamP"]


class NpuFusedAdamP(NpuFusedOptimizerBase):
    """AdamP (Heo et al. 2020, https://arxiv.org/abs/2006.08217) on combined tensors.

    Of parameters whose gradients are almost at right angles to them (cosine below `delta` over the
    root of their size) the part of the step along the weights is taken away, and they decay by
    wd_ratio times weight_decay.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        delta: float = 0.1,
        wd_ratio: float = 0.1,
        nesterov: bool = False,
    ) -> None:
        check_not_negative(
            lr=lr, eps=eps, weight_decay=weight_decay, delta=delta, wd_ratio=wd_ratio
        )
        check_betas(*betas)
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "delta": delta,
                "wd_ratio": wd_ratio,
                "nesterov": nesterov,
            },
        )

    def _state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq")

    def _update(self, group: dict[str, Any], combined: Combined) -> None:
        (beta1, beta2), grad = group["betas"], combined.grad
        combined.step += 1
        number = float(combined.step)
        correction1, correction2 = 1 - beta1**number, 1 - beta2**number
        mean, square = combined.states["exp_avg"], combined.states["exp_avg_sq"]
        mean.mul_(beta1).add_(grad, alpha=1 - beta1)
        square.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        scale = square.sqrt().div_(math.sqrt(correction2)).add_(group["eps"])
        step = beta1 * mean + (1 - beta1) * grad if group["nesterov"] else mean
        step = step / scale
        parts = (combined.parts(each) for each in (combined.param, grad, step))
        for param, *views in zip(combined.params, *parts, strict=True):
            self._project(group, param, *views)
        combined.param.add_(step, alpha=-group["lr"] / correction1)

    def _project(
        self, group: dict[str, Any], param: Tensor, weight: Tensor, grad: Tensor, step: Tensor
    ) -> None:
        """Takes the part along the weights out of `step`, in place, and lets the weights decay."""
        ratio = 1.0
        if param.dim() > 1:
            rows = (param.size(0), -1)
            for shape in (rows, (1, -1)):  # of each channel first, then of the whole layer
                weights, grads, steps = (
                    self._matrix(each, param, shape) for each in (weight, grad, step)
                )
                cosine = torch.nn.functional.cosine_similarity(grads, weights, eps=group["eps"])
                limit = group["delta"] / math.sqrt(weights.size(1))
                if cosine.abs().max().item() < limit:
                    unit = weights / weights.norm(dim=1, keepdim=True).add(group["eps"])
                    along = unit * (unit * steps).sum(dim=1, keepdim=True)
                    self._write(step, param, steps - along)
                    ratio = group["wd_ratio"]
                    break
        if group["weight_decay"]:
            weight.mul_(1 - group["lr"] * group["weight_decay"] * ratio)

    @staticmethod
    def _matrix(flat: Tensor, param: Tensor, shape: tuple[int, int]) -> Tensor:
        return flat.as_strided(param.size(), param.stride()).reshape(shape)

    @staticmethod
    def _write(flat: Tensor, param: Tensor, values: Tensor) -> None:
        flat.as_strided(param.size(), param.stride()).copy_(values.reshape(param.size()))

"""Samples of normalisation and of the fused optimisers."""

import torch
from sample import Out, in_out, seeded
from samples_nn import gradients
from torch.nn import functional as F

IMAGE, GRAD = seeded(4, 6, 3, 3), seeded(4, 6, 3, 3, seed=1)
SCALE, SHIFT = seeded(6, seed=2), seeded(6, seed=3)
MEAN, VAR = seeded(6, seed=4), seeded(6, seed=5).abs() + 0.5
ROWS, ROW_GRAD, ROW_SCALE, ROW_SHIFT = (seeded(4, 5, seed=6), seeded(4, 5, seed=7),
                                        seeded(5, seed=8), seeded(5, seed=9))  # fmt: skip
EPS = 1e-5
_BATCH_MEAN = IMAGE.mean((0, 2, 3))
_BATCH_VAR = IMAGE.var((0, 2, 3), correction=0)
_INVSTD = (_BATCH_VAR + EPS).rsqrt()
_UNBIASED = IMAGE.var((0, 2, 3))


def _batch_norm(x, w, b):
    return F.batch_norm(x, None, None, w, b, training=True, eps=EPS)


def _layer_norm(x, w, b):
    return F.layer_norm(x, (5,), w, b, EPS)


def _group_norm(x, w, b):
    return F.group_norm(x, 2, w, b, EPS)


def _rms_norm(x, w):
    return F.rms_norm(x, (5,), w, EPS)


# Two devices whose batches have 10 and 30 elements a channel.
_WORLD_MEAN = MEAN + 0.75
_WORLD_VAR = (40 * _BATCH_VAR + 10 * 0.75**2 + 30 * 0.25**2) / 39
_SUM_DY = GRAD.sum((0, 2, 3))
_SUM_DY_XMU = (GRAD * (IMAGE - _BATCH_MEAN.reshape(6, 1, 1))).sum((0, 2, 3))
_ROW_RMS = (ROWS.square().mean(1, keepdim=True) + EPS).rsqrt()
_ROW_MEAN = ROWS.mean(1, keepdim=True)
_ROW_RSTD = (ROWS.var(1, correction=0, keepdim=True) + EPS).rsqrt()
_GROUPS = IMAGE.reshape(4, 2, -1)
_GROUP_MEAN = _GROUPS.mean(2)
_GROUP_RSTD = (_GROUPS.var(2, correction=0) + EPS).rsqrt()
_ALL = [True, True, True]


def outs(tensors, tolerance: float = 1e-4) -> list[Out]:
    return [Out(tensor, tolerance) for tensor in tensors]


NORMALIZATION = [
    (
        "aclnnBatchNorm",
        [
            IMAGE, SCALE, SHIFT, in_out(MEAN, 0.9 * MEAN + 0.1 * _BATCH_MEAN),
            in_out(VAR, 0.9 * VAR + 0.1 * _UNBIASED), True, 0.1, EPS,
            *outs([_batch_norm(IMAGE, SCALE, SHIFT), _BATCH_MEAN, _INVSTD]),
        ],
    ),
    (
        "aclnnBatchNorm",
        [
            IMAGE, SCALE, SHIFT, MEAN, VAR, False, 0.1, EPS,
            Out(F.batch_norm(IMAGE, MEAN, VAR, SCALE, SHIFT, eps=EPS), 1e-4),
            torch.empty(0), torch.empty(0),
        ],
    ),
    (
        "aclnnBatchNormBackward",
        [
            GRAD, IMAGE, SCALE, MEAN, VAR, _BATCH_MEAN, _INVSTD, True, EPS, _ALL,
            *outs(gradients(_batch_norm, GRAD, IMAGE, SCALE, SHIFT)),
        ],
    ),
    (
        "aclnnBatchNormElemt",
        [
            IMAGE, SCALE, SHIFT, _BATCH_MEAN, _INVSTD, EPS,
            Out(_batch_norm(IMAGE, SCALE, SHIFT), 1e-4),
        ],
    ),
    ("aclnnBatchNormStats", [IMAGE, EPS, *outs([_BATCH_MEAN, _INVSTD])]),
    (
        "aclnnBatchNormGatherStatsWithCounts",
        [
            IMAGE, torch.stack([MEAN, MEAN + 1]), torch.stack([_INVSTD, _INVSTD]),
            in_out(MEAN, 0.9 * MEAN + 0.1 * _WORLD_MEAN), in_out(VAR, 0.9 * VAR + 0.1 * _WORLD_VAR),
            0.1, EPS, torch.tensor([10.0, 30.0]),
            *outs([_WORLD_MEAN, (_WORLD_VAR * 39 / 40 + EPS).rsqrt()]),
        ],
    ),
    (
        "aclnnBatchNormReduceBackward",
        [
            GRAD, IMAGE, _BATCH_MEAN, _INVSTD, SCALE, True, True, True,
            *outs([_SUM_DY, _SUM_DY_XMU, _SUM_DY_XMU * _INVSTD, _SUM_DY]),
        ],
    ),
    (
        "aclnnBatchNormElemtBackward",
        [
            GRAD, IMAGE, _BATCH_MEAN, _INVSTD, SCALE, _SUM_DY, _SUM_DY_XMU,
            torch.tensor([36], dtype=torch.int32),
            Out(gradients(_batch_norm, GRAD, IMAGE, SCALE, SHIFT)[0], 1e-4),
        ],
    ),
    ("aclnnRmsNorm", [ROWS, ROW_SCALE, EPS, *outs([_rms_norm(ROWS, ROW_SCALE), _ROW_RMS])]),
    (
        "aclnnRmsNormGrad",
        [
            ROW_GRAD, ROWS, _ROW_RMS, ROW_SCALE,
            *outs(gradients(_rms_norm, ROW_GRAD, ROWS, ROW_SCALE)),
        ],
    ),
    ("aclnnRenorm", [ROWS, 2.0, 0, 1.0, Out(torch.renorm(ROWS, 2, 0, 1.0))]),
    (
        "aclnnLayerNorm",
        [
            ROWS, [5], ROW_SCALE, ROW_SHIFT, EPS,
            *outs([_layer_norm(ROWS, ROW_SCALE, ROW_SHIFT), _ROW_MEAN, _ROW_RSTD]),
        ],
    ),
    ("aclnnLayerNorm", [ROWS, [5], None, None, EPS, Out(F.layer_norm(ROWS, (5,))), None, None]),
    (
        "aclnnLayerNormBackward",
        [
            ROW_GRAD, ROWS, [5], _ROW_MEAN, _ROW_RSTD, ROW_SCALE, ROW_SHIFT, _ALL,
            *outs(gradients(_layer_norm, ROW_GRAD, ROWS, ROW_SCALE, ROW_SHIFT)),
        ],
    ),
    (
        "aclnnGroupNorm",
        [
            IMAGE, SCALE, SHIFT, 4, 6, 9, 2, EPS,
            *outs([_group_norm(IMAGE, SCALE, SHIFT), _GROUP_MEAN, _GROUP_RSTD]),
        ],
    ),
    (
        "aclnnGroupNormBackward",
        [
            GRAD, IMAGE, _GROUP_MEAN, _GROUP_RSTD, SCALE, 4, 6, 9, 2, _ALL,
            *outs(gradients(_group_norm, GRAD, IMAGE, SCALE, SHIFT)),
        ],
    ),
]  # fmt: skip


def _adamw(amsgrad: bool) -> list:
    """One step of torch.optim.AdamW from a state in which 2 steps are done."""
    parameter = torch.nn.Parameter(ROWS.clone())
    optimizer = torch.optim.AdamW([parameter], lr=0.1, weight_decay=0.05, amsgrad=amsgrad)
    state = optimizer.state[parameter]
    state["step"] = torch.tensor(2.0)
    state["exp_avg"], state["exp_avg_sq"] = ROW_GRAD * 0.1, ROW_GRAD.square() * 0.1
    state["max_exp_avg_sq"] = ROW_GRAD.square() * 0.12
    initial = {key: value.clone() for key, value in state.items()}
    parameter.grad = ROW_GRAD * 2
    optimizer.step()
    biggest = None
    if amsgrad:
        biggest = in_out(initial["max_exp_avg_sq"], state["max_exp_avg_sq"])
    return [
        in_out(ROWS, parameter.detach()),
        in_out(initial["exp_avg"], state["exp_avg"]),
        in_out(initial["exp_avg_sq"], state["exp_avg_sq"]),
        biggest, ROW_GRAD * 2, torch.tensor([2.0]), 0.1, 0.9, 0.999, 0.05, 1e-8, amsgrad, False,
    ]  # fmt: skip


def _ema_adam() -> list:
    m = 0.9 * ROW_SHIFT + 0.1 * ROW_SCALE
    v = 0.99 * ROW_SHIFT.square() + 0.01 * ROW_SCALE.square()
    update = (m / (1 - 0.9**3)) / ((v / (1 - 0.99**3)).sqrt() + 1e-8) + 0.05 * ROWS[0]
    result = ROWS[0] - 0.1 * update
    return [
        ROW_SCALE, in_out(ROWS[0], result), in_out(ROW_SHIFT, m), in_out(ROW_SHIFT.square(), v),
        in_out(ROWS[1], 0.8 * ROWS[1] + 0.2 * result), torch.tensor([3]), 0.1, 0.8, 0.9, 0.99,
        1e-8, 1, True, 0.05,
    ]  # fmt: skip


def _fused_adamw(amsgrad: bool) -> list:
    """The same step for lists of one tensor; `steps` count it."""
    parameter, m, v, biggest, grad, step, *numbers = _adamw(amsgrad)
    lists = [[value] for value in (parameter, m, v)]
    return [
        lists[0], [grad], *lists[1:], [biggest] if amsgrad else None, [step + 1], None, None,
        *numbers,
    ]  # fmt: skip


def _sgd() -> list:
    """A step of torch.optim.SGD with a momentum that exists; gradients arrive scaled by 4."""
    parameter = torch.nn.Parameter(ROWS.clone())
    optimizer = torch.optim.SGD([parameter], 0.1, 0.9, 0.1, 0.05)
    optimizer.state[parameter]["momentum_buffer"] = ROW_GRAD * 0.5
    before = ROW_GRAD * 0.5
    parameter.grad = ROW_GRAD.clone()
    optimizer.step()
    return [
        [in_out(ROWS, parameter.detach())], [in_out(ROW_GRAD * 4, ROW_GRAD)],
        [in_out(before, optimizer.state[parameter]["momentum_buffer"])], torch.tensor([4.0]),
        0.05, 0.9, 0.1, 0.1, False, False, False,
    ]  # fmt: skip


OPTIMIZERS = [
    ("aclnnFusedAdamw", _fused_adamw(True)),
    ("aclnnFusedAdamw", _fused_adamw(False)),
    ("aclnnFusedSgd", _sgd()),
    ("aclnnApplyAdamWV2", _adamw(False)),
    ("aclnnApplyAdamWV2", _adamw(True)),
    ("aclnnApplyFusedEmaAdam", _ema_adam()),
]


def samples() -> list[tuple[str, list]]:
    return NORMALIZATION + OPTIMIZERS

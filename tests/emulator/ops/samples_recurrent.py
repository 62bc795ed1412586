"""Samples of recurrent cells, and of losses over sequences."""

import torch
from sample import Out, seeded
from samples_nn import gradients
from torch.nn import functional as F

INPUT_GATES, HIDDEN_GATES = seeded(2, 12), seeded(2, 12, seed=1)
CX, BIAS = seeded(2, 3, seed=2), seeded(12, seed=3)
GRAD_HY, GRAD_CY = seeded(2, 3, seed=4), seeded(2, 3, seed=5)


def _lstm(gates: torch.Tensor, cx: torch.Tensor) -> tuple[torch.Tensor, ...]:
    i, f, g, o = gates.chunk(4, 1)
    cy = f.sigmoid() * cx + i.sigmoid() * g.tanh()
    return o.sigmoid() * cy.tanh(), cy


_GATES = INPUT_GATES + HIDDEN_GATES + 2 * BIAS
_HY, _CY = _lstm(_GATES, CX)
_I, _F, _G, _O = _GATES.chunk(4, 1)
_STORAGE = torch.cat([_I.sigmoid(), _F.sigmoid(), _G.tanh(), _O.sigmoid()], 1)
_GRAD_GATES, _GRAD_CX = gradients(
    lambda *x: torch.cat(_lstm(*x), 1), torch.cat([GRAD_HY, GRAD_CY], 1), _GATES, CX
)

CELLS = [
    (
        "aclnnThnnFusedLstmCell",
        [INPUT_GATES, HIDDEN_GATES, CX, BIAS, BIAS, Out(_HY), Out(_CY), Out(_STORAGE)],
    ),
    (
        "aclnnThnnFusedLstmCellBackward",
        [
            GRAD_HY, GRAD_CY, CX, _CY, _STORAGE, True, Out(_GRAD_GATES), Out(_GRAD_CX),
            Out(_GRAD_GATES.sum(0)),
        ],
    ),
]  # fmt: skip

LOG_PROBS = seeded(6, 2, 5, seed=6).log_softmax(2)
TARGETS = torch.tensor([[1, 2, 3], [4, 1, 0]])
_LENGTHS = [[6, 5], [3, 2]]
_CTC_GRAD = torch.tensor([1.0, 2.0])


def _ctc(x: torch.Tensor) -> torch.Tensor:
    return F.ctc_loss(x, TARGETS, *_LENGTHS, reduction="none")


_, _ALPHA = torch.ops.aten._ctc_loss(LOG_PROBS, TARGETS, *_LENGTHS)
LOSSES = [
    (
        "aclnnCtcLoss",
        [
            LOG_PROBS, TARGETS, *_LENGTHS, 0, False, Out(_ctc(LOG_PROBS)),
            torch.zeros_like(_ALPHA),  # what no path reaches is not written
        ],
    ),
    (
        "aclnnCtcLossBackward",
        [
            _CTC_GRAD, LOG_PROBS, TARGETS, *_LENGTHS, _ctc(LOG_PROBS), _ALPHA, 0, False,
            Out(torch.ops.aten._ctc_loss_backward(
                _CTC_GRAD, LOG_PROBS, TARGETS, *_LENGTHS, _ctc(LOG_PROBS), _ALPHA, 0)),
        ],
    ),
]  # fmt: skip


def samples() -> list[tuple[str, list]]:
    return CELLS + LOSSES

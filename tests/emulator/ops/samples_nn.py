"""Samples of layers: activations, losses, convolution, pooling, normalisation, attention."""

import math

import torch
from sample import Out, seeded
from torch.nn import functional as F

X, Y = seeded(4, 6), seeded(4, 6, seed=1)
GRAD = seeded(4, 6, seed=2)
UNIT = X.sigmoid() * 0.9 + 0.05


def gradients(function, grad: torch.Tensor, *inputs: torch.Tensor) -> list[torch.Tensor]:
    """Gradients of the inputs, by autograd."""
    leaves = [x.clone().requires_grad_() for x in inputs]
    return list(torch.autograd.grad(function(*leaves), leaves, grad))


def backward(function, grad: torch.Tensor, *inputs: torch.Tensor) -> Out:
    return Out(gradients(function, grad, *inputs)[0])


ACTIVATIONS = [
    ("aclnnThreshold", [X, 0.2, 7.0, Out(F.threshold(X, 0.2, 7.0))]),
    ("aclnnThresholdBackward", [GRAD, X, 0.2, Out(GRAD * (X > 0.2))]),
    ("aclnnGeluBackward", [GRAD, X, backward(lambda x: F.gelu(x, approximate="tanh"), GRAD, X)]),
    ("aclnnGeluV2", [X, 0, Out(F.gelu(X))]),
    ("aclnnGeluV2", [X, 1, Out(F.gelu(X, approximate="tanh"))]),
    ("aclnnGeluBackwardV2", [GRAD, X, "none", backward(F.gelu, GRAD, X)]),
    ("aclnnSiluBackward", [GRAD, X, backward(F.silu, GRAD, X)]),
    ("aclnnSigmoidBackward", [GRAD, X.sigmoid(), backward(torch.sigmoid, GRAD, X)]),
    ("aclnnTanhBackward", [GRAD, X.tanh(), backward(torch.tanh, GRAD, X)]),
    ("aclnnMishBackward", [GRAD, X, backward(F.mish, GRAD, X)]),
    ("aclnnSoftmax", [X, 1, Out(X.softmax(1))]),
    ("aclnnSoftmaxBackward", [GRAD, X.softmax(1), 1, backward(lambda x: x.softmax(1), GRAD, X)]),
    ("aclnnLogSoftmax", [X, 1, Out(X.log_softmax(1))]),
    (
        "aclnnLogSoftmaxBackward",
        [GRAD, X.log_softmax(1), 1, backward(lambda x: x.log_softmax(1), GRAD, X)],
    ),
    ("aclnnLeakyRelu", [X, 0.1, Out(F.leaky_relu(X, 0.1))]),
    (
        "aclnnLeakyReluBackward",
        [GRAD, X, 0.1, False, backward(lambda x: F.leaky_relu(x, 0.1), GRAD, X)],
    ),
    ("aclnnElu", [X, 1.5, 1.0, 1.0, Out(F.elu(X, 1.5))]),
    (
        "aclnnEluBackward",
        [GRAD, 1.5, 1.0, 1.0, False, X, backward(lambda x: F.elu(x, 1.5), GRAD, X)],
    ),
    ("aclnnHardtanh", [X, -0.5, 0.5, Out(F.hardtanh(X, -0.5, 0.5))]),
    (
        "aclnnHardtanhBackward",
        [GRAD, X, -0.5, 0.5, backward(lambda x: F.hardtanh(x, -0.5, 0.5), GRAD, X)],
    ),
    ("aclnnHardswishBackward", [GRAD, X, backward(F.hardswish, GRAD, X)]),
    ("aclnnHardswishBackwardV2", [GRAD, X, backward(F.hardswish, GRAD, X)]),
    ("aclnnHardsigmoidBackward", [GRAD, X, backward(F.hardsigmoid, GRAD, X)]),
    ("aclnnSoftplus", [X, 2.0, 20.0, Out(F.softplus(X, 2.0))]),
    (
        "aclnnSoftplusBackward",
        [GRAD, X, 2.0, 20.0, backward(lambda x: F.softplus(x, 2.0), GRAD, X)],
    ),
    ("aclnnHardshrink", [X, 0.5, Out(F.hardshrink(X, 0.5))]),
    ("aclnnHardshrinkBackward", [GRAD, X, 0.5, backward(F.hardshrink, GRAD, X)]),
    ("aclnnSoftshrink", [X, 0.5, Out(F.softshrink(X, 0.5))]),
    ("aclnnSoftshrinkBackward", [GRAD, X, 0.5, backward(F.softshrink, GRAD, X)]),
    ("aclnnGlu", [X, 1, Out(F.glu(X, 1))]),
    ("aclnnGluBackward", [GRAD[:, :3], X, 1, backward(lambda x: F.glu(x, 1), GRAD[:, :3], X)]),
    ("aclnnLogSigmoidForward", [X, Out(F.logsigmoid(X)), torch.empty(0)]),
    ("aclnnLogSigmoidBackward", [GRAD, X, torch.empty(0), backward(F.logsigmoid, GRAD, X)]),
    ("aclnnLogitGrad", [UNIT, GRAD, 1e-6, backward(lambda x: torch.logit(x, 1e-6), GRAD, UNIT)]),
    ("aclnnPrelu", [X, Y[0], Out(F.prelu(X, Y[0]))]),
    ("aclnnPreluBackward", [GRAD, X, Y[0], *map(Out, gradients(F.prelu, GRAD, X, Y[0]))]),
]

TARGET = torch.tensor([1, 0, 5, 2])
WEIGHT = UNIT[0]
LOGS, LOGS2D = X.log_softmax(1), seeded(2, 3, 4, 4).log_softmax(1)
TARGET2D = seeded(2, 4, 4, dtype=torch.int64, seed=1).abs() % 3
ONE = torch.tensor(1.5)
_LABELS = torch.tensor([[3, 0, -1, 1, 1, 1]]).expand(4, 6).contiguous()
_TOTAL = WEIGHT[TARGET].sum()
_TOTAL2D = WEIGHT[:3][TARGET2D].sum()


def _nll(x: torch.Tensor) -> torch.Tensor:
    return F.nll_loss(x, TARGET, WEIGHT)


def _nll2d(x: torch.Tensor) -> torch.Tensor:
    return F.nll_loss(x, TARGET2D, WEIGHT[:3].contiguous())


LOSSES = [
    ("aclnnNLLLoss", [LOGS, TARGET, WEIGHT, 1, -100, Out(_nll(LOGS)), Out(_TOTAL)]),
    (
        "aclnnNLLLossBackward",
        [ONE, LOGS, TARGET, WEIGHT, 1, -100, _TOTAL, backward(_nll, ONE, LOGS)],
    ),
    ("aclnnNLLLoss2d", [LOGS2D, TARGET2D, WEIGHT[:3], 1, -100, Out(_nll2d(LOGS2D)), Out(_TOTAL2D)]),
    (
        "aclnnNLLLoss2dBackward",
        [ONE, LOGS2D, TARGET2D, WEIGHT[:3], 1, -100, _TOTAL2D, backward(_nll2d, ONE, LOGS2D)],
    ),
    ("aclnnMseLoss", [X, Y, 1, Out(F.mse_loss(X, Y))]),
    ("aclnnMseLossOut", [X, Y, 0, Out(F.mse_loss(X, Y, reduction="none"))]),
    ("aclnnMseLossBackward", [ONE, X, Y, 1, backward(lambda x: F.mse_loss(x, Y), ONE, X)]),
    ("aclnnL1Loss", [X, Y, 2, Out(F.l1_loss(X, Y, reduction="sum"))]),
    ("aclnnL1LossBackward", [ONE, X, Y, 1, backward(lambda x: F.l1_loss(x, Y), ONE, X)]),
    ("aclnnSmoothL1Loss", [X, Y, 1, 0.5, Out(F.smooth_l1_loss(X, Y, beta=0.5))]),
    (
        "aclnnSmoothL1LossBackward",
        [ONE, X, Y, 1, 0.5, backward(lambda x: F.smooth_l1_loss(x, Y, beta=0.5), ONE, X)],
    ),
    (
        "aclnnBinaryCrossEntropy",
        [UNIT, Y.sigmoid(), None, 1, Out(F.binary_cross_entropy(UNIT, Y.sigmoid()))],
    ),
    (
        "aclnnBinaryCrossEntropyBackward",
        [
            ONE, UNIT, Y.sigmoid(), None, 1,
            backward(lambda x: F.binary_cross_entropy(x, Y.sigmoid()), ONE, UNIT),
        ],
    ),
    (
        "aclnnBinaryCrossEntropyWithLogits",
        [X, Y.sigmoid(), None, None, 1, Out(F.binary_cross_entropy_with_logits(X, Y.sigmoid()))],
    ),
    ("aclnnSoftMarginLoss", [X, Y.sign(), 1, Out(F.soft_margin_loss(X, Y.sign()))]),
    (
        "aclnnSoftMarginLossBackward",
        [ONE, X, Y.sign(), 1, backward(lambda x: F.soft_margin_loss(x, Y.sign()), ONE, X)],
    ),
    (
        "aclnnMultilabelMarginLoss",
        [
            X, _LABELS, 1, Out(F.multilabel_margin_loss(X, _LABELS)),
            Out(torch.ops.aten.multilabel_margin_loss_forward(X, _LABELS, 1)[1]),
        ],
    ),
    ("aclnnKlDiv", [LOGS, UNIT, 2, False, Out(F.kl_div(LOGS, UNIT, reduction="sum"))]),
]  # fmt: skip

IMAGE, FILTER, BIAS = seeded(2, 3, 6, 6), seeded(4, 3, 3, 3, seed=1), seeded(4, seed=2)
CONV_GRAD = seeded(2, 4, 6, 6, seed=3)
POOL_GRAD = seeded(2, 3, 3, 3, seed=4)
WINDOW = [[2, 2], [2, 2], [0, 0], [1, 1], False]
MASK_BYTES = (math.ceil(9 / 16) + 1) * 32


def _conv(x: torch.Tensor, w: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return F.conv2d(x, w, b, padding=1)


def _pool(x: torch.Tensor) -> torch.Tensor:
    return F.max_pool2d(x, 2)


def _average(x: torch.Tensor) -> torch.Tensor:
    return F.avg_pool2d(x, 2)


def _adaptive(x: torch.Tensor) -> torch.Tensor:
    return F.adaptive_avg_pool2d(x, 3)


_POOLED, _PLACES = F.max_pool2d(IMAGE, 2, return_indices=True)
_MASK = torch.zeros(2, 3, 4, MASK_BYTES, dtype=torch.int8)
_CONV = [[1, 1], [1, 1], [1, 1], False, [0, 0], 1]
IMAGES = [
    ("aclnnConvolution", [IMAGE, FILTER, BIAS, *_CONV, Out(_conv(IMAGE, FILTER, BIAS)), 0]),
    ("aclnnConvolution", [IMAGE, FILTER, None, *_CONV, Out(F.conv2d(IMAGE, FILTER, padding=1)), 0]),
    (
        "aclnnConvolutionBackward",
        [
            CONV_GRAD, IMAGE, FILTER, [4], *_CONV, [True, True, True], 0,
            *(Out(g, 1e-4) for g in gradients(_conv, CONV_GRAD, IMAGE, FILTER, BIAS)),
        ],
    ),
    ("aclnnMaxPool2dWithIndices", [IMAGE, *WINDOW, Out(_POOLED), Out(_PLACES.int())]),
    (
        "aclnnMaxPool2dWithIndicesBackward",
        [POOL_GRAD, IMAGE, _PLACES.int(), *WINDOW, backward(_pool, POOL_GRAD, IMAGE)],
    ),
    ("aclnnMaxPool", [IMAGE, [2, 2], [2, 2], 0, [0, 0, 0, 0], [1, 1], 0, Out(_POOLED)]),
    ("aclnnAvgPool2d", [IMAGE, [2, 2], [2, 2], [0, 0], False, True, 0, 0, Out(_average(IMAGE))]),
    (
        "aclnnAvgPool2dBackward",
        [
            POOL_GRAD, IMAGE, [2, 2], [2, 2], [0, 0], False, True, 0, 0,
            backward(_average, POOL_GRAD, IMAGE),
        ],
    ),
    ("aclnnAdaptiveAvgPool2d", [IMAGE, [3, 3], Out(_adaptive(IMAGE))]),
    ("aclnnAdaptiveAvgPool2dBackward", [POOL_GRAD, IMAGE, backward(_adaptive, POOL_GRAD, IMAGE)]),
    ("aclnnUpsampleNearest2d", [IMAGE, [9, 9], Out(F.interpolate(IMAGE, (9, 9)))]),
    (
        "aclnnUpsampleNearest2dBackward",
        [
            seeded(2, 3, 12, 12), [12, 12], [2, 3, 6, 6], 2.0, 2.0,
            backward(lambda x: F.interpolate(x, (12, 12)), seeded(2, 3, 12, 12), IMAGE),
        ],
    ),
    (
        "aclnnUpsampleBilinear2d",
        [IMAGE, [9, 9], False, 0.0, 0.0, Out(F.interpolate(IMAGE, (9, 9), mode="bilinear"))],
    ),
    (
        "aclnnUpsampleBilinear2dBackward",
        [
            seeded(2, 3, 12, 12), [12, 12], [2, 3, 6, 6], False, 2.0, 2.0,
            backward(
                lambda x: F.interpolate(x, (12, 12), mode="bilinear"), seeded(2, 3, 12, 12), IMAGE
            ),
        ],
    ),
]  # fmt: skip


def samples() -> list[tuple[str, list]]:
    return ACTIVATIONS + LOSSES + IMAGES

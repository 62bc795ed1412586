"""Samples of distances and decompositions."""

import torch
from sample import Out, seeded
from samples_nn import gradients

A, B = seeded(4, 3), seeded(5, 3, seed=1)
GRAD = seeded(4, 5, seed=2)
TALL, SQUARE = seeded(5, 3, seed=3), seeded(3, 3, seed=4)
LOWER = SQUARE.tril() + 3 * torch.eye(3)
POSITIVE = LOWER @ LOWER.mT
SINGULAR = torch.ones(2, 3, 3)


def _distances(x: torch.Tensor) -> torch.Tensor:
    return torch.cdist(x, B, 3.0)


_GRADIENT = gradients(_distances, GRAD, A)[0]
_Q, _R = torch.linalg.qr(TALL)
_FULL_Q, _FULL_R = torch.linalg.qr(TALL, "complete")
_U, _S, _VH = torch.linalg.svd(TALL, full_matrices=False)
_UNUSED = torch.zeros(5, 3), torch.zeros(3, 3)

SAMPLES = [
    ("aclnnCdist", [A, B, 3.0, 0, Out(_distances(A))]),
    ("aclnnCdistBackward", [GRAD, A, B, _distances(A), 3.0, Out(_GRADIENT)]),
    ("aclnnPdist", [A, 2.0, Out(torch.pdist(A))]),
    ("aclnnLinalgQr", [TALL, 0, Out(_Q), Out(_R)]),
    ("aclnnLinalgQr", [TALL, 1, Out(_FULL_Q), Out(_FULL_R)]),
    ("aclnnLinalgQr", [TALL, 2, torch.empty(0), Out(_R)]),
    ("aclnnSvd", [TALL, False, True, Out(_S), Out(_U), Out(_VH.mT.contiguous())]),
    ("aclnnSvd", [TALL, False, False, Out(_S), *_UNUSED]),
    ("aclnnInverse", [LOWER, Out(torch.linalg.inv(LOWER))]),
    ("aclnnInverse", [SINGULAR, Out(torch.full_like(SINGULAR, float("inf")))]),
    ("aclnnLinalgCholesky", [POSITIVE, False, Out(torch.linalg.cholesky(POSITIVE))]),
    ("aclnnLinalgCholesky", [POSITIVE, True, Out(torch.linalg.cholesky(POSITIVE, upper=True))]),
    ("aclnnLinalgCholesky", [-SINGULAR, False, Out(torch.full_like(SINGULAR, float("nan")))]),
    (
        "aclnnTriangularSolve",
        [
            SQUARE, LOWER, False, False, False,
            Out(torch.linalg.solve_triangular(LOWER, SQUARE, upper=False)), Out(LOWER),
        ],
    ),
]  # fmt: skip


def samples() -> list[tuple[str, list]]:
    return SAMPLES

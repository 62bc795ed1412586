"""Samples of reductions, scans, sorting, matrix products and creation."""

import torch
from sample import Dynamic, Out, in_out, seeded

X = seeded(3, 4, 5)
N = seeded(3, 4, 5, dtype=torch.int64)
A, B, C = seeded(3, 4), seeded(4, 5, seed=1), seeded(3, 5, seed=2)
BATCH_A, BATCH_B, BATCH_C = seeded(2, 3, 4), seeded(2, 4, 5, seed=1), seeded(2, 3, 5, seed=2)
VEC = seeded(4, seed=3)
SORTED = VEC.sort()[0]
F32, I64 = torch.float32, torch.int64


def pair(result, index_dtype=I64) -> list[Out]:
    return [Out(result[0]), Out(result[1].to(index_dtype))]


REDUCTIONS = [
    ("aclnnReduceSum", [X, [1], False, F32, Out(X.sum(1))]),
    ("aclnnReduceSum", [X, [0, 2], True, F32, Out(X.sum((0, 2), keepdim=True))]),
    ("aclnnReduceSum", [X, [], False, F32, Out(X.sum())]),
    ("aclnnReduceSum", [X > 0, [1], False, I64, Out((X > 0).sum(1))]),
    ("aclnnReduceNansum", [X, [1], False, F32, Out(X.nansum(1))]),
    ("aclnnMean", [X, [1], False, F32, Out(X.mean(1))]),
    ("aclnnMeanV2", [X, [1], True, False, Out(X.mean(1, keepdim=True))]),
    ("aclnnAmax", [X, [1], False, Out(X.amax(1))]),
    ("aclnnAmin", [X, [1], False, Out(X.amin(1))]),
    ("aclnnMax", [X, Out(X.max())]),
    ("aclnnMin", [X, Out(X.min())]),
    ("aclnnMedian", [X, Out(X.median())]),
    ("aclnnMaxDim", [X, 1, False, *pair(X.max(1))]),
    ("aclnnMinDim", [X, 1, True, *pair(X.min(1, keepdim=True), torch.int32)]),
    ("aclnnArgMax", [X, 1, False, Out(X.argmax(1))]),
    ("aclnnArgMin", [X, 1, False, Out(X.argmin(1).int())]),
    ("aclnnAll", [X > -2, [1], False, Out((X > -2).all(1))]),
    ("aclnnAny", [X > 1, [], False, Out((X > 1).any())]),
    ("aclnnProd", [X, F32, Out(X.prod())]),
    ("aclnnProdDim", [X, 1, False, F32, Out(X.prod(1))]),
    ("aclnnNorm", [X, 2.0, [1], False, Out(X.norm(2, 1))]),
    ("aclnnLinalgVectorNorm", [X, 3.0, [1], False, F32, Out(torch.linalg.vector_norm(X, 3, 1))]),
    ("aclnnStd", [X, [1], 1, False, Out(X.std(1))]),
    ("aclnnVar", [X, [1], False, False, Out(X.var(1, correction=0))]),
    ("aclnnVarCorrection", [X, [1], 2, False, Out(X.var(1, correction=2))]),
    ("aclnnVarMean", [X, [1], 1, False, *map(Out, torch.var_mean(X, 1))]),
    ("aclnnLogSumExp", [X, [1], False, Out(X.logsumexp(1))]),
    ("aclnnAminmax", [X, [1], False, Out(X.amin(1)), Out(X.amax(1))]),
    ("aclnnAminmaxAll", [X, Out(X.min()), Out(X.max())]),
    ("aclnnAminmaxDim", [X, 1, True, Out(X.amin(1, keepdim=True)), Out(X.amax(1, keepdim=True))]),
    ("aclnnMedianDim", [X, 1, False, *pair(X.median(1))]),
    ("aclnnNanMedian", [X, Out(X.nanmedian())]),
    ("aclnnNanMedianDim", [X, 1, False, *pair(X.nanmedian(1))]),
    ("aclnnStdMeanCorrection", [X, [1], 1, False, *map(Out, torch.std_mean(X, 1))]),
    ("aclnnTrace", [A, Out(A.trace())]),
    ("aclnnCumsum", [X, 1, F32, Out(X.cumsum(1))]),
    ("aclnnCumprod", [X, 1, F32, Out(X.cumprod(1))]),
    ("aclnnCummax", [X, 1, *pair(X.cummax(1))]),
    ("aclnnCummin", [X, 1, *pair(X.cummin(1), torch.int32)]),
]

_VALUES = torch.tensor([3, 1, 3, 2, 1, 1])
_UNIQUE, _INVERSE, _COUNTS = torch.unique(_VALUES, return_inverse=True, return_counts=True)
SORTING = [
    ("aclnnSort", [X, False, 1, True, *map(Out, X.sort(1, descending=True))]),
    ("aclnnTopk", [X, 2, 1, True, True, *map(Out, X.topk(2, 1))]),
    ("aclnnArgsort", [X, 1, False, Out(X.argsort(1))]),
    ("aclnnKthvalue", [X, 2, 1, False, *map(Out, X.kthvalue(2, 1))]),
    (
        "aclnnSearchSorted",
        [
            VEC.sort()[0],
            X,
            False,
            True,
            None,
            Out(torch.searchsorted(VEC.sort()[0], X, right=True)),
        ],
    ),
    ("aclnnBincount", [_VALUES, None, 5, Out(_VALUES.bincount(minlength=5))]),
    ("aclnnBincount", [_VALUES, A.flatten()[:6], 0, Out(_VALUES.bincount(A.flatten()[:6]))]),
    ("aclnnHistc", [X, 4, 0.0, 2.0, Out(X.histc(4, 0, 2))]),
    ("aclnnIsInTensorScalar", [_VALUES, 1, False, True, Out(_VALUES != 1)]),
    ("aclnnIsInScalarTensor", [2, _VALUES, False, False, Out(torch.tensor(True))]),
    ("aclnnUnique", [_VALUES, True, True, Dynamic(_UNIQUE, (6,)), Out(_INVERSE)]),
    (
        "aclnnUnique2",
        [_VALUES, True, True, True, Dynamic(_UNIQUE, (6,)), Out(_INVERSE), Dynamic(_COUNTS, (6,))],
    ),
]

MATMUL = [
    ("aclnnMm", [A, B, Out(A @ B), 0]),
    ("aclnnMatmul", [BATCH_A, B, Out(BATCH_A @ B), 0]),
    ("aclnnMatmulWeightNz", [A, B, Out(A @ B), 0]),
    (
        "aclnnAddmmWeightNz",
        [
            (A @ B).half(),
            A.half(),
            B.half(),
            2.0,
            3.0,
            Out(((A @ B) * 2 + (A @ B) * 3).half(), 5e-3),
            0,
        ],
    ),
    (
        "aclnnBatchMatMulWeightNz",
        [BATCH_A.half(), BATCH_B.half(), Out((BATCH_A @ BATCH_B).half(), 5e-3), 0],
    ),
    ("aclnnNpuFormatCast", [A, Out(A)]),
    ("aclnnMatmul", [BATCH_A, VEC, Out(BATCH_A @ VEC), 0]),
    ("aclnnBatchMatMul", [BATCH_A, BATCH_B, Out(BATCH_A @ BATCH_B), 0]),
    ("aclnnAddmm", [C, A, B, 0.5, 2.0, Out(0.5 * C + 2 * (A @ B)), 0]),
    ("aclnnInplaceAddmm", [in_out(C, 0.5 * C + 2 * (A @ B)), A, B, 0.5, 2.0, 0]),
    (
        "aclnnBaddbmm",
        [BATCH_C, BATCH_A, BATCH_B, 0.5, 2.0, Out(0.5 * BATCH_C + 2 * (BATCH_A @ BATCH_B)), 0],
    ),
    (
        "aclnnAddbmm",
        [C, BATCH_A, BATCH_B, 0.5, 2.0, Out(0.5 * C + 2 * (BATCH_A @ BATCH_B).sum(0)), 0],
    ),
    ("aclnnMv", [A, VEC, Out(A @ VEC), 0]),
    ("aclnnDot", [VEC, VEC + 1, Out(VEC @ (VEC + 1))]),
    ("aclnnAddmv", [A[:, 0], A, VEC, 2.0, 0.5, Out(0.5 * A[:, 0] + 2 * (A @ VEC)), 0]),
    ("aclnnAddr", [C, A[:, 0], B[0], 0.5, 2.0, Out(0.5 * C + 2 * torch.outer(A[:, 0], B[0]))]),
    ("aclnnAddr", [C, A[:, 0], B[0], None, None, Out(C + torch.outer(A[:, 0], B[0]))]),
    ("aclnnGer", [A[:, 0], B[0], Out(torch.outer(A[:, 0], B[0]))]),
]

CREATION = [
    ("aclnnInplaceCopy", [in_out(torch.zeros_like(X), X), X]),
    ("aclnnInplaceCopy", [in_out(torch.zeros(3, 4), A[:1].expand(3, 4)), A[:1]]),
    ("aclnnCast", [X, torch.bfloat16, Out(X.bfloat16())]),
    ("aclnnCast", [X, I64, Out(X.long())]),
    ("aclnnInplaceFillScalar", [in_out(X, torch.full_like(X, 2.5)), 2.5]),
    ("aclnnInplaceFillTensor", [in_out(X, torch.full_like(X, 2.5)), torch.tensor([2.5])]),
    ("aclnnInplaceOne", [in_out(X, torch.ones_like(X))]),
    ("aclnnArange", [1, 10, 3, Out(torch.arange(1, 10, 3))]),
    ("aclnnRange", [1.0, 10.0, 3.0, Out(torch.tensor([1.0, 4.0, 7.0, 10.0]))]),
    ("aclnnLinspace", [0.0, 1.0, 5, Out(torch.linspace(0, 1, 5))]),
    ("aclnnLogSpace", [0.0, 2.0, 3, 10.0, Out(torch.tensor([1.0, 10.0, 100.0]))]),
    ("aclnnEye", [3, 4, Out(torch.eye(3, 4))]),
]


def samples() -> list[tuple[str, list]]:
    return REDUCTIONS + SORTING + MATMUL + CREATION

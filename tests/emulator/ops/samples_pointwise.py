"""Samples of functions that work on each element alone."""

import torch
from sample import Out, in_out, seeded
from torch.nn import functional as F

X, Y, Z = (seeded(3, 5, seed=seed) for seed in range(3))
UNIT = X.sigmoid() * 0.9 + 0.05  # in (0, 1), for functions that need it
POSITIVE = UNIT * 3
LARGE = POSITIVE + 1.5
N, M = seeded(4, 6, dtype=torch.int32), seeded(4, 6, dtype=torch.int32, seed=1)
A, B = N > 0, M > 0
SPECIAL = torch.tensor([0.0, float("inf"), -float("inf"), float("nan"), 2.5])

# function name without aclnn: (reference, input)
UNARY = {
    "Abs": (torch.abs, X),
    "Neg": (torch.neg, X),
    "Sign": (torch.sign, X),
    "Exp": (torch.exp, X),
    "Expm1": (torch.expm1, X),
    "Exp2": (torch.exp2, X),
    "Log": (torch.log, POSITIVE),
    "Log2": (torch.log2, POSITIVE),
    "Log10": (torch.log10, POSITIVE),
    "Log1p": (torch.log1p, POSITIVE),
    "Sqrt": (torch.sqrt, POSITIVE),
    "Rsqrt": (torch.rsqrt, POSITIVE),
    "Reciprocal": (torch.reciprocal, POSITIVE),
    "Sin": (torch.sin, X),
    "Cos": (torch.cos, X),
    "Tan": (torch.tan, UNIT),
    "Asin": (torch.asin, UNIT),
    "Acos": (torch.acos, UNIT),
    "Atan": (torch.atan, X),
    "Sinh": (torch.sinh, X),
    "Cosh": (torch.cosh, X),
    "Tanh": (torch.tanh, X),
    "Asinh": (torch.asinh, X),
    "Acosh": (torch.acosh, LARGE),
    "AngleV2": (torch.angle, X),
    "Digamma": (torch.digamma, POSITIVE),
    "Lgamma": (torch.lgamma, POSITIVE),
    "Atanh": (torch.atanh, UNIT),
    "Erf": (torch.erf, X),
    "Erfc": (torch.erfc, X),
    "Erfinv": (torch.erfinv, UNIT),
    "Floor": (torch.floor, X * 3),
    "Ceil": (torch.ceil, X * 3),
    "Round": (torch.round, X * 3),
    "Trunc": (torch.trunc, X * 3),
    "Frac": (torch.frac, X * 3),
    "Sigmoid": (torch.sigmoid, X),
    "Sinc": (torch.sinc, X),
    "Signbit": (torch.signbit, X),
    "IsFinite": (torch.isfinite, SPECIAL),
    "IsInf": (torch.isinf, SPECIAL),
    "IsNegInf": (torch.isneginf, SPECIAL),
    "IsPosInf": (torch.isposinf, SPECIAL),
    "BitwiseNot": (torch.bitwise_not, N),
    "LogicalNot": (torch.logical_not, A),
    "Relu": (torch.relu, X),
    "Gelu": (lambda x: F.gelu(x, approximate="tanh"), X),
    "Silu": (F.silu, X),
    "Mish": (F.mish, X),
    "Hardswish": (F.hardswish, X * 3),
    "Hardsigmoid": (F.hardsigmoid, X * 3),
    "LogSigmoid": (F.logsigmoid, X),
}
UNARY_IN_PLACE = "Sqrt Neg Exp Reciprocal Sigmoid Tanh Sin Cos Floor Log Rsqrt Relu".split()

BINARY = {
    "Mul": (torch.mul, X, Y),
    "Div": (torch.div, X, POSITIVE),
    "RemainderTensorTensor": (torch.remainder, X, POSITIVE),
    "FmodTensor": (torch.fmod, X, POSITIVE),
    "FloorDivide": (torch.floor_divide, X, POSITIVE),
    "Maximum": (torch.maximum, X, Y),
    "Minimum": (torch.minimum, X, Y),
    "PowTensorTensor": (torch.pow, POSITIVE, Y),
    "Atan2": (torch.atan2, X, Y),
    "Heaviside": (torch.heaviside, X, Y),
    "XLogYTensor": (torch.xlogy, X, POSITIVE),
    "LogAddExp": (torch.logaddexp, X, Y),
    "LogAddExp2": (torch.logaddexp2, X, Y),
    "LogicalAnd": (torch.logical_and, A, B),
    "LogicalOr": (torch.logical_or, A, B),
    "LogicalXor": (torch.logical_xor, A, B),
    "EqTensor": (torch.eq, N, M),
    "NeTensor": (torch.ne, N, M),
    "LtTensor": (torch.lt, N, M),
    "LeTensor": (torch.le, N, M),
    "GtTensor": (torch.gt, N, M),
    "GeTensor": (torch.ge, N, M),
    "Gcd": (torch.gcd, N, M),
    "BitwiseAndTensor": (torch.bitwise_and, N, M),
    "BitwiseOrTensor": (torch.bitwise_or, N, M),
    "BitwiseXorTensor": (torch.bitwise_xor, N, M),
}
BINARY_SCALAR = {
    "Muls": (torch.mul, X, 2.5),
    "Divs": (torch.div, X, 2.5),
    "RemainderTensorScalar": (torch.remainder, X, 0.7),
    "FmodScalar": (torch.fmod, X, 0.7),
    "FloorDivides": (torch.floor_divide, X, 0.7),
    "PowTensorScalar": (torch.pow, POSITIVE, 1.5),
    "EqScalar": (torch.eq, N, 2),
    "NeScalar": (torch.ne, N, 2),
    "LtScalar": (torch.lt, N, 2),
    "LeScalar": (torch.le, N, 2),
    "GtScalar": (torch.gt, N, 2),
    "GeScalar": (torch.ge, N, 2),
    "BitwiseAndScalar": (torch.bitwise_and, N, 3),
    "BitwiseOrScalar": (torch.bitwise_or, N, 3),
    "BitwiseXorScalar": (torch.bitwise_xor, N, 3),
}

HANDWRITTEN = [
    ("aclnnAdd", [X, Y, 2.0, Out(X + 2 * Y)]),
    ("aclnnAddRelu", [X, Y[:1], 2.0, Out((X + 2 * Y[:1]).relu())]),
    ("aclnnAdd", [X, Y[:1], 1.0, Out(X + Y[:1])]),
    ("aclnnAdd", [X, N[:3, :5], 1.0, Out(X + N[:3, :5])]),
    ("aclnnAdds", [X, 1.5, 2.0, Out(X + 3.0)]),
    ("aclnnSub", [X, Y, 2.0, Out(X - 2 * Y)]),
    ("aclnnSubs", [X, 1.5, 2.0, Out(X - 3.0)]),
    ("aclnnRsub", [X, Y, 2.0, Out(Y - 2 * X)]),
    ("aclnnRsubs", [X, 1.5, 2.0, Out(1.5 - 2 * X)]),
    ("aclnnInplaceAdd", [in_out(X, X + 2 * Y), Y, 2.0]),
    ("aclnnInplaceAdd", [in_out(N, (N + X[:1, :1]).to(torch.int32)), X[:1, :1], 1.0]),
    ("aclnnInplaceAdds", [in_out(X, X + 3), 1.5, 2.0]),
    ("aclnnInplaceSub", [in_out(X, X - 2 * Y), Y, 2.0]),
    ("aclnnInplaceSubs", [in_out(X, X - 3), 1.5, 2.0]),
    ("aclnnInplaceMul", [in_out(X, X * Y), Y]),
    ("aclnnInplaceMuls", [in_out(X, X * 2), 2.0]),
    ("aclnnInplaceDiv", [in_out(X, X / POSITIVE), POSITIVE]),
    ("aclnnInplaceDivs", [in_out(X, X / 2), 2.0]),
    ("aclnnDivMod", [N, M.abs() + 1, 0, Out(N / (M.abs() + 1))]),
    ("aclnnDivMod", [N, M.abs() + 1, 1, Out(torch.div(N, M.abs() + 1, rounding_mode="trunc"))]),
    ("aclnnDivMods", [X, 0.3, 0, Out(X / 0.3)]),
    ("aclnnDivMods", [X, 0.3, 2, Out(torch.div(X, 0.3, rounding_mode="floor"))]),
    ("aclnnPowScalarTensor", [2.0, X, Out(2**X)]),
    ("aclnnInplacePowTensorScalar", [in_out(POSITIVE, POSITIVE**1.5), 1.5]),
    ("aclnnClamp", [X, -0.5, 0.5, Out(X.clamp(-0.5, 0.5))]),
    ("aclnnClamp", [X, None, 0.5, Out(X.clamp(max=0.5))]),
    ("aclnnClampMin", [X, -0.5, Out(X.clamp(min=-0.5))]),
    ("aclnnClampMax", [X, 0.5, Out(X.clamp(max=0.5))]),
    ("aclnnInplaceClampMax", [in_out(X, X.clamp(max=0.5)), 0.5]),
    ("aclnnClampTensor", [X, Y - 1, Y + 1, Out(X.clamp(Y - 1, Y + 1))]),
    ("aclnnClampMinTensor", [X, Y, Out(X.clamp(min=Y))]),
    ("aclnnClampMaxTensor", [X, Y, Out(X.clamp(max=Y))]),
    ("aclnnAddcmul", [X, Y, Z, 0.5, Out(X + 0.5 * Y * Z)]),
    ("aclnnAddcdiv", [X, Y, POSITIVE, 0.5, Out(X + 0.5 * Y / POSITIVE)]),
    ("aclnnInplaceAddcmul", [in_out(X, X + 0.5 * Y * Z), Y, Z, 0.5]),
    ("aclnnInplaceAddcdiv", [in_out(X, X + 0.5 * Y / POSITIVE), Y, POSITIVE, 0.5]),
    ("aclnnLerp", [X, Y, UNIT, Out(X.lerp(Y, UNIT))]),
    ("aclnnLerps", [X, Y, 0.3, Out(X.lerp(Y, 0.3))]),
    ("aclnnInplaceLerp", [in_out(X, X.lerp(Y, UNIT)), Y, UNIT]),
    ("aclnnInplaceLerps", [in_out(X, X.lerp(Y, 0.3)), Y, 0.3]),
    ("aclnnInplaceZero", [in_out(X, torch.zeros_like(X))]),
    ("aclnnLogit", [UNIT, -1.0, Out(torch.logit(UNIT))]),
    ("aclnnNanToNum", [SPECIAL, 1.0, 2.0, 3.0, Out(torch.nan_to_num(SPECIAL, 1, 2, 3))]),
    ("aclnnRoundDecimals", [X, 2, Out(X.round(decimals=2))]),
    ("aclnnLeftShift", [N, M.abs() % 4, Out(N << (M.abs() % 4))]),
    ("aclnnLeftShifts", [N, 2, Out(N << 2)]),
    ("aclnnRightShift", [N, M.abs() % 4, Out(N >> (M.abs() % 4))]),
    ("aclnnComplex", [X, Y, Out(torch.complex(X, Y))]),
    ("aclnnPolar", [POSITIVE, Y, Out(torch.polar(POSITIVE, Y))]),
    ("aclnnLinalgCross", [X[:, :3], Y[:, :3], 1, Out(torch.linalg.cross(X[:, :3], Y[:, :3]))]),
    ("aclnnEqual", [X, X, Out(torch.tensor([True]))]),
    ("aclnnSWhere", [X > 0, X, Y, Out(torch.where(X > 0, X, Y))]),
]


def samples() -> list[tuple[str, list]]:
    unary = [(f"aclnn{name}", [x, Out(f(x))]) for name, (f, x) in UNARY.items()]
    in_place = [
        (f"aclnnInplace{name}", [in_out(UNARY[name][1], UNARY[name][0](UNARY[name][1]))])
        for name in UNARY_IN_PLACE
    ]
    binary = [
        (f"aclnn{name}", [x, y, Out(f(x, y))])
        for name, (f, x, y) in {**BINARY, **BINARY_SCALAR}.items()
    ]
    return unary + in_place + binary + HANDWRITTEN

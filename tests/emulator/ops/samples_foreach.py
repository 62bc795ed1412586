"""Samples of functions over lists of tensors."""

import torch
from sample import Out, in_out, seeded

X = [seeded(3, 4), seeded(5, seed=1)]
Y = [seeded(3, 4, seed=2), seeded(5, seed=3)]
UNIT = [x.sigmoid() * 0.9 + 0.05 for x in X]
POSITIVE = [x * 3 for x in UNIT]
NUMBER = torch.tensor([1.5])
EACH = [1.5, 0.5]

UNARY = {
    "Abs": (torch.abs, X),
    "Acos": (torch.acos, UNIT),
    "Asin": (torch.asin, UNIT),
    "Atan": (torch.atan, X),
    "Cos": (torch.cos, X),
    "Cosh": (torch.cosh, X),
    "Erf": (torch.erf, X),
    "Erfc": (torch.erfc, X),
    "Exp": (torch.exp, X),
    "Expm1": (torch.expm1, X),
    "Log": (torch.log, POSITIVE),
    "Log10": (torch.log10, POSITIVE),
    "Log1p": (torch.log1p, POSITIVE),
    "Log2": (torch.log2, POSITIVE),
    "Neg": (torch.neg, X),
    "Reciprocal": (torch.reciprocal, POSITIVE),
    "Sigmoid": (torch.sigmoid, X),
    "Sign": (torch.sign, X),
    "Sin": (torch.sin, X),
    "Sinh": (torch.sinh, X),
    "Sqrt": (torch.sqrt, POSITIVE),
    "Tan": (torch.tan, UNIT),
    "Tanh": (torch.tanh, X),
    "Copy": (torch.clone, X),
}
# With a list, with a number in a tensor or a scalar (V2), with a list of numbers.
BINARY = {
    "Add": torch.add,
    "Sub": torch.sub,
    "Mul": torch.mul,
    "Div": torch.div,
    "Maximum": torch.maximum,
    "Minimum": torch.minimum,
    "Pow": torch.pow,
}
WITH_ALPHA = ("Add", "Sub")
ROUNDING = {1: torch.round, 2: torch.floor, 3: torch.ceil, 5: torch.trunc}
HALVES = [torch.tensor([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]), 3 * seeded(4)]


def apply(function, *lists) -> list[Out]:
    return [Out(function(*items)) for items in zip(*lists, strict=True)]


def update(function, first, *lists) -> list[Out]:
    results = [function(*items) for items in zip(first, *lists, strict=True)]
    return [in_out(old, new) for old, new in zip(first, results, strict=True)]


def numbers(function, values) -> list[Out]:
    return apply(lambda x, value: function(x, torch.as_tensor(value)), POSITIVE, values)


def binary(name: str, function) -> list[tuple[str, list]]:
    def sum_of(x, y):
        return function(x, y, alpha=1.5)

    prefix = f"aclnnForeach{name}"
    lists = [(f"{prefix}List", [POSITIVE, Y, apply(function, POSITIVE, Y)])]
    if name in WITH_ALPHA:
        lists = [
            (f"{prefix}List", [X, Y, NUMBER, apply(sum_of, X, Y)]),
            (f"{prefix}ListV2", [X, Y, 1.5, apply(sum_of, X, Y)]),
        ]
    return [
        *lists,
        (f"{prefix}Scalar", [POSITIVE, NUMBER, numbers(function, [1.5] * 2)]),
        (f"{prefix}ScalarV2", [POSITIVE, 1.5, numbers(function, [1.5] * 2)]),
        (f"{prefix}ScalarList", [POSITIVE, EACH, numbers(function, EACH)]),
    ]


def ternary(name: str, function) -> list[tuple[str, list]]:
    def with_value(x, y, z, value=1.5):
        return function(x, y, z, value=value)

    arguments = [X, Y, POSITIVE]
    prefix = f"aclnnForeach{name}"
    lists = apply(with_value, *arguments, EACH)
    return [
        (f"{prefix}Scalar", [*arguments, NUMBER, apply(with_value, *arguments)]),
        (f"{prefix}ScalarV2", [*arguments, 1.5, apply(with_value, *arguments)]),
        (f"{prefix}List", [*arguments, torch.tensor(EACH), lists]),
        (f"{prefix}ScalarList", [*arguments, torch.tensor(EACH), lists]),
    ]


HANDWRITTEN = [
    (
        "aclnnForeachRoundOffNumberV2",
        [HALVES[:1], 4, [Out(torch.tensor([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0]))]],
    ),
    ("aclnnForeachZeroInplace", [update(torch.zeros_like, X)]),
    ("aclnnForeachPowScalarAndTensor", [1.5, X, apply(lambda x: 1.5**x, X)]),
    ("aclnnForeachLerpList", [X, Y, UNIT, apply(torch.lerp, X, Y, UNIT)]),
    ("aclnnForeachLerpScalar", [X, Y, 0.3, apply(lambda x, y: x.lerp(y, 0.3), X, Y)]),
    ("aclnnForeachNorm", [X, 2.0, apply(torch.norm, X)]),
    (
        "aclnnForeachNonFiniteCheckAndUnscale",
        [update(lambda x: x / 2, X), in_out(torch.zeros(1), torch.zeros(1)), torch.tensor([0.5])],
    ),
    (
        "aclnnForeachNonFiniteCheckAndUnscale",
        [
            update(lambda x: x / 2, [X[0], torch.tensor([1.0, float("inf")])]),
            in_out(torch.zeros(1), torch.ones(1)),
            torch.tensor([0.5]),
        ],
    ),
]


def samples() -> list[tuple[str, list]]:
    unary = [(f"aclnnForeach{name}", [x, apply(f, x)]) for name, (f, x) in UNARY.items()]
    pairs = [sample for name, f in BINARY.items() for sample in binary(name, f)]
    rounding = [
        ("aclnnForeachRoundOffNumberV2", [HALVES, mode, apply(function, HALVES)])
        for mode, function in ROUNDING.items()
    ]
    addcdiv, addcmul = ternary("Addcdiv", torch.addcdiv), ternary("Addcmul", torch.addcmul)
    return unary + pairs + rounding + addcdiv + addcmul + HANDWRITTEN

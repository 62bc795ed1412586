"""Arguments for functions whose results have tests of their own."""

import torch
from sample import seeded

X = seeded(4, 8)
MASK = torch.full((16,), 255, dtype=torch.uint8)
SEED, OFFSET = torch.tensor([5]), torch.tensor([6])
UNSIGNED = torch.uint64

QUERY, KEY = seeded(1, 2, 3, 8), seeded(1, 2, 5, 8, seed=1)
SUMS = torch.ones(1, 2, 3, 8)
_REACH = 2**31 - 1
_MODES = [0.3, 1.0, _REACH, _REACH, 2, "BNSD", 0, 0]

IMAGE, POOLED = seeded(1, 2, 4, 4), torch.zeros(1, 2, 2, 2)
WINDOW = [[2, 2], [2, 2], [0, 0], [1, 1], False]
PLACES = torch.zeros(1, 2, 4, 64, dtype=torch.int8)

RANDOM = [
    ("aclnnInplaceNormal", [X, 1.0, 2.0, 1, 0]),
    ("aclnnInplaceNormalTensor", [X, 1.0, 2.0, SEED, OFFSET, 2]),
    ("aclnnInplaceUniform", [X, 0.0, 3.0, 1, 0]),
    ("aclnnInplaceUniformTensor", [X, 0.0, 3.0, SEED.to(UNSIGNED), OFFSET.to(UNSIGNED), 2]),
    ("aclnnInplaceRandom", [X, 0, 2, 1, 0]),
    ("aclnnInplaceRandomTensor", [X, 0, 2, SEED, OFFSET, 2]),
    ("aclnnInplaceBernoulli", [X, 0.25, 1, 0]),
    ("aclnnInplaceBernoulliTensor", [X, X.sigmoid(), 1, 0]),
    ("aclnnMultinomial", [torch.tensor([1.0, 1.0, 3.0]), 3, True, 1, 0, SEED.expand(3).clone()]),
    ("aclnnRandperm", [8, 1, 0, torch.arange(8)]),
]
DROPOUT = [
    ("aclnnDropout", [X, 0.25, True, 1, 0, torch.zeros(4, 8), MASK]),
    ("aclnnDropoutBackward", [X, MASK, 2.0, torch.zeros(4, 8)]),
    ("aclnnDropoutDoMask", [X, MASK, 0.5, torch.zeros(4, 8)]),
    ("aclnnDropoutGenMask", [[4, 8], 0.5, 1, 0, MASK]),
    ("aclnnDropoutGenMaskV2", [[4, 8], 0.5, 1, 0, torch.float32, MASK]),
    ("aclnnDropoutGenMaskV2Tensor", [[4, 8], 0.5, SEED, OFFSET, 2, torch.float32, MASK]),
]
LAYERS = [
    (
        "aclnnFlashAttentionScore",
        [
            QUERY, KEY, KEY, None, None, None, None, None, *_MODES, SUMS, SUMS, torch.empty(0),
            torch.zeros(1, 2, 3, 8),
        ],
    ),
    (
        "aclnnFlashAttentionScoreGrad",
        [
            QUERY, KEY, KEY, QUERY, None, None, None, None, SUMS, SUMS, None, QUERY, None, *_MODES,
            torch.zeros(1, 2, 3, 8), torch.zeros(1, 2, 5, 8), torch.zeros(1, 2, 5, 8),
            torch.empty(0),
        ],
    ),
    ("aclnnMaxPool2dWithMask", [IMAGE, *WINDOW, POOLED, PLACES]),
    ("aclnnMaxPool2dWithMaskBackward", [POOLED, IMAGE, PLACES, *WINDOW, torch.zeros(1, 2, 4, 4)]),
]  # fmt: skip
NUMBERS = seeded(64, 64)
CODES = [torch.zeros(3072), torch.zeros(128), torch.zeros(1024)]
HISTOGRAM = torch.zeros(256, dtype=torch.int32)
COMPRESSION = [
    ("aclnnHansEncode", [NUMBERS, HISTOGRAM, True, False, *CODES]),
    ("aclnnHansDecode", [*CODES, HISTOGRAM, False, torch.zeros(64, 64)]),
]


def samples() -> list[tuple[str, list]]:
    return RANDOM + DROPOUT + LAYERS + COMPRESSION

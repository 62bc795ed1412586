"""Samples of functions that select, place and rearrange elements."""

import torch
from sample import Dynamic, Out, in_out, seeded
from torch.nn import functional as F

X, Y = seeded(4, 5), seeded(4, 5, seed=1)
ROWS = torch.tensor([2, 0, 2])
INDEX = torch.tensor([[0, 3, 1, 2, 0], [1, 0, 2, 3, 3]])
MASK = X > 0
ABSENT = torch.empty(0, dtype=torch.int64)
TABLE, TOKENS = seeded(6, 3), torch.tensor([[1, 4, 1], [0, 5, 2]])


def _embedding_gradient() -> torch.Tensor:
    table = TABLE.clone().requires_grad_()
    F.embedding(TOKENS, table, padding_idx=5).sum().backward()
    return table.grad


def _used() -> torch.Tensor:
    """The rows of the table that the tokens name."""
    return torch.zeros(6, 1, dtype=torch.bool).index_fill(0, TOKENS.flatten(), True)


def _put(accumulate: bool) -> torch.Tensor:
    return X.clone().index_put((ROWS,), Y[:3], accumulate)


GATHERING = [
    ("aclnnEmbedding", [TABLE, TOKENS, Out(TABLE[TOKENS])]),
    (
        "aclnnEmbeddingDenseBackward",
        [torch.ones(2, 3, 3), TOKENS, 6, 5, False, Out(_embedding_gradient())],
    ),
    ("aclnnIndex", [X, [ROWS], Out(X[ROWS])]),
    ("aclnnIndex", [X, [ABSENT, ROWS], Out(X[:, ROWS])]),
    ("aclnnIndex", [X, [MASK], Out(X[MASK])]),
    ("aclnnIndexPutImpl", [in_out(X, _put(False)), [ROWS], Y[:3].clone(), False, False]),
    ("aclnnIndexPutImpl", [in_out(X, _put(True)), [ROWS], Y[:3].clone(), True, False]),
    ("aclnnIndexPutImpl", [in_out(X, X.relu()), [~MASK], torch.tensor(0.0), False, False]),
    ("aclnnIndexSelect", [X, 1, ROWS, Out(X[:, ROWS])]),
    ("aclnnIndexAdd", [X, 0, ROWS, Y[:3], 2.0, Out(X.index_add(0, ROWS, Y[:3], alpha=2))]),
    ("aclnnIndexFillTensor", [X, 0, [1, 3], 7.0, Out(X.index_fill(0, torch.tensor([1, 3]), 7))]),
    ("aclnnIndexFill", [X, 0, ROWS, 7.0, Out(X.index_fill(0, ROWS, 7))]),
    ("aclnnIndexCopy", [X, 0, ROWS[:2], Y[:2], Out(X.index_copy(0, ROWS[:2], Y[:2]))]),
    ("aclnnInplaceIndexCopy", [in_out(X, X.index_copy(0, ROWS[:2], Y[:2])), 0, ROWS[:2], Y[:2]]),
    ("aclnnGather", [X, 0, INDEX, Out(X.gather(0, INDEX))]),
    ("aclnnTake", [X, INDEX, Out(X.take(INDEX))]),
    ("aclnnMaskedSelect", [X, MASK, Dynamic(X[MASK], (20,))]),
    ("aclnnNonzero", [MASK, Dynamic(MASK.nonzero(), (20, 2))]),
    ("aclnnRepeatInterleave", [ROWS, torch.tensor([1, 0, 2]), 3, Out(torch.tensor([2, 2, 2]))]),
]
SCATTERING = [
    ("aclnnScatter", [X, 0, INDEX, Y[:2], 0, Out(X.scatter(0, INDEX, Y[:2]))]),
    ("aclnnScatter", [X, 0, INDEX, Y[:2], 1, Out(X.scatter_add(0, INDEX, Y[:2]))]),
    ("aclnnScatterValue", [X, 0, INDEX, 3.0, 0, Out(X.scatter(0, INDEX, 3.0))]),
    ("aclnnInplaceScatter", [in_out(X, X.scatter(0, INDEX, Y[:2])), 0, INDEX, Y[:2], 0]),
    ("aclnnInplaceScatterValue", [in_out(X, X.scatter(0, INDEX, 3.0)), 0, INDEX, 3.0, 0]),
    ("aclnnScatterAdd", [X, 0, INDEX, Y[:2], Out(X.scatter_add(0, INDEX, Y[:2]))]),
    ("aclnnInplaceMaskedFillScalar", [in_out(X, X.masked_fill(MASK, 3)), MASK, 3.0]),
    ("aclnnInplaceMaskedFillTensor", [in_out(X, X.masked_fill(MASK, 3)), MASK, torch.tensor(3.0)]),
    ("aclnnInplaceMaskedScatter", [in_out(X, X.masked_scatter(MASK, Y)), MASK, Y]),
]
ARRANGING = [
    ("aclnnCat", [[X, Y], 1, Out(torch.cat([X, Y], 1))]),
    ("aclnnStack", [[X, Y], 1, Out(torch.stack([X, Y], 1))]),
    ("aclnnChunkCat", [[X, Y], 0, 2, Out(torch._chunk_cat([X, Y], 0, 2))]),
    (
        "aclnnSplitWithSize",
        [X, [1, X.size(1) - 1], 1, [Out(part) for part in X.split([1, X.size(1) - 1], 1)]],
    ),
    ("aclnnFlip", [X, [0, 1], Out(X.flip(0, 1))]),
    ("aclnnRoll", [X, [1], [0], Out(X.roll(1, 0))]),
    ("aclnnTriu", [X, 1, Out(X.triu(1))]),
    ("aclnnTril", [X, -1, Out(X.tril(-1))]),
    ("aclnnInplaceTriu", [in_out(X, X.triu(1)), 1]),
    ("aclnnInplaceTril", [in_out(X, X.tril(-1)), -1]),
    ("aclnnRepeat", [X, [2, 1, 3], Out(X.repeat(2, 1, 3))]),
    ("aclnnPermute", [X, [1, 0], Out(X.t().contiguous())]),
    ("aclnnSlice", [X, 1, 1, 5, 2, Out(X[:, 1:5:2].contiguous())]),
    ("aclnnConstantPadNd", [X, [1, 2], 3.0, Out(F.pad(X, [1, 2], value=3.0))]),
    (
        "aclnnOneHot",
        [ROWS, 4, torch.tensor([1]), torch.tensor([0]), -1, Out(F.one_hot(ROWS, 4))],
    ),
]

_BAGS = torch.tensor([0, 2, 3])
_BAG_OF = torch.tensor([0, 0, 1, 2, 2, 2])
_FLAT = TOKENS.flatten()
EMBEDDING_BAGS = [
    (
        "aclnnEmbeddingBag",
        [
            TABLE, _FLAT, _BAGS, False, 1, False, None, False, -1,
            Out(F.embedding_bag(_FLAT, TABLE, _BAGS, mode="mean")), Out(_BAG_OF),
            Out(torch.tensor([2, 1, 3])), torch.zeros(3, dtype=torch.int64),
        ],
    ),
    (
        "aclnnEmbeddingRenorm",
        [in_out(TABLE, torch.renorm(TABLE, 2, 0, 0.5).where(_used(), TABLE)), TOKENS, 0.5, 2.0],
    ),
]  # fmt: skip
MOVING = [
    ("aclnnInplacePut", [in_out(X, X.clone().put_(INDEX, Y[:2])), INDEX, Y[:2], False]),
    ("aclnnInplacePut", [in_out(X, X.clone().put_(ROWS, Y[0, :3], True)), ROWS, Y[0, :3], True]),
    ("aclnnScatterReduce", [X, 0, INDEX, Y[:2], 1, True, Out(X.scatter_add(0, INDEX, Y[:2]))]),
    ("aclnnScatterReduce", [X, 0, INDEX, Y[:2], 0, True, Out(X.scatter(0, INDEX, Y[:2]))]),
    *(
        (
            "aclnnScatterReduce",
            [X, 0, INDEX, Y[:2], i + 2, False,
             Out(X.scatter_reduce(0, INDEX, Y[:2], name, include_self=False))],
        )
        for i, name in enumerate(["prod", "amax", "amin", "mean"])
    ),
    (
        "aclnnRepeatInterleaveTensor",
        [torch.tensor([1, 0, 2]), 3, Out(torch.tensor([0, 2, 2]))],
    ),
    (
        "aclnnChannelShuffle",
        [seeded(2, 4, 3), 2, Out(torch.channel_shuffle(seeded(2, 4, 3), 2))],
    ),
]  # fmt: skip


def samples() -> list[tuple[str, list]]:
    return GATHERING + SCATTERING + ARRANGING + EMBEDDING_BAGS + MOVING

"""Samples of multi-head latent attention, attention to chosen keys, and the gated delta rule."""

import torch
import vendor_attention as attention
import vendor_caches as caches
import vendor_mla as mla
import vendor_sparse as sparse
from sample import Out, in_out

HALF, BF16 = torch.float16, torch.bfloat16
FAR = 2**63 - 1


def narrow(values, dtype: torch.dtype = HALF) -> list[torch.Tensor]:
    return [value.to(dtype) if value.is_floating_point() else value for value in values]


def wide(values) -> list[torch.Tensor]:
    return [value.float() if value.is_floating_point() else value for value in values]


def out(value: torch.Tensor, dtype: torch.dtype = HALF, tolerance: float = 1e-2) -> Out:
    return Out(value.to(dtype).contiguous(), tolerance)


def _caches():
    given = narrow(mla.BLOCKS)
    values = [value.clone() for value in wide(given)]
    found = mla.kv_cache(*values, cache_mode="PA", is_output_kv=True)
    changed = [in_out(*pair, 1e-2) for pair in zip(given[5:], values[5:], strict=True)]
    return [*given[:5], *changed, *[None] * 4, 1e-5, "PA", True, *map(out, found[2:])]


def _prolog():
    given = narrow(mla.PLAIN, BF16)
    values = [value.clone() for value in wide(given)]
    found = mla.prolog(*values)
    changed = [in_out(*pair, 6e-2) for pair in zip(given[10:], values[10:], strict=True)]
    return given, changed, found


def _prolog_v2():
    given, changed, found = _prolog()
    outs = [out(value, BF16, 6e-2) for value in found[:2]]
    return [*given[:10], *changed, *[None] * 7, 1e-5, 1e-5, "PA_BSND", *outs, None]


def _prolog_v3():
    given, changed, found = _prolog()
    outs = [out(value, BF16, 6e-2) for value in found[:2]]
    modes = [0, 0, 0, 0, 0, 128, 1.0, 1.0]
    return [*given[:9], *changed, given[9], *[None] * 9, 1e-5, 1e-5, "PA_BSND", *modes, *outs, None,
        out(found[5], BF16, 6e-2), None]  # fmt: skip


def _scatter():
    cache = caches.CACHES[0].clone()
    caches.scatter_one(attention.seeded(3, 2, 16), caches.SLOTS, key_cache=cache)
    return [attention.seeded(3, 2, 16), in_out(caches.CACHES[0], cache), caches.SLOTS,
        None, None, None, "Norm"]  # fmt: skip


def _scatter_nd():
    target, updates = attention.seeded(4, 3, 5), attention.seeded(2, 2, 5, seed=1)
    changed = caches.scatter_nd(target.clone(), caches.PLACES, updates)
    return [in_out(target, changed), caches.PLACES, updates]


def _indexer():
    given = narrow((sparse.QUERY, sparse.KEY, sparse.WEIGHTS))
    indices, values = sparse.indexer(*wide(given), sparse_count=6, return_value=True)
    return [*given, None, None, None, "BSND", "BSND", 6, 3, FAR, FAR, True, Out(indices),
        out(values)]  # fmt: skip


def _quant_indexer():
    case = next(case for case in sparse.INDEXERS if case.op == "npu_quant_lightning_indexer")
    args, options = case.arguments(HALF, "cpu")
    expected = case.expected(HALF)[0][0]
    lengths = [options[f"actual_seq_lengths_{name}"] for name in ("query", "key")]
    return [*args[:5], *lengths, options["block_table"], 0, 0, "TND", "PA_BSND", 5, 3, FAR, FAR,
        Out(expected)]  # fmt: skip


def _sparse(sinks):
    query, key = narrow((sparse.QUERY, sparse.KEY))
    found = sparse.sparse(query.float(), key.float(), None, sparse.CHOSEN, 0.5, sparse_mode=0,
        return_softmax_lse=True, sinks=sinks)  # fmt: skip
    return [query, key, key, sparse.CHOSEN, *[None] * 5, *([] if sinks is None else [sinks]), 0.5,
        1, "BSND", "BSND", 0, FAR, FAR, 2, True, out(found[0]), *(Out(value, 1e-2) for value in
        found[1:])]  # fmt: skip


def _quant_sparse():
    case = next(case for case in sparse.ATTENTION if case.op.startswith("npu_kv_quant"))
    args, options = case.arguments(BF16, "cpu")
    lengths = [options[f"actual_seq_lengths_{name}"] for name in ("query", "kv")]
    return [*args[:4], None, None, options["block_table"], *lengths, 0.5, 2, 2, 4, "TND",
        "PA_BSND", 3, FAR, FAR, 2, 1, 8, sparse.ROPE, out(case.expected(BF16)[0][0], BF16,
        4e-2)]  # fmt: skip


RULE = [sparse.RULE["beta"].to(BF16), sparse.RULE["actual_seq_lengths"]]
G = sparse.RULE["g"].tensor


def _recurrent():
    tokens, state = narrow(sparse.TOKENS, BF16), sparse.STATE.to(BF16)
    changed, places = state.float(), sparse.RECURRENT["ssm_state_indices"]
    found = sparse.recurrent(*wide(tokens), changed, scale=0.5, beta=RULE[0].float(), g=G,
        actual_seq_lengths=RULE[1], ssm_state_indices=places)  # fmt: skip
    return [*tokens, RULE[0], in_out(state, changed, 3e-2), RULE[1], places, G, None, None, 0.5,
        out(found, BF16, 3e-2)]  # fmt: skip


def _chunk():
    tokens, state = narrow(sparse.TOKENS, BF16), sparse.STATE[:2].to(BF16)
    found = sparse.chunk(*wide(tokens), scale=0.5, beta=RULE[0].float(), g=G,
        actual_seq_lengths=RULE[1], initial_state=state.float())  # fmt: skip
    return [*tokens, RULE[0], state, RULE[1], 0.5, G, *(out(value, BF16, 3e-2) for value in found)]


def samples() -> list[tuple[str, list]]:
    return [
        ("aclnnKvRmsNormRopeCache", _caches()),
        ("aclnnMlaPrologV2WeightNz", _prolog_v2()),
        ("aclnnMlaPrologV3WeightNz", _prolog_v3()),
        ("aclnnScatterPaCache", _scatter()),
        ("aclnnScatterNdUpdate", _scatter_nd()),
        ("aclnnLightningIndexer", _indexer()),
        ("aclnnQuantLightningIndexer", _quant_indexer()),
        ("aclnnSparseFlashAttention", _sparse(None)),
        ("aclnnSparseFlashAttentionV2", _sparse(attention.seeded(sparse.N))),
        ("aclnnKvQuantSparseFlashAttention", _quant_sparse()),
        ("aclnnRecurrentGatedDeltaRule", _recurrent()),
        ("aclnnChunkGatedDeltaRule", _chunk()),
    ]

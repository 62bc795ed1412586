"""Tensors of another size are refused at the call, by name: a kernel would break the stream."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
import vendor_atb
import vendor_attention
import vendor_caches
import vendor_dense
import vendor_experts
import vendor_inference
import vendor_mla
import vendor_optimizer
import vendor_quantized
import vendor_routing_map
import vendor_sparse
import vendor_training
from vendor_case import Case

import torch_npu  # noqa: F401

MODULES = (
    vendor_dense, vendor_attention, vendor_inference, vendor_caches, vendor_atb, vendor_mla,
    vendor_sparse, vendor_experts, vendor_quantized, vendor_routing_map, vendor_optimizer,
    vendor_training,
)  # fmt: skip
CASES = [case for module in MODULES for case in module.CASES]

# What the numbers of another tensor on the device count or point into: only the kernel sees them.
POINTED_INTO = {
    "npu_cross_entropy_loss": {"input"},
    "npu_mrope": {"cos_sin_cache"},
    "npu_scatter_nd_update": {"input"},
    "npu_scatter_nd_update_": {"input"},
    "npu_scatter_pa_cache": {"key_cache"},
    "npu_scatter_pa_kv_cache": {"key_cache", "value_cache"},
    "npu_gather_pa_kv_cache": {"key_cache", "value_cache", "block_tables", "key", "value"},
    "atb::_npu_reshape_and_cache": {"key_cache", "value_cache"},
    "atb::_npu_paged_attention": {"block_table"},
    "atb::_npu_rotary_embedding": {"cos_sin_cache"},
    "npu_lightning_indexer": {"key"},
    "npu_sparse_flash_attention": {"key"},
    "npu_kv_quant_sparse_flash_attention": {"key"},
    "npu_recurrent_gated_delta_rule": {"state", "actual_seq_lengths"},
    "npu_recurrent_gated_delta_rule_functional": {"state", "actual_seq_lengths"},
    "npu_moe_token_permute_with_routing_map": {"routing_map"},
    "_npu_moe_token_permute_with_routing_map_backward": {"routing_map"},
}  # fmt: skip


def tensors(args: tuple, kwargs: dict[str, Any]) -> Iterator[tuple]:
    """Where each tensor is: position or name, and place in a list."""
    for key, value in [*enumerate(args), *kwargs.items()]:
        if isinstance(value, torch.Tensor):
            yield key, None, value
        elif isinstance(value, list) and value and isinstance(value[0], torch.Tensor):
            yield from ((key, i, element) for i, element in enumerate(value))


def other_sizes(tensor: torch.Tensor) -> Iterator[torch.Tensor]:
    for dim in range(tensor.dim()):
        if tensor.size(dim) > 0:
            yield torch.cat((tensor, tensor.narrow(dim, 0, 1)), dim)
            yield tensor.narrow(dim, 0, tensor.size(dim) - 1)
    if tensor.dim() and tensor.size(0) > 0:
        yield tensor.select(0, 0)
        yield tensor[:0]
    yield tensor.unsqueeze(0)


def name_of(case: Case, key: int | str) -> str:
    if isinstance(key, str):
        return key
    return getattr(case.function, case.overload)._schema.arguments[key].name


def call(case: Case, arguments: tuple, key: int | str, i: int | None, value) -> None:
    args, kwargs = list(arguments[0]), arguments[1]
    given = kwargs if isinstance(key, str) else args
    given[key] = value if i is None else [*given[key][:i], value, *given[key][i + 1 :]]
    case.function(*args, **kwargs)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_size_breaks_the_stream(case: Case) -> None:
    dtype = case.dtypes[0]
    for key, i, tensor in tensors(*case.arguments(dtype, "npu")):
        if name_of(case, key) in POINTED_INTO.get(case.op, ()):
            continue
        for value in other_sizes(tensor):
            try:
                call(case, case.arguments(dtype, "npu"), key, i, value.clone())
                torch.npu.synchronize()
            except torch.AcceleratorError:
                torch.npu.set_stream(torch.npu.Stream())
                what = f"{name_of(case, key)} of {list(tensor.shape)} as {list(value.shape)}"
                pytest.fail(f"{case.op} breaks the stream: {what}")
            except (RuntimeError, IndexError):
                pass


def found(cases: list[Case], op: str, note: str | None = None) -> Case:
    return next(case for case in cases if case.op == op and note in (None, case.note))


ATTENTION = found(vendor_attention.CASES, "npu_fusion_attention", "BNSD")
FLAT = found(vendor_attention.CASES, "npu_fusion_attention", "BSH")
SHIFT = found(vendor_attention.CASES, "npu_fusion_attention", "shift")
CAUSAL = found(vendor_attention.CASES, "npu_fusion_attention", "mode 3")
PACKED = found(vendor_attention.CASES, "npu_fusion_attention", "TND mask")
GRAD = found(vendor_attention.CASES, "npu_fusion_attention_grad")
PROMPT = found(vendor_attention.CASES, "npu_prompt_flash_attention", "BNSD")
STEP = found(vendor_attention.CASES, "npu_incre_flash_attention", "blocks")
FUSED = found(vendor_attention.CASES, "npu_fused_infer_attention_score")
ROPE = found(vendor_attention.CASES, FUSED.op, "rope")
PREFIX = found(vendor_inference.CASES, FUSED.op, "prefix")
INT8_KEYS = found(vendor_inference.CASES, FUSED.op, "int8 keys by channel")
PRODUCTS = found(vendor_inference.CASES, FUSED.op, "int8 products")
SINK = found(vendor_inference.CASES, "npu_fused_infer_attention_score_v2", "sink")
SCATTER = found(vendor_caches.CASES, "npu_scatter_pa_kv_cache")
GATHER = found(vendor_caches.CASES, "npu_gather_pa_kv_cache")
PAGED = found(vendor_atb.CASES, "atb::_npu_paged_attention")
PROMPTS = found(vendor_atb.CASES, "atb::_npu_flash_attention")
LATENT = found(vendor_mla.CASES, "npu_kv_rmsnorm_rope_cache")
PROLOG = found(vendor_mla.CASES, "npu_mla_prolog_v2")
INDEXER = found(vendor_sparse.CASES, "npu_lightning_indexer")
SPARSE = found(vendor_sparse.CASES, "npu_sparse_flash_attention")
RMS_NORM = found(vendor_dense.CASES, "npu_rms_norm_backward")
LOSS = found(vendor_dense.CASES, "npu_cross_entropy_loss_backward")
FINALIZE = found(vendor_experts.CASES, "npu_moe_finalize_routing")
PERMUTE = found(vendor_experts.CASES, "npu_moe_token_permute_grad")
UNPERMUTE = found(vendor_experts.CASES, "npu_moe_token_unpermute_grad")
GROUPED = found(vendor_experts.CASES, "npu_grouped_matmul")
WEIGHT = found(vendor_quantized.CASES, "npu_weight_quant_batchmatmul")
MAP = found(vendor_routing_map.CASES, "_npu_moe_token_permute_with_routing_map_backward")
UNMAP = found(vendor_routing_map.CASES, "npu_moe_token_unpermute_with_routing_map_grad")

MESSAGES = [
    (ATTENTION, "key", (2, 2, 5, 9), "key .* must have the depth of query, 8"),
    (ATTENTION, "key", (2, 3, 5, 8), "4 heads of the query are no multiple of the 3 of the key"),
    (ATTENTION, "query", (3, 4, 3, 8), "key .* must have the batch of query"),
    (ATTENTION, "value", (2, 2, 6, 8), "value must have the shape of key"),
    (ATTENTION, "value", (2, 2, 5, 9), "value .* no deeper than those"),
    (ATTENTION, "atten_mask", (3, 4), "atten_mask must reach over 3 queries and 5 keys"),
    (ATTENTION, "atten_mask", (3, 1, 3, 5), "atten_mask must have 2 or 1 and 4 or 1"),
    (ATTENTION, "atten_mask", (2, 3, 5), "atten_mask must have 2 or 4 dimensions"),
    (FLAT, "key", (2, 5, 20), "key .* must have the depth of query, 8 for each head"),
    (SHIFT, "pse", (1, 4, 3, 6), r"pse must broadcast to \[2, 4, 3, 5\]"),
    (CAUSAL, "atten_mask", (3, 5), r"sparse_mode 3 needs atten_mask \[2048, 2048\] .* \[3, 5\]"),
    (CAUSAL, "atten_mask", None, r"sparse_mode 3 needs atten_mask \[2048, 2048\] .* got none"),
    (PACKED, "atten_mask", (3, 5), "atten_mask must reach over 4 queries and 5 keys"),
    (PACKED, "query", (6, 4, 8), "actual_seq_qlen must have the ends .* the 6 tokens"),
    (GRAD, "softmax_max", None, "it needs softmax_max and softmax_sum"),
    (GRAD, "softmax_sum", (2, 4, 4, 8), r"softmax_sum must have shape \[2, 4, 3, 8\]"),
    (PROMPT, "key", (2, 2, 5, 9), "key must have 2 heads and the depth of query, 8"),
    (PROMPT, "value", (2, 2, 6, 8), "value must have the shape of key"),
    (PROMPT, "query", (3, 4, 3, 8), "must have the batch of query"),
    (PROMPT, "deq_scale1", (2,), "deq_scale1 must have 1 element"),
    (STEP, "key", (6, 4, 17), "key must have blocks of 2 heads with the depth of query"),
    (STEP, "value", (6, 3, 16), "value must have the blocks and heads of key"),
    (STEP, "block_table", (1, 2), "block_table must have a row for each of the 2 sequences"),
    (STEP, "block_table", (2, 1), "has room for 4 keys of each sequence"),
    (FUSED, "atten_mask", (2, 1, 3, 4), "atten_mask must reach over 3 queries and 5 keys"),
    (FUSED, "atten_mask", (2, 4, 3, 5), "and 1 for all heads"),
    (FUSED, "pse_shift", (1, 3, 3, 5), "pse_shift must have 2 or 1 and 4 or 1"),
    (ROPE, "query_rope", (2, 4, 2, 4), "query_rope must have the shape of query"),
    (ROPE, "key_rope", (2, 2, 5, 5), "query_rope .* and key_rope .* must have the same depth"),
    (ROPE, "key_rope", None, "query_rope and key_rope go together"),
    (PREFIX, "key_shared_prefix", (1, 3, 4, 8), r"key_shared_prefix must have shape \[1, 2, 4, 8"),
    (INT8_KEYS, "key_antiquant_scale", (2, 7), "key_antiquant_scale must have 1 element, or 16"),
    (PRODUCTS, "dequant_scale2", (2,), "dequant_scale2 must have 1 element"),
    (PRODUCTS, "quant_scale2", (3,), "quant_scale2 must have 1 element, or 32"),
    (SINK, "learnable_sink", (5,), r"learnable_sink must have shape \[4\]"),
    (SCATTER, "key_cache", (4, 3, 2, 15), "key_cache must have shape"),
    (GATHER, "key", (7, 3, 16), r"key_cache must have shape \[4, 3, 3, 16\]"),
    (PAGED, "key_cache", (6, 4, 2, 9), "key_cache must have the depth of query, 8"),
    (PROMPTS, "key", (7, 2, 9), "key must have the depth of query, 8"),
    (LATENT, "kv", (3, 1, 3, 48), "cos must have the shape of kv"),
    (PROLOG, "cache_index", (6,), r"cache_index must have shape \[5\]"),
    (PROLOG, "smooth_scales_cq", (1, 13), r"smooth_scales_cq must have shape \[1, 12\]"),
    (INDEXER, "key", (2, 10, 1, 15), "key must have the depth of query, 16"),
    (INDEXER, "key", (1, 10, 1, 16), "key .* must have the batch of query"),
    (SPARSE, "value", (2, 9, 1, 16), "value must have the shape of key"),
    (SPARSE, "sinks", (5,), r"sinks must have shape \[4\]"),
    (SPARSE, "actual_seq_lengths_query", (3,), r"actual_seq_lengths_query must have shape \[2\]"),
    (RMS_NORM, "rstd", (3, 5, 2), r"npu_rms_norm_backward: rstd must have shape \[3, 5, 1\]"),
    (LOSS, "grad_loss", (2,), r"grad_loss must have shape \[1\]"),
    (FINALIZE, "skip1", (4, 7), r"skip1 must have shape \[4, 6\]"),
    (FINALIZE, "export_for_source_row", (4, 3), r"export_for_source_row must have shape \[4, 2\]"),
    (PERMUTE, "sorted_indices", (7,), r"permute_grad: sorted_indices must have shape \[8\]"),
    (UNPERMUTE, "grad_unpermuted_tokens", (4, 7), "grad_unpermuted_tokens must have shape"),
    (GROUPED, "bias", [(3, 6)], r"bias must have shape \[3, 5\]"),
    (GROUPED, "group_list", (1, 3), "group_list must have 1 dimensions"),
    (GROUPED, "weight", [(4, 5), (4, 5), (4, 6)], "each weight must have 5 columns for one result"),
    (WEIGHT, "weight", (1, 6, 5), "weight must have 2 dimensions"),
    (MAP, "routing_map", (4, 4), "must have a multiple of 4 rows, the tokens"),
    (UNMAP, "unpermuted_tokens_grad", (6, 6), r"the gradient must have shape \[5, 6\]"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("case", "name", "shape", "message"), MESSAGES,
    ids=[f"{case.op}-{name}-{shape}" for case, name, shape, _ in MESSAGES],
)  # fmt: skip
def test_messages(case: Case, name: str, shape: tuple | list | None, message: str) -> None:
    dtype = case.dtypes[0]
    args, kwargs = case.arguments(dtype, "npu")
    names = [a.name for a in getattr(case.function, case.overload)._schema.arguments]
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    old = given.get(name)

    def ones(sizes: tuple) -> torch.Tensor:
        like = old[0] if isinstance(old, list) else old
        return torch.ones(sizes, dtype=dtype if like is None else like.dtype, device="npu")

    given[name] = (
        None
        if shape is None
        else [ones(s) for s in shape]
        if isinstance(shape, list)
        else ones(shape)
    )
    with pytest.raises(RuntimeError, match=message) as error:
        case.function(*(given[n] for n in names[: len(args)]), **{
            n: given[n] for n in given if n not in names[: len(args)]
        })  # fmt: skip
    assert not isinstance(error.value, torch.AcceleratorError)
    assert case.op.split("::")[-1] in str(error.value)

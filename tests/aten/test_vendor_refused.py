"""What a vendor operator cannot take is refused at the call, by name, and the device works on."""

import pytest
import torch
import vendor_atb as atb
import vendor_mla as mla
import vendor_sparse as sparse
from vendor_attention import ENDS, KEY, T_K, T_Q, Q, V
from vendor_attention import SQUARE as SQUARE_HEADS
from vendor_case import Case

import torch_npu


def npu(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.ones(shape, device="npu", dtype=dtype)


HALF = torch.float16
HEADS = [tensor.npu() for tensor in (Q, KEY, V)]
SQUARE = [tensor.npu() for tensor in SQUARE_HEADS]
INT8 = npu(4, 6, dtype=torch.int8)


def changed(case: Case, index: int | str, value, dtype: torch.dtype = torch.bfloat16):
    """A call of the case with another argument."""
    args, kwargs = case.arguments(dtype, "npu")
    args = list(args)
    if isinstance(index, int):
        args[index] = value
    else:
        kwargs[index] = value
    return case.function(*args, **kwargs)


def found(cases: list[Case], op: str) -> Case:
    return next(case for case in cases if case.op == op)


PAGED = found(atb.CASES, "atb::_npu_paged_attention")
SPLITFUSE = found(atb.CASES, "atb::_npu_paged_attention_splitfuse")
PROMPTS = found(atb.CASES, "atb::_npu_flash_attention")
LATENT = found(mla.CASES, "npu_kv_rmsnorm_rope_cache")
PROLOG = found(mla.CASES, "npu_mla_prolog_v2")
PROLOG_3 = found(mla.CASES, "npu_mla_prolog_v3")
INDEXER = found(sparse.CASES, "npu_lightning_indexer")
SPARSE = found(sparse.CASES, "npu_sparse_flash_attention")
RULE = found(sparse.CASES, "npu_recurrent_gated_delta_rule")
CHUNK = found(sparse.CASES, "npu_chunk_gated_delta_rule")


def packed(query_ends: list[int], key_ends: list[int], **options):
    heads = (tensor.npu() for tensor in (T_Q, T_K, T_K))
    return torch_npu.npu_fusion_attention(
        *heads, 4, "TND", actual_seq_qlen=query_ends, actual_seq_kvlen=key_ends, **options
    )


SHAPES = [
    (lambda: changed(PAGED, 3, 3), "num_heads, 4, must be positive and a multiple of num_kv_heads"),
    (lambda: changed(PAGED, 8, npu(2, 4, 9)), r"out must have shape \[2, 4, 8\]"),
    (lambda: changed(PAGED, 7, torch.ones(3).int()), r"context_lens must have shape \[2\]"),
    (lambda: changed(PAGED, 7, torch.ones(2)), "lengths must be integers, got Float"),
    (lambda: changed(PAGED, 0, npu(1, 4, 8, dtype=torch.bfloat16)),
        r"out must have shape \[1, 4, 8\]"),
    (lambda: changed(SPLITFUSE, 5, npu(6, 12)), "mask must have a row for each of the 7 tokens"),
    (lambda: changed(SPLITFUSE, 5, npu(7, 8)), "must reach over the 9 keys"),
    (lambda: changed(SPLITFUSE, 6, torch.tensor([5, 3])), "add up to more than the 7 tokens"),
    (lambda: changed(PROMPTS, 3, npu(4, 4)), "smaller than a sequence of 5 tokens"),
    (lambda: changed(PROMPTS, 1, npu(7, 3, 8)), "key must have 2 heads in dimension 1"),
    (lambda: torch_npu._npu_rotary_embedding(npu(3).long(), npu(3, 15), npu(3, 8), 8, npu(9, 6),
        True), "query must have shape"),
    (lambda: torch_npu._npu_group_topk(npu(3, 8), 2, 3), "group_num must divide the 8 experts"),
    (lambda: torch_npu._npu_group_topk(npu(3, 8), 2, 4, 3), "n must be 1 to the 2 experts"),
    (lambda: torch_npu._npu_matmul_add_fp32(npu(3, 4), npu(2, 4), npu(4, 4)),
        "must have the same number of rows"),
    (lambda: changed(LATENT, "cache_mode", "PA_ND"), "cache_mode is 'PA_ND'"),
    (lambda: changed(LATENT, 1, npu(31)), r"kv must have shape \[B, 1, S, 31 of gamma"),
    (lambda: changed(LATENT, 4, npu(2, 4).long()), r"index must have shape \[2, 3\]"),
    (lambda: changed(LATENT, "k_rope_scale", npu(16)), "int8 caches, and no others"),
    (lambda: changed(PROLOG, 2, npu(12, 40)), r"weight_uq_qr must have shape \[12, 48\]"),
    (lambda: changed(PROLOG_3, "cache_index", None), "it needs cache_index"),
    (lambda: changed(INDEXER, "layout_query", "BNSD"), "layout_query is 'BNSD'"),
    (lambda: changed(INDEXER, "layout_query", "TND"), "need queries in the same layout"),
    (lambda: changed(INDEXER, 1, npu(2, 10, 2, 16)), "key must have one head"),
    (lambda: changed(INDEXER, 2, npu(2, 3, 5)), r"weights must have shape \[2, 3, 4\]"),
    (lambda: changed(INDEXER, "block_table", npu(2, 3).int()), "block_table goes with keys"),
    (lambda: changed(SPARSE, "sparse_mode", 2), "sparse_mode must be 0 or 3, got 2"),
    (lambda: changed(SPARSE, 3, npu(2, 3, 2, 4).int()), r"sparse_indices must have shape"),
    (lambda: changed(RULE, "scale", None), "scale must be given"),
    (lambda: changed(RULE, "g", npu(5, 3)), r"g must have shape \[5, 4\]"),
    (lambda: changed(CHUNK, "initial_state", None), "initial_state and actual_seq_lengths must be"),
    (lambda: torch_npu.npu_scatter_nd_update_(npu(3, 4), npu(2, 3).long(), npu(2)),
        "must be 1 to the 2 dimensions of self"),
    (lambda: torch_npu.npu_scatter_nd_update_(npu(3, 4), npu(2, 1).long(), npu(2, 3)),
        r"updates must have shape \[2, 4\], got \[2, 3\]"),
    (lambda: torch_npu.npu_scatter_pa_cache(npu(3, 2, 4), npu(2).int(), key_cache=npu(2, 5, 2, 4)),
        r"slot_mapping must have shape \[3\]"),
    (lambda: torch_npu.npu_rms_norm(npu(3, 8), npu(7)),
        r"npu_rms_norm: gamma .*\[3, 8\], got \[7\]"),
    (lambda: torch_npu.npu_add_rms_norm(npu(3, 8), npu(2, 8), npu(8)),
        r"x2 must have the shape of x1, \[3, 8\]"),
    (lambda: torch_npu.npu_swiglu(npu(3, 7)),
        r"npu_swiglu: dimension -1 of the input \[3, 7\] must be even"),
    (lambda: torch_npu.npu_swiglu(npu(3, 8), 2), "Dimension out of range"),
    (lambda: torch_npu.npu_geglu(npu(3, 8), approximate=2), "approximate must be 0"),
    (lambda: torch_npu.npu_gelu(npu(3), approximate="erf"),
        "npu_gelu: approximate is 'erf'; it must be one of none tanh"),
    (lambda: torch_npu.npu_scaled_masked_softmax(npu(2, 2, 3, 4), npu(2, 2, 4, 4,
        dtype=torch.bool)), "mask must have the shape of x"),
    (lambda: torch_npu.npu_scaled_masked_softmax(npu(2, 2, 3, 4), npu(2, 2, 3, 4)),
        "mask must be bool, got Float"),
    (lambda: torch_npu.npu_cross_entropy_loss(npu(3, 4), npu(2).long()),
        r"target must have shape \[3\], got \[2\]"),
    (lambda: torch_npu.npu_cross_entropy_loss(npu(3, 4), npu(3).long(), reduction="max"),
        "reduction is 'max'"),
    (lambda: torch_npu.npu_rotary_mul(npu(1, 2, 3, 8), npu(1, 5, 1, 8), npu(1, 5, 1, 8)),
        "cos and sin must have the sizes"),
    (lambda: torch_npu.npu_rotary_mul(npu(1, 2, 3, 8), npu(1, 2, 1, 8), npu(1, 2, 1, 8), "third"),
        "rotary_mode is 'third'"),
    (lambda: torch_npu.npu_mrope(npu(3).long(), npu(3, 15), npu(3, 8), npu(7, 6), 8),
        "query must have shape"),
    (lambda: torch_npu.npu_fusion_attention(*HEADS, 4, "NBSD"),
        "input_layout is 'NBSD'; it must be one of BSH"),
    (lambda: torch_npu.npu_fusion_attention(*HEADS, 3, "BNSD"), "head_num is 3"),
    (lambda: torch_npu.npu_fusion_attention(*HEADS, 4, "BNSD", sink=npu(3)),
        r"sink must have shape \[4\], got \[3\]"),
    (lambda: torch_npu.npu_fusion_attention_v2(*HEADS, 4, "BNSD", query_rope=HEADS[0]),
        "query_rope and key_rope go together"),
    (lambda: torch_npu.npu_fusion_attention_v2(*HEADS, 4, "BNSD", pse_type=4),
        "pse_type must be 0 to 3, got 4"),
    (lambda: torch_npu.npu_fusion_attention_v2(*HEADS, 4, "BNSD", pse_type=2),
        "pse_type 2 needs the slope of each head as pse"),
    (lambda: torch_npu.npu_fusion_attention_v2(*SQUARE, 4, "BNSD", pse_type=2, pse=npu(3)),
        r"pse must have shape \[4\], got \[3\]"),
    (lambda: torch_npu.npu_fusion_attention_v2(*HEADS, 4, "BNSD", pse_type=3, pse=npu(4)),
        "pse_type 3 needs as many keys as queries"),
    (lambda: torch_npu.npu_fusion_attention_v2(*HEADS, 4, "BNSD", q_start_idx=[3]),
        "for pse_type 2 and 3 only"),
    (lambda: torch_npu.npu_fusion_attention(*HEADS, 4, "BNSD", dropout_mask=npu(4)),
        "dropout_mask must be uint8, a bit for each score, and goes with keep_prob < 1"),
    (lambda: torch_npu.npu_fusion_attention(*HEADS, 4, "BNSD", keep_prob=0.5,
        dropout_mask=npu(4).byte()), "dropout_mask must have a bit for each of the"),
    (lambda: torch_npu.npu_fusion_attention_v3(T_Q.npu(), T_K.npu(), T_K.npu(), 4, "TND",
        actual_seq_qlen=npu(2).int()), "actual_seq_qlen must be a CPU tensor of integers"),
    (lambda: torch.ops.npu.npu_fusion_attention_grad_v3(*HEADS, HEADS[0], 4, "BNSD", keep_prob=0.5,
        softmax_max=npu(2, 4, 3, 8), softmax_sum=npu(2, 4, 3, 8)),
        "it needs the seed and offset that npu_fusion_attention_v3 returned"),
    (lambda: torch_npu.npu_fusion_attention(*HEADS, 4, "BNSD", keep_prob=0.0),
        r"keep_prob must be in \(0, 1\]"),
    (lambda: torch_npu.npu_fusion_attention(T_Q.npu(), T_K.npu(), T_K.npu(), 4, "TND"),
        "layout TND needs actual_seq_qlen"),
    (lambda: torch_npu.npu_fusion_attention(HEADS[0], HEADS[1].half(), HEADS[2], 4, "BNSD"),
        "key must have the dtype of query, Float, got Half"),
    (lambda: packed([2, 9], [4, 9]), "actual_seq_qlen must have the ends .* at most the 7 tokens"),
    (lambda: packed([2, 7, 0], [4, 9, 0]), "actual_seq_qlen must have the ends .* ascending order"),
    (lambda: packed([2, 7], [9, 4]), "actual_seq_kvlen must have the ends .* ascending order"),
    (lambda: torch_npu.npu_fusion_attention(*HEADS, 4, "BNSD", atten_mask=npu(3, 5)),
        "atten_mask must be bool or uint8, got Float"),
    (lambda: torch_npu.npu_fusion_attention(*HEADS, 4, "BNSD", sparse_mode=9),
        "sparse_mode must be 0 to 8, got 9"),
    (lambda: torch_npu.npu_fusion_attention(*HEADS, 4, "BNSD", prefix=[2]),
        "prefix goes with sparse_mode 5 and 6, got sparse_mode 0"),
    (lambda: torch_npu.npu_fusion_attention(*HEADS, 4, "BNSD", inner_precise=9),
        "inner_precise must be 0 to 2, got 9"),
    (lambda: torch_npu.npu_prompt_flash_attention(*(t.half() for t in HEADS), num_heads=4,
        num_key_value_heads=2, input_layout="BNSD", sparse_mode=4), "sparse_mode 4 needs atten_"),
    (lambda: torch_npu.npu_prompt_flash_attention(*(t.half() for t in HEADS), num_heads=4,
        num_key_value_heads=2, input_layout="BNSD", actual_seq_lengths=[1, -1]),
        "one for each of the 2 sequences, none negative"),
    (lambda: torch_npu.npu_prompt_flash_attention(*HEADS, num_heads=4, num_key_value_heads=3,
        input_layout="BNSD"), "must be positive and a multiple"),
    (lambda: torch_npu.npu_attention_update([npu(3)], [npu(4, 8)], 0), "each lse must have shape"),
    (lambda: torch_npu.npu_scatter_pa_kv_cache(npu(3, 2, 4), npu(3, 2, 4), npu(2, 2, 2, 4), npu(2,
        2, 2, 4), npu(2).int()), "slot_mapping must have one slot"),
    (lambda: torch_npu.npu_moe_gating_top_k(npu(3, 8), 9), "k must be 1 to the 8 experts"),
    (lambda: torch_npu.npu_moe_token_permute(npu(3, 8), npu(2, 2).int()),
        "indices .* must have a row for each"),
    (lambda: torch_npu.npu_moe_token_unpermute(npu(4, 8), npu(4).int(), npu(3, 2)),
        "probs .* must have an element for each"),
    (lambda: torch_npu.npu_grouped_matmul([npu(6, 4)], [npu(3, 4, 5)], group_list=npu(2).long(),
        split_item=3, group_type=0), "weight must be one tensor"),
    (lambda: torch_npu.npu_grouped_matmul([npu(6, 3)], [npu(3, 4, 5)], group_list=npu(3).long(),
        split_item=3, group_type=0), "do not multiply"),
    (lambda: torch_npu.npu_grouped_matmul([], [npu(3, 4, 5)]), "x and weight must have tensors"),
    (lambda: torch_npu.npu_quant_matmul(INT8, INT8, npu(6)), "do not multiply"),
    (lambda: torch_npu.npu_dynamic_quant(npu(8, dtype=HALF)), "input must have 2 to 8 dimensions"),
    (lambda: torch_npu.npu_convert_weight_to_int4pack(npu(2, 12).int()), "must be a multiple of 8"),
    (lambda: torch_npu.npu_transpose_batchmatmul(npu(2, 3, 4), npu(2, 4, 5), perm_y=[0, 1, 2]),
        r"perm_y is \[0, 1, 2\]"),
    (lambda: torch_npu.npu_dynamic_block_quant(npu(2, 3, 4, 5)), "x must have 2 to 3 dimensions"),
    (lambda: torch_npu.npu_kronecker_quant(npu(2, 4, 8, dtype=HALF), npu(3, 3, dtype=HALF), npu(8,
        8, dtype=HALF)), r"kronecker_p1 must have shape \[4, 4\], got \[3, 3\]"),
    (lambda: torch_npu.npu_moe_token_permute_with_routing_map(npu(3, 8), npu(2, 4).bool()),
        "routing_map .* must have a row for each"),
    (lambda: torch_npu.npu_moe_token_permute_with_routing_map(npu(2, 8), npu(2, 4).bool(),
        num_out_tokens=9), "num_out_tokens must be 0 to the 8 elements"),
    (lambda: torch_npu.npu_moe_token_unpermute_with_routing_map(npu(4, 8), npu(4).int(), [2, 8],
        probs=npu(2, 4)), "with probs routing_map must be given"),
    (lambda: torch_npu.npu_grouped_matmul([npu(6, 4)], [npu(4, 5)] * 2, group_list=[3, 7]),
        "ends of groups of the 6 rows"),
    (lambda: torch_npu.npu_grouped_matmul_swiglu_quant(INT8, npu(2, 6, 7, dtype=torch.int8),
        npu(2).long(), npu(2, 7), npu(4)), "must be even"),
    (lambda: torch_npu.npu_hans_encode(npu(64, 64), out=(npu(256).int(), *[npu(3072)] * 3)),
        "at least 32768, got shape"),
    (lambda: torch_npu.npu_hans_encode(npu(256, 128), out=(npu(256).int(), npu(24576), npu(128),
        npu(128))), "fixed and var must have at least 41728 bytes"),
    (lambda: torch_npu.npu_sign_bits_pack(npu(20), 2), "size must divide the 3 bytes"),
    (lambda: torch_npu.npu_apply_adam(*[0.5] * 6, npu(3), None, None, out=(npu(2), npu(2),
        npu(2))), r"npu_apply_adam: grad must have the shape of var, \[2\]"),
]  # fmt: skip
MISSING = [
    (lambda: torch_npu.npu_fusion_attention(*HEADS, 4, "BNSD", sparse_mode=5, prefix=[2]),
        "sparse_mode 5 is not supported. Use 0 to 4"),
    (lambda: packed([3, 7], [4, 9], pse=npu(1)),
        "npu_fusion_attention: pse of pse_type 1 is not supported in layout TND"),
    (lambda: changed(LATENT, "v", npu(2, 1, 3, 8)), "v is not supported"),
    (lambda: changed(PROLOG_3, "weight_quant_mode", 3), "can be 0, 1 and 2, got 3"),
    (lambda: changed(PROLOG_3, "ckvkr_repo_mode", 1), "ckvkr_repo_mode and"),
    (lambda: changed(SPARSE, "attention_mode", 0), "attention_mode must be 2, got 0"),
    (lambda: changed(found(sparse.CASES, "npu_kv_quant_sparse_flash_attention"), 5, 1),
        "key_quant_mode and value_quant_mode must be 2"),
    (lambda: changed(found(sparse.CASES, "npu_quant_lightning_indexer"), 5, 1),
        "query_quant_mode and key_quant_mode must be 0"),
    (lambda: changed(RULE, 0, npu(5, 2, 6), torch.float32), "does not support dtype Float"),
    (lambda: torch_npu.npu_rms_norm(npu(3, 8).double(), npu(8).double()),
        "does not support dtype Double for argument 'x'"),
    (lambda: torch_npu.npu_dynamic_quant(npu(2, 8)),
        "aclnnDynamicQuant: the NPU does not support dtype Float"),
    (lambda: torch_npu.npu_cross_entropy_loss(npu(3, 4), npu(3).long(),
        lse_square_scale_for_zloss=0.1), "z-loss is not supported"),
    (lambda: torch_npu.npu_rotary_mul(npu(1, 8), npu(1, 8), npu(1, 8), rotate=npu(8, 8)),
        "`rotate` is not supported"),
    (lambda: torch_npu.npu_fusion_attention(*HEADS, 4, "BNSD", softmax_layout="TND"),
        "npu_fusion_attention: softmax_layout is not supported"),
    (lambda: torch_npu.npu_fusion_attention_v2(*HEADS, 4, "BNSD", seed=1),
        "a seed and offset are supported with a dropout_mask only"),
    (lambda: torch_npu.npu_fusion_attention_v2(*SQUARE, 4, "BNSD", pse_type=2,
        pse=npu(4).requires_grad_()), "slopes get no gradient"),
    (lambda: torch_npu.npu_fusion_attention_v2(T_Q.npu(), T_K.npu(), T_K.npu(), 4, "TND",
        pse=npu(1), **ENDS), "pse of pse_type 1 is not supported in layout TND"),
    (lambda: torch_npu.npu_quantize(npu(2, 8), npu(1), None, torch.quint4x2),
        "dtype must be torch.int8"),
    (lambda: torch_npu.npu_dynamic_quant(npu(2, 8, dtype=HALF), quant_mode="perchannel"),
        "quant_mode 'pertoken'"),
    (lambda: torch_npu.npu_dynamic_block_quant(npu(2, 8), row_block_size=128),
        "npu_dynamic_block_quant: Atlas A2 takes"),
    (lambda: torch_npu.npu_grouped_matmul_swiglu_quant_v2(INT8, [npu(2, 6, 8, dtype=torch.int8)],
        [npu(2, 8)], npu(4), npu(2).long(), dequant_mode=2), "modes other than 0"),
    (lambda: torch_npu.npu_sign_bits_unpack(npu(4), 1, torch.float32), "input must be uint8"),
    (lambda: torch_npu.npu_format_cast(npu(2, 8), int(torch_npu.Format.NC1HWC0)),
        r"memory format 3 is not supported for a tensor of 2 dimensions. Use ND \(2\)"),
    (lambda: torch_npu.npu_format_cast(npu(8), int(torch_npu.Format.FRACTAL_NZ)),
        "with two to six dimensions, FRACTAL_NZ"),
    (lambda: torch_npu.npu_format_cast_(npu(32, 16)[8:], int(torch_npu.Format.FRACTAL_NZ)),
        "npu_format_cast_: the tensor is a view"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def device_still_works():
    yield
    torch.npu.synchronize()
    assert npu(2).sum().item() == 2


@pytest.mark.parametrize(("call", "message"), SHAPES, ids=[message for _, message in SHAPES])
def test_shapes_and_options(call, message: str) -> None:
    with pytest.raises((RuntimeError, IndexError), match=message) as error:
        call()
    assert not isinstance(error.value, torch.AcceleratorError)


@pytest.mark.parametrize(("call", "message"), MISSING, ids=[message for _, message in MISSING])
def test_not_supported(call, message: str) -> None:
    with pytest.raises(NotImplementedError, match=message):
        call()


def test_other_devices() -> None:
    with pytest.raises(RuntimeError, match="Expected all tensors to be on the same device"):
        torch_npu.npu_rms_norm(npu(3, 8), torch.ones(8))
    with pytest.raises(NotImplementedError, match="npu::npu_rms_norm"):
        torch_npu.npu_rms_norm(torch.ones(3, 8), torch.ones(8))

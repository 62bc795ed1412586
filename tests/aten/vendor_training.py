"""Cases of the later versions of attention of training: slopes, and what graphs hold."""

import torch
from vendor_attention import (
    ENDS,
    EQUAL,
    KEY,
    MASK,
    MORE_SLOPES,
    SINK,
    SLOPES,
    SQUARE,
    T_K,
    T_Q,
    TRIANGLE,
    K,
    N,
    Q,
    S,
    V,
    fusion,
    no_workspace,
    packed,
)  # fmt: skip
from vendor_case import Case, Fixed, seeded

HOST_ENDS = {name: Fixed(torch.tensor(ends), device="cpu") for name, ends in ENDS.items()}


def fusion_v3(*args, actual_seq_qlen=None, actual_seq_kvlen=None, **options):
    if actual_seq_qlen is None:
        found = fusion(*args, **options)
    else:
        ends = {
            "actual_seq_qlen": actual_seq_qlen.tolist(),
            "actual_seq_kvlen": actual_seq_kvlen.tolist(),
        }
        found = packed(*args, **ends, **options)
    return *found[:4], None, None


def undefined(*args) -> tuple:
    """Results that are not initialised."""
    return (None,) * 5


CASES = [
    *(
        Case("npu_fusion_attention_v2", (*SQUARE, N, "BNSD"), fusion, {"pse": slopes,
            "scale": 0.5, "pse_type": kind, **more}, note=f"slopes {kind}", tolerance=3,
            constants=("pse",))
        for kind, slopes, more in (
            (2, SLOPES, {"sink": SINK}),
            (2, MORE_SLOPES, {"q_start_idx": [2], "kv_start_idx": [4]}),
            (3, MORE_SLOPES, {"atten_mask": MASK[..., :S]}),
        )
    ),
    *(
        Case("npu_fusion_attention_v2", (T_Q, T_K[:7], T_K[:7] + 1, N, "TND"), packed, {**EQUAL,
            "pse": slopes, "scale": 0.5, "pse_type": kind, "sparse_mode": 3,
            "atten_mask": TRIANGLE, **more}, note=f"TND slopes {kind}", tolerance=3,
            constants=("pse",))
        for kind, slopes, more in ((2, MORE_SLOPES, {}), (3, SLOPES, {}), (2, SLOPES,
            {"sink": SINK}))
    ),
    *(
        Case("npu_fusion_attention_v3", (Q, KEY, V, N, "BNSD", None, None, MASK, 0.5), fusion_v3,
            extra, note=f"{len(extra)}", tolerance=3)
        for extra in ({}, {"sink": SINK})
    ),
    Case("npu_fusion_attention_v3", (Q, KEY, V, N, "BNSD", seeded(1, N, S, K)), fusion_v3,
        note="shift", tolerance=3),
    Case("npu_fusion_attention_v3", (T_Q, T_K, T_K + 1, N, "TND"), fusion_v3, {**HOST_ENDS,
        "scale": 0.5, "sparse_mode": 3, "atten_mask": TRIANGLE}, note="TND", tolerance=3),
    Case("_npu_fusion_attention_v3_infer_output", (Q, KEY, V, N, "BNSD"), undefined),
    Case("_npu_fusion_attention_grad_v3_infer_output", (Q, KEY, V, None, SINK), undefined),
    Case("_npu_fusion_attention_v3_get_max_workspace", (T_Q, T_K, T_K, N, "TND"), no_workspace,
        HOST_ENDS),
    Case("_npu_fusion_attention_grad_v3_get_max_workspace", (T_Q, T_K, T_K, T_Q, N, "TND"),
        no_workspace, HOST_ENDS),
]  # fmt: skip

"""Names of the existing adapter's contrib that need operators this build does not have."""

_NAMES = {
    "torch.nn.LSTM, which it is made of, has no NPU kernel yet": ("BiLSTM",),
    "use torchvision's operators": (
        "DCNv2",
        "ModulatedDeformConv",
        "PSROIPool",
        "ROIAlign",
        "npu_batched_multiclass_nms",
        "npu_ciou",
        "npu_diou",
        "npu_giou",
        "npu_iou",
        "npu_multiclass_nms",
        "npu_ptiou",
    ),
    "use torchvision.transforms.ColorJitter": ("FusedColorJitter",),
    "use torch.nn.MultiheadAttention or torch.nn.functional.scaled_dot_product_attention": (
        "MultiheadAttention",
        "npu_fused_attention",
        "npu_fused_attention_with_layernorm",
    ),
    "quantized layers need npu_quant_matmul and its kin, which are not there yet": (
        "LinearA8W8Quant",
        "LinearQuant",
        "LinearWeightQuant",
        "QuantConv2d",
    ),
}

INSTEAD = {name: text for text, names in _NAMES.items() for name in names}

"""Functions that Ascend's scripts use."""

from torch_npu.contrib.function.attention import (
    dropout_with_byte_mask,
    fuse_add_softmax_dropout,
    matmul_transpose,
)
from torch_npu.contrib.function.boxes import (
    npu_bbox_coder_decode_xywh2xyxy,
    npu_bbox_coder_encode_xyxy2xywh,
    npu_bbox_coder_encode_yolo,
    npu_single_level_responsible_flags,
)
from torch_npu.contrib.function.indexing import npu_fast_condition_index_put, roll

__all__ = [
    "dropout_with_byte_mask",
    "fuse_add_softmax_dropout",
    "matmul_transpose",
    "npu_bbox_coder_decode_xywh2xyxy",
    "npu_bbox_coder_encode_xyxy2xywh",
    "npu_bbox_coder_encode_yolo",
    "npu_fast_condition_index_put",
    "npu_single_level_responsible_flags",
    "roll",
]

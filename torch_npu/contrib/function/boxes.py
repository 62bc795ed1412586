"""Boxes of detectors, as [boxes, 4] of left, top, right, bottom (x1, y1, x2, y2) in pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = [
    "npu_bbox_coder_decode_xywh2xyxy",
    "npu_bbox_coder_encode_xyxy2xywh",
    "npu_bbox_coder_encode_yolo",
    "npu_single_level_responsible_flags",
]


def _centers(boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Centers and sizes [boxes, 2]."""
    return (boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]


def _same_shape(bboxes: Tensor, others: Tensor) -> None:
    if bboxes.shape != others.shape or bboxes.size(-1) != 4:
        raise ValueError(
            f"expected two tensors of boxes [boxes, 4], got {list(bboxes.shape)} and "
            f"{list(others.shape)}"
        )


def npu_bbox_coder_encode_xyxy2xywh(
    bboxes: Tensor,
    gt_bboxes: Tensor,
    means: Sequence[float] | None = None,
    stds: Sequence[float] | None = None,
    is_normalized: bool = False,
    normalized_scale: float = 10000.0,
) -> Tensor:
    """Offsets [boxes, 4] from boxes to true boxes: of the centers in sizes of the box, and of the
    sizes as logarithms; less `means` (default 0), over `stds` (default 1).

    is_normalized: coordinates are in [0, 1] and are multiplied by normalized_scale first.
    """
    _same_shape(bboxes, gt_bboxes)
    if is_normalized:
        bboxes, gt_bboxes = bboxes * normalized_scale, gt_bboxes * normalized_scale
    (center, size), (true_center, true_size) = _centers(bboxes), _centers(gt_bboxes)
    deltas = torch.cat(((true_center - center) / size, torch.log(true_size / size)), dim=-1)
    mean = deltas.new_tensor(means if means is not None else [0.0] * 4)
    std = deltas.new_tensor(stds if stds is not None else [1.0] * 4)
    return (deltas - mean) / std


def npu_bbox_coder_decode_xywh2xyxy(
    bboxes: Tensor,
    pred_bboxes: Tensor,
    means: Sequence[float] | None = None,
    stds: Sequence[float] | None = None,
    max_shape: Sequence[int] | None = None,
    wh_ratio_clip: float = 16 / 1000,
) -> Tensor:
    """Boxes [boxes, 4] from boxes and offsets of npu_bbox_coder_encode_xyxy2xywh().

    max_shape: (height, width) to which they are cut. Sizes change by wh_ratio_clip or its inverse
    at most.
    """
    _same_shape(bboxes, pred_bboxes)
    mean = pred_bboxes.new_tensor(means if means is not None else [0.0] * 4)
    std = pred_bboxes.new_tensor(stds if stds is not None else [1.0] * 4)
    deltas = pred_bboxes * std + mean
    limit = abs(math.log(wh_ratio_clip))
    center, size = _centers(bboxes)
    new_center = center + deltas[..., :2] * size
    half = size * deltas[..., 2:].clamp(-limit, limit).exp() / 2
    boxes = torch.cat((new_center - half, new_center + half), dim=-1)
    if max_shape is None:
        return boxes
    height, width = max_shape[:2]
    limits = boxes.new_tensor([width, height, width, height])
    return torch.minimum(boxes.clamp(min=0), limits)


def npu_bbox_coder_encode_yolo(bboxes: Tensor, gt_bboxes: Tensor, stride: Tensor | int) -> Tensor:
    """YOLO's offsets [boxes, 4]: of the true centers in the cell, in cells of `stride` pixels
    ([boxes] or one), with 0.5 for its middle; of the sizes as logarithms."""
    _same_shape(bboxes, gt_bboxes)
    (center, size), (true_center, true_size) = _centers(bboxes), _centers(gt_bboxes)
    cell = stride.unsqueeze(-1) if isinstance(stride, Tensor) else stride
    offset = ((true_center - center) / cell + 0.5).clamp(1e-6, 1 - 1e-6)
    return torch.cat((offset, torch.log((true_size / size).clamp(min=1e-6))), dim=-1)


def npu_single_level_responsible_flags(
    featmap_size: tuple[int, int],
    gt_bboxes: Tensor,
    stride: tuple[int, int],
    num_base_anchors: int,
) -> Tensor:
    """Which anchors [height * width * num_base_anchors] (uint8) lie in the cell of a true box's
    center.

    featmap_size: (height, width) in cells; stride: (width, height) of a cell in pixels.
    """
    height, width = featmap_size
    center, _ = _centers(gt_bboxes)
    column = (center[:, 0] / stride[0]).floor().long()
    row = (center[:, 1] / stride[1]).floor().long()
    cells = torch.zeros(height * width, dtype=torch.uint8, device=gt_bboxes.device)
    cells[row * width + column] = 1
    return cells[:, None].expand(-1, num_base_anchors).reshape(-1)

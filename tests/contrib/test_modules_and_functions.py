"""torch_npu.contrib's modules and functions, against the CPU and what they are known for."""

import copy
import math

import pytest
import torch
from torch import nn

from torch_npu import contrib
from torch_npu.contrib.module import focus
from torch_npu.contrib.unavailable import INSTEAD

MODULES = {
    "ChannelShuffle": (lambda: contrib.ChannelShuffle(4), [(2, 2, 3, 3), (2, 2, 3, 3)]),
    "ChannelShuffle whole": (
        lambda: contrib.ChannelShuffle(8, groups=4, split_shuffle=False),
        [(2, 4, 3, 3), (2, 4, 3, 3)],
    ),
    "Focus": (lambda: contrib.Focus(3, 4, k=3), [(2, 3, 4, 4)]),
    "Focus ReLU": (lambda: contrib.Focus(3, 4, act=nn.ReLU()), [(2, 3, 4, 4)]),
    "Focus linear": (lambda: contrib.Focus(3, 4, act=False), [(2, 3, 4, 4)]),
    "Mish": (contrib.Mish, [(3, 4)]),
    "SiLU": (contrib.SiLU, [(3, 4)]),
    "Swish": (contrib.Swish, [(3, 4)]),
    "NpuDropPath 0": (contrib.NpuDropPath, [(3, 4)]),
}


@pytest.mark.parametrize("name", MODULES)
def test_modules_compute_what_they_do_on_the_cpu(name):
    make, shapes = MODULES[name]
    torch.manual_seed(0)
    cpu = make()
    npu = copy.deepcopy(cpu).npu()
    inputs = [torch.randn(shape, requires_grad=True) for shape in shapes]
    moved = [value.detach().npu().requires_grad_() for value in inputs]
    outputs = [cpu(*inputs), npu(*moved)]
    outputs = [each if isinstance(each, tuple) else (each,) for each in outputs]
    for got, wanted in zip(outputs[1], outputs[0], strict=True):
        torch.testing.assert_close(got.cpu(), wanted, rtol=1e-3, atol=1e-4)
    for results in outputs:
        sum(value.square().sum() for value in results).backward()
    for got, wanted in zip(moved, inputs, strict=True):
        torch.testing.assert_close(got.grad.cpu(), wanted.grad, rtol=1e-3, atol=1e-4)


def test_channels_are_mixed():
    first, second = torch.zeros(1, 2, 1, 1, device="npu"), torch.ones(1, 2, 1, 1, device="npu")
    one, two = contrib.ChannelShuffle(4)(first, second)
    assert one.flatten().tolist() == two.flatten().tolist() == [0.0, 1.0]
    with pytest.raises(ValueError, match="5 channels cannot be divided into 2 groups"):
        contrib.ChannelShuffle(5)


def test_smoothed_labels():
    logits, target = torch.randn(4, 5), torch.tensor([0, 1, 2, 4])
    probabilities = torch.full((4, 5), 0.1 / 4)
    probabilities[torch.arange(4), target] = 0.9
    wanted = -(probabilities * logits.log_softmax(1)).sum(1).mean()
    loss = contrib.LabelSmoothingCrossEntropy(5, 0.1).npu()
    torch.testing.assert_close(loss(logits.npu(), target.npu()).cpu(), wanted)
    plain = contrib.LabelSmoothingCrossEntropy(5)(logits, target)
    torch.testing.assert_close(plain, nn.functional.cross_entropy(logits, target))
    with pytest.raises(ValueError, match="expected 5 classes, got 4"):
        loss(logits[:, :4].npu(), target.npu())
    with pytest.raises(ValueError, match="0 <= smooth_factor < 1"):
        contrib.LabelSmoothingCrossEntropy(5, 1.0)


def test_drop_path_drops_whole_samples():
    module = contrib.NpuDropPath(0.25)
    contrib.NpuDropPath.enable_droppath_ensemble(module)
    out = module(torch.ones(4000, 3, device="npu")).cpu()
    assert out.unique().tolist() == [0.0, pytest.approx(4 / 3)]
    assert (out == out[:, :1]).all()
    assert out.mean().item() == pytest.approx(1.0, abs=0.05)
    assert module.eval()(torch.ones(2)).tolist() == [1.0, 1.0]
    with pytest.raises(ValueError, match="0 <= drop_prob < 1"):
        contrib.NpuDropPath(1.5)


@pytest.mark.parametrize(
    "module",
    [
        contrib.NpuCachedDropout(0.5, module_name="x"),
        contrib.NpuFairseqDropout(0.5),
        contrib.DropoutWithByteMask(0.5, max_seed=7),
    ],
)
def test_dropouts(module):
    contrib.NpuCachedDropout.enable_dropout_ensemble(module)
    out = module(torch.ones(4000, device="npu"))
    assert set(out.cpu().unique().tolist()) == {0.0, 2.0}
    assert out.mean().item() == pytest.approx(1.0, abs=0.1)
    assert module.eval()(torch.ones(2, device="npu")).tolist() == [1.0, 1.0]
    module.train()


def test_prefetcher():
    batches = [(torch.full((2,), float(i)), torch.tensor([i])) for i in range(3)]
    prefetcher = contrib.Prefetcher(batches, stream=torch.npu.Stream())
    for i in range(3):
        data, target = prefetcher.next()
        assert data.is_npu and data.tolist() == [i, i] and target.tolist() == [i]
    assert prefetcher.next() == (None, None)
    assert contrib.Prefetcher([]).next() == (None, None)


def test_focus_parts():
    image = torch.arange(16.0).view(1, 1, 4, 4)
    pixels = focus.fast_slice(image.npu()).cpu()
    assert pixels[0, :, 0, 0].tolist() == [0.0, 4.0, 1.0, 5.0]
    assert (focus.autopad(3), focus.autopad([1, 5]), focus.autopad(3, 0)) == (1, [0, 2], 0)


def test_attention_parts():
    left, right = torch.randn(2, 3, 4), torch.randn(2, 5, 4)
    got = contrib.matmul_transpose(left.npu(), right.npu()).cpu()
    torch.testing.assert_close(got, left @ right.mT, rtol=1e-3, atol=1e-4)
    scores, mask = torch.randn(2, 3, 3), torch.tensor([0.0, 0.0, -1e4])
    wanted = (scores / math.sqrt(16) + mask).softmax(-1)
    function = contrib.fuse_add_softmax_dropout
    got = function(False, nn.Identity(), mask.npu(), scores.npu(), 16)
    torch.testing.assert_close(got.cpu(), wanted)
    dropped = function(True, nn.Identity(), mask.npu(), scores.npu(), 16, p=0.5).cpu()
    assert ((dropped == 0) | torch.isclose(dropped, 2 * wanted)).all()
    assert contrib.dropout_with_byte_mask(torch.ones(2, device="npu"), p=1.0).tolist() == [0, 0]


def test_indexing():
    x = torch.arange(6.0, device="npu").view(2, 3)
    assert contrib.roll(x, 1, 1).tolist() == [[2, 0, 1], [5, 3, 4]]
    assert contrib.npu_fast_condition_index_put(x, x > 3, 9.0).tolist() == [[0, 1, 2], [3, 9, 9]]
    with pytest.raises(TypeError, match="expected condition as a bool tensor"):
        contrib.npu_fast_condition_index_put(x, x, 9.0)


def test_boxes_are_coded_and_decoded():
    boxes = torch.tensor([[0.0, 0, 4, 4], [2, 2, 6, 10]], device="npu")
    true = torch.tensor([[1.0, 1, 3, 5], [2, 0, 8, 12]], device="npu")
    means, stds = [0.1, 0.0, 0.2, 0.0], [0.5, 1.0, 1.0, 2.0]
    deltas = contrib.npu_bbox_coder_encode_xyxy2xywh(boxes, true, means, stds)
    first = (torch.tensor([0.0, 0.25, math.log(0.5), 0.0]) - torch.tensor(means)) / torch.tensor(
        stds
    )
    torch.testing.assert_close(deltas[0].cpu(), first)
    decoded = contrib.npu_bbox_coder_decode_xywh2xyxy(boxes, deltas, means, stds)
    torch.testing.assert_close(decoded, true)
    cut = contrib.npu_bbox_coder_decode_xywh2xyxy(boxes, deltas, means, stds, max_shape=(9, 7))
    assert cut[1].tolist() == pytest.approx([2.0, 0.0, 7.0, 9.0], abs=1e-5)
    scaled = contrib.npu_bbox_coder_encode_xyxy2xywh(
        boxes / 100, true / 100, means, stds, is_normalized=True, normalized_scale=100.0
    )
    torch.testing.assert_close(scaled, deltas)
    with pytest.raises(ValueError, match=r"expected two tensors of boxes \[boxes, 4\]"):
        contrib.npu_bbox_coder_encode_xyxy2xywh(boxes, true[:1])


def test_boxes_of_yolo():
    boxes = torch.tensor([[0.0, 0, 8, 8]], device="npu")
    true = torch.tensor([[2.0, 0, 6, 4]], device="npu")
    got = contrib.npu_bbox_coder_encode_yolo(boxes, true, torch.tensor([8.0], device="npu"))
    assert got[0].tolist() == pytest.approx([0.5, 0.25, math.log(0.5), math.log(0.5)])
    torch.testing.assert_close(contrib.npu_bbox_coder_encode_yolo(boxes, true, 8), got)
    flags = contrib.npu_single_level_responsible_flags((2, 3), true, (4, 4), 2)
    assert flags.tolist() == [0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("name", sorted(INSTEAD))
def test_missing_names_say_what_to_use(name):
    with pytest.raises(AttributeError, match="has no attribute") as error:
        getattr(contrib, name)
    assert INSTEAD[name] in str(error.value)

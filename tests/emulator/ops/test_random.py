"""Random functions depend on seed and offset alone, and follow their distributions."""

import pytest
import torch
from device import Device

SHAPE = (64, 128)
DISTRIBUTIONS = {
    "aclnnInplaceNormal": [1.0, 2.0],
    "aclnnInplaceUniform": [-1.0, 3.0],
    "aclnnInplaceBernoulli": [0.25],
    "aclnnInplaceBernoulliTensor": [torch.full(SHAPE, 0.25)],
    "aclnnInplaceRandom": [0, 10],
}


def fill(device: Device, name: str, seed: int, offset: int, dtype=torch.float32) -> torch.Tensor:
    x = torch.full(SHAPE, 99, dtype=dtype)
    device.call(name, x, *DISTRIBUTIONS[name], seed, offset)
    return x


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_numbers_depend_on_seed_and_offset(device: Device, name: str) -> None:
    first = fill(device, name, 1, 0)
    assert torch.equal(first, fill(device, name, 1, 0))
    for seed, offset in ((2, 0), (1, 4)):
        assert not torch.equal(first, fill(device, name, seed, offset))


@pytest.mark.parametrize(
    ("name", "mean", "std"),
    [
        ("aclnnInplaceNormal", 1, 2),
        ("aclnnInplaceUniform", 1, 4 / 12**0.5),
        ("aclnnInplaceBernoulli", 0.25, 0.1875**0.5),
        ("aclnnInplaceBernoulliTensor", 0.25, 0.1875**0.5),
        ("aclnnInplaceRandom", 4.5, (99 / 12) ** 0.5),
    ],
)
def test_distribution(device: Device, name: str, mean: float, std: float) -> None:
    x = fill(device, name, 7, 0)
    assert x.mean().item() == pytest.approx(mean, abs=0.1)
    assert x.std().item() == pytest.approx(std, rel=0.05)


@pytest.mark.parametrize(
    ("plain", "with_tensors", "parameters"),
    [
        ("aclnnInplaceNormal", "aclnnInplaceNormalTensor", [1.0, 2.0]),
        ("aclnnInplaceUniform", "aclnnInplaceUniformTensor", [-1.0, 3.0]),
        ("aclnnInplaceRandom", "aclnnInplaceRandomTensor", [0, 10]),
    ],
)
def test_seed_in_device_memory(device: Device, plain: str, with_tensors: str, parameters) -> None:
    dtype = torch.uint64 if "Uniform" in with_tensors else torch.int64
    seed, offset = torch.tensor([5], dtype=dtype), torch.tensor([6], dtype=dtype)
    x = torch.zeros(SHAPE)
    device.call(with_tensors, x, *parameters, seed, offset, 2)
    assert torch.equal(x, fill(device, plain, 5, 8))


def test_integers_are_filled_too(device: Device) -> None:
    x = fill(device, "aclnnInplaceUniform", 1, 0, torch.int32)
    assert set(x.unique().tolist()) <= {-1, 0, 1, 2}


def test_randperm(device: Device) -> None:
    first, second = torch.zeros(100, dtype=torch.int64), torch.zeros(100, dtype=torch.int64)
    device.call("aclnnRandperm", 100, 1, 0, first)
    device.call("aclnnRandperm", 100, 1, 1, second)
    assert sorted(first.tolist()) == list(range(100)) == sorted(second.tolist())
    assert not torch.equal(first, second)


def test_multinomial(device: Device) -> None:
    out = torch.zeros(1000, dtype=torch.int64)
    device.call("aclnnMultinomial", torch.tensor([0.0, 1.0, 3.0]), 1000, True, 1, 0, out)
    counts = out.bincount(minlength=3)
    assert counts[0] == 0
    assert counts[2].item() == pytest.approx(750, abs=60)


def mask_for(x: torch.Tensor) -> torch.Tensor:
    return torch.zeros((x.numel() + 127) // 128 * 16, dtype=torch.uint8)


def kept(mask: torch.Tensor, shape) -> torch.Tensor:
    bits = (mask.unsqueeze(1) >> torch.arange(8, dtype=torch.uint8)) & 1
    return bits.flatten()[: shape.numel()].reshape(shape).bool()


def test_dropout(device: Device) -> None:
    x = torch.ones(33, 35)
    out, mask = torch.zeros_like(x), mask_for(x)
    device.call("aclnnDropout", x, 0.25, True, 3, 0, out, mask)
    assert kept(mask, x.shape).float().mean().item() == pytest.approx(0.75, abs=0.05)
    torch.testing.assert_close(out, kept(mask, x.shape) / 0.75)
    grad = torch.zeros_like(x)
    device.call("aclnnDropoutBackward", x, mask, 1 / 0.75, grad)
    torch.testing.assert_close(grad, out)


@pytest.mark.parametrize("extra", [[], [torch.float32]])
def test_dropout_masks(device: Device, extra: list) -> None:
    x = torch.ones(33, 35)
    out, mask, again = torch.zeros_like(x), mask_for(x), mask_for(x)
    name = "aclnnDropoutGenMaskV2" if extra else "aclnnDropoutGenMask"
    device.call(name, list(x.shape), 0.5, 3, 0, *extra, mask)
    device.call(name, list(x.shape), 0.5, 3, 0, *extra, again)
    assert torch.equal(mask, again)
    device.call("aclnnDropoutDoMask", x, mask, 0.5, out)
    torch.testing.assert_close(out, kept(mask, x.shape) * 2.0)


def test_dropout_mask_of_a_seed_on_the_device(device: Device) -> None:
    x = torch.ones(33, 35)
    mask, same = mask_for(x), mask_for(x)
    device.call("aclnnDropoutGenMaskV2", list(x.shape), 0.5, 3, 7, torch.float32, mask)
    device.call("aclnnDropoutGenMaskV2Tensor", list(x.shape), 0.5, torch.tensor([3]),
        torch.tensor([5]), 2, torch.float32, same)  # fmt: skip
    assert torch.equal(mask, same) and mask.any()


def test_dropout_of_everything(device: Device) -> None:
    x = torch.ones(10)
    out, mask = torch.full_like(x, 7), mask_for(x)
    device.call("aclnnDropout", x, 1.0, True, 3, 0, out, mask)
    assert out.tolist() == [0.0] * 10

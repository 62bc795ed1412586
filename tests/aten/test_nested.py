"""Nested tensors of the strided layout, and what nn.TransformerEncoder makes of them."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import torch_npu

PARTS = [torch.arange(6.0).reshape(3, 2), torch.arange(10.0).reshape(5, 2).sin()]
LINEAR = torch.arange(6.0).reshape(3, 2).cos()


@pytest.fixture(autouse=True)
def on_device():
    torch_npu._C.reset_fallback_stats()
    yield
    assert not torch_npu._C.fallback_stats()


def nested(device: str) -> torch.Tensor:
    return torch.nested.nested_tensor(PARTS, device=device)


CALLS = {
    "padded": lambda x: x,
    "arithmetic": lambda x: x * 2 + x,
    "linear": lambda x: F.linear(x, LINEAR.to(x.device)),
    "softmax": lambda x: x.softmax(-1),
    "relu": lambda x: (-x).relu(),
    "norm": lambda x: F.layer_norm(x, (2,), *LINEAR[:2].to(x.device)),
    "product": lambda x: x @ x.transpose(1, 2),
    "half": lambda x: x.half().float(),
}


@pytest.mark.parametrize("name", CALLS)
def test_same_as_cpu(name: str) -> None:
    actual = CALLS[name](nested("npu")).to_padded_tensor(-1.0)
    assert actual.device.type == "npu"
    torch.testing.assert_close(actual.cpu(), CALLS[name](nested("cpu")).to_padded_tensor(-1.0))


@pytest.mark.parametrize("norm_first", [False, True])
def test_encoder_of_a_padded_batch(norm_first: bool) -> None:
    """In eval mode, which skips the padding."""
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=norm_first)
    model = nn.TransformerEncoder(layer, 2).eval()
    inputs = torch.randn(2, 3, 8)
    padding = torch.tensor([[False, False, True], [False, False, False]])
    with torch.no_grad():
        expected = model(inputs, src_key_padding_mask=padding)
        twin = copy.deepcopy(model).npu()
        actual = twin(inputs.npu(), src_key_padding_mask=padding.npu())
    torch.testing.assert_close(actual.cpu(), expected)


def test_gradients() -> None:
    grads = []
    for device in ("cpu", "npu"):
        leaves = [t.clone().to(device).requires_grad_() for t in (*PARTS, LINEAR)]
        x = torch.nested.as_nested_tensor(leaves[:2])
        rows = F.layer_norm(F.linear(x, leaves[2]), (3,), leaves[2][:, 0], leaves[2][:, 1])
        rows.to_padded_tensor(0.0).square().sum().backward()
        grads.append([leaf.grad.cpu() for leaf in leaves])
    torch.testing.assert_close(grads[1], grads[0])

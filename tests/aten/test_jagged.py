"""Jagged tensors (torch.nested, layout=torch.jagged) against the CPU."""

import pytest
import torch

import torch_npu

PARTS = [torch.arange(6.0).reshape(3, 2), torch.empty(0, 2), torch.arange(10.0).reshape(5, 2).sin()]
LINEAR = torch.arange(6.0).reshape(3, 2).cos()


def jagged(device: str) -> torch.Tensor:
    parts = [part.to(device) for part in PARTS]
    return torch.nested.nested_tensor(parts, layout=torch.jagged, device=device)


def attend(x: torch.Tensor) -> torch.Tensor:
    heads = x.unsqueeze(-2).transpose(1, 2)
    return torch.nn.functional.scaled_dot_product_attention(heads, heads, heads).values()


CALLS = {
    "padded": lambda x: torch.nested.to_padded_tensor(x, -1.0),
    "padded_short": lambda x: torch.ops.aten._jagged_to_padded_dense_forward(
        x.values(), [x.offsets()], [4], 7.0),
    "jagged_of_padded": lambda x: torch.ops.aten._padded_dense_to_jagged_forward(
        torch.nested.to_padded_tensor(x, 0.0), [x.offsets()], 8),
    "arithmetic": lambda x: (x * 2 + x).values(),
    "linear": lambda x: torch.nn.functional.linear(x, LINEAR.to(x.device)).values(),
    "sum": lambda x: x.sum(-1).values(),
    "attention": lambda x: attend(x),
    "attention_half": lambda x: attend(x.half()).float(),
    "unbound": lambda x: torch.cat(x.unbind()),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_same_as_cpu(name: str) -> None:
    torch_npu._C.reset_fallback_stats()
    actual = CALLS[name](jagged("npu"))
    assert actual.device.type == "npu"
    torch.testing.assert_close(actual.cpu(), CALLS[name](jagged("cpu")))
    assert not torch_npu._C.fallback_stats()


def test_gradient_through_padding() -> None:
    grads = []
    for device in ("cpu", "npu"):
        values = torch.cat(PARTS).to(device).requires_grad_()
        offsets = torch.tensor([0, 3, 3, 8], device=device)
        x = torch.nested.nested_tensor_from_jagged(values, offsets)
        torch.nested.to_padded_tensor(x, 1.0).square().sum().backward()
        grads.append(values.grad.cpu())
    torch.testing.assert_close(*grads)


def test_several_jagged_dimensions_are_refused() -> None:
    x = jagged("npu")
    with pytest.raises(NotImplementedError, match="one jagged dimension, not 2"):
        torch.ops.aten._jagged_to_padded_dense_forward(
            x.values(), [x.offsets(), x.offsets()], [4, 4], 0.0
        )

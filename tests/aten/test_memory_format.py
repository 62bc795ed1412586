"""Results have the strides that they have on the CPU."""

import pytest
import torch
from torch.nn import functional

POINTWISE = {
    "abs": torch.abs,
    "relu": torch.relu,
    "relu6": functional.relu6,
    "hardswish": functional.hardswish,
    "isnan": torch.isnan,
    "isinf": torch.isinf,
    "logical_not": torch.logical_not,
    "nan_to_num": torch.nan_to_num,
    "logit": torch.logit,
    "rsub": lambda x: torch.rsub(x, x),
    "floor_divide": lambda x: torch.floor_divide(x, x + 1),
    "logical_and": lambda x: torch.logical_and(x, x),
    "where": lambda x: torch.where(x > 0.5, x, -x),
    "dropout": lambda x: functional.dropout(x, 0.5),
    "sin": torch.sin,
}
LAYOUTS = {
    "channels_last": lambda x: x.contiguous(memory_format=torch.channels_last),
    "transposed": lambda x: x.transpose(1, 3),
    "permuted": lambda x: x.permute(3, 1, 0, 2),
    "sliced": lambda x: x[:, ::2].transpose(0, 2),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("op", POINTWISE)
def test_pointwise(op: str, layout: str) -> None:
    torch.manual_seed(0)
    x = torch.rand(2, 4, 3, 5)
    expected = POINTWISE[op](LAYOUTS[layout](x))
    actual = POINTWISE[op](LAYOUTS[layout](x.npu()))
    assert actual.stride() == expected.stride()
    if op != "dropout":
        torch.testing.assert_close(actual.cpu(), expected)


@pytest.mark.parametrize("layer", [torch.nn.Conv2d(4, 6, 3), torch.nn.BatchNorm2d(4)])
def test_channels_last_goes_through_a_network(layer: torch.nn.Module) -> None:
    x = torch.rand(2, 4, 7, 5).contiguous(memory_format=torch.channels_last)
    expected = layer(x)
    given = x.npu().requires_grad_()
    actual = layer.npu()(given)
    layer.cpu()
    assert actual.is_contiguous(memory_format=torch.channels_last)
    assert actual.stride() == expected.stride()
    torch.testing.assert_close(actual.cpu(), expected, rtol=1e-4, atol=1e-5)
    actual.sum().backward()
    assert given.grad.is_contiguous(memory_format=torch.channels_last)

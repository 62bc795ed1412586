"""Modules that move between CPU and NPU."""

import copy

import pytest
import torch
from torch import nn


class Tied(nn.Module):
    """Two layers with one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 3, bias=False)
        self.second = nn.Linear(3, 3)
        self.second.weight = self.first.weight
        self.register_buffer("scale", torch.ones(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(self.first(x)) * self.scale


MOVES = {
    "npu": lambda module: module.npu(),
    "to": lambda module: module.to("npu"),
    "to with dtype": lambda module: module.to(torch.device("npu", 0), torch.float16),
    "to as": lambda module: module.to(torch.ones(1, device="npu")),
}


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_shared_weights_stay_shared(move):
    module = Tied()
    before = list(module.parameters())
    assert move(module) is module
    assert module.first.weight is module.second.weight
    assert [id(param) for param in module.parameters()] == [id(param) for param in before]
    assert all(tensor.is_npu for tensor in (*module.parameters(), *module.buffers()))
    module.to("cpu")
    assert module.first.weight is module.second.weight is before[0]
    assert before[0].device.type == "cpu"


def test_an_optimizer_made_before_the_move_updates_the_module():
    module = Tied()
    reference = copy.deepcopy(module)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    plain = torch.optim.SGD(reference.parameters(), lr=0.1)
    module.npu()
    for each, opt, device in ((module, optimizer, "npu"), (reference, plain, "cpu")):
        each(torch.ones(2, 3, device=device)).square().sum().backward()
        opt.step()
    for got, wanted in zip(module.cpu().parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(got, wanted)


def test_gradients_move_along():
    module = Tied()
    module(torch.ones(2, 3)).sum().backward()
    module.npu()
    assert all(param.grad.is_npu for param in module.parameters())


@pytest.mark.parametrize("used", [False, True])
def test_parameters_keep_their_attributes(used):
    module = Tied()
    module.first.weight.tensor_model_parallel = True
    module.second.bias.note = note = ["x"]
    loss = module(torch.ones(2, 3)).sum() if used else None
    module.npu()
    assert module.second.weight.tensor_model_parallel
    assert module.cpu().second.bias.note is note
    del loss


def test_a_parameter_that_is_in_use_is_replaced_and_still_shared():
    module = Tied()
    loss = module(torch.ones(2, 3)).sum()  # its graph holds the parameters
    module.npu()
    assert module.first.weight is module.second.weight
    assert all(param.is_npu for param in module.parameters())
    assert loss.device.type == "cpu"
    assert not torch.__future__.get_swap_module_params_on_conversion()


def test_other_errors_pass():
    module = Tied()
    with pytest.raises(TypeError, match="floating point"):
        module.to("npu", torch.int64)
    assert not torch.__future__.get_swap_module_params_on_conversion()


def test_lazy_calls_are_made():
    calls = []
    torch.npu._lazy_call(lambda: calls.append(1))
    assert calls == [1]


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_lazy_modules_move_before_they_know_their_shapes(move):
    module = move(nn.Sequential(nn.LazyConv1d(4, 1), nn.LazyBatchNorm1d()))
    weight, count = module[0].weight, module[1].num_batches_tracked
    assert isinstance(weight, nn.UninitializedParameter) and weight.is_npu and count.is_npu
    assert module(torch.ones(2, 3, 5, device="npu", dtype=weight.dtype)).is_npu
    assert module[0].weight.shape == (4, 3, 1) and module[0].weight.is_npu
    assert module.cpu()(torch.ones(2, 3, 5, dtype=weight.dtype)).device.type == "cpu"


def test_lazy_modules_move_more_than_once_and_share():
    first, second = nn.LazyLinear(4), nn.LazyLinear(4)
    second.weight = first.weight
    module = nn.Sequential(first, second, nn.LazyBatchNorm1d(affine=False)).npu().npu()
    assert first.weight is second.weight and module[2].running_mean.is_npu
    assert module[0](torch.ones(2, 3, device="npu")).shape == (2, 4)

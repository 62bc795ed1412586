"""Combined tensors, and how the fused optimizers keep them."""

import copy

import pytest
import torch
from torch import nn

from torch_npu import optim, utils


def model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2)).npu()


def backward(net: nn.Module) -> None:
    net(torch.arange(8.0, device="npu").view(2, 4)).square().sum().backward()


def test_tensors_become_views_of_one():
    first = torch.arange(6.0, device="npu").view(2, 3)
    second = torch.arange(4.0, device="npu").view(2, 2).t()
    flat = utils.npu_combine_tensors([first, second])
    assert flat.tolist() == [0, 1, 2, 3, 4, 5, 0, 1, 2, 3]
    assert first.tolist() == [[0, 1, 2], [3, 4, 5]] and second.tolist() == [[0, 2], [1, 3]]
    flat.add_(1)
    assert first[0, 0].item() == 1 and second[1, 1].item() == 4
    assert utils.is_combined_tensor_valid(flat, [first, second])
    assert not utils.is_combined_tensor_valid(flat, [second, first])
    assert not utils.is_combined_tensor_valid(flat, [first])
    assert not utils.is_combined_tensor_valid(None, [first])
    part = utils.get_part_combined_tensor(flat, 6, 4)
    assert part.data_ptr() == second.data_ptr()
    assert utils.get_part_combined_tensor(None, 0, 1) is None


def test_values_need_not_be_copied():
    tensors = [torch.ones(3, device="npu"), torch.ones(2, device="npu")]
    flat = utils.npu_combine_tensors(tensors, require_copy_value=False)
    flat.zero_()
    assert [tensor.tolist() for tensor in tensors] == [[0.0] * 3, [0.0] * 2]
    assert utils.npu_combine_tensors([]) is None


def test_what_does_not_go_together_is_refused():
    with pytest.raises(
        ValueError, match=r"one is torch\.float32 on npu:0 and another torch\.float16"
    ):
        utils.npu_combine_tensors([torch.ones(1).npu(), torch.ones(1).npu().half()])
    with pytest.raises(ValueError, match=r"another torch\.float32 on cpu"):
        utils.npu_combine_tensors([torch.ones(1).npu(), torch.ones(1)])
    with pytest.raises(ValueError, match="dense tensors"):
        utils.npu_combine_tensors([torch.ones(2).to_sparse()])
    with pytest.raises(IndexError, match="elements 2 to 5 of a combined tensor that has 3"):
        utils.get_part_combined_tensor(torch.ones(3), 2, 3)


def test_parameters_and_gradients_are_parts_of_what_is_combined():
    net = model()
    optimizer = optim.NpuFusedAdamW(net.parameters())
    backward(net)
    (params,), (grads,) = optimizer.get_combined_params(), optimizer.get_combined_grads()
    assert params.numel() == grads.numel() == 4 * 3 + 3 + 3 * 2 + 2
    assert utils.is_combined_tensor_valid(params, list(net.parameters()))
    before = grads.clone()
    backward(net)  # adds to what is there
    torch.testing.assert_close(grads, 2 * before)
    optimizer.step()
    optimizer.zero_grad()
    assert not grads.any()
    assert all(param.grad is not None for param in net.parameters())
    assert optimizer.get_combined_grads()[0] is grads


def test_gradients_that_were_replaced_are_taken_in():
    net, reference = model(), model()
    optimizer = optim.NpuFusedSGD(net.parameters(), lr=0.1, momentum=0.9)
    plain = torch.optim.SGD(reference.parameters(), lr=0.1, momentum=0.9)
    for _ in range(3):
        for each, opt in ((net, optimizer), (reference, plain)):
            each.zero_grad(set_to_none=True)
            backward(each)
            opt.step()
    for got, wanted in zip(net.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(got, wanted)


def test_parameters_without_gradient_wait():
    net, reference = model(), model()
    optimizer = optim.NpuFusedAdam(net.parameters(), lr=0.1)
    plain = torch.optim.Adam(reference.parameters(), lr=0.1)
    for step in range(4):
        for each, opt in ((net, optimizer), (reference, plain)):
            each.zero_grad(set_to_none=True)
            each[0].requires_grad_(step >= 2)
            backward(each)
            opt.step()
    for got, wanted in zip(net.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-5)


def test_groups_and_dtypes_are_combined_apart():
    first, second = nn.Linear(2, 2).npu(), nn.Linear(2, 2).npu().half()
    optimizer = optim.NpuFusedSGD(
        [{"params": [first.weight, second.weight]}, {"params": [first.bias], "lr": 1.0}], lr=0.0
    )
    for param in (first.weight, second.weight, first.bias):
        param.grad = torch.ones_like(param)
    weight, bias = first.weight.clone(), first.bias.clone()
    optimizer.step()
    assert [flat.dtype for flat in optimizer.get_combined_params()] == [
        torch.float32,
        torch.float16,
        torch.float32,
    ]
    assert torch.equal(first.weight.cpu(), weight.cpu())
    torch.testing.assert_close(first.bias, bias - 1)


def test_checkpoints_are_torchs():
    net, reference = model(), model()
    plain = torch.optim.AdamW(reference.parameters(), lr=0.1)
    for _ in range(2):
        backward(reference)
        plain.step()
        plain.zero_grad()
    net.load_state_dict(reference.state_dict())
    optimizer = optim.NpuFusedAdamW(net.parameters(), lr=0.5)
    optimizer.load_state_dict(copy.deepcopy(plain.state_dict()))
    for each, opt in ((net, optimizer), (reference, plain)):
        backward(each)
        opt.step()
    resumed = optim.NpuFusedAdamW(net.parameters())
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for each, opt in ((net, resumed), (reference, plain)):
        opt.zero_grad()
        backward(each)
        opt.step()
    for got, wanted in zip(net.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-5)
    back = torch.optim.AdamW(net.parameters())
    back.load_state_dict(copy.deepcopy(resumed.state_dict()))
    assert back.state_dict()["state"][0]["step"].item() == 4


@pytest.mark.parametrize("norm_type", [1, 2, float("inf")])
def test_clipping(norm_type):
    net, reference = model(), model()
    optimizer = optim.NpuFusedSGD(net.parameters(), lr=0.1)
    backward(net)
    backward(reference)
    wanted = nn.utils.clip_grad_norm_(reference.parameters(), 1.0, norm_type)
    got = optimizer.clip_grad_norm_fused_(1.0, norm_type)
    torch.testing.assert_close(got, wanted)
    for mine, theirs in zip(net.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, theirs.grad)


def test_nothing_to_clip():
    optimizer = optim.NpuFusedSGD(model().parameters(), lr=0.1)
    assert optimizer.clip_grad_norm_fused_(1.0).item() == 0.0
    assert optimizer.get_combined_params() == []


def test_closures_scalers_and_schedulers():
    net = model()
    optimizer = optim.NpuFusedAdamW(net.parameters(), lr=0.01)
    scaler = torch.amp.GradScaler("npu", init_scale=4.0)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)
    losses = []
    for _ in range(5):
        optimizer.zero_grad()
        loss = net(torch.ones(2, 4, device="npu")).square().sum()
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        scheduler.step()
        losses.append(loss.item())
    assert losses == sorted(losses, reverse=True)

    def closure():
        optimizer.zero_grad()
        loss = net(torch.ones(2, 4, device="npu")).square().sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() < losses[-1]


def test_sparse_gradients_are_refused():
    table = nn.Embedding(4, 2, sparse=True)
    table(torch.tensor([1])).sum().backward()
    with pytest.raises(RuntimeError, match="NpuFusedAdam does not take sparse gradients"):
        optim.NpuFusedAdam(table.parameters()).step()


def test_a_subclass_must_say_what_it_does():
    param = nn.Parameter(torch.ones(1))
    param.grad = torch.ones(1)
    with pytest.raises(NotImplementedError, match="does not say which states it has"):
        optim.NpuFusedOptimizerBase([param], {}).step()

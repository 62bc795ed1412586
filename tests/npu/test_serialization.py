"""Saving, loading, copying and pickling of tensors on npu."""

import copy
import io
import pickle

import pytest
import torch

import torch_npu  # noqa: F401


def saved(value: object) -> io.BytesIO:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    buffer.seek(0)
    return buffer


@pytest.mark.parametrize(
    ("source", "map_location", "expected"),
    [
        ("npu:1", None, "npu:1"),
        ("npu:1", "cpu", "cpu"),
        ("npu:1", "npu:2", "npu:2"),
        ("cpu", "npu", "npu:0"),
        ("cpu", torch.device("npu:3"), "npu:3"),
    ],
)
def test_load_puts_tensors_where_asked(source, map_location, expected):
    tensor = torch.arange(6.0, device=source).view(2, 3).t()
    loaded = torch.load(saved(tensor), map_location=map_location)
    assert loaded.device == torch.device(expected)
    assert loaded.stride() == tensor.stride()
    assert loaded.tolist() == tensor.tolist()


def test_load_on_a_device_that_is_not_there():
    buffer = saved(torch.ones(2))
    with pytest.raises(RuntimeError, match="99"):
        torch.load(buffer, map_location="npu:99")


def test_views_share_storage_after_loading():
    base = torch.zeros(4, device="npu")
    loaded, view = torch.load(saved((base, base[2:])))
    view.fill_(5)
    assert loaded.tolist() == [0, 0, 5, 5]


def test_copies_are_apart():
    tensor = torch.ones(3, device="npu", requires_grad=True)
    twin = copy.deepcopy(tensor)
    assert twin.device == tensor.device and twin.requires_grad
    assert twin.data_ptr() != tensor.data_ptr()
    again = pickle.loads(pickle.dumps(tensor.detach()))
    assert again.device == tensor.device
    assert again.tolist() == [1.0] * 3


def test_module_state_goes_round():
    module = torch.nn.Linear(3, 2).npu()
    twin = torch.nn.Linear(3, 2)
    twin.load_state_dict(torch.load(saved(module.state_dict()), map_location="cpu"))
    assert torch.equal(twin.weight, module.weight.cpu())


@pytest.mark.parametrize("weights_only", [True, False])
def test_parameters_and_their_flags_survive(weights_only):
    parameter = torch.nn.Parameter(torch.ones(2, device="npu"), requires_grad=False)
    loaded = torch.load(saved({"p": parameter}), weights_only=weights_only)["p"]
    assert isinstance(loaded, torch.nn.Parameter) and not loaded.requires_grad
    assert loaded.device == parameter.device


def test_map_location_can_be_a_function_or_a_dict():
    buffer = saved(torch.arange(3.0, device="npu:1"))
    moved = torch.load(buffer, map_location={"npu:1": "npu:2"})
    assert moved.device.index == 2
    buffer.seek(0)
    moved = torch.load(buffer, map_location=lambda storage, place: storage.npu(3))
    assert moved.device.index == 3 and moved.tolist() == [0, 1, 2]


def test_the_old_file_format_and_typed_storages():
    buffer = io.BytesIO()
    torch.save(torch.ones(3, device="npu"), buffer, _use_new_zipfile_serialization=False)
    buffer.seek(0)
    assert torch.load(buffer, weights_only=True).device.type == "npu"
    storage = torch.ones(3, device="npu").untyped_storage()
    twin = copy.deepcopy(storage)
    assert twin.is_npu and twin.data_ptr() != storage.data_ptr()
    again = pickle.loads(pickle.dumps(torch.nn.Linear(2, 2).npu()))
    assert again.weight.is_npu


def test_optimizers_are_copied_and_restored():
    weight = torch.ones(2, device="npu", requires_grad=True)
    optimizer = torch.optim.Adam([weight])
    weight.sum().backward()
    optimizer.step()
    state = torch.load(saved(optimizer.state_dict()))
    twin = torch.optim.Adam([weight])
    twin.load_state_dict(state)
    assert twin.state[weight]["exp_avg"].is_npu
    assert copy.deepcopy(optimizer).state_dict()["state"][0]["exp_avg"].is_npu

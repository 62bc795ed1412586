"""save_async()."""

import threading

import torch

from torch_npu import utils
from torch_npu.utils import serialization


def finish() -> None:
    for thread in threading.enumerate():
        if thread.name == "save_async":
            thread.join(60)


def test_what_is_saved_is_what_was_there_at_the_call(tmp_path):
    weight = torch.ones(3, device="npu")
    model = torch.nn.Linear(2, 2).npu()
    expected = {name: value.cpu() for name, value in model.state_dict().items()}
    checkpoint = {"weight": weight, "model": model.state_dict(), "step": 3, "cpu": torch.ones(1)}
    utils.save_async(checkpoint, tmp_path / "file.pt", model=model)
    weight.zero_()
    with torch.no_grad():
        model.weight.zero_()
    finish()
    loaded = serialization.load(tmp_path / "file.pt")
    assert loaded["weight"].tolist() == [1.0, 1.0, 1.0]
    assert loaded["step"] == 3 and loaded["cpu"].tolist() == [1.0]
    assert all(torch.equal(loaded["model"][name], value) for name, value in expected.items())
    assert torch.load(tmp_path / "file.pt", map_location="npu")["weight"].is_npu

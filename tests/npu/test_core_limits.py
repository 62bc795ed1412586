"""Limits of the cores that operators may use."""

import pytest
import torch

import torch_npu  # noqa: F401


def all_cores() -> dict[str, int]:
    properties = torch.npu.get_device_properties(0)
    return {
        "cube_core_num": properties.cube_core_num,
        "vector_core_num": properties.vector_core_num,
    }


def test_a_device_limit_holds_until_it_is_changed():
    cores = all_cores()
    assert torch.npu.get_device_limit(0) == cores
    try:
        torch.npu.set_device_limit(0, cube_num=4)
        assert torch.npu.get_device_limit("npu:0") == {**cores, "cube_core_num": 4}
        torch.npu.set_device_limit(0, vector_num=7)
        assert torch.npu.get_device_limit() == {"cube_core_num": 4, "vector_core_num": 7}
        assert torch.npu.get_stream_limit(torch.npu.Stream())["cube_core_num"] == 4
    finally:
        torch.npu.set_device_limit(0, *cores.values())
    assert torch.npu.get_device_limit(0) == cores


def test_a_stream_limit_holds_for_what_the_stream_runs():
    limited, other = torch.npu.Stream(), torch.npu.Stream()
    torch.npu.set_stream_limit(limited, 2, 3)
    assert torch.npu.get_stream_limit(limited) == {"cube_core_num": 2, "vector_core_num": 3}
    assert torch.npu.get_stream_limit(other) == all_cores()
    for stream in (limited, other, limited):
        with torch.npu.stream(stream):
            x = torch.arange(64.0, device="npu").view(8, 8)
            assert torch.equal((x @ x + 1).cpu(), x.cpu() @ x.cpu() + 1)
    torch.npu.reset_stream_limit(limited)
    assert torch.npu.get_stream_limit(limited) == all_cores()


@pytest.mark.parametrize("number", [0, -2, 1.5, "4"])
def test_numbers_that_are_none(number):
    with pytest.raises(ValueError, match="vector_num must be -1"):
        torch.npu.set_device_limit(0, vector_num=number)


def test_more_cores_than_there_are():
    with pytest.raises(ValueError, match="a limit of 1000 and 0 is more than that"):
        torch.npu.set_stream_limit(torch.npu.Stream(), cube_num=1000)

"""Devices: which there are, which one is current, and tensors that live on them."""

import threading

import pytest
import torch

import torch_npu  # noqa: F401


def test_devices_are_available():
    assert torch.npu.is_available()
    assert torch.npu.device_count() == 8
    assert torch.accelerator.current_accelerator() == torch.device("npu")
    assert torch.accelerator.device_count() == 8


def test_current_device_is_of_the_thread():
    seen = []
    with torch.npu.device(3):
        thread = threading.Thread(target=lambda: seen.append(torch.npu.current_device()))
        thread.start()
        thread.join(timeout=60)
        assert torch.npu.current_device() == 3
        assert torch.empty(1, device="npu").device.index == 3
    assert seen == [0]
    assert torch.npu.current_device() == 0


@pytest.mark.parametrize("device", [2, "npu:2", torch.device("npu", 2)])
def test_device_arguments(device):
    torch.npu.set_device(device)
    assert torch.npu.current_device() == 2
    assert torch.accelerator.current_device_index() == 2
    torch.npu.set_device(0)


def test_bad_device_arguments():
    with pytest.raises(ValueError, match="with an index"):
        torch.npu.set_device("npu")
    with pytest.raises(ValueError, match="expected an npu device, got cpu"):
        torch.npu.set_device("cpu")
    with pytest.raises(TypeError, match="as an index, a string"):
        torch.npu.set_device(1.5)
    with pytest.raises(RuntimeError, match="out of range"):
        torch.empty(2, device="npu:8")
    with pytest.raises(RuntimeError, match="out of range"):
        torch.npu.set_device(-1)


def test_context_managers():
    tensor = torch.empty(1, device="npu:4")
    with torch.npu.device_of(tensor):
        assert torch.npu.current_device() == 4
        with torch.npu.device(None):
            assert torch.npu.current_device() == 4
    with torch.npu.device_of(torch.empty(1)):
        assert torch.npu.current_device() == 0
    with torch.device("npu:5"):
        assert torch.empty(1).device == torch.device("npu:5")


def test_properties():
    properties = torch.npu.get_device_properties(0)
    assert properties.name == torch.npu.get_device_name() == "Ascend910B3"
    assert properties.total_memory == torch.npu.mem_get_info()[1]
    assert properties.cube_core_num > 0
    assert "Ascend910B3" in repr(properties)
    assert torch.npu.is_bf16_supported()
    assert torch.npu.can_device_access_peer(0, 1)
    with pytest.raises(ValueError, match="no peer access to itself"):
        torch.npu.can_device_access_peer(0, 0)


def test_tensors_say_where_they_are():
    tensor = torch.tensor([1.0, 2.0], device="npu")
    assert repr(tensor) == "tensor([1., 2.], device='npu:0')"
    assert tensor.is_npu and not tensor.cpu().is_npu
    assert tensor.device == torch.device("npu:0")
    assert tensor.npu(1).device == torch.device("npu:1")
    assert tensor.npu() is tensor
    assert torch.ones(2).npu("npu:2").device.index == 2


def test_modules_and_storages_move():
    module = torch.nn.Linear(2, 3).npu()
    assert {parameter.device.type for parameter in module.parameters()} == {"npu"}
    storage = torch.arange(4.0).untyped_storage().npu()
    assert storage.is_npu
    packed = torch.nn.utils.rnn.pack_sequence([torch.ones(2, 1)]).npu()
    assert packed.is_npu


def test_work_goes_to_the_tensors_device_in_any_thread():
    tensor = torch.ones(4, device="npu:6", requires_grad=True)
    results = []

    def work() -> None:
        (tensor * 2).sum().backward()
        results.append(tensor.grad.tolist())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(timeout=60)
    assert results == [[2.0] * 4]
    assert tensor.grad.device.index == 6


def test_device_arguments_have_two_names():
    assert torch.npu.get_device_name(device=1) == torch.npu.get_device_name(device_name=1)
    properties = torch.npu.get_device_properties(device="npu:1")
    assert properties.name == torch.npu.get_device_properties(device_name="npu:1").name


def test_the_soc_has_a_number():
    assert torch.npu.get_soc_version() == 223
    assert torch.npu.get_device_capability() is None


def test_things_that_cann_lacks_are_nothing():
    assert torch.npu.current_blas_handle() is None
    assert torch.npu.ipc_collect() is None
    assert torch.npu.native_device == "npu"


def test_time_outs_of_operators():
    assert torch.npu.set_op_timeout_ms(60_000) is None
    with pytest.raises(ValueError, match="at least 1 ms"):
        torch.npu.set_op_timeout_ms(0)


def test_utilization_is_a_percentage_or_unknown():
    assert -1 <= torch.npu.utilization(0) <= 100
    assert -1 <= torch.npu.memory_usage(0) <= 100


def test_tensor_float_32_is_nvidias():
    assert not torch.npu.is_tf32_supported()


@pytest.mark.parametrize("name", ["temperature", "power_draw", "clock_rate", "list_gpu_processes"])
def test_what_the_runtime_does_not_tell_is_told_by_another(name):
    with pytest.raises(AttributeError, match="npu-smi info"):
        getattr(torch.npu, name)


def test_init_makes_the_runtime_ready():
    torch.npu.init()
    assert torch.npu.is_initialized()


def test_synchronize_takes_a_device():
    stream = torch.npu.current_stream(2)
    tensor = torch.zeros(4, device="npu:2").add_(1)
    torch.npu.synchronize("npu:2")
    assert stream.query()
    assert tensor.tolist() == [1.0] * 4


def test_modules_move_to_a_device_that_is_given():
    assert next(torch.nn.Linear(2, 2).npu(device=1).parameters()).device.index == 1
    packed = torch.nn.utils.rnn.pack_sequence([torch.ones(2, 1)])
    assert not packed.is_npu and packed.npu().is_npu

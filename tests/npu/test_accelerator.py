"""torch's device-independent interfaces: torch.accelerator, torch.Stream, torch.Event."""

import pytest
import torch

import torch_npu


def test_the_accelerator_is_npu():
    assert torch.accelerator.is_available()
    assert torch.accelerator.current_accelerator() == torch.device("npu")
    assert torch.get_device_module("npu") is torch.npu
    assert torch.get_device_module() is torch.npu


def test_devices():
    torch.accelerator.set_device_index(1)
    assert torch.npu.current_device() == 1
    with torch.accelerator.device_index(3):
        assert torch.accelerator.current_device_index() == torch.npu.current_device() == 3
    assert torch.npu.current_device() == 1
    torch.accelerator.set_device_index(0)
    dtypes = torch.accelerator.get_device_capability()["supported_dtypes"]
    assert {torch.float16, torch.bfloat16, torch.float32} <= set(dtypes)


def test_streams():
    stream = torch.Stream("npu:1")
    torch.accelerator.set_stream(stream)
    assert torch.accelerator.current_stream(1) == stream == torch.npu.current_stream(1)
    torch.npu.set_stream(torch.npu.default_stream(1))
    torch.npu.set_device(0)
    torch.accelerator.synchronize()
    torch.accelerator.synchronize(1)
    assert stream.query()
    assert (
        stream.native_handle
        == torch.npu.Stream(
            stream_id=stream.stream_id, device_index=1, device_type=stream.device_type
        ).npu_stream
    )


def test_streams_order_each_other_by_generic_events():
    producer, consumer = torch.Stream("npu"), torch.Stream("npu")
    with producer:
        tensor = torch.full((1000,), 2.0, device="npu") * 3
        event = producer.record_event()
    consumer.wait_event(event)
    consumer.wait_stream(producer)
    with consumer:
        total = tensor.sum()
    consumer.synchronize()
    assert event.query() and isinstance(event, torch.Event)
    assert total.item() == 6000
    tensor.record_stream(consumer)


def test_memory():
    held = torch.empty(1 << 20, device="npu")
    assert torch.accelerator.memory_reserved() == torch.npu.memory_reserved()
    assert torch.accelerator.max_memory_allocated() == torch.npu.max_memory_allocated()
    assert torch.accelerator.memory_stats() == torch.npu.memory_stats()
    assert torch.accelerator.get_memory_info() == torch.npu.mem_get_info()
    torch.accelerator.reset_peak_memory_stats()
    torch.accelerator.reset_accumulated_memory_stats()
    torch.accelerator.empty_cache()
    torch.accelerator.empty_host_cache()
    assert torch.accelerator.memory_allocated() >= held.nbytes


def test_devices_that_are_not_there_are_refused():
    with pytest.raises(RuntimeError, match="index 99 is out of range"):
        torch.accelerator.set_device_index(99)
    assert torch.npu.current_device() == 0


def test_names_that_torch_gets():
    assert torch.distributed.is_hccl_available()
    assert torch.distributed.ProcessGroupHCCL is torch_npu.distributed.ProcessGroupHCCL
    assert torch.distributed.Backend("hccl") == "hccl"
    assert torch.profiler.ProfilerActivity.PrivateUse1 == torch.profiler.ProfilerActivity.NPU
    assert torch.device("npu").type == "npu" and torch.device("npu", 3).index == 3
    assert torch.device("npu:2") == torch.device("npu", 2)

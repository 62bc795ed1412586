"""FlopsCounter."""

import pytest
import torch

from torch_npu.utils import FlopsCounter

PRODUCT = 2 * 4 * 5 * 6


def product() -> None:
    torch.ones(4, 5, device="npu") @ torch.ones(5, 6, device="npu")


def test_what_is_between_start_and_stop_is_counted():
    product()
    with FlopsCounter() as counter:
        product()
        assert counter.get_flops() == [PRODUCT, PRODUCT]
        counter.pause()
        product()
        assert counter.get_flops() == [PRODUCT, 2 * PRODUCT]
        counter.resume()
        product()
    product()
    assert counter.get_flops() == [2 * PRODUCT, 3 * PRODUCT]


def test_backward_passes_count_and_start_begins_anew():
    counter = FlopsCounter()
    left = torch.ones(4, 5, device="npu", requires_grad=True)
    for _ in range(2):
        counter.start()
        (left @ torch.ones(5, 6, device="npu")).sum().backward()
        counter.pause()
        counter.stop()
        assert counter.get_flops() == [2 * PRODUCT, 2 * PRODUCT]


def test_the_order_of_calls_matters():
    counter = FlopsCounter()
    for name in ("stop", "pause", "resume"):
        with pytest.raises(RuntimeError, match="it does not count; call start"):
            getattr(counter, name)()
    counter.start()
    with pytest.raises(RuntimeError, match="it counts already"):
        counter.start()
    counter.stop()

"""Views, storages and resizing."""

import copy
import io

import pytest
import torch


def test_views_share_memory() -> None:
    x = torch.zeros(4, 6, device="npu")
    x.view(2, 12)[0, 0] = 1
    x.t()[5, 3] = 2
    x.as_strided((2,), (6,), 1).fill_(3)
    x.unfold(1, 2, 2)[2, 1].fill_(4)
    expected = torch.zeros(4, 6)
    expected[0, 0], expected[3, 5] = 1, 2
    expected[:2, 1] = 3
    expected[2, 2:4] = 4
    assert torch.equal(x.cpu(), expected)
    with pytest.raises(RuntimeError, match="size"):
        x.view(5, 5)


def test_resize_keeps_what_fits() -> None:
    x = torch.arange(6.0).npu()
    x.resize_(2, 2)
    assert x.cpu().tolist() == [[0, 1], [2, 3]]
    x.resize_(3, 4)
    assert x.cpu().flatten()[:6].tolist() == [0, 1, 2, 3, 4, 5]
    assert x.untyped_storage().nbytes() == 48


def test_set_variants() -> None:
    source = torch.arange(6.0).npu()
    for target in (
        torch.empty(0, device="npu").set_(source),
        torch.empty(0, device="npu").set_(source.untyped_storage()),
        torch.empty(0, device="npu").set_(source.untyped_storage(), 2, (2, 2), (2, 1)),
    ):
        assert target.untyped_storage().data_ptr() == source.untyped_storage().data_ptr()
    assert target.cpu().tolist() == [[2, 3], [4, 5]]
    assert source.set_().numel() == 0


def test_deepcopy_and_save() -> None:
    x = torch.arange(6.0).reshape(2, 3).npu()
    twin = copy.deepcopy(x)
    twin[0, 0] = 9
    assert x[0, 0].item() == 0
    buffer = io.BytesIO()
    torch.save(x, buffer)
    buffer.seek(0)
    loaded = torch.load(buffer, weights_only=True)
    assert loaded.device == x.device
    assert torch.equal(loaded.cpu(), x.cpu())


def test_record_stream() -> None:
    side = torch.npu.Stream()
    x = torch.ones(1 << 20, device="npu")
    with torch.npu.stream(side):
        side.wait_stream(torch.npu.default_stream())
        y = x + 1
    x.record_stream(side)
    del x
    torch.npu.synchronize()
    assert y.sum().item() == 2 << 20


def test_channels_last() -> None:
    x = torch.rand(2, 3, 4, 5)
    y = x.npu().contiguous(memory_format=torch.channels_last)
    assert y.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(y.cpu(), x)
    assert torch.empty(2, 3, 4, 5, device="npu", memory_format=torch.channels_last).stride()[1] == 1

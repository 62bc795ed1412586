"""Tensors in the memory format FRACTAL_NZ: every operator computes with them as with others."""

import io
import pickle

import pytest
import torch

import torch_npu

NZ, ND = int(torch_npu.Format.FRACTAL_NZ), int(torch_npu.Format.ND)
X = torch.arange(20.0 * 35).reshape(20, 35).sin()


def blocks(x: torch.Tensor = X, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch_npu.npu_format_cast(x.to("npu", dtype), NZ)


def is_blocks(x: torch.Tensor) -> bool:
    return torch_npu.get_npu_format(x) == NZ


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.int8])
def test_there_and_back(dtype: torch.dtype) -> None:
    x = (X * 50).to(dtype)
    there = blocks(x, dtype)
    assert is_blocks(there) and there.shape == x.shape
    assert torch.equal(there.cpu(), x)
    back = torch_npu.npu_format_cast(there, ND)
    assert torch_npu.get_npu_format(back) == ND
    assert torch.equal(back.cpu(), x)
    assert is_blocks(there)


def test_it_is_really_in_blocks() -> None:
    """The second row of a block lies behind the first one's 32 bytes."""
    there = blocks()
    raw = torch.empty(0, device="npu").set_(there.untyped_storage(), 0, (8,))
    assert is_blocks(raw)  # so that no view reads blocks as rows
    assert torch.equal(raw.cpu(), X.flatten()[:8])


VIEWS = {
    "rows": lambda x: x[3:7],
    "transposed": lambda x: x.t(),
    "columns": lambda x: x[:, 5:9],
    "flat": lambda x: x.view(-1),
    "detached": lambda x: x.detach(),
}


@pytest.mark.parametrize("name", VIEWS)
def test_views(name: str) -> None:
    view = VIEWS[name]
    assert torch.equal(view(blocks()).cpu(), view(X))
    assert torch.equal((view(blocks()) * 2).cpu(), view(X) * 2)


CALLS = {
    "add": lambda x, y: x + y,
    "add_other": lambda x, y: y + x,
    "cat": lambda x, y: torch.cat([y, x]),
    "index": lambda x, y: x[torch.tensor([1, 2], device=x.device)],
    "index_put": lambda x, y: y.index_put((torch.tensor([1], device=x.device),), x[2]),
    "sum": lambda x, y: x.sum(0),
    "where": lambda x, y: torch.where(x > 0, x, y),
    "foreach": lambda x, y: torch._foreach_add([x, y], 1.0),
    "softmax": lambda x, y: x.softmax(-1),
    "item": lambda x, y: x[2, 3].reshape(1) + x[1, 1].item(),
    "clone": lambda x, y: x.clone(),
}


@pytest.mark.parametrize("name", CALLS)
def test_operators_take_them(name: str) -> None:
    x, y = blocks(), X.cos()
    torch.testing.assert_close(CALLS[name](x, y.npu()), CALLS[name](X, y), check_device=False)
    assert is_blocks(x)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_products_with_a_weight(dtype: torch.dtype, transposed: bool, bias: bool) -> None:
    x = torch.arange(60.0).reshape(3, 20).cos().to(dtype)
    weight = X.to(dtype)
    added = torch.arange(35.0).to(dtype) if bias else None
    there = blocks(weight.t().contiguous() if transposed else weight, dtype)
    there = there.t() if transposed else there
    actual = torch.mm(x.npu(), there) if not bias else torch.addmm(added.npu(), x.npu(), there)
    expected = torch.mm(x, weight) if not bias else torch.addmm(added, x, weight)
    torch.testing.assert_close(actual.cpu(), expected, rtol=2e-2, atol=5e-2)


WEIGHTS = {
    "rows": lambda w: w[4:24],
    "first rows": lambda w: w[:20],
    "columns": lambda w: w[:20, 16:48],
    "transposed columns": lambda w: w[:, :20].t(),
    "reshaped": lambda w: w.view(20, 96),
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_products_with_a_part_of_a_weight(name: str) -> None:
    """Blocks can be described only as a whole."""
    whole = torch.arange(40.0 * 48).sin().reshape(40, 48).half()
    x, weight = torch.arange(60.0).reshape(3, 20).cos().half(), WEIGHTS[name](whole)
    actual = torch.mm(x.npu(), WEIGHTS[name](blocks(whole, torch.float16)))
    torch.testing.assert_close(actual.cpu(), x @ weight, rtol=2e-2, atol=5e-2)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_batched_products(dtype: torch.dtype) -> None:
    x = torch.arange(120.0).reshape(2, 3, 20).cos().to(dtype)
    weight = torch.stack([X, X.cos()]).to(dtype)
    actual = torch.bmm(x.npu(), blocks(weight, dtype))
    torch.testing.assert_close(actual.cpu(), torch.bmm(x, weight), rtol=2e-2, atol=5e-2)


def test_a_cached_call_knows_the_blocks() -> None:
    """Two weights whose transposed one has the same sizes and strides in other blocks."""
    x = torch.arange(60.0).reshape(3, 20).cos().half()
    square = torch.arange(400.0).sin().reshape(20, 20).half()
    for weight in (square, square.t().contiguous(), square):
        for there in (blocks(weight, torch.float16), weight.npu()):
            for transposed in (False, True):
                used, expected = (there.t(), weight.t()) if transposed else (there, weight)
                actual = torch.mm(x.npu(), used).cpu()
                torch.testing.assert_close(actual, x @ expected, rtol=2e-2, atol=5e-2)


def test_linear_layer_with_its_gradient() -> None:
    torch.manual_seed(0)
    layers = [torch.nn.Linear(20, 24).to(d) for d in ("cpu", "npu")]
    layers[1].load_state_dict(layers[0].state_dict())
    layers[1].weight.data = torch_npu.npu_format_cast(layers[1].weight.data, NZ)
    x = torch.arange(60.0).reshape(3, 20).cos()
    inputs = [x.clone().requires_grad_(), x.npu().requires_grad_()]
    for layer, given in zip(layers, inputs, strict=True):
        layer(given).square().sum().backward()
    torch.testing.assert_close(inputs[1].grad.cpu(), inputs[0].grad)
    torch.testing.assert_close(layers[1].weight.grad.cpu(), layers[0].weight.grad)
    assert is_blocks(layers[1].weight)


def test_copies_into_them() -> None:
    """At the same address: graphs and other streams know it."""
    x = blocks()
    view, address = x[2:4], x.data_ptr()
    for source in (X.cos(), X.cos().npu(), blocks(X.cos())):
        x.copy_(X)
        x.copy_(source)
        assert is_blocks(x) and x.data_ptr() == address
        assert torch.equal(x.cpu(), X.cos())
    view.copy_(X[5:7].npu())
    x[:, 3].copy_(torch.ones(20))
    expected = X.cos()
    expected[2:4] = X[5:7]
    expected[:, 3] = 1
    x[7:9] = 7
    expected[7:9] = 7
    assert torch.equal(x.cpu(), expected)


def test_a_graph_reads_what_was_copied_into_them() -> None:
    x = blocks()
    graph = torch.npu.NPUGraph()
    with torch.npu.graph(graph):
        y = x + 1
    x.copy_(X * 3)
    graph.replay()
    assert torch.equal(y.cpu(), X * 3 + 1)


WRITES = {
    "mul_": lambda x: x.mul_(2),
    "out": lambda x: torch.exp(X.npu(), out=x),
    "fill_": lambda x: x.fill_(2),
    "foreach": lambda x: torch._foreach_add_([X.npu(), x], 1.0),
}


@pytest.mark.parametrize("name", WRITES)
def test_other_operators_do_not_write_into_them(name: str) -> None:
    x = blocks()
    with pytest.raises(NotImplementedError, match=r"do not write into .*npu_format_cast_\(x, "):
        WRITES[name](x)
    assert torch.equal(x.cpu(), X)


def test_in_place() -> None:
    x = X.npu()
    view = x[2:]
    assert torch_npu.npu_format_cast_(x, NZ) is x
    assert is_blocks(x)
    assert is_blocks(view)
    assert torch.equal(view.cpu(), X[2:])
    torch_npu.npu_format_cast_(x, ND)
    assert not is_blocks(view)
    assert torch.equal(x.cpu(), X)
    there = blocks()
    torch_npu.npu_format_cast_(there, X.cos().npu())
    assert is_blocks(there)
    assert torch.equal(there.cpu(), X.cos())


@pytest.mark.parametrize("zipped", [True, False])
def test_saved_and_loaded(zipped: bool) -> None:
    file = io.BytesIO()
    torch.save({"x": blocks()}, file, _use_new_zipfile_serialization=zipped)
    file.seek(0)
    assert torch.equal(torch.load(file, map_location="cpu")["x"], X)


def test_pickled() -> None:
    assert torch.equal(pickle.loads(pickle.dumps(blocks())).cpu(), X)


def test_memory_is_given_back() -> None:
    torch.npu.synchronize()
    before = torch.npu.memory_allocated()
    x = blocks()
    x.copy_(x + 1)
    assert torch.npu.memory_allocated() > before
    del x
    torch.npu.synchronize()
    assert torch.npu.memory_allocated() == before


def test_on_another_stream() -> None:
    x, side = blocks(), torch.npu.Stream()
    side.wait_stream(torch.npu.current_stream())
    with torch.npu.stream(side):
        y = x + 1
    x.record_stream(side)
    torch.npu.current_stream().wait_stream(side)
    assert torch.equal(y.cpu(), X + 1)


def test_what_cannot_be() -> None:
    with pytest.raises(RuntimeError, match=r"cannot be resized\. Cast it to"):
        blocks().resize_(100, 100)
    with pytest.raises(BufferError, match=r"rows; .* FRACTAL_NZ\. Cast it first"):
        torch.from_dlpack(blocks())
    with pytest.raises(RuntimeError, match=r"is a view, other elements lie in its memory"):
        torch_npu.npu_format_cast_(X.npu()[2:], NZ)

"""Captures and replays of graphs."""

import gc
import json

import pytest
import torch
from torch import nn

import torch_npu  # noqa: F401
from tests.core.emulated import kernel_count, run_python

REPLAYS = 100


class Block(nn.Module):
    """A transformer block without dropout."""

    def __init__(self, width: int = 32, heads: int = 4):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x):
        batch, length, width = x.shape
        shape = (batch, length, 3, self.heads, width // self.heads)
        q, k, v = self.qkv(self.norm1(x)).view(shape).permute(2, 0, 3, 1, 4)
        scores = (q @ k.transpose(-2, -1)) * (width // self.heads) ** -0.5
        mixed = torch.softmax(scores, -1) @ v
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, length, width))
        return x + self.mlp(self.norm2(x))


def mlp() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 8)).npu()


def block() -> nn.Module:
    torch.manual_seed(2)
    return Block().npu()


MODELS = {"mlp": (mlp, (4, 16)), "transformer": (block, (2, 8, 32))}
each_model = pytest.mark.parametrize("name", MODELS)


def batches(shape, count: int = REPLAYS):
    generator = torch.Generator().manual_seed(3)
    for _ in range(count):
        yield torch.randn(shape, generator=generator).npu()


def warm_up(call, times: int = 2):
    side = torch.npu.Stream()
    side.wait_stream(torch.npu.current_stream())
    with torch.npu.stream(side):
        for _ in range(times):
            call()
    torch.npu.current_stream().wait_stream(side)


def capture(call, **options):
    graph = torch.npu.NPUGraph()
    with torch.npu.graph(graph, **options):
        result = call()
    return graph, result


@pytest.fixture(autouse=True)
def clean():
    gc.collect()
    torch.npu.synchronize()
    torch.npu.empty_cache()
    yield
    assert not torch.npu.is_current_stream_capturing()
    torch.npu.synchronize()


@each_model
@torch.no_grad()
def test_forward_replays_are_bit_equal(name):
    make, shape = MODELS[name]
    model = make()
    x = torch.zeros(shape, device="npu")
    warm_up(lambda: model(x))
    graph, y = capture(lambda: model(x))
    for batch in batches(shape):
        x.copy_(batch)
        graph.replay()
        assert torch.equal(y, model(batch))


@each_model
def test_whole_training_steps_replay_bit_equal(name):
    make, shape = MODELS[name]

    def trainer(model):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

        def step(batch):
            optimizer.zero_grad(set_to_none=True)
            loss = model(batch).square().mean()
            loss.backward()
            optimizer.step()
            return loss

        return step

    eager, captured = make(), make()
    eager_step, captured_step = trainer(eager), trainer(captured)
    x = torch.zeros(shape, device="npu")
    warm_up(lambda: captured_step(x))
    graph, loss = capture(lambda: captured_step(x))
    captured.load_state_dict(eager.state_dict())
    for batch in batches(shape):
        x.copy_(batch)
        graph.replay()
        assert torch.equal(loss, eager_step(batch))
    for ours, theirs in zip(captured.parameters(), eager.parameters(), strict=True):
        assert torch.equal(ours, theirs)


@each_model
def test_graphed_callables_train_bit_equal(name):
    make, shape = MODELS[name]
    eager, graphed = make(), make()
    sample = torch.zeros(shape, device="npu", requires_grad=True)
    graphed = torch.npu.make_graphed_callables(graphed, (sample,))
    optimizers = [torch.optim.SGD(model.parameters(), lr=0.01) for model in (eager, graphed)]
    for batch in batches(shape):
        losses = []
        for model, optimizer in zip((eager, graphed), optimizers, strict=True):
            optimizer.zero_grad()
            losses.append(model(batch.requires_grad_()).square().mean())
            losses[-1].backward()
            optimizer.step()
        assert torch.equal(*losses)
    for ours, theirs in zip(graphed.parameters(), eager.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_graphed_callables_accumulate_gradients_and_take_several():
    first, second = mlp(), nn.Linear(8, 4).npu()
    samples = (
        (torch.zeros(4, 16, device="npu"),),
        (torch.zeros(4, 8, device="npu").requires_grad_(),),
    )
    one, two = torch.npu.make_graphed_callables((first, second), samples)
    plain = nn.Sequential(mlp(), nn.Linear(8, 4).npu())
    plain[1].load_state_dict(second.state_dict())
    for batch in batches((4, 16), 3):  # without zero_grad()
        two(one(batch)).sum().backward()
        plain(batch).sum().backward()
    graphed = [*first.parameters(), *second.parameters()]
    for ours, theirs in zip(graphed, plain.parameters(), strict=True):
        assert torch.equal(ours.grad, theirs.grad)
    first.eval()  # not the mode of the capture: the module itself runs
    assert one(torch.zeros(2, 16, device="npu")).shape == (2, 8)
    first.train()
    with pytest.raises(ValueError, match="captured with"):
        one(torch.zeros(2, 16, device="npu"))


def test_a_capture_runs_nothing_and_a_replay_everything():
    x = torch.zeros(4, device="npu")
    warm_up(lambda: x + 1)
    torch.npu.synchronize()
    before = kernel_count()
    with torch.npu.stream(torch.npu.Stream()):
        graph = torch.npu.NPUGraph()
        graph.capture_begin()
        assert torch.npu.is_current_stream_capturing()
        y = x + 1
        y += 1
        graph.capture_end()
        assert not torch.npu.is_current_stream_capturing()
    assert kernel_count() == before
    graph.instantiate()
    graph.replay()
    assert y.tolist() == [2.0] * 4
    assert kernel_count() == before + 2


def test_streams_join_a_capture():
    x = torch.ones(8, device="npu")
    side = torch.npu.Stream()

    def work():
        current = torch.npu.current_stream()
        side.wait_stream(current)
        with torch.npu.stream(side):
            y = x * 2
        current.wait_stream(side)
        return y + 1

    graph, y = capture(work)
    x.fill_(3)
    graph.replay()
    assert y.tolist() == [7.0] * 8


def test_torch_accelerator_graphs_are_the_same():
    x = torch.ones(4, device="npu")
    graph = torch.accelerator.Graph()
    with torch.Stream("npu"), graph:
        y = x + x
    x.fill_(5)
    graph.replay()
    assert y.tolist() == [10.0] * 4


def illegal_calls():
    x = torch.ones(4, device="npu")
    return {
        "synchronize": (torch.npu.synchronize, "torch.npu.synchronize"),
        "stream": (lambda: torch.npu.current_stream().synchronize(), "Stream.synchronize"),
        "query": (lambda: torch.npu.current_stream().query(), "Stream.query"),
        "item": (lambda: x.sum().item(), r"\.item\(\)"),
        "cpu": (x.cpu, r"\.cpu\(\)"),
        "tensor": (lambda: torch.tensor([1.0, 2.0], device="npu"), "pinned memory"),
        "nonzero": (x.nonzero, "nonzero"),
        "fallback": (lambda: torch.linalg.eigvals(x.view(2, 2)), "no NPU kernel"),
        "empty_cache": (torch.npu.empty_cache, "torch.npu.empty_cache"),
        "seed": (lambda: torch.npu.manual_seed(1), "cannot be set in a capture"),
        "randperm": (lambda: torch.randperm(8, device="npu"), "randperm cannot be part"),
        "multinomial": (lambda: x.multinomial(2), "multinomial cannot be part"),
        "default": (
            lambda: torch.npu.default_stream().wait_stream(torch.npu.current_stream()),
            "default stream",
        ),
        "event": (lambda: torch.npu.current_stream().record_event().synchronize(), "Event"),
    }


@pytest.mark.parametrize("name", [
    "synchronize", "stream", "query", "item", "cpu", "tensor", "nonzero", "fallback", "empty_cache",
    "seed", "randperm", "multinomial", "default", "event",
])  # fmt: skip
def test_illegal_calls_are_refused_and_harm_nothing(name):
    call, text = illegal_calls()[name]
    x = torch.ones(4, device="npu")
    stream = torch.npu.current_stream()
    graph = torch.npu.NPUGraph()
    with pytest.raises(RuntimeError, match=text), torch.npu.graph(graph):
        x + 1
        call()
    assert torch.npu.current_stream() == stream
    with pytest.raises(RuntimeError, match="capture has ended"):
        graph.replay()
    with torch.npu.graph(graph):
        y = x + 1
    graph.replay()
    assert y.tolist() == [2.0] * 4
    torch.npu.synchronize()


def test_calls_in_the_wrong_order_are_refused():
    graph = torch.npu.NPUGraph()
    for call in (
        graph.replay,
        graph.instantiate,
        lambda: graph.debug_dump("/dev/null"),
        graph.pool,
    ):
        with pytest.raises(RuntimeError, match=r"captured|capture has ended"):
            call()
    with pytest.raises(RuntimeError, match="capture_begin"):
        graph.capture_end()
    with pytest.raises(RuntimeError, match="default stream cannot be captured"):
        graph.capture_begin()
    with torch.npu.graph(graph), pytest.raises(RuntimeError, match="captured already"):
        torch.npu.NPUGraph().capture_begin()
    with pytest.raises(RuntimeError, match="reset"), torch.npu.graph(graph):
        pass
    with torch.npu.graph(torch.npu.NPUGraph()), pytest.raises(RuntimeError, match="another graph"):
        graph.replay()
    graph.reset()
    with torch.npu.graph(graph):
        torch.ones(2, device="npu")


def test_a_graph_that_is_dropped_in_its_capture_gives_the_stream_back():
    stream = torch.npu.Stream()
    with torch.npu.stream(stream):
        graph = torch.npu.NPUGraph()
        graph.capture_begin()
        torch.ones(2, device="npu")
        del graph
        assert torch.ones(2, device="npu").tolist() == [1.0, 1.0]


def test_pinned_memory_is_part_of_a_graph():
    source, result = torch.zeros(4).pin_memory(), torch.zeros(4).pin_memory()

    def work():
        result.copy_(source.npu(non_blocking=True) * 2, non_blocking=True)

    graph, _ = capture(work)
    for value in (1.0, 5.0):
        source.fill_(value)
        graph.replay()
        torch.npu.synchronize()
        assert result.tolist() == [2 * value] * 4


def test_external_events_connect_a_graph_with_work_outside():
    x = torch.zeros(4, device="npu")
    go = torch.npu.ExternalEvent()

    def work():
        go.wait()
        go.reset()
        return x + 1

    graph, y = capture(work)
    graph.replay()
    with torch.npu.stream(torch.npu.Stream()):
        x.fill_(4)
        go.record()
    assert y.tolist() == [5.0] * 4


def test_a_task_group_is_replaced():
    x, y = torch.ones(4, device="npu"), torch.zeros(4, device="npu")
    graph = torch.npu.NPUGraph()
    with torch.npu.graph(graph):
        stream = torch.npu.current_stream()
        torch.npu.graph_task_group_begin(stream)
        torch.add(x, x, alpha=2, out=y)
        group = torch.npu.graph_task_group_end(stream)
    graph.replay()
    assert y.tolist() == [3.0] * 4
    update = torch.npu.Stream()
    with torch.npu.stream(update):
        torch.npu.graph_task_update_begin(update, group)
        torch.add(x, x, alpha=9, out=y)
        torch.npu.graph_task_update_end(update)
    torch.npu.current_stream().wait_stream(update)
    graph.replay()
    assert y.tolist() == [10.0] * 4


def test_what_is_not_there_says_so():
    with pytest.raises(NotImplementedError, match="graph_task_update_begin"):
        torch.npu.NPUGraph().update([])
    with pytest.raises(NotImplementedError, match="super kernels"):
        torch.npu.NPUGraph().super_kernel_optimize()
    with pytest.raises(NotImplementedError, match="graph_task_group_begin"):
        torch.npu.graph(torch.npu.NPUGraph(), auto_dispatch_capture=True)


def test_a_dump_names_the_operators(tmp_path):
    x = torch.ones(4, device="npu")
    graph, _ = capture(lambda: x + 1)
    graph.enable_debug_mode()
    graph.debug_dump(str(tmp_path / "graph.json"))
    assert "Add" in json.loads((tmp_path / "graph.json").read_text())[0]["name"]


def test_blocking_launches_and_captures_exclude_each_other():
    result = run_python(
        "import torch, torch_npu\nwith torch.npu.graph(torch.npu.NPUGraph()): pass\n",
        ASCEND_LAUNCH_BLOCKING="1",
    )
    assert "ASCEND_LAUNCH_BLOCKING=1, which waits" in result.stderr

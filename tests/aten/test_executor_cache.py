"""Equal calls are prepared once: what counts as equal, and how often that is so."""

import threading

import pytest
import torch

from tests.core.emulated import run_python


class Count:
    """Hits, misses and calls that cannot be kept, inside a context."""

    def __enter__(self) -> "Count":
        self._before = torch.npu.executor_cache_stats()
        return self

    def __exit__(self, *exception: object) -> None:
        after = torch.npu.executor_cache_stats()
        self.hits, self.misses, self.not_cacheable = (
            after[key] - self._before[key] for key in ("hits", "misses", "not_cacheable")
        )


def test_same_call_on_other_tensors_hits() -> None:
    torch.add(torch.ones(3, 7).npu(), torch.ones(3, 7).npu())
    tensors = [torch.full((3, 7), float(i)).npu() for i in range(5)]
    with Count() as count:
        results = [torch.add(t, tensors[0]) for t in tensors]
    assert (count.hits, count.misses) == (5, 0)
    assert [r[0, 0].item() for r in results] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "variant",
    [
        lambda x: x * 2.5,
        lambda x: x * 3.5,
        lambda x: x.t() * 2.5,
        lambda x: x[1:] * 2.5,
        lambda x: x[:, 1:] * 2.5,
        lambda x: x.to(torch.float16) * 2.5,
        lambda x: x.reshape(-1) * 2.5,
        lambda x: x.expand(2, 4, 4) * 2.5,
        lambda x: torch.cat([x, x]),
        lambda x: torch.cat([x, x, x]),
        lambda x: torch.cat([x, x], 1),
        lambda x: x.softmax(0),
        lambda x: x.softmax(1),
        lambda x: torch.nn.functional.gelu(x),
        lambda x: torch.nn.functional.gelu(x, approximate="tanh"),
        lambda x: x.sum(0),
        lambda x: x.sum(1, keepdim=True),
        lambda x: x[torch.tensor([1, 0], device=x.device)],
    ],
)
def test_what_differs_is_told_apart(variant) -> None:
    for _ in range(3):  # the second and third time come from the cache
        x = torch.rand(4, 4)
        expected = variant(x)
        actual = variant(x.npu()).cpu()
        torch.testing.assert_close(actual, expected, rtol=1e-3, atol=1e-3)


def test_random_numbers_are_not_kept() -> None:
    x = torch.empty(100, device="npu")
    with Count() as count:
        draws = [x.uniform_().cpu() for _ in range(3)]
    assert not torch.equal(draws[0], draws[1])
    assert count.hits == 0


def test_more_shapes_than_it_holds() -> None:
    for size in range(1, 3000, 2):
        x = torch.ones(size, device="npu")
        assert (x + 1).shape == (size,)
    assert x.sum().item() == 2999


def cosine(optimizer: torch.optim.Optimizer) -> torch.optim.lr_scheduler.LRScheduler:
    return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 100)


@pytest.mark.parametrize(
    ("make", "schedule"),
    [
        (lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, foreach=False), None),
        (lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9), None),
        (lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9), cosine),
        (lambda p: torch.optim.AdamW(p, lr=1e-3), None),
        (lambda p: torch.optim.AdamW(p, lr=1e-3, fused=True), None),
        (lambda p: torch.optim.AdamW(p, lr=1e-3), cosine),
    ],
    ids=["SGD loop", "SGD", "SGD cosine", "AdamW", "fused AdamW", "AdamW cosine"],
)
def test_training_loop_hits_almost_always(make, schedule) -> None:
    # Whose scalars change with the schedule, that call is prepared anew in each step.
    layer = torch.nn.TransformerEncoderLayer(16, 2, 32, dropout=0.0, batch_first=True)
    model = torch.nn.TransformerEncoder(layer, 6 if schedule else 1).npu()
    optimizer = make(model.parameters())
    scheduler = schedule(optimizer) if schedule else None
    data, target = torch.randn(4, 8, 16).npu(), torch.randn(4, 8, 16).npu()

    def step() -> None:
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(model(data), target).backward()
        optimizer.step()
        if scheduler:
            scheduler.step()

    for _ in range(3):
        step()
    with Count() as count:
        for _ in range(100):
            step()
    assert count.hits / (count.hits + count.misses + count.not_cacheable) > 0.99


def test_what_ended_threads_counted_stays() -> None:
    x = torch.ones(5, device="npu")
    with Count() as count:
        for _ in range(3):
            thread = threading.Thread(target=lambda: [x * 1.25 for _ in range(4)])
            thread.start()
            thread.join()
    assert (count.hits, count.misses) == (9, 3)


def test_lists_of_any_length_are_kept() -> None:
    tensors = [torch.full((i % 5 + 1,), float(i)).npu() for i in range(200)]
    torch._foreach_add_(tensors, tensors)
    with Count() as count:
        torch._foreach_add_(tensors, tensors)
        sums = torch._foreach_add(tensors, 1.0)
        other = torch._foreach_add([t.clone() for t in tensors], 1.0)
    assert (count.hits, count.misses, count.not_cacheable) == (2, 1, 0)
    for i, (a, b) in enumerate(zip(sums, other, strict=True)):
        assert torch.equal(a, b) and a[0].item() == 4 * i + 1


@pytest.mark.parametrize("level", ["1", "2"])
def test_a_loop_of_many_calls_is_kept(level: str) -> None:
    script = """
import torch, torch_npu
tensors = [torch.ones(i + 2, device="npu") for i in range(1000)]
for _ in range(4):
    [t.neg() for t in tensors]
before = torch.npu.executor_cache_stats()
[t.neg() for t in tensors]
after = torch.npu.executor_cache_stats()
print(after["hits"] - before["hits"])
"""
    assert int(run_python(script, TASK_QUEUE_ENABLE=level).stdout) > 990


def test_calls_that_never_come_again_leave_the_others() -> None:
    x = torch.ones(4, device="npu")
    for i in range(5000):
        x + 1
        x * float(i)
    with Count() as count:
        for _ in range(10):
            x + 1
    assert count.hits == 10


def test_can_be_turned_off() -> None:
    script = "import torch, torch_npu; x = torch.ones(3).npu()\nfor _ in range(9): x += 1\n" \
             "print(torch.npu.executor_cache_stats()['hits'], x.sum().item())"  # fmt: skip
    assert run_python(script, TORCH_NPU_EXECUTOR_CACHE="0").stdout.split() == ["0", "30.0"]
    assert int(run_python(script).stdout.split()[0]) >= 7

"""Equal calls are prepared once: what counts as equal, and how often that is so."""

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


def test_training_loop_hits_almost_always() -> None:
    model = torch.nn.Sequential(
        torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 4)
    ).npu()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, foreach=False)
    data, target = torch.randn(32, 8).npu(), torch.randint(4, (32,)).npu()

    def step() -> None:
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(data), target).backward()
        optimizer.step()

    for _ in range(3):
        step()
    with Count() as count:
        for _ in range(100):
            step()
    assert count.hits / (count.hits + count.misses + count.not_cacheable) > 0.99


def test_can_be_turned_off() -> None:
    script = "import torch, torch_npu; x = torch.ones(3).npu()\nfor _ in range(9): x += 1\n" \
             "print(torch.npu.executor_cache_stats()['hits'], x.sum().item())"  # fmt: skip
    assert run_python(script, TORCH_NPU_EXECUTOR_CACHE="0").stdout.split() == ["0", "30.0"]
    assert int(run_python(script).stdout.split()[0]) >= 7

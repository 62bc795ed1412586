"""Generators: seeds, states, reproducibility."""

import pytest
import torch

import torch_npu  # noqa: F401
from tests.core.emulated import run_python


def draw(device: str = "npu") -> list[float]:
    return torch.rand(16, device=device).tolist()


def test_torch_manual_seed_seeds_all_devices():
    torch.manual_seed(7)
    first = [draw("npu:0"), draw("npu:1")]
    torch.manual_seed(7)
    assert [draw("npu:0"), draw("npu:1")] == first
    assert torch.npu.initial_seed() == 7
    assert draw() != first[0]


def test_a_state_brings_numbers_back():
    torch.npu.manual_seed(1)
    draw()
    state = torch.npu.get_rng_state()
    assert state.device.type == "cpu" and state.dtype == torch.uint8 and state.numel() == 16
    following = draw()
    torch.npu.set_rng_state(state)
    assert draw() == following


def test_states_of_all_devices():
    torch.npu.manual_seed_all(3)
    states = torch.npu.get_rng_state_all()
    assert len(states) == torch.npu.device_count()
    numbers = draw("npu:2")
    torch.npu.set_rng_state_all(states)
    assert draw("npu:2") == numbers


def test_generators_of_ones_own():
    generator = torch.Generator("npu")
    assert generator.device == torch.device("npu:0")
    generator.manual_seed(5)
    first = torch.randn(8, device="npu", generator=generator).tolist()
    copy = generator.clone_state()
    second = torch.randn(8, device="npu", generator=generator).tolist()
    assert first != second
    assert torch.randn(8, device="npu", generator=copy).tolist() == second
    assert generator.manual_seed(5).initial_seed() == 5
    assert torch.randn(8, device="npu", generator=generator).tolist() == first


def test_random_seeds_differ():
    seeds = {torch.npu.seed() for _ in range(4)}
    assert len(seeds) == 4
    torch.npu.seed_all()
    assert torch.npu.initial_seed() == torch.npu.random._generator(1).initial_seed()


def test_fork_rng_keeps_the_state():
    torch.npu.manual_seed(11)
    with torch.random.fork_rng(devices=[0], device_type="npu"):
        inside = draw()
    assert draw() == inside


def test_bad_states_are_refused():
    with pytest.raises(RuntimeError, match="16 bytes"):
        torch.npu.set_rng_state(torch.zeros(5, dtype=torch.uint8))
    with pytest.raises((RuntimeError, TypeError), match="ByteTensor"):
        torch.npu.set_rng_state(torch.zeros(16))
    seed = torch.npu.seed()
    odd = torch.zeros(16, dtype=torch.uint8)
    odd[8] = 1
    with pytest.raises(ValueError, match="multiple of 4"):
        torch.npu.set_rng_state(odd)
    assert torch.npu.initial_seed() == seed  # nothing of a refused state was taken


def test_default_generators_are_the_devices_own():
    assert len(torch.npu.default_generators) == torch.npu.device_count()
    torch.npu.default_generators[1].manual_seed(21)
    with torch.npu.device(1):
        assert torch.npu.initial_seed() == 21


@pytest.mark.parametrize("reentrant", [False, True])
def test_a_checkpoint_draws_the_same_numbers_again(reentrant):
    drawn = []

    def block(x):
        noise = torch.rand(8, device="npu")
        drawn.append(noise.tolist())
        return torch.nn.functional.dropout(x * noise, 0.5)

    x = torch.ones(8, device="npu", requires_grad=True)
    result = torch.utils.checkpoint.checkpoint(block, x, use_reentrant=reentrant)
    result.sum().backward()
    assert drawn[0] == drawn[1]
    assert torch.equal(x.grad, result.detach())


def test_seeding_works_before_the_first_use_of_a_device():
    result = run_python(
        "import torch, torch_npu\n"
        "torch.npu.manual_seed_all(5)\n"
        "assert not torch.npu.is_initialized()\n"
        "first = torch.rand(4, device='npu')\n"
        "torch.npu.manual_seed(5)\n"
        "print(torch.equal(first, torch.rand(4, device='npu')))"
    )
    assert result.stdout == "True\n", result.stderr

"""Many threads on many streams, with events between them, compute what one thread computes."""

import queue
import random
import threading

import torch

import torch_npu  # noqa: F401

THREADS, STREAMS, STEPS = 8, 8, 10_000
SIZE = 64
PATIENCE = 300  # seconds


def operate(step: random.Random, tensor: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """One operator of small whole numbers, which float32 holds exactly."""
    match step.randrange(5):
        case 0:
            return tensor + 1
        case 1:
            return tensor.neg()
        case 2:
            return tensor.mul_(-1).add_(2)
        case 3:
            return torch.where(tensor.abs() > 1000, other, tensor)
        case _:
            return tensor + other.clamp(-3, 3)


def on_cpu(seed: int) -> torch.Tensor:
    step = random.Random(seed)
    tensor, other = torch.full((SIZE,), float(seed)), torch.arange(float(SIZE))
    for _ in range(STEPS):
        step.randrange(STREAMS)
        tensor = operate(step, tensor, other)
    return tensor


def on_npu(seed: int, results: queue.Queue) -> None:
    try:
        step = random.Random(seed)
        streams = [torch.npu.Stream() for _ in range(STREAMS)]
        with torch.npu.stream(streams[0]):
            tensor = torch.full((SIZE,), float(seed), device="npu")
            other = torch.arange(float(SIZE), device="npu")
        stream = streams[0]
        for _ in range(STEPS):
            following = streams[step.randrange(STREAMS)]
            following.wait_event(stream.record_event())
            with torch.npu.stream(following):
                tensor.record_stream(following)
                other.record_stream(following)
                tensor = operate(step, tensor, other)
            stream = following
        with torch.npu.stream(stream):
            results.put((seed, tensor.cpu()))
    except RuntimeError as error:
        results.put((seed, error))


def test_threads_on_streams_equal_one_thread():
    results: queue.Queue = queue.Queue()
    threads = [threading.Thread(target=on_npu, args=(seed, results)) for seed in range(THREADS)]
    for thread in threads:
        thread.start()
    expected = {seed: on_cpu(seed) for seed in range(THREADS)}
    for _ in threads:
        seed, result = results.get(timeout=PATIENCE)
        if isinstance(result, Exception):
            raise result
        assert torch.equal(result, expected[seed])
    for thread in threads:
        thread.join()

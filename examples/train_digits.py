"""Trains a small CNN on handwritten digits: on an NPU, on the CPU, or on several ranks.

The images are the 1,797 of 8x8 pixels that scikit-learn ships.

python examples/train_digits.py                       # on npu:0
python examples/train_digits.py --device cpu          # the same run on the CPU, to compare
python examples/train_digits.py --profile /tmp/trace  # writes a trace of a few steps
torchrun --nproc-per-node 2 examples/train_digits.py  # data parallel over hccl
"""

import contextlib
import json
import os
import pathlib
import time
from collections.abc import Iterator

import torch
import torch.distributed as dist
from absl import app, flags
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

import torch_npu

FLAGS = flags.FLAGS
flags.DEFINE_enum("device", "npu", ["npu", "cpu"], "Where to train.")
flags.DEFINE_integer("epochs", 12, "Passes over the training images.", lower_bound=1)
flags.DEFINE_integer("batch_size", 64, "Images per step, over all ranks.", lower_bound=1)
flags.DEFINE_float("learning_rate", 2e-3, "AdamW's learning rate.", lower_bound=0.0)
flags.DEFINE_integer("seed", 0, "Seeds the initial weights and the order of the images.")
flags.DEFINE_integer("max_steps", None, "Stop after this many steps.", lower_bound=1)
flags.DEFINE_string("profile", None, "Write a trace of a few steps into this folder.")
flags.DEFINE_string("losses", None, "Write the loss of every step, as JSON, into this file.")
flags.DEFINE_string(
    "checkpoint", None, "Write the final parameters into this file (of each rank: FILE.RANK)."
)

_TEST_IMAGES = 360


class DigitsNet(nn.Module):
    """Two convolutions and two linear layers; takes [N, 1, 8, 8], gives logits [N, 10].

    Group norm rather than batch norm: it does not look across the batch, so that several ranks
    compute exactly what one process would.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 32, kernel_size=3, padding=1),
            nn.GroupNorm(8, 32),
            nn.ReLU(),
            nn.Conv2d(32, 64, kernel_size=3, padding=1),
            nn.GroupNorm(8, 64),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Linear(64 * 4 * 4, 128), nn.ReLU(), nn.Linear(128, 10)
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(self.features(images))


class Digits:
    """The 1,797 images of 8x8 pixels, split once and for all into training and test images."""

    def __init__(self) -> None:
        raw = load_digits()
        images = torch.tensor(raw.images, dtype=torch.float32).div_(16).unsqueeze_(1)
        labels = torch.tensor(raw.target)
        order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
        test, train = order[:_TEST_IMAGES], order[_TEST_IMAGES:]
        self.train = (images[train], labels[train])
        self.test = (images[test], labels[test])

    def batches(self, epoch: int, rank: int, ranks: int) -> Iterator[tuple[Tensor, Tensor]]:
        """This rank's share of each full batch, in an order that depends on seed and epoch only."""
        images, labels = self.train
        generator = torch.Generator().manual_seed(FLAGS.seed * 1000 + epoch)
        order = torch.randperm(len(labels), generator=generator)
        for start in range(0, len(order) - FLAGS.batch_size + 1, FLAGS.batch_size):
            share = order[start + rank : start + FLAGS.batch_size : ranks]
            yield images[share], labels[share]

    @property
    def steps_per_epoch(self) -> int:
        return len(self.train[1]) // FLAGS.batch_size


def start_ranks() -> tuple[torch.device, int, int]:
    """The device, rank and number of ranks of this process, as torchrun set them (or 0 of 1)."""
    ranks = int(os.environ.get("WORLD_SIZE", "1"))
    rank = int(os.environ.get("RANK", "0"))
    local_rank = int(os.environ.get("LOCAL_RANK", "0"))
    device = (
        torch.device(FLAGS.device, local_rank) if FLAGS.device == "npu" else torch.device("cpu")
    )
    if FLAGS.device == "npu":
        torch.npu.set_device(device)
    if FLAGS.batch_size % ranks:
        raise app.UsageError(f"--batch_size={FLAGS.batch_size} is not divisible by {ranks} ranks")
    if "RANK" in os.environ:
        dist.init_process_group("hccl" if FLAGS.device == "npu" else "gloo")
    return device, rank, ranks


def accuracy(model: nn.Module, digits: Digits, device: torch.device) -> float:
    """Share of the test images that the model classifies correctly."""
    images, labels = digits.test
    with torch.no_grad():
        predicted = model(images.to(device)).argmax(dim=1)
    return (predicted == labels.to(device)).float().mean().item()


def profiler():
    """A profiler of five steps, or nothing."""
    if FLAGS.profile is None:
        return contextlib.nullcontext()
    api = torch_npu.profiler
    return api.profile(
        schedule=api.schedule(wait=1, warmup=1, active=5, repeat=1),
        record_shapes=True,
        on_trace_ready=api.tensorboard_trace_handler(FLAGS.profile),
        experimental_config=api._ExperimentalConfig(profiler_level=api.ProfilerLevel.Level1),
    )


class Trainer:
    """One training run of one rank."""

    def __init__(self) -> None:
        self.device, self.rank, self.ranks = start_ranks()
        self.digits = Digits()
        torch.manual_seed(FLAGS.seed)
        self.model: nn.Module = DigitsNet().to(self.device)
        if dist.is_initialized():
            self.model = DistributedDataParallel(self.model)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=FLAGS.learning_rate)
        self.losses: list[Tensor] = []

    def step(self, images: Tensor, labels: Tensor) -> None:
        logits = self.model(images.to(self.device, non_blocking=True))
        loss = nn.functional.cross_entropy(logits, labels.to(self.device, non_blocking=True))
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.losses.append(loss.detach())

    def epoch(self, number: int, profile) -> None:
        """Trains on every batch once; the loss is read at the end, so that steps run ahead."""
        batches = self.digits.batches(number, self.rank, self.ranks)
        bar = tqdm(
            batches,
            desc=f"epoch {number + 1}/{FLAGS.epochs}",
            total=self.digits.steps_per_epoch,
            disable=self.rank != 0,
        )
        started, first = time.perf_counter(), len(self.losses)
        for images, labels in bar:
            if self.done():
                break
            self.step(images, labels)
            if profile is not None:
                profile.step()
        if len(self.losses) == first:
            return
        loss = torch.stack(self.losses[first:]).mean().item()  # waits for the device
        seconds = time.perf_counter() - started
        if self.rank == 0:
            images_per_second = (len(self.losses) - first) * FLAGS.batch_size / seconds
            tqdm.write(
                f"epoch {number + 1}: loss {loss:.4f}, "
                f"test accuracy {accuracy(self.model, self.digits, self.device):.2%}, "
                f"{images_per_second:,.0f} images/s"
            )

    def done(self) -> bool:
        return FLAGS.max_steps is not None and len(self.losses) >= FLAGS.max_steps

    def run(self) -> None:
        with profiler() as profile:
            for number in range(FLAGS.epochs):
                if not self.done():
                    self.epoch(number, profile)
        self.report()

    def report(self) -> None:
        losses = torch.stack(self.losses)
        if dist.is_initialized():  # each rank's loss is the mean over its share of the batch
            dist.all_reduce(losses)
            losses /= self.ranks
        if FLAGS.checkpoint is not None:
            state = {name: value.cpu() for name, value in self.model.state_dict().items()}
            torch.save(state, f"{FLAGS.checkpoint}.{self.rank}")
        if self.rank != 0:
            return
        if FLAGS.losses is not None:
            pathlib.Path(FLAGS.losses).write_text(json.dumps(losses.tolist()))
        ranks = f", {self.ranks} ranks" if self.ranks > 1 else ""
        print(f"device: {device_name(self.device)}{ranks}")
        print(f"test accuracy: {accuracy(self.model, self.digits, self.device):.2%}")
        if self.device.type == "npu":
            print(f"CPU fallbacks: {sum(torch.npu.fallback_stats().values())}")


def device_name(device: torch.device) -> str:
    return f"{device} ({torch.npu.get_device_name(device)})" if device.type == "npu" else "cpu"


def main(argv: list[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"unexpected arguments {argv[1:]}; see --help")
    if FLAGS.profile is not None and FLAGS.device != "npu":
        raise app.UsageError("--profile needs --device npu; use torch.profiler for the CPU")
    try:
        Trainer().run()
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()


if __name__ == "__main__":
    app.run(main)

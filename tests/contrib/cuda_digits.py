"""A training script as it is written for GPUs: it knows nothing of NPUs. Prints its last loss."""

import os
import sys

import torch
import torch.distributed as dist
from sklearn.datasets import load_digits
from torch import nn
from torch.profiler import ProfilerActivity, profile, schedule, tensorboard_trace_handler
from torch.utils.data import DataLoader, TensorDataset


def main(folder: str) -> None:
    rank, ranks = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    assert torch.cuda.is_available()
    torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    if "RANK" in os.environ:
        dist.init_process_group(backend="nccl")
    torch.manual_seed(0)
    torch.cuda.manual_seed_all(0)
    torch.backends.cudnn.benchmark = True
    raw = load_digits()
    data = TensorDataset(torch.tensor(raw.images).float().div_(16), torch.tensor(raw.target))
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)).cuda()
    if dist.is_initialized():
        model = nn.parallel.DistributedDataParallel(model, device_ids=[torch.cuda.current_device()])
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    scaler = torch.cuda.amp.GradScaler()
    copies = torch.cuda.Stream()
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    start.record()
    with profile(
        activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA],
        schedule=schedule(wait=1, warmup=1, active=2, repeat=1),
        on_trace_ready=tensorboard_trace_handler(folder),
    ) as profiler:
        for images, labels in DataLoader(data, batch_size=128, pin_memory=True):
            assert images.is_pinned()
            with torch.cuda.stream(copies):
                images = images.cuda(non_blocking=True)
                labels = labels.to("cuda", non_blocking=True)
            torch.cuda.current_stream().wait_stream(copies)
            images.record_stream(torch.cuda.current_stream())
            with torch.cuda.amp.autocast(dtype=torch.float16):
                loss = nn.functional.cross_entropy(model(images), labels)
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            profiler.step()
    end.record()
    torch.cuda.synchronize()
    assert start.elapsed_time(end) > 0
    assert loss.is_cuda
    loss = loss.detach()
    if dist.is_initialized():
        dist.all_reduce(loss)
        dist.destroy_process_group()
    torch.save(model.state_dict(), f"{folder}/{rank}.pt")
    state = torch.load(f"{folder}/{rank}.pt", map_location=torch.device("cuda"))
    assert all(value.is_cuda for value in state.values())
    if rank == 0:
        print(f"loss {loss.item() / ranks:.4f}")


if __name__ == "__main__":
    main(sys.argv[1])

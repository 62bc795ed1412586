"""torch_npu.contrib.transfer: what CUDA's names and devices mean, and that torch is restored."""

import importlib
import io
import pickle
import threading

import pytest
import torch
import torch.distributed as dist
from torch import nn
from torch.jit import _builtins

import torch_npu
from torch_npu.contrib import cuda_names, transfer
from torch_npu.contrib.transfer import apply

NPU = torch.device("npu:0")


@pytest.fixture
def cuda():
    with transfer.scope():
        yield torch.cuda


def owners() -> list[str]:
    """The modules and classes that are changed."""
    named = {*cuda_names.RENAMED, *cuda_names.VALUES, *cuda_names.DEVICE_ARGUMENTS}
    named |= {*cuda_names.NO_COUNTERPART, *(f"{m}.x" for m in cuda_names.MODULES)}
    return sorted({name.rsplit(".", 1)[0] for name in named} | {"torch", "torch.serialization"})


def attributes(names: list[str]) -> dict[str, dict]:
    return {name: dict(vars(apply.resolve(name))) for name in names}


def test_leaving_the_scope_restores_torch_exactly():
    apply.resolve("torch.utils.cpp_extension")  # imported by the first look at it
    before, builtins = attributes(owners()), dict(_builtins._get_builtin_table())
    with transfer.scope():
        during = attributes(owners())
    after = attributes(owners())
    assert during != before
    for name, values in before.items():
        assert after[name].keys() == values.keys(), name
        changed = [key for key, value in values.items() if after[name][key] is not value]
        assert not changed, (name, changed)
    assert _builtins._get_builtin_table() == builtins
    assert not torch.cuda.is_available()


def test_a_failure_on_the_way_in_leaves_nothing_behind(monkeypatch):
    changed = owners()
    before = attributes(changed)
    monkeypatch.setitem(cuda_names.VALUES, "torch.cuda.no_such_module.x", 1)
    with pytest.raises(AttributeError):
        transfer.enable()
    assert not transfer.is_enabled()
    assert attributes(changed) == before


def test_scopes_nest_and_enable_twice_is_enable():
    with transfer.scope():
        with transfer.scope():
            assert torch.cuda.is_available()
        assert transfer.is_enabled()
    transfer.disable()
    assert not transfer.is_enabled()


def test_the_import_enables_and_can_be_undone():
    module = importlib.import_module("torch_npu.contrib.transfer_to_npu")
    try:
        module.enable()
        assert module.is_enabled()
        assert torch.ones(1).cuda().device == NPU
        assert "torch.Tensor.cuda" in module.report().replaced
    finally:
        module.disable()
    assert not torch.cuda.is_available()


def callables_without_counterpart() -> list[str]:
    """Functions and classes of torch.cuda; modules and exceptions stay what they are."""
    found = {n: apply.resolve(n) for n in cuda_names.NO_COUNTERPART if n.startswith("torch.cuda.")}
    return sorted(n for n, value in found.items() if callable(value) and "Error" not in n)


@pytest.mark.parametrize("name", callables_without_counterpart())
def test_a_name_without_counterpart_gives_advice(cuda, name):
    with pytest.raises(NotImplementedError) as error:
        apply.resolve(name)()
    advice = cuda_names.NO_COUNTERPART[name]
    assert f"{name} has no counterpart on NPUs: {advice}" == str(error.value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.ones(2, device="cuda"),
        lambda: torch.ones(2, device="cuda:0"),
        lambda: torch.ones(2, device=torch.device("cuda")),
        lambda: torch.ones(2, device=torch.device("cuda", 0)),
        lambda: torch.ones(2, device=torch.device(type="cuda", index=0)),
        lambda: torch.zeros_like(torch.ones(2), device="cuda"),
        lambda: torch.randn(2, generator=torch.Generator("cuda"), device="cuda"),
        lambda: torch.ones(2).cuda(),
        lambda: torch.ones(2).cuda(0),
        lambda: torch.ones(2).cuda("cuda:0", non_blocking=True),
        lambda: torch.ones(2).to("cuda"),
        lambda: torch.ones(2).to(device="cuda", dtype=torch.float16),
        lambda: torch.ones(2).to(torch.device("cuda:0"), torch.float16),
        lambda: torch.ones(2).new_zeros(3, device="cuda"),
        lambda: torch.ones(2).new_tensor([1.0], device="cuda"),
        lambda: torch.ones(2).type("torch.cuda.HalfTensor"),
        lambda: torch.cuda.FloatTensor([1, 2]),
        lambda: nn.Linear(2, 2, device="cuda").weight,
        lambda: nn.Linear(2, 2).cuda().weight,
        lambda: nn.Linear(2, 2).to("cuda").weight,
        lambda: nn.Linear(2, 2, device="meta").to_empty(device="cuda").weight,
        lambda: torch.ones(2).untyped_storage().cuda(),
        lambda: nn.utils.rnn.pack_sequence([torch.ones(2)]).cuda().data,
        lambda: torch.fft.fftfreq(4, device="cuda"),
    ],
)
def test_devices_of_cuda_are_npus(cuda, make):
    value = make()
    assert value.device == NPU
    assert value.is_cuda


def test_other_devices_stay(cuda):
    assert torch.ones(2).to("cpu").device.type == "cpu"
    assert not torch.ones(2).is_cuda
    assert torch.ones(2, device="meta").device.type == "meta"


def test_contexts_and_defaults(cuda):
    with torch.device("cuda"):
        assert torch.ones(1).device == NPU
    torch.set_default_device("cuda")
    try:
        assert torch.ones(1).device == torch.tensor([1]).device == NPU
    finally:
        torch.set_default_device(None)
    with torch.cuda.device("cuda:1"):
        assert torch.cuda.current_device() == 1


def test_torch_device_is_still_a_type(cuda):
    device = torch.device("cuda:1")
    assert isinstance(device, torch.device)
    assert not isinstance("cuda", torch.device)
    assert type(device) == torch.device  # noqa: E721 - as scripts write it
    assert pickle.loads(pickle.dumps(device)) == device
    assert isinstance(torch.Generator(device="cuda"), torch.Generator)

    class Own(torch.Generator):
        pass

    assert isinstance(Own(), Own) and isinstance(Own(), torch.Generator)
    assert issubclass(Own, torch.Generator)
    assert isinstance(torch.Stream("cuda:0"), torch.Stream)
    assert {torch.device: 1}[type(device)] == 1


def test_streams_and_events(cuda):
    stream = torch.cuda.Stream(device="cuda:0")
    assert type(stream) is torch_npu.npu.Stream
    with torch.cuda.stream(stream):
        assert torch.cuda.current_stream("cuda:0") == stream
        event = stream.record_event(torch.cuda.Event())
    event.synchronize()
    assert torch.cuda.Event is torch_npu.npu.Event
    assert torch.cuda.CUDAGraph is torch_npu.npu.NPUGraph


def test_mixed_precision(cuda):
    x = torch.ones(2, 2, device="cuda")
    for context in (
        torch.autocast("cuda", dtype=torch.float16),
        torch.autocast(device_type="cuda", dtype=torch.float16),
        torch.amp.autocast("cuda", dtype=torch.float16),
        torch.cuda.amp.autocast(),
    ):
        with context:
            assert (x @ x).dtype == torch.float16
            assert torch.is_autocast_enabled() and torch.is_autocast_enabled("cuda")
            assert torch.get_autocast_gpu_dtype() == torch.float16
    for scaler in (
        torch.amp.GradScaler(),
        torch.amp.GradScaler("cuda"),
        torch.cuda.amp.GradScaler(),
    ):
        assert scaler.is_enabled()
        assert scaler.scale(torch.ones(1).cuda()).item() == 65536.0


@pytest.mark.parametrize("tag", ["npu:0", "cuda:0"])
def test_checkpoints_of_either_kind_load_anywhere(cuda, monkeypatch, tag):
    monkeypatch.setattr(torch.serialization, "location_tag", lambda storage: tag)
    file = io.BytesIO()
    torch.save({"weight": torch.ones(2)}, file)
    for map_location, place in [
        (None, "npu"),
        ("cuda", "npu"),
        ("cuda:0", "npu"),
        ("cpu", "cpu"),
        (torch.device("cuda"), "npu"),
        ({"cuda:0": "cpu"}, "cpu"),
        ({"cuda:0": "cuda:1"}, "npu"),
        (lambda storage, location: storage, "cpu"),
        (lambda storage, location: storage.cuda(), "npu"),
    ]:
        loaded = torch.load(io.BytesIO(file.getvalue()), map_location=map_location)["weight"]
        assert loaded.device.type == place, map_location


def test_random_numbers(cuda):
    torch.cuda.manual_seed_all(1)
    with torch.random.fork_rng(devices=[0]):
        first = torch.rand(4, device="cuda")
    assert torch.equal(first, torch.rand(4, device="cuda"))
    assert (8, 0) <= torch.cuda.get_device_capability(0) < (8, 9)  # bfloat16, no float8
    assert len(torch.cuda.default_generators) == torch.cuda.device_count()
    assert torch.cuda.default_generators[0].device == NPU


def test_nccl_is_hccl(cuda, tmp_path):
    assert dist.is_nccl_available() and dist.is_backend_available("nccl")
    assert dist.ProcessGroupNCCL is dist.ProcessGroupHCCL
    for number, backend in enumerate(["nccl", "cpu:gloo,cuda:nccl"]):
        dist.init_process_group(
            backend, init_method=f"file://{tmp_path}/{number}", rank=0, world_size=1
        )
        try:
            value = torch.ones(2).cuda()
            dist.all_reduce(value)
            dist.broadcast(value, 0)  # which asks for the compute capability
            assert value.tolist() == [1.0, 1.0]
            assert dist.get_backend(dist.new_group([0], backend="nccl")) == "hccl"
            assert dist.init_device_mesh("cuda", (1,)).device_type == "npu"
        finally:
            dist.destroy_process_group()


def test_loaders_pin_for_npus(cuda):
    loader = torch.utils.data.DataLoader([torch.ones(2)] * 2, pin_memory=True)
    assert all(batch.is_pinned() for batch in loader)
    assert torch.ones(2).pin_memory("cuda").is_pinned("cuda")


def test_nvtx_ranges_are_ranges_of_the_profile(cuda):
    with torch.autograd.profiler.profile() as profile:
        assert torch.cuda.nvtx.range_push("outer") == 0
        with torch.cuda.nvtx.range("inner {}", 1):
            torch.cuda.nvtx.mark("point")
        number = torch.cuda.nvtx.range_start("long")
        assert torch.cuda.nvtx.range_pop() == 0
        torch.cuda.nvtx.range_end(number)
    assert torch.cuda.nvtx.range_pop() == -1
    names = {event.name for event in profile.function_events}
    assert {"outer", "inner 1", "point", "long"} <= names


def test_scripts_and_compiled_functions(cuda):
    @torch.jit.script
    def scripted(x: torch.Tensor):
        return torch.zeros(2) + x

    assert scripted(torch.ones(2)).tolist() == [1.0, 1.0]

    @torch.compile(backend="eager", fullgraph=True)
    def compiled(x):
        return torch.ones(2, device="cuda") + x.to("cuda")

    assert compiled(torch.ones(2)).device == NPU


def test_all_threads_see_it(cuda):
    devices = []
    thread = threading.Thread(target=lambda: devices.append(torch.ones(1, device="cuda").device))
    thread.start()
    thread.join(60)
    assert devices == [NPU]


def test_the_report_counts_and_says_where():
    with transfer.scope():
        for _ in range(3):
            torch.ones(2, device="cuda:0")
        report = transfer.report()
    (row,) = report.rewritten
    assert row[:4] == ("torch.ones", "cuda:0", "npu:0", 3)
    assert row.first.rsplit(":", 1)[0].endswith("test_transfer.py")
    assert "torch.cuda.synchronize" in report.replaced
    assert f"3 x torch.ones: cuda:0 -> npu:0, first at {row.first}" in str(report)
    with transfer.scope():
        assert transfer.report().rewritten == []


def test_what_is_in_torch_cuda_is_there_or_has_advice(cuda):
    """The table is whole: nothing is left that would fail without saying what to do."""
    left = []
    for name in torch.cuda.__all__:
        full = f"torch.cuda.{name}"
        if full in {*cuda_names.MODULES, *cuda_names.NO_COUNTERPART, *cuda_names.RENAMED}:
            continue
        if full not in cuda_names.VALUES and not hasattr(torch_npu.npu, name):
            left.append(name)
    assert left == []

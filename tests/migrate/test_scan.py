"""What the scan says of single lines, and what the patch makes of them."""

import pytest

from torch_npu.migrate import Kind, patched, scan

HEADER = "import torch\nimport torch_npu\nimport torch.distributed as dist\n"


def only_finding(line: str):
    findings = [finding for finding in scan("x.py", HEADER + line) if finding.line >= 4]
    assert len(findings) == 1, findings
    return findings[0]


def migrated(text: str) -> str:
    return patched("x.py", text, list(scan("x.py", text)))


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("x = y.cuda()", "x = y.npu()"),
        ("x = y.to('cuda:1')", "x = y.to('npu:1')"),
        ('x = y.to(f"cuda:{rank}")', 'x = y.to(f"npu:{rank}")'),
        ("d = 'cuda:' + str(rank)", "d = 'npu:' + str(rank)"),
        ("d = 'cuda:{}'.format(rank)", "d = 'npu:{}'.format(rank)"),
        ("if y.is_cuda: pass", "if y.is_npu: pass"),
        ("torch.cuda.synchronize()", "torch.npu.synchronize()"),
        ("s = 'ä'; torch.cuda.synchronize()", "s = 'ä'; torch.npu.synchronize()"),
        ("g = torch.cuda.CUDAGraph()", "g = torch_npu.npu.NPUGraph()"),
        ("torch.cuda.amp.GradScaler()", "torch.npu.amp.GradScaler()"),
        ("torch.cuda.nvtx.mark('a')", "torch_npu.contrib.transfer.nvtx.mark('a')"),
        ("t = 'torch.cuda.FloatTensor'", "t = 'torch.npu.FloatTensor'"),
        ("dist.init_process_group('nccl')", "dist.init_process_group('hccl')"),
        ("f(backend='cpu:gloo,cuda:nccl')", "f(backend='cpu:gloo,npu:hccl')"),
        ("dist.is_nccl_available()", "torch_npu.distributed.is_hccl_available()"),
        ("from torch.cuda import Stream, seed as s", "from torch_npu.npu import Stream, seed as s"),
        ("from torch.cuda.amp import autocast", "from torch_npu.npu.amp import autocast"),
        ("from torch.cuda import CUDAGraph", "from torch_npu.npu import NPUGraph as CUDAGraph"),
        ("from torch.cuda import amp", "from torch_npu.npu import amp"),
        ("from torch import cuda, nn", "from torch import npu as cuda, nn"),
        ("import torch.cuda", "import torch"),
        ("import torch.cuda.amp as amp", "import torch_npu.npu.amp as amp"),
        ("a = torch.profiler.ProfilerActivity.CUDA", "a = torch_npu.profiler.ProfilerActivity.NPU"),
    ],
)  # fmt: skip
def test_what_can_be_rewritten_is(line, after):
    assert only_finding(line).kind is Kind.REWRITTEN
    assert migrated(HEADER + line) == HEADER + after


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("ok = y.device.type == 'cuda'", "ok = y.device.type == 'npu'"),
        ("ok = kind in ('cpu', 'cuda')", "ok = kind in ('cpu', 'npu')"),
        ("ok = str(d).startswith('cuda')", "ok = str(d).startswith('npu')"),
        ("ok = dist.get_backend() != 'nccl'", "ok = dist.get_backend() != 'hccl'"),
    ],
)
def test_comparisons_are_told_apart(line, after):
    finding = only_finding(line)
    assert finding.kind is Kind.COMPARED
    assert "transfer_to_npu does not change comparisons" in finding.advice
    assert migrated(HEADER + line) == HEADER + after


@pytest.mark.parametrize(
    ("line", "kind", "advice"),
    [
        ("torch.cuda.cudart()", Kind.NO_COUNTERPART, "mem_get_info"),
        ("torch.cuda.nccl.version()", Kind.NO_COUNTERPART, "backend hccl"),
        ("torch.cuda.no_such_name()", Kind.NO_COUNTERPART, "no such name"),
        ("torch.cuda.memory._snapshot()", Kind.NO_COUNTERPART, "private name"),
        ("torch._C._cuda_setDevice(0)", Kind.NO_COUNTERPART, "private name"),
        ("from torch.cuda import jiterator", Kind.NO_COUNTERPART, "custom operator"),
        ("import flash_attn", Kind.NO_COUNTERPART, "scaled_dot_product_attention"),
        ("from apex.optimizers import FusedAdam", Kind.NO_COUNTERPART, "torch_npu.optim"),
        ("from numba import cuda", Kind.NO_COUNTERPART, "Ascend C"),
        ("load_inline('a', '', cuda_sources='')", Kind.NO_COUNTERPART, "Ascend C or aclnn"),
        ("torch.backends.cudnn.benchmark = True", Kind.NO_EFFECT, "cuDNN"),
        ("torch.backends.cuda.matmul.allow_tf32 = True", Kind.NO_EFFECT, "CUDA's libraries"),
        ("v = torch.version.cuda", Kind.NO_EFFECT, "None"),
        ("torch.autograd.profiler.profile(use_cuda=True)", Kind.NO_EFFECT, "ProfilerActivity.NPU"),
        ("e['CUDA_VISIBLE_DEVICES'] = '0'", Kind.ENVIRONMENT, "ASCEND_RT_VISIBLE_DEVICES"),
        ("e['NCCL_DEBUG'] = 'INFO'", Kind.ENVIRONMENT, "HCCL"),
        ("e['CUDA_HOME']", Kind.ENVIRONMENT, "do not read it"),
        ("if 'CUDA out of memory' in text: pass", Kind.COMPARED, "say NPU"),
    ],
)
def test_the_rest_gets_advice(line, kind, advice):
    finding = only_finding(line)
    assert (finding.kind, finding.line) == (kind, 4)
    assert advice in finding.advice


@pytest.mark.parametrize(
    "line",
    [
        "use_cuda = args.cuda",
        "'cuda is fast'",
        "print('runs on cuda')",
        "# x.cuda()",
        "config.cuda.version",
        "from .cuda import Stream",
        "torch.npu.synchronize()",
    ],
)
def test_what_is_no_use_of_cuda_is_left_alone(line):
    assert list(scan("x.py", HEADER + line)) == []
    assert migrated(HEADER + line) == HEADER + line


def test_aliases_are_followed():
    text = "import torch as t\nfrom torch import cuda as c\nt.cuda.synchronize()\nc.cudart()\n"
    kinds = [(finding.line, finding.kind) for finding in scan("x.py", text)]
    assert kinds == [(2, Kind.REWRITTEN), (3, Kind.REWRITTEN), (4, Kind.NO_COUNTERPART)]


def test_torch_npu_is_imported_once_and_behind_torch():
    text = (
        '"""Doc."""\nfrom __future__ import annotations\nimport torch\nx = torch.ones(1).cuda()\n'
    )
    once = migrated(text)
    assert once.splitlines()[2:4] == ["import torch", "import torch_npu  # noqa: F401"]
    assert migrated(once) == once


def test_imports_that_move_only_in_part_are_split():
    text = "import torch_npu\nif 1:\n    from torch.profiler import profile, record_function\n"
    assert migrated(text).splitlines()[2:] == [
        "    from torch.profiler import record_function",
        "    from torch_npu.profiler import profile",
    ]

"""The scan on files of an installed package: nothing is missed, and little is wrong."""

import io
import re
import tokenize
from pathlib import Path

import pytest
import torch

from torch_npu.migrate import patched, scan

PACKAGE = Path(torch.__file__).parent
# Labelled by hand: the lines of torch 2.13.0's files that use CUDA or NCCL.
LABELLED = {
    "_dynamo/test_case.py": {55, 56},
    "_functorch/benchmark_utils.py": {13, 49, 237, 239},
    "_inductor/codegen/cuda/cuda_env.py": {21, 45},
    "distributed/_symmetric_memory/_nccl.py": {49, 106},
    "distributed/algorithms/_quantization/quantization.py": set(),
    "distributed/algorithms/model_averaging/hierarchical_model_averager.py": set(),
    "nn/parallel/data_parallel.py": {166},
    "nn/parallel/parallel_apply.py": {7},
    "testing/_internal/distributed/_shard/sharded_tensor/__init__.py": {24, 25, 36, 56, 87, 99},
    "testing/_internal/distributed/rpc_utils.py": set(),
    "utils/_content_store.py": {113, 114},
    "utils/_cuda_debug.py": {15, 114, 151, 164, 178, 183},
    "utils/_triton.py": {62, 63, 117, 118, 123, 148, 149, 150, 164, 165, 201},
    "utils/benchmark/examples/spectral_ops_fuzz_test.py": {25, 64},
    "utils/benchmark/utils/compile.py": {31, 32, 164, 169},
}
USE = re.compile(r"(?<!\w)torch\.cuda\.(?=[a-zA-Z])|(?<=[\w)\]])\.cuda\(|\.is_cuda\b")
USE_IN_TEXT = re.compile(r"""[rbf]*["'](cuda(:\d+)?|nccl)["']""")


def lines_by_tokens(text: str) -> set[int]:
    """The lines with a use of CUDA, found without a syntax tree; not those of long texts."""
    lines = text.splitlines()
    code = [list(line) for line in lines]
    found = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        (row, start), (last, end) = token.start, token.end
        if token.type == tokenize.STRING and USE_IN_TEXT.fullmatch(token.string):
            found.add(row)
        if token.type in (tokenize.STRING, tokenize.COMMENT):
            for number in range(row, last + 1):
                first = start if number == row else 0
                stop = end if number == last else len(lines[number - 1])
                code[number - 1][first:stop] = " " * (stop - first)
    return found | {i for i, line in enumerate(code, 1) if USE.search("".join(line))}


def findings(path: Path) -> tuple[str, list]:
    text = path.read_text()
    return text, list(scan(str(path), text))


def corpus() -> list[Path]:
    """Files of torch outside torch.cuda itself, with at least three uses each."""
    folders = ("distributed", "nn", "testing", "utils", "_inductor", "_dynamo", "optim", "export")
    files = [file for folder in folders for file in sorted((PACKAGE / folder).rglob("*.py"))]
    small = [file for file in files if file.stat().st_size < 60_000]
    return [file for file in small if len(lines_by_tokens(file.read_text())) >= 3][:40]


FILES = corpus()


def test_the_corpus_is_large_enough():
    assert len(FILES) >= 30


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_use_is_found_and_the_patch_is_python(path):
    text, found = findings(path)
    reported = {
        line
        for finding in found
        for line in range(finding.line, finding.line + 1 + finding.name.count("\n"))
    }
    missed = lines_by_tokens(text) - reported
    # An attribute stands on the line on which its expression begins.
    missed = {line for line in missed if not {line - 1, line - 2} & reported}
    assert not missed
    new = patched(str(path), text, found)
    compile(new, str(path), "exec")
    again = [finding for finding in scan(str(path), new) if finding.edits]
    assert [str(finding) for finding in again] == []


def test_precision_and_recall_on_a_labelled_sample():
    right = wrong = missed = 0
    for name, labelled in LABELLED.items():
        _, found = findings(PACKAGE / name)
        lines = {finding.line for finding in found}
        right += len(lines & labelled)
        wrong += len(lines - labelled)
        missed += len(labelled - lines)
    precision, recall = right / (right + wrong), right / (right + missed)
    print(f"{right + missed} labelled uses: precision {precision:.3f}, recall {recall:.3f}")
    assert right + missed >= 40
    assert precision >= 0.95
    assert recall >= 0.95

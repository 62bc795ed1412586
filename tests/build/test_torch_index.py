"""Where torch comes from: the CPU build, by pip's own configuration or PyTorch's CPU index."""

import pytest

from third_party.python import torch_index

ONLY_CUDA = "torch (2.13.0)\nAvailable versions: 2.13.0, 2.12.1, 2.12.0\n"
WITH_CPU = "torch (2.13.0+cpu)\nAvailable versions: 2.13.0+cpu, 2.12.0+cpu, 2.12.0\n"


def test_pypi_alone_gets_the_cpu_index() -> None:
    assert torch_index.arguments_for(ONLY_CUDA) == ["--extra-index-url", torch_index.CPU_INDEX]


def test_configured_source_of_the_cpu_build_is_used_as_it_is() -> None:
    assert torch_index.arguments_for(WITH_CPU) == []


@pytest.mark.parametrize("printed", ["", "Available versions: 2.12.0+cpu, 2.13.0+cu130\n"])
def test_anything_else_gets_the_cpu_index(printed: str) -> None:
    assert torch_index.CPU_INDEX in torch_index.arguments_for(printed)


@pytest.mark.parametrize("installed", ["2.13.0", "2.13.0+cu130", "2.12.0+cpu"])
def test_other_builds_are_refused(installed: str) -> None:
    with pytest.raises(RuntimeError, match=f"got torch {installed.replace('+', '.')}, expected"):
        torch_index.check_cpu_build(installed)


def test_cpu_build_is_accepted() -> None:
    torch_index.check_cpu_build(torch_index.CPU_BUILD)

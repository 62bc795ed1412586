"""Ascend's own operators as names of torch_npu."""

import pytest
import torch

import torch_npu


def test_registered_operators_are_functions_of_torch_npu():
    library = torch.library.Library("npu", "FRAGMENT")
    library.define("npu_operator_of_a_test(Tensor self) -> Tensor")
    library.impl("npu_operator_of_a_test", lambda tensor: tensor + 1, "CompositeImplicitAutograd")
    assert torch_npu.npu_operator_of_a_test(torch.ones(1)).item() == 2
    library._destroy()


def test_names_that_packages_import_are_there():
    # transformers imports them when it is itself imported.
    from torch_npu import npu_fusion_attention, npu_rotary_mul

    assert npu_fusion_attention is torch.ops.npu.npu_fusion_attention
    assert npu_rotary_mul is torch.ops.npu.npu_rotary_mul


def test_other_names_are_not_there():
    with pytest.raises(AttributeError, match="has no attribute 'npu_no_such_operator'"):
        torch_npu.npu_no_such_operator  # noqa: B018

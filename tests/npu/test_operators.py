"""Ascend's own operators as names of torch_npu."""

import pytest
import torch

import torch_npu
from torch_npu import _operators


def test_registered_operators_are_functions_of_torch_npu():
    library = torch.library.Library("npu", "FRAGMENT")
    library.define("npu_operator_of_a_test(Tensor self) -> Tensor")
    library.impl("npu_operator_of_a_test", lambda tensor: tensor + 1, "CompositeImplicitAutograd")
    assert torch_npu.npu_operator_of_a_test(torch.ones(1)).item() == 2
    library._destroy()


@pytest.mark.parametrize("name", sorted(_operators.IMPORTED_BY_NAME))
def test_names_that_packages_import_are_there(name):
    function = getattr(torch_npu, name)
    if not hasattr(torch.ops.npu, name):
        with pytest.raises(NotImplementedError) as error:
            function(1, 2, a=3)
        assert f"torch_npu.{name} is not available in this build: use " in str(error.value)


def test_other_names_are_not_there():
    with pytest.raises(AttributeError, match="has no attribute 'npu_no_such_operator'"):
        torch_npu.npu_no_such_operator  # noqa: B018

"""Phase 1 refuses what the hardware refuses: null pointers, data types, ranks."""

import pytest
import test_samples
import torch
from device import DTYPES, FUNCTIONS, NAMES, PARAM_INVALID, PARAM_NULLPTR, AclError, Device

FIRST = dict(reversed(test_samples.SAMPLES))  # the first sample of each function
TENSOR_RULES = [
    (name, index)
    for name in FIRST
    for index, parameter in enumerate(FUNCTIONS[name].parameters)
    if parameter.type == "aclTensor" and parameter.dtypes
]


def arguments_of(name: str) -> list:
    return [test_samples.host_tensor(argument) for argument in FIRST[name]]


def refused(device: Device, name: str, arguments: list, code: int) -> str:
    before = device.task_count()
    with pytest.raises(AclError) as caught:
        device.call(name, *arguments, run=False)
    assert caught.value.code == code, caught.value
    assert caught.value.message.count(name) == 1
    assert device.task_count() == before
    return caught.value.message


@pytest.mark.parametrize(("name", "index"), TENSOR_RULES)
def test_dtype(device: Device, name: str, index: int) -> None:
    parameter = FUNCTIONS[name].parameters[index]
    arguments = arguments_of(name)
    if arguments[index] is None:
        pytest.skip("the sample leaves this tensor out")
    assert NAMES[arguments[index].dtype] in parameter.dtypes
    forbidden = [dtype for dtype in DTYPES if NAMES[dtype] not in parameter.dtypes]
    if not forbidden:
        pytest.skip("the function accepts every type")
    arguments[index] = torch.zeros(arguments[index].shape, dtype=forbidden[0])
    message = refused(device, name, arguments, PARAM_INVALID)
    assert parameter.name in message
    assert NAMES[forbidden[0]] in message
    for accepted in parameter.dtypes:
        assert accepted in message


@pytest.mark.parametrize("name", FIRST)
def test_null_first_tensor(device: Device, name: str) -> None:
    parameters = FUNCTIONS[name].parameters
    index = next(
        i for i, p in enumerate(parameters) if p.type.startswith("aclT") and not p.optional
    )
    arguments = arguments_of(name)
    arguments[index] = None
    assert parameters[index].name in refused(device, name, arguments, PARAM_NULLPTR)


OPTIONAL = [
    (name, index)
    for name in FIRST
    for index, parameter in enumerate(FUNCTIONS[name].parameters)
    if parameter.optional and parameter.type.startswith("acl")
]


@pytest.mark.parametrize(("name", "index"), OPTIONAL)
def test_parameter_named_optional_may_be_null(device: Device, name: str, index: int) -> None:
    arguments = arguments_of(name)
    arguments[index] = None
    device.call(name, *arguments, run=False)


def test_null_results(device: Device) -> None:
    code = device.opapi.aclnnAbsGetWorkspaceSize(None, None, None, None)
    assert code == PARAM_NULLPTR
    with pytest.raises(AclError, match="workspaceSize and executor"):
        device.check(code)


def test_largest_workspace_of_a_graph(device: Device) -> None:
    for name in ("FlashAttentionVarLenScoreV5", "FlashAttentionUnpaddingScoreGradV5",
                 "FusedInferAttentionScoreV3", "FusedInferAttentionScoreV4"):  # fmt: skip
        function = getattr(device.opapi, f"aclnn{name}GetMaxWorkspaceSize")
        count = len(FUNCTIONS[f"aclnn{name}"].parameters)
        # The same parameters as the first phase has.
        assert function(*[None] * (count + 2)) == PARAM_NULLPTR
        with pytest.raises(AclError, match="workspaceSize and executor"):
            device.check(PARAM_NULLPTR)


def test_more_than_8_dimensions(device: Device) -> None:
    x = torch.ones([1] * 9)
    message = refused(device, "aclnnAbs", [x, x.clone()], PARAM_INVALID)
    assert "9 dimensions" in message and "8" in message

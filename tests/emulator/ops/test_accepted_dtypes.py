"""Whatever data type the tables accept, the kernel computes.

A sample of each function runs with each type that its first tensor accepts. What has that tensor's
type in the sample follows it as far as the tables allow: inputs, outputs, scalars. Then come the
tensors of other types, as indices and masks.
"""

from collections.abc import Iterator

import pytest
import samples_unchecked
import test_samples
import torch
from aclnn_table import Parameter
from device import DTYPES, FUNCTIONS, NAMES, AclError, Device

# Cases, as cases() makes them, that are no call of which a result could be expected.
_WORDS = "eight int4 numbers in a word make another shape"
_MASK = "a mask has another shape than the sample's index"
_SCALES = "an int8 query needs scales, which a bfloat16 one has not"
_SLOPES = "slopes are float32, which other position shifts need not be"
_BYTES = "the number of bytes of each number gives another shape"
SENSELESS = {
    ("aclnnAscendAntiQuant", torch.int8, torch.int32): _WORDS,
    ("aclnnFlashAttentionVarLenScoreV2", torch.float32, torch.float16): _SLOPES,
    ("aclnnFlashAttentionVarLenScoreV2", torch.float32, torch.bfloat16): _SLOPES,
    ("aclnnFlashAttentionUnpaddingScoreGradV2", torch.float32, torch.float16): _SLOPES,
    ("aclnnFlashAttentionUnpaddingScoreGradV2", torch.float32, torch.bfloat16): _SLOPES,
    ("aclnnHansEncode", torch.float32, torch.float16): _BYTES,
    ("aclnnHansEncode", torch.float32, torch.bfloat16): _BYTES,
    ("aclnnHansDecode", torch.float32, torch.float16): _BYTES,
    ("aclnnHansDecode", torch.float32, torch.bfloat16): _BYTES,
    ("aclnnIndex", torch.int64, torch.bool): _MASK,
    ("aclnnIndexPutImpl", torch.int64, torch.bool): _MASK,
    ("aclnnMlaPrologV2WeightNz", torch.bfloat16, torch.int8): _SCALES,
    ("aclnnMlaPrologV3WeightNz", torch.bfloat16, torch.int8): _SCALES,
    ("aclnnRemainderTensorTensor", torch.float32, torch.complex64): "there is no such remainder",
    ("aclnnRemainderTensorTensor", torch.float32, torch.complex128): "there is no such remainder",
    ("aclnnSearchSorted", torch.int64, torch.int32): "outInt32 chooses the type of the result",
}
SAMPLES = dict(reversed(test_samples.SAMPLES + samples_unchecked.samples()))


def arguments_of(name: str) -> list[tuple[Parameter, object]]:
    values = [test_samples.host_tensor(argument) for argument in SAMPLES[name]]
    return list(zip(FUNCTIONS[name].parameters, values, strict=True))


def dtype_of(value) -> torch.dtype | None:
    element = value[0] if isinstance(value, list) and value else value
    return element.dtype if isinstance(element, torch.Tensor) else None


def cases() -> Iterator[tuple[str, torch.dtype, torch.dtype]]:
    """Functions, with the type that a tensor has in the sample and one that it shall have."""
    for name in FUNCTIONS:
        seen = set()
        for parameter, value in arguments_of(name):
            old = dtype_of(value)
            if old is None or old in seen or not parameter.dtypes:
                continue
            seen.add(old)
            yield from ((name, old, new) for new in DTYPES if NAMES[new] in parameter.dtypes)


def retyped(parameter: Parameter, value, old: torch.dtype, new: torch.dtype):
    if parameter.dtypes and NAMES[new] not in parameter.dtypes:
        return value
    if value is old:
        return new
    if isinstance(value, list):
        return [retyped(parameter, element, old, new) for element in value]
    if isinstance(value, torch.Tensor) and value.dtype == old:
        return value.to(new)
    if parameter.type in ("aclScalar", "aclScalarList") and isinstance(value, int | float):
        return torch.tensor(value).to(new)
    return value


def test_every_function_has_a_sample() -> None:
    assert set(SAMPLES) == set(FUNCTIONS)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [case for case in cases() if case not in SENSELESS],
    ids=lambda value: NAMES.get(value, value),
)
def test_computes(device: Device, name: str, old: torch.dtype, new: torch.dtype) -> None:
    arguments = [retyped(*pair, old, new) for pair in arguments_of(name)]
    try:
        device.call(name, *arguments)
    except AclError as error:
        device.new_stream()
        pytest.fail(str(error))

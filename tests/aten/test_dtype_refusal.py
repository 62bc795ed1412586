"""dtypes that the hardware lacks are refused before a kernel is asked for, with a full message."""

import pytest
import torch


def test_message_names_operator_argument_dtype_and_choices() -> None:
    a = torch.ones(2, 2, dtype=torch.int64).npu()
    with pytest.raises(NotImplementedError) as error:
        a.mm(a)
    message = str(error.value)
    for part in ("aclnnMm", "'self'", "Long", "Supported:", "Float", "Half", "BFloat16"):
        assert part in message


def test_refusal_leaves_out_untouched() -> None:
    a = torch.ones(2, 2, dtype=torch.int64).npu()
    out = torch.full((2, 2), 7).npu()
    with pytest.raises(NotImplementedError):
        torch.mm(a, a, out=out)
    assert out.cpu().tolist() == [[7, 7], [7, 7]]


@pytest.mark.parametrize("position", [0, 1])
def test_cpu_tensor_is_refused(position: int) -> None:
    tensors = [torch.ones(2, 2).npu(), torch.ones(2, 2).npu()]
    tensors[position] = torch.ones(2, 2)
    with pytest.raises(RuntimeError, match=r"same device.*cpu"):
        torch.mm(*tensors)
    with pytest.raises(RuntimeError, match="same device"):
        torch.add(*tensors)


def test_two_devices_are_refused() -> None:
    a, b = torch.ones(2, 2, device="npu:0"), torch.ones(2, 2, device="npu:1")
    with pytest.raises(RuntimeError, match="same device"):
        torch.mm(a, b)
    with pytest.raises(RuntimeError, match="same device"):
        a + b


@pytest.mark.parametrize("op", [torch.floor, torch.erf, torch.erfc, torch.sign, torch.cosh])
def test_bfloat16_where_the_function_has_float32_only(op) -> None:
    x = torch.linspace(-2, 2, 9, dtype=torch.bfloat16)
    torch.testing.assert_close(op(x.npu()).cpu(), op(x))
    y = x.npu()
    getattr(y, f"{op.__name__}_")()
    torch.testing.assert_close(y.cpu(), op(x))


def test_bfloat16_floor_divide_and_variance() -> None:
    x = torch.linspace(1, 8, 9, dtype=torch.bfloat16)
    torch.testing.assert_close((x.npu() // 2).cpu(), x // 2)
    trunc = torch.div(x, 3, rounding_mode="trunc")
    torch.testing.assert_close(torch.div(x.npu(), 3, rounding_mode="trunc").cpu(), trunc)
    for ours, theirs in zip(torch.var_mean(x.npu()), torch.var_mean(x), strict=True):
        torch.testing.assert_close(ours.cpu(), theirs)
    torch.testing.assert_close(x.npu().std().cpu(), x.std())

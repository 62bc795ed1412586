"""Options and precision settings: what changes something does, what is not offered says so."""

import pytest
import torch

import torch_npu


@pytest.fixture(autouse=True)
def precision():
    before = torch.get_float32_matmul_precision()
    yield
    torch.set_float32_matmul_precision(before)


@pytest.mark.parametrize("name", ["matmul", "conv"])
def test_allow_hf32_is_torchs_matmul_precision(name):
    settings = getattr(torch.npu, name)
    settings.allow_hf32 = True
    assert torch.get_float32_matmul_precision() == "high"
    assert torch.npu.matmul.allow_hf32 and torch.npu.conv.allow_hf32
    torch.set_float32_matmul_precision("medium")
    settings.allow_hf32 = True
    assert torch.get_float32_matmul_precision() == "medium"
    settings.allow_hf32 = False
    assert torch.get_float32_matmul_precision() == "highest"
    with pytest.raises(TypeError, match="must be a bool"):
        settings.allow_hf32 = 1
    with pytest.raises(AttributeError, match="'allow_tf32'"):
        settings.allow_tf32 = True


def test_cube_math_type_is_the_same_setting():
    kinds = torch.npu.CubeMathType
    torch.npu.matmul.cube_math_type = kinds.USE_HF32
    assert torch.npu.matmul.allow_hf32
    assert torch.npu.matmul.cube_math_type == 3
    torch.npu.matmul.cube_math_type = 0
    assert torch.npu.matmul.cube_math_type is kinds.KEEP_DTYPE
    with pytest.raises(NotImplementedError, match="autocast"):
        torch.npu.matmul.cube_math_type = kinds.USE_FP16
    with pytest.raises(ValueError, match="7"):
        torch.npu.matmul.cube_math_type = 7


def test_internal_formats_are_made_when_asked_for():
    assert torch.npu.config.allow_internal_format is False
    torch.npu.config.allow_internal_format = True
    assert torch.npu.config.allow_internal_format is True
    assert torch_npu.get_npu_format(torch.ones(32, 32).npu()) == torch_npu.Format.ND
    torch.npu.config.allow_internal_format = False


def test_operators_are_precompiled():
    assert torch.npu.set_compile_mode(jit_compile=False) is None
    with pytest.raises(NotImplementedError, match="precompiled"):
        torch.npu.set_compile_mode(jit_compile=True)


def test_options_are_set_by_name():
    torch.npu.set_option({"ALLOW_MATMUL_HF32": "enable", "ACL_OP_DEBUG_LEVEL": 0})
    assert torch.npu.matmul.allow_hf32
    torch.npu.set_option({"ALLOW_CONV_HF32": "disable", "jitCompile": "disable"})
    assert not torch.npu.matmul.allow_hf32


@pytest.mark.parametrize(
    ("option", "error", "text"),
    [
        ({"ACL_PRECISION_MODE": "allow_fp32_to_fp16"}, NotImplementedError, "autocast"),
        ({"MM_BMM_ND_ENABLE": "disable"}, NotImplementedError, "plain"),
        ({"ACL_OP_COMPILER_CACHE_MODE": "maybe"}, ValueError, "disable, enable, force"),
        ({"ACL_AICORE_NUM": 33}, ValueError, "'33'"),
        ({"NO_SUCH_OPTION": "1"}, ValueError, "NO_SUCH_OPTION"),
        ("jitCompile", TypeError, "dict"),
    ],
)
def test_bad_options_are_refused_and_none_is_set(option, error, text):
    bad = {"ALLOW_MATMUL_HF32": "enable", **option} if isinstance(option, dict) else option
    with pytest.raises(error, match=text):
        torch.npu.set_option(bad)
    assert not torch.npu.matmul.allow_hf32


def test_there_is_no_overflow_flag():
    assert torch.npu.clear_npu_overflow_flag() is None
    with pytest.raises(RuntimeError, match="isfinite"):
        torch.npu.get_npu_overflow_flag()

"""What is not emulated: an error with a message where clients need the name, otherwise no name."""

import ctypes

import acl
import pytest

FOLDER = acl.LIBRARY.parent
REFUSED = {
    "libascendcl.so": ["aclrtBinaryGetFunction", "aclmdlInitDump"],
    "libruntime.so": ["rtKernelLaunch", "rtDevBinaryRegister"],
    "libprofapi.so": ["MsprofReportApi", "MsprofRegisterCallback"],
}
ABSENT = ["aclmdlRIBuildBegin", "aclrtLaunchKernel"]


@pytest.mark.parametrize(
    ("library", "name"), [(library, name) for library in REFUSED for name in REFUSED[library]]
)
def test_calling_what_is_needed_at_load_is_an_error(device, library, name):
    function = getattr(ctypes.CDLL(str(FOLDER / library)), name)
    assert function(None, None, None, None) == 207000
    assert f"{name} is not emulated" in acl.message()


@pytest.mark.parametrize("name", ABSENT)
def test_what_can_be_looked_up_is_absent(name):
    assert not hasattr(acl.lib, name)


@pytest.fixture(scope="module")
def compiler():
    library = ctypes.CDLL(str(FOLDER / "libacl_op_compiler.so"))
    library.aclopCreateAttr.restype = ctypes.c_void_p
    library.aclGetCompileoptSize.restype = ctypes.c_size_t
    return library


def test_an_operator_without_aclnn_function_is_refused(device, compiler):
    attributes = ctypes.c_void_p(compiler.aclopCreateAttr())
    assert compiler.aclopSetAttrBool(attributes, b"keep_dims", 1) == 0
    assert compiler.aclopSetAttrBool(attributes, None, 1) == 100000
    nothing = [None] * 2
    code = compiler.aclopCompileAndExecute(
        b"FancyOp", 0, *nothing, 0, *nothing, attributes, 0, 0, None, None
    )
    assert code == 500002
    message = acl.message()
    assert "EZ3003" in message
    assert "FancyOp" in message
    compiler.aclopDestroyAttr(attributes)


def test_compile_options_read_back(device, compiler):
    jit, precision, unknown = 10, 0, 99

    def option(number: int) -> bytes:
        value = ctypes.create_string_buffer(compiler.aclGetCompileoptSize(number))
        size = ctypes.c_size_t(len(value))
        assert compiler.aclGetCompileopt(number, value, size) == 0
        return value.value

    assert option(jit) == b"disable"
    assert compiler.aclSetCompileopt(precision, b"must_keep_origin_dtype") == 0
    assert option(precision) == b"must_keep_origin_dtype"
    assert compiler.aclGetCompileopt(precision, ctypes.create_string_buffer(4), 4) == 100000
    assert compiler.aclGetCompileoptSize(unknown) == 0
    assert compiler.aclSetCompileopt(unknown, b"1") == 100000


def test_the_clients_log_appears_when_asked_for():
    script = "lib.aclAppLog(2, b'f', b'file.cc', 7, b'%d of %s', 3, b'x')"
    assert acl.run_script(script).stderr == ""
    done = acl.run_script(script, ASCEND_GLOBAL_LOG_LEVEL="2")
    assert done.stderr == "[WARNING] file.cc:7 f: 3 of x\n"
    assert acl.run_script(script, ASCEND_GLOBAL_LOG_LEVEL="3").stderr == ""

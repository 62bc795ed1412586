"""What a whole process sees: faults, forks, exits, settings."""

import re
import signal
import time

import acl
import pytest

TOUCH = """
import ctypes
call("aclrtSetDevice", 3)
block = malloc(4096)
"""


@pytest.mark.parametrize(
    ("access", "expected"),
    [
        ("ctypes.string_at(block + 16, 4)", r"byte 16 of the live block 0x[0-9a-f]+ of 4096 bytes"),
        ("ctypes.memset(block, 0, 4)", r"byte 0 of the live block 0x[0-9a-f]+ of 4096 bytes"),
        ("call('aclrtFree', block); ctypes.string_at(block)", "byte 0 of the freed block"),
        ("ctypes.string_at(block + (1 << 30), 1)", "where no block is allocated"),
    ],
)
@pytest.mark.parametrize("handler", ["", "import faulthandler; faulthandler.enable()"])
def test_host_access_dies_and_names_the_block(access, expected, handler):
    done = acl.run_script(f"{handler}\n{TOUCH}\n{access}")
    assert done.returncode == -signal.SIGSEGV
    assert re.search(
        f"host code touched device memory at 0x.* of device 3.*{expected}", done.stderr
    )
    assert ("Current thread" in done.stderr) == bool(handler)


def test_other_faults_are_left_alone():
    done = acl.run_script(f"{TOUCH}\nctypes.string_at(8)")
    assert done.returncode == -signal.SIGSEGV
    assert "ascend_emulator" not in done.stderr


def test_a_forked_child_gets_an_error_instead_of_a_hang():
    script = """
import os
call("aclrtSetDevice", 0)
s, block = stream(), malloc(8)
launch(s, lambda: None)
call("aclrtSynchronizeStream", s)
if os.fork() == 0:
    for attempt in (lambda: call("aclrtSynchronizeStream", s), lambda: malloc(8),
                    lambda: call("aclrtSetDevice", 0), lambda: launch(s, lambda: None),
                    lambda: download(block, 8)):
        try:
            attempt()
            print("no error")
        except AclError as error:
            print(error.code, "spawn" in error.message)
    sys.exit(7)
print(os.waitstatus_to_exitcode(os.wait()[1]))
call("aclrtSynchronizeStream", s)
"""
    done = acl.run_script(script)
    assert done.stdout.split("\n") == [f"{acl.INTERNAL_ERROR} True"] * 5 + ["7", ""], done.stderr


def test_asking_for_devices_does_not_prevent_forking():
    script = """
import ctypes, os
assert value("aclrtGetDeviceCount", ctypes.c_uint32) == 8
pid = os.fork()
call("aclrtSetDevice", 0)
malloc(8)
if pid:
    assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
"""
    done = acl.run_script(script)
    assert done.returncode == 0, done.stderr


def test_exit_does_not_wait_for_queued_work_and_keeps_its_code():
    script = """
import ctypes
call("aclrtSetDevice", 0)
size = 64 << 20
block = malloc(size)
for _ in range(2):
    s = stream()
    for _ in range(2000):
        call("aclrtMemsetAsync", block, size, 1, size, s)
sys.exit(5)
"""
    begin = time.monotonic()
    done = acl.run_script(script)
    assert (done.returncode, done.stderr) == (5, "")
    assert time.monotonic() - begin < 20


def test_exit_while_streams_wait_for_what_will_not_come():
    script = """
import threading
call("aclrtSetDevice", 0)
first, second, e = stream(), stream(), event()
launch(first, threading.Event().wait)
call("aclrtRecordEvent", e, first)
call("aclrtStreamWaitEvent", second, e)
import os
sys.stdout.flush()
ctypes.CDLL(None).exit(3)
"""
    done = acl.run_script(script)
    assert (done.returncode, done.stderr) == (3, "")


def test_init_and_finalize():
    script = """
call("aclInit", None)
print(lib.aclInit(None))
call("aclrtSetDevice", 0)
s = stream()
ran = []
launch(s, lambda: ran.append(1))
call("aclFinalize")
print(ran, lib.aclFinalize(), lib.aclInit(b"/no/such/file"), "/no/such/file" in message())
"""
    assert acl.run_script(script).stdout == "100002\n[1] 100037 100003 True\n"


REPORT = """
import ctypes
print(value("aclrtGetDeviceCount", ctypes.c_uint32), lib.aclrtGetSocName().decode(),
      *(value("aclrtGetDeviceInfo", ctypes.c_int64, 0, attribute) for attribute in (102, 201, 301)))
"""


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, f"8 Ascend910B3 20 40 {64 << 30}"),
        ({"ASCEND_EMULATOR_DEVICES": "2"}, f"2 Ascend910B3 20 40 {64 << 30}"),
        ({"ASCEND_EMULATOR_SOC": "Ascend910B1"}, f"8 Ascend910B1 24 48 {64 << 30}"),
        ({"ASCEND_EMULATOR_SOC": "Ascend910B4"}, f"8 Ascend910B4 20 40 {32 << 30}"),
        ({"ASCEND_EMULATOR_DEVICE_MEMORY": "512M"}, f"8 Ascend910B3 20 40 {512 << 20}"),
        ({"ASCEND_RT_VISIBLE_DEVICES": "5,1"}, f"2 Ascend910B3 20 40 {64 << 30}"),
    ],
)
def test_settings(environment, expected):
    done = acl.run_script(REPORT, **environment)
    assert (done.stdout.strip(), done.stderr) == (expected, "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ASCEND_EMULATOR_DEVICES", "many"),
        ("ASCEND_EMULATOR_DEVICES", "-1"),
        ("ASCEND_EMULATOR_DEVICES", "65"),
        ("ASCEND_EMULATOR_DEVICE_MEMORY", "64T"),
        ("ASCEND_EMULATOR_DEVICE_MEMORY", "99999999999999999999"),
        ("ASCEND_EMULATOR_SOC", "Ascend910Z"),
    ],
)
def test_garbage_settings_are_told_and_ignored(name, value):
    done = acl.run_script(REPORT, **{name: value})
    assert done.stdout.strip() == f"8 Ascend910B3 20 40 {64 << 30}"
    assert done.stderr.startswith(f"ascend_emulator: {name}={value} is ignored: ")


@pytest.mark.parametrize(("visible", "count"), [("", 0), ("x", 0), ("0,9,1", 1), ("2,2", 1)])
def test_visible_devices_end_at_the_first_wrong_one(visible, count):
    script = """
import ctypes
number = ctypes.c_uint32()
lib.aclrtGetDeviceCount(ctypes.byref(number))
print(number.value)
"""
    done = acl.run_script(script, ASCEND_RT_VISIBLE_DEVICES=visible)
    assert done.stdout == f"{count}\n"
    assert bool(done.stderr) == bool(visible)


def test_too_little_address_space_is_an_error():
    script = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
try:
    call("aclrtSetDevice", 0)
except AclError as error:
    print(error.message)
"""
    done = acl.run_script(script)
    assert "raise the limit (ulimit -v)" in done.stdout, done.stderr

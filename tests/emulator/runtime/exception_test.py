"""Which task failed, as clients are told it."""

import ctypes
import threading

import acl
import pytest

FIELDS = ("TaskId", "StreamId", "ThreadId", "DeviceId", "ErrorCode")


@pytest.fixture
def told():
    """What the client's function was told, a dictionary for each failure."""
    failures = []

    def keep(info: int) -> None:
        failures.append(
            {field: getattr(acl.lib, f"aclrtGet{field}FromExceptionInfo")(info) for field in FIELDS}
        )

    function = acl.ExceptionFunction(keep)
    acl.call("aclrtSetExceptionInfoCallback", function)
    yield failures
    acl.call("aclrtSetExceptionInfoCallback", acl.ExceptionFunction())


def last_task() -> int:
    return acl.value("aclrtGetThreadLastTaskId", ctypes.c_uint32)


def test_a_task_that_fails_is_told_by_its_number(device, told):
    slow, stream, event = acl.stream(), acl.stream(), acl.event()
    with acl.gate(slow):
        acl.call("aclrtRecordEvent", event, slow)
        acl.launch(stream, lambda: None)
        acl.call("aclrtStreamWaitEventWithTimeout", stream, event, 50)
        guilty = last_task()
        acl.launch(stream, lambda: None)
        assert last_task() == guilty + 1
        with pytest.raises(acl.AclError):
            acl.call("aclrtSynchronizeStream", stream)
    assert told == [
        {
            "TaskId": guilty,
            "StreamId": acl.value("aclrtStreamGetId", ctypes.c_int32, stream),
            "ThreadId": threading.get_native_id(),
            "DeviceId": 0,
            "ErrorCode": acl.WAIT_TIMEOUT,
        }
    ]
    acl.call("aclrtStreamAbort", stream)


def test_numbers_are_the_calling_threads_own(device):
    stream, others = acl.stream(), []
    acl.launch(stream, lambda: None)
    mine = last_task()

    def work() -> None:
        acl.call("aclrtSetDevice", 0)
        before = last_task()
        acl.launch(stream, lambda: None)
        others.extend([before, last_task()])

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert others == [0xFFFFFFFF, mine + 1]
    assert last_task() == mine


def test_nothing_is_known_without_information():
    assert {
        getattr(acl.lib, f"aclrtGet{field}FromExceptionInfo")(None) & 0xFFFFFFFF for field in FIELDS
    } == {0xFFFFFFFF}

"""Streams: ordered, asynchronous, bounded, and safe to misuse."""

import ctypes
import threading
import time

import acl
import pytest


def test_tasks_run_in_order_and_after_the_call_has_returned(device):
    stream, ran = acl.stream(), []
    with acl.gate(stream):
        for number in range(100):
            acl.launch(stream, lambda number=number: ran.append(number))
        assert ran == []
        assert not acl.stream_idle(stream)
    acl.call("aclrtSynchronizeStream", stream)
    assert ran == list(range(100))
    assert acl.stream_idle(stream)


def test_streams_do_not_wait_for_each_other(device):
    slow, fast, ran = acl.stream(), acl.stream(), []
    with acl.gate(slow):
        acl.launch(fast, lambda: ran.append("fast"))
        acl.call("aclrtSynchronizeStream", fast)
        assert ran == ["fast"]
        assert not acl.stream_idle(slow)


def test_a_full_queue_holds_the_producer_back(device):
    stream = acl.stream()
    pinned, block = acl.malloc_host(8), acl.malloc(8)
    copies = 10_000
    submitted = threading.Event()

    def produce():
        acl.call("aclrtSetDevice", 0)
        for _ in range(copies):
            acl.call("aclrtMemcpyAsync", block, 8, pinned, 8, acl.H2D, stream)
        submitted.set()

    before = acl.lib.emulatorMemcpyCount(0)
    with acl.gate(stream):
        producer = threading.Thread(target=produce)
        producer.start()
        assert not submitted.wait(0.5)
    assert submitted.wait(30)
    producer.join()
    acl.call("aclrtSynchronizeStream", stream)
    assert acl.lib.emulatorMemcpyCount(0) == before + copies


def test_many_threads_may_feed_one_stream(device):
    stream, ran = acl.stream(), []

    def produce(thread):
        acl.call("aclrtSetDevice", 0)
        for number in range(500):
            acl.launch(stream, lambda: ran.append((thread, number_of[thread])))
            number_of[thread] = number

    number_of = [0] * 4
    threads = [threading.Thread(target=produce, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    acl.call("aclrtSynchronizeStream", stream)
    assert len(ran) == 2000


def test_synchronize_times_out_with_its_code(device):
    stream = acl.stream()
    with acl.gate(stream):
        begin = time.monotonic()
        for call in (
            lambda: acl.call("aclrtSynchronizeStreamWithTimeout", stream, 100),
            lambda: acl.call("aclrtSynchronizeDeviceWithTimeout", 100),
        ):
            with pytest.raises(acl.AclError, match="unfinished tasks") as error:
                call()
            assert error.value.code == acl.STREAM_TIMEOUT
        assert 0.2 <= time.monotonic() - begin < 5
    acl.call("aclrtSynchronizeStreamWithTimeout", stream, 10_000)


def test_synchronize_device_waits_for_all_streams(device):
    streams, ran = [acl.stream() for _ in range(5)], []
    for stream in [*streams, None]:
        acl.launch(stream, lambda: (time.sleep(0.05), ran.append(1)))
    acl.call("aclrtSynchronizeDevice")
    assert len(ran) == 6


def test_destroy_finishes_what_is_queued(device):
    stream, ran = acl.stream(), []
    for _ in range(10):
        acl.launch(stream, lambda: (time.sleep(0.005), ran.append(1)))
    acl.call("aclrtDestroyStream", stream)
    assert len(ran) == 10


def test_destroy_by_force_drops_what_is_queued(device):
    stream, ran, running = acl.stream(), [], threading.Event()
    acl.launch(stream, lambda: (running.set(), time.sleep(0.2), ran.append("running")))
    for _ in range(10):
        acl.launch(stream, lambda: ran.append("queued"))
    assert running.wait(10)
    acl.call("aclrtDestroyStreamForce", stream)
    assert ran == ["running"]


@pytest.mark.parametrize("handle", [0x1000, -8])
def test_a_handle_that_never_was_a_stream(device, handle):
    with pytest.raises(acl.AclError, match="is no live stream") as error:
        acl.call("aclrtSynchronizeStream", handle)
    assert error.value.code == acl.INVALID_HANDLE


def test_a_destroyed_stream_is_refused_everywhere(device):
    stream, event, block = acl.stream(), acl.event(), acl.malloc(8)
    acl.call("aclrtDestroyStream", stream)
    for call in (
        lambda: acl.call("aclrtDestroyStream", stream),
        lambda: acl.call("aclrtRecordEvent", event, stream),
        lambda: acl.call("aclrtStreamWaitEvent", stream, event),
        lambda: acl.call("aclrtMemsetAsync", block, 8, 0, 8, stream),
        lambda: acl.launch(stream, lambda: None),
    ):
        with pytest.raises(acl.AclError, match="already destroyed"):
            call()


def test_the_default_stream_stays(device):
    acl.call("aclrtSynchronizeStream", None)
    with pytest.raises(acl.AclError, match="default stream cannot be destroyed"):
        acl.call("aclrtDestroyStream", None)


def test_a_stream_of_another_device_is_refused(device):
    stream = acl.stream()
    acl.call("aclrtSetDevice", 1)
    with pytest.raises(acl.AclError, match=r"belongs to device 0, but .* device is 1") as error:
        acl.launch(stream, lambda: None)
    assert error.value.code == acl.STREAM_CONTEXT
    acl.call("aclrtResetDevice", 1)


def test_waiting_for_oneself_is_refused(device):
    stream, errors = acl.stream(), []

    def wait():
        acl.call("aclrtSetDevice", 0)
        try:
            acl.call("aclrtSynchronizeStream", stream)
        except acl.AclError as error:
            errors.append(error.message)

    acl.launch(stream, wait)
    acl.call("aclrtSynchronizeStreamWithTimeout", stream, 10_000)
    assert "wait for itself" in errors[0]


@pytest.mark.parametrize(("priority", "flag"), [(8, 0), (0, 0x8000)])
def test_wrong_priority_or_flag(device, priority, flag):
    with pytest.raises(acl.AclError, match=r"priority=.*flag="):
        acl.make("aclrtCreateStreamWithConfig", priority, flag)


def test_stream_ids_differ(device):
    ids = {acl.value("aclrtStreamGetId", acl.c_int32, acl.stream()) for _ in range(10)}
    assert len(ids) == 10


def fail_asynchronously(stream):
    """An event that another stream does not reach within a second of waiting fails the stream."""
    other, event = acl.stream(), acl.event()
    acl.call("aclrtSetOpWaitTimeout", 1)
    try:
        with acl.gate(other):
            acl.call("aclrtRecordEvent", event, other)
            acl.call("aclrtStreamWaitEvent", stream, event)
            acl.lib.aclrtSynchronizeStream(stream)
    finally:
        acl.call("aclrtSetOpWaitTimeout", 0)
    acl.message()


def test_an_asynchronous_error_is_told_at_every_synchronization(device):
    stream, after = acl.stream(), acl.event()
    fail_asynchronously(stream)
    fail_asynchronously(stream)  # what follows a failure does not replace it
    acl.call("aclrtRecordEvent", after, stream)
    for call in (
        lambda: acl.call("aclrtSynchronizeStream", stream),
        lambda: acl.call("aclrtSynchronizeStream", stream),
        lambda: acl.call("aclrtSynchronizeDevice"),
        lambda: acl.call("aclrtSynchronizeEvent", after),
    ):
        with pytest.raises(
            acl.AclError, match=r"task 1, EVENT_WAIT, on stream \d+ of device 0"
        ) as e:
            call()
        assert e.value.code == acl.WAIT_TIMEOUT


def test_other_streams_do_not_see_the_error(device):
    stream, other = acl.stream(), acl.stream()
    fail_asynchronously(stream)
    acl.call("aclrtSynchronizeStream", other)


@pytest.mark.parametrize("synchronized", [False, True])
def test_the_error_spreads_to_streams_that_wait_for_the_work(device, synchronized):
    stream, follower, event = acl.stream(), acl.stream(), acl.event()
    fail_asynchronously(stream)
    acl.call("aclrtRecordEvent", event, stream)
    if synchronized:
        acl.lib.aclrtSynchronizeEvent(event)
    acl.call("aclrtStreamWaitEvent", follower, event)
    with pytest.raises(
        acl.AclError, match=r"task 1, EVENT_WAIT,.* failed: task 1, EVENT_WAIT,"
    ) as e:
        acl.call("aclrtSynchronizeStream", follower)
    assert e.value.code == acl.WAIT_TIMEOUT


@pytest.mark.parametrize(("mode", "expected"), [(0, [1]), (1, [])])
def test_failure_mode_decides_whether_later_tasks_run(device, mode, expected):
    stream, ran = acl.stream(), []
    acl.call("aclrtSetStreamFailureMode", stream, mode)
    fail_asynchronously(stream)
    acl.launch(stream, lambda: ran.append(1))
    acl.lib.aclrtSynchronizeStream(stream)
    assert ran == expected


FAILURE_MODE, OVERFLOW_CHECK, USER_TAG, CACHE_OP_INFO = 1, 2, 3, 4  # aclrtStreamAttr


def attribute(stream, which: int) -> int:
    value = ctypes.c_uint64(0)
    acl.call("aclrtGetStreamAttribute", stream, which, ctypes.byref(value))
    return value.value


@pytest.mark.parametrize(
    ("which", "value"),
    [(FAILURE_MODE, 1), (OVERFLOW_CHECK, 1), (USER_TAG, 77), (CACHE_OP_INFO, 1)],
)
def test_attributes_are_told_back(device, which, value):
    stream = acl.stream()
    assert attribute(stream, which) == 0
    acl.call("aclrtSetStreamAttribute", stream, which, ctypes.byref(ctypes.c_uint64(value)))
    assert attribute(stream, which) == value
    assert attribute(acl.stream(), which) == 0


@pytest.mark.parametrize(
    ("which", "value", "message"),
    [(FAILURE_MODE, 2, "mode 2"), (OVERFLOW_CHECK, 5, "0 or 1, not 5"), (9, 0, "attribute 9")],
)
def test_attributes_that_there_are_not(device, which, value, message):
    with pytest.raises(acl.AclError, match=message) as error:
        acl.call(
            "aclrtSetStreamAttribute", acl.stream(), which, ctypes.byref(ctypes.c_uint64(value))
        )
    assert error.value.code == acl.PARAM_INVALID

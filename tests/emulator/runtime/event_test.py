"""Events: order between streams, times, and handles that outlive what they refer to."""

import ctypes
import time

import acl
import pytest

SIZE = 1024


def elapsed(start, end):
    milliseconds = ctypes.c_float()
    acl.call("aclrtEventElapsedTime", ctypes.byref(milliseconds), start, end)
    return milliseconds.value


def copy_behind(producer, consumer, ordered):
    """A slow write on one stream, a copy on the other; what the copy saw before and after."""
    source, target, event = acl.malloc(SIZE), acl.malloc(SIZE), acl.event()
    with acl.gate(producer):
        acl.call("aclrtMemsetAsync", source, SIZE, 1, SIZE, producer)
        acl.call("aclrtRecordEvent", event, producer)
        if ordered:
            acl.call("aclrtStreamWaitEvent", consumer, event)
        acl.call("aclrtMemcpyAsync", target, SIZE, source, SIZE, acl.D2D, consumer)
        if ordered:
            time.sleep(0.2)
            assert not acl.stream_idle(consumer)
        else:
            acl.call("aclrtSynchronizeStreamWithTimeout", consumer, 10_000)
    acl.call("aclrtSynchronizeDevice")
    return acl.download(target, SIZE)


def test_a_copy_sees_work_that_an_event_orders_before_it(device):
    assert copy_behind(acl.stream(), acl.stream(), ordered=True) == b"\1" * SIZE


def test_a_copy_does_not_wait_when_nothing_orders(device):
    assert copy_behind(acl.stream(), acl.stream(), ordered=False) == bytes(SIZE)


def test_order_between_devices(device):
    acl.call("aclrtSetDevice", 1)
    event, consumer, ran = acl.event(), acl.stream(), []
    acl.call("aclrtSetDevice", 0)
    producer = acl.stream()
    acl.launch(producer, lambda: (time.sleep(0.1), ran.append("producer")))
    acl.call("aclrtRecordEvent", event, producer)
    acl.call("aclrtSetDevice", 1)
    acl.call("aclrtStreamWaitEvent", consumer, event)
    acl.launch(consumer, lambda: ran.append("consumer"))
    acl.call("aclrtSynchronizeStream", consumer)
    assert ran == ["producer", "consumer"]
    acl.call("aclrtResetDevice", 1)


def test_a_wait_is_for_the_recording_at_that_moment(device):
    """Recording the event again, elsewhere, neither releases nor prolongs an earlier wait."""
    first, second, waiting = acl.stream(), acl.stream(), acl.stream()
    event = acl.event()
    with acl.gate(first):
        acl.call("aclrtRecordEvent", event, first)
        acl.call("aclrtStreamWaitEvent", waiting, event)
        acl.call("aclrtRecordEvent", event, second)
        acl.call("aclrtSynchronizeEvent", event)
        time.sleep(0.1)
        assert not acl.stream_idle(waiting)
    acl.call("aclrtSynchronizeStreamWithTimeout", waiting, 10_000)

    with acl.gate(second):
        acl.call("aclrtRecordEvent", event, first)
        acl.call("aclrtStreamWaitEvent", waiting, event)
        acl.call("aclrtRecordEvent", event, second)
        acl.call("aclrtSynchronizeStreamWithTimeout", waiting, 10_000)


def test_status_follows_each_recording(device):
    stream, event = acl.stream(), acl.event()
    assert not acl.event_complete(event)
    for _ in range(3):
        with acl.gate(stream):
            acl.call("aclrtRecordEvent", event, stream)
            assert not acl.event_complete(event)
        acl.call("aclrtSynchronizeEvent", event)
        assert acl.event_complete(event)
    acl.call("aclrtResetEvent", event, stream)
    assert not acl.event_complete(event)


def test_stream_and_event_agree_on_what_is_done(device):
    stream, event = acl.stream(), acl.event()
    for _ in range(2000):
        acl.call("aclrtRecordEvent", event, stream)
        acl.call("aclrtSynchronizeEvent", event)
        assert acl.stream_idle(stream)
    for _ in range(2000):
        acl.call("aclrtRecordEvent", event, stream)
        acl.call("aclrtSynchronizeStream", stream)
        assert acl.event_complete(event)
    for _ in range(2000):
        acl.call("aclrtRecordEvent", event, stream)
        if acl.stream_idle(stream):
            assert acl.event_complete(event)


def test_synchronize_event_times_out(device):
    stream, event = acl.stream(), acl.event()
    with acl.gate(stream):
        acl.call("aclrtRecordEvent", event, stream)
        with pytest.raises(acl.AclError, match="after 100 ms") as error:
            acl.call("aclrtSynchronizeEventWithTimeout", event, 100)
        assert error.value.code == acl.EVENT_TIMEOUT
    acl.call("aclrtSynchronizeEventWithTimeout", event, 10_000)


def test_a_wait_for_an_event_that_was_never_recorded_is_none(device):
    stream = acl.stream()
    acl.call("aclrtStreamWaitEvent", stream, acl.event())
    acl.call("aclrtSynchronizeStreamWithTimeout", stream, 10_000)


def test_destroying_an_event_does_not_release_those_who_wait(device):
    producer, consumer, event, ran = acl.stream(), acl.stream(), acl.event(), []
    with acl.gate(producer):
        acl.call("aclrtRecordEvent", event, producer)
        acl.call("aclrtStreamWaitEvent", consumer, event)
        acl.call("aclrtDestroyEvent", event)
        acl.launch(consumer, lambda: ran.append(1))
        time.sleep(0.1)
        assert ran == []
    acl.call("aclrtSynchronizeStreamWithTimeout", consumer, 10_000)
    assert ran == [1]


def test_destroying_a_stream_by_force_releases_those_who_wait(device):
    producer, consumer, event = acl.stream(), acl.stream(), acl.event()
    acl.launch(producer, lambda: time.sleep(0.2))
    acl.call("aclrtRecordEvent", event, producer)
    acl.call("aclrtStreamWaitEvent", consumer, event)
    acl.call("aclrtDestroyStreamForce", producer)
    acl.call("aclrtSynchronizeStreamWithTimeout", consumer, 10_000)


def test_a_destroyed_event_is_refused(device):
    event = acl.event()
    acl.call("aclrtDestroyEvent", event)
    for name, arguments in {
        "aclrtDestroyEvent": (event,),
        "aclrtRecordEvent": (event, None),
        "aclrtSynchronizeEvent": (event,),
    }.items():
        with pytest.raises(acl.AclError, match="is no live event") as error:
            acl.call(name, *arguments)
        assert error.value.code == acl.INVALID_HANDLE


def test_elapsed_time_is_that_of_the_work_between(device):
    stream, start, end = acl.stream(), acl.event(), acl.event()
    acl.call("aclrtRecordEvent", start, stream)
    acl.launch(stream, lambda: time.sleep(0.1))
    acl.call("aclrtRecordEvent", end, stream)
    acl.call("aclrtSynchronizeStream", stream)
    assert 100 <= elapsed(start, end) < 5000
    with pytest.raises(acl.AclError) as error:
        elapsed(end, start)
    assert error.value.code == acl.TIMESTAMP_REVERSAL


def test_elapsed_time_needs_finished_events_that_keep_times(device):
    stream, done, pending = acl.stream(), acl.event(), acl.event()
    acl.call("aclrtRecordEvent", done, stream)
    acl.call("aclrtSynchronizeStream", stream)
    with acl.gate(stream):
        acl.call("aclrtRecordEvent", pending, stream)
        for other, code in (
            (pending, acl.EVENT_NOT_COMPLETE),
            (acl.event(), acl.TIMESTAMP_INVALID),
            (acl.event(acl.EVENT_SYNC), acl.TIMESTAMP_INVALID),
        ):
            with pytest.raises(acl.AclError) as error:
                elapsed(done, other)
            assert error.value.code == code

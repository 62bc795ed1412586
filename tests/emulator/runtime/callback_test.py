"""Functions of the client that streams launch on a thread of the client."""

import threading

import acl
import pytest

NO_BLOCK, BLOCK = 0, 1


def launch_callback(stream, function, block):
    callback = acl.HostFunction(lambda _: (function(), None)[1])
    acl._alive.append(callback)
    acl.call("aclrtLaunchCallback", callback, None, block, stream)


@pytest.fixture
def subscribed(device):
    stream = acl.stream()
    thread = threading.get_ident()
    acl.call("aclrtSubscribeReport", thread, stream)
    yield stream
    acl.lib.aclrtUnSubscribeReport(thread, stream)


def test_callbacks_run_on_the_thread_that_processes_reports(subscribed):
    threads = []
    launch_callback(subscribed, lambda: threads.append(threading.get_ident()), NO_BLOCK)
    acl.call("aclrtSynchronizeStream", subscribed)
    assert threads == []
    acl.call("aclrtProcessReport", 10_000)
    assert threads == [threading.get_ident()]


def test_a_blocking_callback_holds_the_stream(subscribed):
    ran = []
    launch_callback(subscribed, lambda: ran.append("callback"), BLOCK)
    acl.launch(subscribed, lambda: ran.append("next"))
    with pytest.raises(acl.AclError):
        acl.call("aclrtSynchronizeStreamWithTimeout", subscribed, 100)
    assert ran == []
    acl.call("aclrtProcessReport", 10_000)
    acl.call("aclrtSynchronizeStream", subscribed)
    assert ran == ["callback", "next"]


def test_unsubscribing_releases_the_stream(subscribed):
    launch_callback(subscribed, lambda: None, BLOCK)
    acl.call("aclrtUnSubscribeReport", threading.get_ident(), subscribed)
    acl.call("aclrtSynchronizeStreamWithTimeout", subscribed, 10_000)


def test_process_report_times_out(subscribed):
    with pytest.raises(acl.AclError, match="within 50 ms") as error:
        acl.call("aclrtProcessReport", 50)
    assert error.value.code == acl.REPORT_TIMEOUT


def test_without_a_subscription(device):
    stream = acl.stream()
    with pytest.raises(acl.AclError, match="aclrtSubscribeReport first") as error:
        launch_callback(stream, lambda: None, BLOCK)
    assert error.value.code == acl.NO_CALLBACK_THREAD
    with pytest.raises(acl.AclError) as error:
        acl.call("aclrtUnSubscribeReport", threading.get_ident(), stream)
    assert error.value.code == acl.STREAM_SUBSCRIBE
    codes = []
    thread = threading.Thread(target=lambda: codes.append(acl.lib.aclrtProcessReport(10)))
    thread.start()
    thread.join(10)
    assert codes == [acl.THREAD_SUBSCRIBE]


def test_one_thread_per_stream(subscribed):
    with pytest.raises(acl.AclError, match="already subscribed"):
        acl.call("aclrtSubscribeReport", 1234, subscribed)

"""Binding threads to cores."""

import os
import threading

import pytest
import torch

from torch_npu import utils

ALLOWED = os.sched_getaffinity(0)
FIRST = min(ALLOWED)


@pytest.fixture(autouse=True)
def restore():
    yield
    utils.reset_thread_affinity()
    assert os.sched_getaffinity(0) == ALLOWED


@pytest.mark.parametrize("core_range", [[FIRST, FIRST], [[FIRST, FIRST]], ((FIRST, FIRST),)])
def test_a_thread_is_bound_to_the_cores(core_range):
    utils.set_thread_affinity(core_range)
    assert os.sched_getaffinity(0) == {FIRST}
    utils.set_thread_affinity([FIRST, FIRST])
    utils.reset_thread_affinity()
    assert os.sched_getaffinity(0) == ALLOWED


def test_without_cores_each_device_has_a_share():
    utils.set_thread_affinity()
    bound = os.sched_getaffinity(0)
    assert bound and bound <= ALLOWED
    assert len(bound) == max(len(ALLOWED) // torch.npu.device_count(), 1)


def test_other_threads_are_as_before():
    found = []
    other = threading.Thread(target=lambda: found.append(os.sched_getaffinity(0)))
    inner = threading.Thread(target=lambda: utils.set_thread_affinity([FIRST, FIRST]))
    for thread in (inner, other):
        thread.start()
        thread.join(60)
    assert found == [ALLOWED]


@pytest.mark.parametrize("core_range", [[1], [3, 1], [-1, 2], [[0, 1, 2]], []])
def test_bad_ranges_are_named(core_range):
    with pytest.raises(ValueError, match=r"expected core_range as \[first, last\]"):
        utils.set_thread_affinity(core_range)


def test_cores_that_are_not_there_are_named():
    with pytest.raises(ValueError, match=r"cannot bind to the cores \[1000000"):
        utils.set_thread_affinity([1000000, 1000000])

"""torch_npu.testing.testcase and decorator."""

import unittest
import warnings

import numpy as np
import pytest
import torch

from torch_npu.testing import decorator, testcase

CASE = testcase.TestCase()
NAN = float("nan")
ONES = torch.ones(3)


@pytest.mark.parametrize(
    ("x", "y", "options"),
    [
        (ONES.npu(), ONES, {}),
        (ONES, ONES + 9e-5, {}),
        (np.ones(3), np.ones(3) + 9e-5, {}),
        ([ONES, (ONES,)], [ONES, (ONES,)], {}),
        (ONES.half(), ONES.half() + 9e-4, {}),
        (ONES.half(), ONES, {"auto_trans_dtype": True}),
        (torch.tensor([NAN]), torch.tensor([NAN]), {}),
        (ONES, ONES + 0.05, {"prec": 0.1}),
    ],
)
def test_what_is_equal_within_tolerance(x, y, options):
    CASE.assertRtolEqual(x, y, **options)


@pytest.mark.parametrize(
    ("x", "y", "options"),
    [
        (ONES.npu(), ONES + 1e-3, {}),
        (ONES, ONES.half(), {}),
        (ONES, torch.ones(4), {}),
        ([ONES], [ONES, ONES], {}),
        (torch.tensor([NAN]), torch.tensor([1.0]), {}),
        (ONES.half(), ONES.half() + 0.01, {}),
    ],
)
def test_what_is_not(x, y, options):
    with pytest.raises(AssertionError):
        CASE.assertRtolEqual(x, y, **options)


def test_messages_are_kept():
    with pytest.raises(AssertionError, match="my words"):
        CASE.assertRtolEqual(ONES, ONES + 1, message="my words")


def test_equality():
    CASE.assertEqual(ONES.npu(), ONES)
    CASE.assertEqual(1.0, 1.05, 0.1)
    CASE.assertEqual([1, "a"], [1, "a"])
    CASE.assertNotEqual(ONES.npu(), ONES + 1)
    CASE.assertAlmostEqual(1.0, 1.04, places=1)
    CASE.assertAlmostEqual(1.0, 1.4, delta=0.5)
    with pytest.raises(AssertionError):
        CASE.assertEqual(ONES.npu(), ONES + 1)
    with pytest.raises(AssertionError):
        CASE.assertNotEqual(ONES, ONES.npu())
    with pytest.raises(AssertionError):
        CASE.assertAlmostEqual(1.0, 1.4)


def test_other_assertions():
    CASE.assertExpectedRaises(ZeroDivisionError, lambda x: 1 / x, 0)
    CASE.assertNotWarn(lambda: None)
    CASE.assertObjectIn(ONES, [1, ONES])
    with pytest.raises(AssertionError, match="careful"):
        CASE.assertNotWarn(lambda: warnings.warn("careful", stacklevel=1))
    with pytest.raises(AssertionError, match="is not in it"):
        CASE.assertObjectIn([], [[]])
    with pytest.raises(AssertionError):
        CASE.assertExpectedRaises(ValueError, lambda: None)


def test_a_test_for_each_dtype_and_format():
    ran = []

    @decorator.instantiate_tests
    class Tests(testcase.TestCase):
        @decorator.Dtypes(torch.float16, torch.float32)
        @decorator.Formats(0, 2)
        def test_it(self, dtype, npu_format):
            ran.append((dtype, npu_format))

        def test_plain(self):
            ran.append(None)

    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Tests).run(result)
    assert result.testsRun == len(ran) == 5 and result.wasSuccessful(), result.errors
    assert set(ran) == {None, *((d, f) for d in (torch.float16, torch.float32) for f in (0, 2))}
    assert hasattr(Tests, "test_it_0_float16")
    assert decorator.feed_data(lambda self, x: x, "test_a", 3)(None) == 3

    @decorator.instantiate_tests(npu_format=[1])
    class More:
        @decorator.Dtypes(torch.int8)
        def test_it(self, dtype, npu_format):
            return dtype, npu_format

    assert More().test_it_1_int8() == (torch.int8, 1)
    with pytest.raises(ValueError, match="Dtypes needs at least one dtype"):
        decorator.Dtypes()

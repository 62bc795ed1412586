"""Decimal numbers in a text, read for many places at once."""

import numpy as np

_MOST_DIGITS = 19
_MINUS, _POINT, _ZERO = b"-.0"


def read_integers(data: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """The integers that begin at `positions` of `data` (uint8); 0 where none does."""
    return _read(data, positions)[0]


def read_nanoseconds(data: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """The numbers that begin at `positions`, which are µs, in ns: exact, where a float would round.
    More than three decimals are cut off."""
    whole, negative, positions = _read(data, positions)
    thousandths = np.zeros(len(whole), np.int64)
    decimal = np.flatnonzero(_at(data, positions) == _POINT)
    if len(decimal):
        digits, ends = _digits(data, positions[decimal] + 1, 3)
        length = ends - positions[decimal] - 1
        thousandths[decimal] = digits * np.array([1000, 100, 10, 1])[length]
    return whole * 1000 + np.where(negative, -thousandths, thousandths)


def _read(data: np.ndarray, positions: np.ndarray):
    """(integers, which are negative, where the digits end)"""
    negative = _at(data, positions) == _MINUS
    digits, positions = _digits(data, positions + negative, _MOST_DIGITS)
    return np.where(negative, -digits, digits), negative, positions


def _digits(data: np.ndarray, positions: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    values, positions = np.zeros(len(positions), np.int64), positions.copy()
    for _ in range(most):
        digit = _at(data, positions) - np.uint8(_ZERO)
        going = digit < 10
        if not going.any():
            break
        values = np.where(going, values * 10 + digit, values)
        positions += going
    return values, positions


def _at(data: np.ndarray, positions: np.ndarray) -> np.ndarray:
    return data.take(positions, mode="clip")

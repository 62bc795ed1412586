"""Texts from columns, against Python's own formatting."""

import json
import random
from decimal import Decimal

import numpy as np
import pytest

from torch_npu.profiler.analysis.rows import Integers, Microseconds, Words, blocks
from torch_npu.profiler.analysis.texts import Texts

INTERESTING = [0, 1, 9, 10, 999, 1000, 1001, 9999, 10000, 10**18, 2**63 - 1]


def text(*pieces) -> str:
    return b"".join(blocks(pieces)).decode()


def numbers(seed: int, count: int) -> list[int]:
    generator = random.Random(seed)
    return [generator.randrange(10 ** generator.randint(1, 18)) for _ in range(count)]


@pytest.mark.parametrize("values", [INTERESTING, [-n for n in INTERESTING], numbers(0, 500)])
def test_integers(values):
    assert text(Integers(np.array(values)), b"\n").split() == [str(value) for value in values]


@pytest.mark.parametrize("values", [INTERESTING, [-n for n in INTERESTING], numbers(1, 500)])
def test_microseconds_are_exact(values):
    wanted = [f"{Decimal(value) / 1000:.3f}" for value in values]
    wanted = ["0.000" if cell == "-0.000" else cell for cell in wanted]
    assert text(Microseconds(np.array(values)), b"\n").split() == wanted


def test_words_keep_their_order_and_are_converted_once():
    words = ["b", "", 'a "quote"', "b", "é", "a" * 300, "b"]
    converted = []
    column = Words(Texts.of(words), lambda word: converted.append(word) or json.dumps(word))
    lines = text(b"<", column, b">\n").splitlines()
    assert [json.loads(line[1:-1]) for line in lines] == words
    assert len(converted) == len(set(words))


def test_one_very_long_text_among_many_rows():
    words = ["short"] * 5000
    words[2500] = "x" * 1_000_000
    assert text(Words(Texts.of(words)), b"\n").split() == words


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match=r"different lengths: \[2, 3\]"):
        text(Integers(np.arange(2)), Integers(np.arange(3)))


def test_no_rows():
    assert text(b"x", Integers(np.arange(0))) == ""

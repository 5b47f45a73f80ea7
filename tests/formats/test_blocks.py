"""Vectors read as they are asked for look like an array, and halves become float32 exactly."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.formats import halves
from explorer.formats.blocks import Blocks

ARRAY = np.random.default_rng(0).normal(size=(23, 3)).astype("f4")


def blocks(step: int) -> tuple[Blocks, list[int]]:
    asked: list[int] = []

    def read(start: int, stop: int) -> np.ndarray:
        assert start % step == 0
        assert stop <= 23
        asked.append(start)
        return ARRAY[start:stop]

    return Blocks((23, 3), "f4", read, step), asked


@pytest.mark.parametrize("step", [1, 4, 23, 100])
def test_rows_are_those_of_the_array(step: int) -> None:
    found, _ = blocks(step)
    assert (found.shape, found.ndim, found.itemsize, len(found)) == ((23, 3), 2, 4, 23)
    for rows in (slice(0, 23), slice(3, 4), slice(5, 19), slice(7, 7), slice(None), slice(20, 99), slice(1, 20, 3)):
        np.testing.assert_array_equal(found[rows], ARRAY[rows])
    for some in ([0, 5, 6, 22], [22, 0, 7, 0], []):
        np.testing.assert_array_equal(found[np.array(some, int)], ARRAY[some])
    np.testing.assert_array_equal(found[ARRAY[:, 0] > 0], ARRAY[ARRAY[:, 0] > 0])
    np.testing.assert_array_equal(np.asarray(found), ARRAY)
    np.testing.assert_array_equal(found.T, ARRAY.T)


def test_each_block_is_read_once_in_a_pass() -> None:
    found, asked = blocks(8)
    for start in range(0, 23, 2):
        found[start : start + 2]
    assert asked == [0, 8, 16]
    asked.clear()
    found[np.array([17, 1, 9, 2, 18])]
    assert sorted(asked) == [0, 8] or sorted(asked) == [0, 8, 16]


def test_every_float16_is_exact() -> None:
    every = np.arange(1 << 16, dtype="u2").view("f2")
    finite = every[np.isfinite(every)].reshape(-1, 64)
    np.testing.assert_array_equal(halves.from_float16(finite).view("u4"), finite.astype("f4").view("u4"))
    for odd in (np.inf, -np.inf, np.nan):
        some = np.array([[1, odd, 65504, -6e-8]], "f2")
        np.testing.assert_array_equal(halves.from_float16(some), some.astype("f4"))
    assert halves.from_float16(np.zeros((0, 3), "f2")).shape == (0, 3)


def test_bfloat16_is_the_upper_half_of_float32() -> None:
    words = (ARRAY.view("u4") >> 16).astype("u2")
    np.testing.assert_array_equal(halves.from_bfloat16(words).view("u4") >> 16, words)

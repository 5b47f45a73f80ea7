"""One fast pass finds what looking at every number would find."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.core.progress import silent
from explorer.formats.cleaning import Inspector, inspected

NUMBERS = st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 3e38, -3e38, np.nan, np.inf, -np.inf, 1e-45])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(NUMBERS, min_size=3, max_size=3), min_size=1, max_size=12), st.integers(1, 5))
def test_it_finds_the_same_as_looking_at_every_number(rows: list[list[float]], step: int) -> None:
    vectors = np.array(rows, "f4")
    inspector = Inspector(3)
    for start in range(0, len(vectors), step):
        inspector.add(vectors[start : start + step])
    health = inspector.health()
    good = np.isfinite(vectors).all(axis=1)
    np.testing.assert_array_equal(health.bad, np.flatnonzero(~good))
    np.testing.assert_array_equal(health.good, np.flatnonzero(good))
    assert health.zero_rows == int((~vectors[good].any(axis=1)).sum())
    assert health.same == (good.sum() > 1 and bool((vectors[good] == vectors[good][:1]).all()))


def test_unit_length() -> None:
    vectors = np.random.default_rng(0).normal(size=(300, 16)).astype("f4")
    assert not inspected(vectors, silent).unit
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    unit[7] = 0
    assert inspected(unit.astype("f2"), silent).unit
    assert not inspected(np.zeros((4, 3), "f4"), silent).unit

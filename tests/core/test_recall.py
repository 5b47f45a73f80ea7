"""Hits, misses and extras, ties counted."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.core.neighbours import Neighbours
from explorer.core.recall import judged


def answer(**distances: float) -> Neighbours:
    """answer(_3=0.5, _7=0.6) holds rows 3 and 7."""
    rows = [int(name[1:]) for name in distances]
    return Neighbours(np.array(rows, np.int64), np.array(list(distances.values()), np.float64))


def test_a_full_answer_is_all_hits() -> None:
    verdict = judged(answer(_1=0.1, _2=0.2), answer(_1=0.1, _2=0.2), "cosine")
    assert (verdict.hits, verdict.extras, verdict.misses.tolist(), verdict.recall) == (2, 0, [], 1.0)


def test_a_missed_row_is_named_and_the_one_beyond_is_extra() -> None:
    verdict = judged(answer(_2=0.2, _9=0.9), answer(_1=0.1, _2=0.2), "euclidean")
    assert verdict.hit.tolist() == [True, False]
    assert (verdict.misses.tolist(), verdict.extras, verdict.recall) == ([1], 1, 0.5)


def test_another_row_of_the_same_distance_is_a_hit_and_the_farthest_miss_is_forgiven() -> None:
    verdict = judged(answer(_1=0.1, _8=0.2), answer(_1=0.1, _2=0.2), "manhattan")
    assert (verdict.hits, verdict.misses.tolist(), verdict.recall) == (2, [], 1.0)


def test_of_several_misses_the_farthest_are_forgiven_first() -> None:
    truth = answer(_1=0.1, _2=0.2, _3=0.2)
    verdict = judged(answer(_8=0.2, _9=0.2), truth, "euclidean")
    assert (verdict.misses.tolist(), verdict.recall) == ([1], 2 / 3)


def test_the_inner_product_is_judged_the_other_way_round() -> None:
    verdict = judged(answer(_1=9.0, _5=1.0), answer(_1=9.0, _2=8.0), "dot")
    assert verdict.hit.tolist() == [True, False]
    assert judged(answer(_1=-1.0), answer(_2=-1.0), "dot").recall == 1.0


def test_more_hits_than_asked_do_not_make_more_than_full_recall() -> None:
    assert judged(answer(_1=0.1, _2=0.2, _3=0.2), answer(_1=0.1, _2=0.2), "cosine").recall == 1.0


@pytest.mark.parametrize("far", [1e-7, 2.9e-7])
def test_the_tolerance_is_that_of_the_definition(far: float) -> None:
    verdict = judged(answer(_5=0.1 + far), answer(_1=0.1), "euclidean")
    assert verdict.hits == (1 if far < 2e-7 else 0)


def test_an_empty_truth_is_fully_found() -> None:
    assert judged(answer(), answer(), "cosine").recall == 1.0


def test_rows_without_a_cosine_count_when_truth_has_to_hold_them() -> None:
    verdict = judged(answer(_1=0.1, _3=np.nan), answer(_1=0.1, _2=np.nan), "cosine")
    assert verdict.recall == 1.0

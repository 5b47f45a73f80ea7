"""The table: what was found beside what is true."""

from __future__ import annotations

import numpy as np

from explorer.core.neighbours import Neighbours
from explorer.core.recall import judged
from explorer.session.lines import Line, lines


def neighbours(pairs: dict[int, float]) -> Neighbours:
    return Neighbours(np.array(list(pairs), np.int64), np.array(list(pairs.values()), np.float64))


def table(found: Neighbours, truth: Neighbours) -> list[tuple[int, int, str]]:
    made = lines(found, truth, judged(found, truth, "euclidean"))
    return [(line.rank, line.row, line.mark) for line in made]


def test_without_an_answer_there_is_nothing() -> None:
    assert lines(None, neighbours({1: 0.5}), None) == ()


def test_before_the_truth_is_there_all_is_pending_in_the_order_of_the_answer() -> None:
    assert lines(neighbours({7: 0.1, 3: 0.2}), None, None) == (Line(1, 7, 0.1, "pending"), Line(2, 3, 0.2, "pending"))


def test_hits_and_misses_stand_in_the_order_of_the_truth_and_extras_after_them() -> None:
    truth, found = neighbours({7: 0.1, 3: 0.2, 5: 0.3}), neighbours({7: 0.1, 5: 0.3, 9: 0.9})
    assert table(found, truth) == [(1, 7, "hit"), (2, 3, "miss"), (3, 5, "hit"), (0, 9, "extra")]


def test_a_row_as_near_as_the_last_true_one_is_a_hit_and_no_miss_is_shown_for_it() -> None:
    truth, found = neighbours({7: 0.1, 3: 0.2}), neighbours({7: 0.1, 4: 0.2})
    assert table(found, truth) == [(1, 7, "hit"), (2, 4, "hit")]


def test_nothing_found_is_all_missed() -> None:
    assert table(neighbours({}), neighbours({7: 0.1})) == [(1, 7, "miss")]


def test_no_truth_to_find_makes_no_lines() -> None:
    assert table(neighbours({}), neighbours({})) == []

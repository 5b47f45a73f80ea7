"""Candidates become Neighbours: no padding, no row twice, sorted by our own distances."""

from __future__ import annotations

import numpy as np

from explorer.core.neighbours import ranked

X = np.array([[0, 0], [3, 4], [1, 0], [0, 1], [6, 8]], np.float32)
Q = np.zeros(2, np.float32)


def test_padding_repeats_and_left_out_rows_are_dropped() -> None:
    found = ranked(X, Q, np.array([4, -1, 3, 3, 0, 1]), "euclidean", 10, leave_out=[0])
    assert found.rows.tolist() == [3, 1, 4]
    assert found.distances.tolist() == [1.0, 5.0, 10.0]
    assert len(found) == 3


def test_equal_distances_stand_in_the_order_of_rows() -> None:
    assert ranked(X, Q, np.array([3, 2, 0]), "euclidean", 3).rows.tolist() == [0, 2, 3]


def test_the_larger_product_is_nearer() -> None:
    assert ranked(X, np.array([1, 1], np.float32), np.arange(5), "dot", 2).rows.tolist() == [4, 1]


def test_zero_vectors_stand_behind_all_others_under_cosine() -> None:
    found = ranked(X, np.array([-1, -1], np.float32), np.arange(5), "cosine", 5)
    assert found.rows[-1] == 0
    assert np.isnan(found.distances[-1])


def test_no_candidates_give_an_empty_answer() -> None:
    found = ranked(X, Q, np.array([-1, -1]), "manhattan", 3)
    assert len(found) == 0
    assert repr(found) == "Neighbours()"


def test_repr_shows_rows_and_distances() -> None:
    assert repr(ranked(X, Q, np.array([1, 2]), "manhattan", 2)) == "Neighbours(2: 1, 1: 7)"

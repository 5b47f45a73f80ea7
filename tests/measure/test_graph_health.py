"""Graphs small enough to judge by eye, and one against a plain search through it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from explorer.core.metric import Metric, distances
from explorer.core.structure import Layers
from explorer.measure import graph_health


def layers(links: list[list[int]], levels: list[int] | None = None, *above: list[list[int]], entry: int = 0) -> Layers:
    """A graph from the links of each row on each layer."""
    each = [links, *above]
    starts = tuple(np.concatenate([[0], np.cumsum([len(some) for some in lists])]).astype(np.int64) for lists in each)
    flat = tuple(np.array([link for some in lists for link in some], np.int32) for lists in each)
    return Layers(np.array(levels or [0] * len(links), np.int8), starts, flat, entry)


def at_random(rows: int, most: int, seed: int = 4) -> Layers:
    random = np.random.default_rng(seed)
    return layers([random.choice(rows, random.integers(0, most), replace=False).tolist() for _ in range(rows)])


def test_degrees_hubs_and_what_nothing_leads_to() -> None:
    graph = layers([[1], [0]] + [[0]] * 30 + [[]], [0] * 32 + [-1])
    assert graph_health.in_degrees(graph).tolist() == [31, 1] + [0] * 31
    assert graph_health.out_degrees(graph).tolist() == [1] * 32 + [0]
    assert graph_health.hubs(graph).tolist() == [0]
    # Row 32 is not in the graph at all.
    assert graph_health.anti_hubs(graph).tolist() == list(range(2, 32))


def test_hubs_stand_in_their_order() -> None:
    graph = layers([[40, 41] if row < 35 else [40] for row in range(40)] + [[0], [0]] + [[] for _ in range(300)])
    assert graph_health.hubs(graph).tolist() == [40, 41]


def test_unreachable_from_the_entry_or_from_any_row_of_the_top_layer() -> None:
    ground = [[1], [2], [], [2], []]
    assert graph_health.unreachable(layers(ground)).tolist() == [3, 4]
    top = [[3], [], [], [], []]
    assert graph_health.unreachable(layers(ground, [1, 0, 0, 1, 0], top)).tolist() == [4]
    assert graph_health.unreachable(layers(ground, [1, 0, 0, 1, 0], [[]] * 5, entry=-1)).tolist() == [4]
    assert graph_health.unreachable(layers(ground, [1, 0, 0, 1, 0], [[]] * 5)).tolist() == [3, 4]
    assert graph_health.unreachable(layers(ground, [0, 0, 0, -1, -1])).tolist() == []


def test_unreachable_is_what_a_plain_search_does_not_come_to() -> None:
    graph = at_random(400, 4)
    reached, frontier = {0}, [0]
    while frontier:
        row = frontier.pop()
        for link in graph.links[0][graph.starts[0][row] : graph.starts[0][row + 1]].tolist():
            if link not in reached:
                reached.add(link)
                frontier.append(link)
    assert 1 < len(reached) < 400
    assert graph_health.unreachable(graph).tolist() == sorted(set(range(400)) - reached)


def test_pieces() -> None:
    graph = layers([[1], [0], [1], [4], [], []], [0, 0, 0, 0, 0, -1])
    count, pieces = graph_health.components(graph)
    assert count == 2
    assert pieces[0] == pieces[1] == pieces[2] != pieces[3] == pieces[4]
    assert pieces[5] == -1
    count, pieces = graph_health.components(graph, strong=True)
    assert count == 4
    assert pieces[0] == pieces[1]
    assert len(set(pieces[[0, 2, 3, 4]].tolist())) == 4


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "dot", "manhattan"])
def test_lengths_are_our_distances_by_their_median(metric: Metric) -> None:
    x: NDArray[np.float32] = np.random.default_rng(1).standard_normal((50, 6)).astype(np.float32)
    graph, rows = at_random(50, 8), np.array([3, 4, 30])
    found = graph_health.lengths(graph, x, metric, rows)
    expected = []
    for row in rows.tolist():
        targets = graph.links[0][graph.starts[0][row] : graph.starts[0][row + 1]]
        assert found.targets[found.rows == row].tolist() == targets.tolist()
        own = distances(metric, x[targets], x[row])
        expected += (1 - own if metric == "dot" else own).tolist()
    assert found.median == pytest.approx(np.median(expected))
    np.testing.assert_allclose(found.lengths, np.array(expected) / (1 if metric == "dot" else found.median), rtol=1e-9)
    assert len(graph_health.lengths(graph, x, metric, rows[:0]).lengths) == 0


def test_true_neighbours_without_a_link() -> None:
    graph = layers([[1, 2], [], [0]])
    truth = np.array([[1, 2], [0, 2], [0, -1]])
    found = graph_health.pruned(graph, np.array([0, 1, 2]), truth)
    assert found.tolist() == [[False, False], [True, True], [False, False]]
    assert graph_health.pruned(layers([[], []]), np.array([1]), np.array([[0, -1]])).tolist() == [[True, False]]


def test_a_large_graph() -> None:
    rows = 200_000
    links = ((np.arange(rows)[:, None] + np.arange(1, 17) ** 2) % rows).astype(np.int32).ravel()
    graph = Layers(np.zeros(rows, np.int8), (np.arange(rows + 1, dtype=np.int64) * 16,), (links,), 0)
    assert not len(graph_health.unreachable(graph))
    assert graph_health.components(graph)[0] == 1
    assert graph_health.in_degrees(graph).max() == 16

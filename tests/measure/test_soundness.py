"""The soundness of a graph in one value, on a graph that can be judged by eye and on a real one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from explorer.core.structure import Layers
from explorer.indexes import type_named
from explorer.indexes.building import built
from explorer.measure.soundness import soundness
from explorer.measure.truth import TrueNeighbours, true_neighbours
from tests.measure.conftest import NewDataset
from tests.measure.test_graph_health import layers
from tests.measure.test_whole import exact_of, vectors


def test_a_small_graph(new_dataset: NewDataset) -> None:
    # Rows on a line; 4 is linked to none, 5 is not in the graph.
    dataset = new_dataset(np.array([[0.0], [1], [2], [3], [10], [50]], np.float32))
    graph = layers([[1, 3], [0, 2], [1], [2], [], []], [0, 0, 0, 0, 0, -1])
    near = TrueNeighbours(np.array([0, 3, 5]), np.array([[1, 2], [2, 1], [4, 3]]), np.zeros((3, 2)))
    found = soundness(graph, dataset, "euclidean", near)
    assert found.degrees.tolist() == [1, 2, 2, 1, 0, -1]
    assert found.anti_hubs.tolist() == [4] and found.unreachable.tolist() == [4] and not len(found.hubs)
    assert found.pieces == 2 and found.sampled.tolist() == [0, 3] and found.median == 1
    assert found.pruned.tolist() == [0.5, 0.5] and found.longest.tolist() == [3, 1]
    assert found.links[0].tolist() == [0, 3] and found.lengths.tolist() == [3, 1, 1]
    assert found.counts.sum() == 3


def test_a_real_graph(new_dataset: NewDataset, tmp_path: Path) -> None:
    dataset = new_dataset(vectors(500, 6))
    handle = built(dataset, "faiss-hnsw", "euclidean", {"M": 4}, tmp_path / "hnsw")
    searcher = type_named("faiss-hnsw").open(handle, dataset)
    (graph,) = (part for part in searcher.structure() if isinstance(part, Layers))
    with exact_of(dataset, "euclidean", tmp_path / "exact") as exact:
        near = true_neighbours(dataset, "euclidean", exact, np.arange(0, 500, 5), 10)
    found = soundness(graph, dataset, "euclidean", near)
    searcher.close()
    for i, row in enumerate(found.sampled.tolist()):
        linked = graph.links[0][graph.starts[0][row] : graph.starts[0][row + 1]]
        lengths = np.linalg.norm(dataset.vectors[linked] - dataset.vectors[row], axis=1) / found.median
        assert found.longest[i] == pytest.approx(lengths.max(), rel=1e-5)
        assert found.pruned[i] == pytest.approx(1 - np.isin(near.neighbours[i], linked).mean())
    assert found.k == 10 and found.counts.sum() == sum(
        graph.starts[0][row + 1] - graph.starts[0][row] for row in found.sampled.tolist()
    )

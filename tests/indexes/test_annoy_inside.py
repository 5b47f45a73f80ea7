"""Inside Annoy: the forest is what the file holds, a replay is the library's own search, and causes are exact."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from annoy import AnnoyIndex
from numpy.typing import NDArray

from explorer.core import forest as forests
from explorer.core.dataset import Dataset
from explorer.core.metric import METRICS, Metric
from explorer.core.progress import silent
from explorer.core.structure import Forest
from explorer.core.trace import LEAF, SPLIT
from explorer.errors import BadFile, BadParameter, Cancelled
from explorer.indexes import asking, type_named
from explorer.indexes.annoy import structure
from explorer.indexes.annoy.layout import Layout
from explorer.indexes.annoy.searcher import AnnoySearcher
from explorer.indexes.building import built
from explorer.indexes.saved import open_saved
from tests.indexes.test_annoy import own_file

MakeDataset = Callable[..., Dataset]
TREES = 7


def clustered(rows: int = 3000, dimensions: int = 20) -> NDArray[np.float32]:
    """Clusters of unequal size and lengths; a tenth of the rows are equal, which annoy can only part by lot."""
    random = np.random.default_rng(2)
    centres = random.standard_normal((12, dimensions)) * 2
    x = centres[random.integers(0, 12, rows) ** 2 % 12] + random.standard_normal((rows, dimensions))
    x *= random.lognormal(0, 0.4, (rows, 1))
    x[: rows // 10] = x[0]
    return x.astype(np.float32)


def opened(dataset: Dataset, metric: Metric, folder: Path, trees: int = TREES) -> AnnoySearcher:
    handle = built(dataset, "annoy", metric, {"trees": trees, "seed": 5}, folder)
    searcher = type_named("annoy").open(handle, dataset)
    assert isinstance(searcher, AnnoySearcher)
    return searcher


def queries(x: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Half of them rows, half beside rows."""
    random = np.random.default_rng(3)
    found = x[random.choice(len(x), count, replace=False)]
    found[::2] += random.normal(0, 0.3, found[::2].shape)
    return found


@pytest.mark.parametrize("metric", METRICS)
def test_every_tree_holds_every_row_once(make_dataset: MakeDataset, tmp_path: Path, metric: Metric) -> None:
    dataset = make_dataset(clustered())
    (forest,) = opened(dataset, metric, tmp_path / "i").structure()
    assert isinstance(forest, Forest)
    assert len(forest.roots) == TREES
    leaf = forest.children[:, 0] < 0
    for tree in range(TREES):
        leaves = np.flatnonzero(leaf & (forest.trees == tree))
        rows = np.concatenate([forests.rows_of(forest, node) for node in leaves])
        assert np.sort(rows).tolist() == list(range(dataset.rows))
    split = np.flatnonzero(~leaf)
    children = forest.children[split]
    np.testing.assert_array_equal(forest.parents[children], np.stack([split, split], axis=1))
    assert (forest.depths[children] == forest.depths[split][:, None] + 1).all()
    np.testing.assert_array_equal(forest.trees[children], np.stack([forest.trees[split]] * 2, axis=1))
    np.testing.assert_array_equal(forest.sizes[children].sum(axis=1), forest.sizes[split])
    assert (forest.parents[forest.roots] == -1).all() and (forest.depths[forest.roots] == 0).all()
    assert (children > split[:, None]).all()
    assert forest.random.any() and not forest.random[leaf].any() and not forest.random.all()


@pytest.mark.parametrize("metric", METRICS)
def test_rows_are_on_the_side_of_a_plane_on_which_they_stand(
    make_dataset: MakeDataset, tmp_path: Path, metric: Metric
) -> None:
    dataset = make_dataset(clustered())
    searcher = opened(dataset, metric, tmp_path / "i")
    (forest,) = searcher.structure()
    assert isinstance(forest, Forest)
    looked_at = 0
    for tree in range(TREES):
        for depth in range(3):
            now, then = forests.branches(forest, tree, depth), forests.branches(forest, tree, depth + 1)
            for node in np.unique(now):
                if forest.children[node, 0] < 0:
                    continue
                margins, below = searcher.margins(int(node)), now == node
                assert margins.shape == (dataset.rows,) and margins.dtype == np.float32
                if forest.random[node]:
                    assert not margins.any()
                    continue
                sure = below & (np.abs(margins) > 1e-5 * np.abs(margins).max())
                np.testing.assert_array_equal(margins[sure] > 0, then[sure] == forest.children[node, 1])
                looked_at += 1
    assert looked_at > 3 * TREES


def test_a_leaf_has_no_margins(make_dataset: MakeDataset, tmp_path: Path) -> None:
    searcher = opened(make_dataset(clustered()), "cosine", tmp_path / "i")
    (forest,) = searcher.structure()
    assert isinstance(forest, Forest)
    for node in (int(np.flatnonzero(forest.children[:, 0] < 0)[0]), -1, len(forest.children)):
        with pytest.raises(BadParameter, match="no split"):
            searcher.margins(node)


@pytest.mark.parametrize("search_k", [1, 60, 700, 10**6])
@pytest.mark.parametrize("metric", METRICS)
def test_a_replay_is_the_librarys_own_search(
    make_dataset: MakeDataset, tmp_path: Path, metric: Metric, search_k: int
) -> None:
    x = clustered()
    searcher = opened(make_dataset(x), metric, tmp_path / "i")
    for query in queries(x, 60):
        trace = searcher.trace(query, 10, {"search_k": search_k})
        theirs = searcher.search(query[None], 10, {"search_k": search_k})[0]
        assert trace.differs == ""
        # Equal rows, of which there are many here, have equal scores; their order is annoy's too.
        assert trace.found.tolist() == theirs[theirs >= 0].tolist()


@pytest.mark.parametrize("own", ["angular", "euclidean", "manhattan", "dot"])
def test_a_file_made_elsewhere_is_replayed_too(make_dataset: MakeDataset, tmp_path: Path, own: str) -> None:
    x = clustered(1500)
    dataset = make_dataset(x)
    own_file(x, own, tmp_path / "their.ann")
    kind = type_named("annoy")
    metric: Metric = {"angular": "cosine", "dot": "dot", "euclidean": "euclidean"}.get(own, "manhattan")  # type: ignore[assignment]
    handle = kind.adopted(tmp_path / "their.ann", dataset, metric)
    searcher = kind.open(handle, dataset)
    plain = AnnoyIndex(x.shape[1], own)  # type: ignore[arg-type]
    plain.load(str(tmp_path / "their.ann"))
    for query in queries(x, 50):
        trace = searcher.trace(query, 10, {"search_k": 200})
        assert trace is not None and trace.differs == ""
        assert trace.found.tolist() == plain.get_nns_by_vector(query.tolist(), 10, 200)
    (forest,) = searcher.structure()
    assert isinstance(forest, Forest)
    root = int(forest.roots[0])
    branches = forests.branches(forest, 0, 1)
    np.testing.assert_array_equal(searcher.margins(root) > 0, branches == forest.children[root, 1])
    plain.unload()


@pytest.mark.parametrize("rows", [1, 2, 5, 21, 22, 23, 200])
def test_so_few_rows_that_a_root_is_a_leaf(make_dataset: MakeDataset, tmp_path: Path, rows: int) -> None:
    """Annoy then searches roots and their copies alike; 22 rows of 20 dimensions are the most that fit in a leaf."""
    x = np.random.default_rng(1).standard_normal((rows, 20)).astype(np.float32)
    for metric in METRICS:
        searcher = opened(make_dataset(x, metric), metric, tmp_path / metric, trees=3)
        for search_k in (1, 30, 500):
            trace = searcher.trace(x[0], 5, {"search_k": search_k})
            theirs = searcher.search(x[:1], 5, {"search_k": search_k})[0]
            assert (trace.found.tolist(), trace.differs) == (theirs[theirs >= 0].tolist(), "")
        searcher.close()


def test_zero_rows_come_last_in_a_replay_too(make_dataset: MakeDataset, tmp_path: Path) -> None:
    x = clustered(400)
    x[::3] = 0
    searcher = opened(make_dataset(x), "cosine", tmp_path / "i")
    for query in -x[1::3][:20]:
        trace = searcher.trace(query, 30, {"search_k": 5000})
        assert trace.found.tolist() == searcher.search(query[None], 30, {"search_k": 5000})[0].tolist()
        assert trace.differs == ""


def test_the_steps_of_a_trace(make_dataset: MakeDataset, tmp_path: Path) -> None:
    x = clustered()
    searcher = opened(make_dataset(x), "euclidean", tmp_path / "i")
    (forest,) = searcher.structure()
    assert isinstance(forest, Forest)
    trace = searcher.trace(x[700], 10, {"search_k": 300})
    leaves = trace.actions == LEAF
    assert set(trace.actions.tolist()) == {SPLIT, LEAF}
    np.testing.assert_array_equal(leaves, forest.children[trace.places, 0] < 0)
    np.testing.assert_array_equal(trace.levels, forest.trees[trace.places])
    assert sorted(trace.places[trace.origins < 0].tolist()) == forest.roots.tolist()
    later = np.flatnonzero(trace.origins >= 0)
    np.testing.assert_array_equal(forest.parents[trace.places[later]], trace.places[trace.origins[later]])
    assert (trace.origins[later] < later).all()
    opened_rows = [forests.rows_of(forest, node) for node in trace.places[leaves]]
    met = list(dict.fromkeys(np.concatenate(opened_rows).tolist()))
    assert trace.rows.tolist() == met and trace.known[-1] == len(met)
    # It stops with the leaf by which enough rows were looked at, each counted as often as it was met.
    looked = np.cumsum([len(rows) for rows in opened_rows])
    assert looked[-1] >= 300 > looked[-2]
    assert trace.counters["candidates"] == looked[-1]
    # The priority of a node is no better than that of the one above it.
    assert (trace.values[later] <= trace.values[trace.origins[later]]).all()
    expected = np.linalg.norm(x[trace.rows].astype(np.float64) - x[700].astype(np.float64), axis=1)
    np.testing.assert_allclose(trace.scores, expected, rtol=1e-5, atol=1e-5)
    by_effort = forests.needed(forest, trace)
    for row, needed in list(zip(trace.rows.tolist(), by_effort.tolist(), strict=True))[::23]:
        every = len(x)
        assert row in searcher.search(x[700:701], every, {"search_k": needed})[0]
        assert needed == 1 or row not in searcher.search(x[700:701], every, {"search_k": needed - 1})[0]
    assert len(trace) == len(trace.places) and trace.total == len(x)
    assert trace.computed == (trace.actions == SPLIT).sum() + len(met)


@pytest.mark.parametrize("metric", METRICS)
def test_the_cause_names_the_very_search_k_from_which_a_row_is_found(
    make_dataset: MakeDataset, tmp_path: Path, metric: Metric
) -> None:
    x = clustered()[300:]
    searcher, k = opened(make_dataset(x), metric, tmp_path / "i"), len(x)
    causes = 0
    for query in queries(x, 12):
        trace = searcher.trace(query, k, {"search_k": 40})
        for row in range(0, len(x), 301):
            cause = searcher.cause(trace, query, row)
            if row in trace.found:
                assert cause is None
                continue
            if row in trace.rows:
                assert cause.reason == "code_rank"
                continue
            assert (cause.reason, cause.param) == ("not_opened", "search_k")
            needed = int(cause.value or 0)
            # Asked for all rows, annoy lists every row that it looked at.
            assert row in searcher.search(query[None], k, {"search_k": needed})[0]
            assert row not in searcher.search(query[None], k, {"search_k": needed - 1})[0]
            assert f"after {needed - 1:,} candidates" in cause.detail
            causes += 1
    assert causes > 50


def test_a_row_in_no_leaf_is_not_indexed(make_dataset: MakeDataset, tmp_path: Path) -> None:
    x = clustered(500)
    path = tmp_path / "their.ann"
    own_file(x, "angular", path)
    nodes = np.memmap(path, Layout("angular", 20).nodes(path).dtype, "r+")
    lost = 321
    for node in nodes[500:]:
        if node["descendants"] <= 22:
            ids = node["ids"]
            ids[: node["descendants"]][ids[: node["descendants"]] == lost] = 0
        else:
            node["children"][node["children"] == lost] = 0
    nodes.flush()
    dataset = make_dataset(x)
    searcher = type_named("annoy").open(type_named("annoy").adopted(path, dataset, "cosine"), dataset)
    trace = searcher.trace(x[lost], 10, {"search_k": 100})
    assert trace is not None and trace.differs == ""
    cause = searcher.cause(trace, x[lost], lost)
    assert cause is not None and (cause.reason, cause.param) == ("not_indexed", "")


def test_branches_that_are_no_trees_are_refused(make_dataset: MakeDataset, tmp_path: Path) -> None:
    """Every node leads twice to the one before it: a search ends soon, but a forest of it would never end."""
    x = clustered(500)
    path = tmp_path / "their.ann"
    own_file(x, "angular", path)
    layout = Layout("angular", 20)
    nodes = np.memmap(path, layout.nodes(path).dtype, "r+")
    for place in range(501, len(nodes)):
        if nodes[place]["descendants"] > layout.leaf_most:
            nodes[place]["children"] = place - 1
    nodes.flush()
    dataset = make_dataset(x)
    handle = type_named("annoy").adopted(path, dataset, "cosine")
    searcher = type_named("annoy").open(handle, dataset)
    with pytest.raises(BadFile, match=r"no trees|more rows"):
        searcher.structure()
    with pytest.raises(BadFile):
        structure.read(path, layout, 500, silent)


def test_reading_a_forest_stops(make_dataset: MakeDataset, tmp_path: Path) -> None:
    def stop(fraction: float | None, note: str = "") -> None:
        raise Cancelled

    searcher = opened(make_dataset(clustered()), "cosine", tmp_path / "i")
    with pytest.raises(Cancelled):
        searcher.structure(stop)
    assert len(searcher.structure()) == 1


@pytest.mark.parametrize("metric", METRICS)
def test_what_the_first_trees_find(make_dataset: MakeDataset, tmp_path: Path, metric: Metric) -> None:
    """An index of fewer trees with the same seed has the very first trees of one with more."""
    x = clustered()[300:]
    dataset = make_dataset(x)
    searcher = opened(dataset, metric, tmp_path / "i", trees=12)
    (forest,) = searcher.structure()
    assert isinstance(forest, Forest)
    exact = type_named("exact").open(built(dataset, "exact", metric, {}, tmp_path / "e"), dataset)
    few = {trees: opened(dataset, metric, tmp_path / f"{trees}", trees=trees) for trees in (1, 2, 5)}
    for query in queries(x, 15):
        truth = exact.search(query[None], 10, {})[0]
        growth = searcher.growth(query, truth, 10, {"search_k": 120})
        assert growth.stops.tolist() == [1, 2, 5, 10, 12]
        assert growth.search_k.tolist() == [10, 20, 50, 100, 120]
        assert growth.found.shape == (5, 10) and growth.shared.shape == (12, 10)
        trace = searcher.trace(query, 10, {"search_k": 120})
        np.testing.assert_array_equal(growth.found[-1], np.isin(truth, trace.rows))
        for i, trees in enumerate((1, 2, 5)):
            fewer = few[trees].trace(query, 10, {"search_k": 10 * trees})
            np.testing.assert_array_equal(growth.found[i], np.isin(truth, fewer.rows))
        assert growth.recall.tolist() == growth.found.mean(axis=1).tolist()
        for tree, leaf in enumerate(growth.leaves):
            assert forest.trees[leaf] == tree
            np.testing.assert_array_equal(growth.shared[tree], np.isin(truth, forests.rows_of(forest, leaf)))


def test_a_row_falls_into_the_leaf_that_holds_it(make_dataset: MakeDataset, tmp_path: Path) -> None:
    x = np.random.default_rng(4).standard_normal((2000, 20)).astype(np.float32)
    searcher = opened(make_dataset(x), "euclidean", tmp_path / "i")
    (forest,) = searcher.structure()
    assert isinstance(forest, Forest) and not forest.random.any()
    for row in range(0, 2000, 97):
        growth = searcher.growth(x[row], np.array([row]), 1, {"search_k": 7})
        assert growth.shared.all() and growth.found.all()


@pytest.mark.parametrize("swapped", [False, True])
def test_trees_of_several_cores_are_counted_as_the_library_counts_them(
    make_dataset: MakeDataset, tmp_path: Path, swapped: bool
) -> None:
    """Where the last root in the file is not the last of its copies, annoy takes it for one more tree, and begins there
    too; so does the replay."""
    x, path = clustered(900), tmp_path / "theirs.ann"
    theirs = AnnoyIndex(x.shape[1], "euclidean")
    for row, vector in enumerate(x.tolist()):
        theirs.add_item(row, vector)
    theirs.build(TREES, n_jobs=4)
    theirs.save(str(path))
    theirs.unload()
    if swapped:
        nodes = np.fromfile(path, np.uint8).reshape(-1, Layout("euclidean", x.shape[1]).node_bytes)
        nodes[[-1, -TREES]] = nodes[[-TREES, -1]]
        nodes.tofile(path)
    theirs.load(str(path))
    dataset = make_dataset(x)
    handle = open_saved(path, dataset, "euclidean")
    assert handle.params["trees"] == theirs.get_n_trees()
    if swapped:
        assert theirs.get_n_trees() == TREES + 1
    searcher = type_named("annoy").open(handle, dataset)
    for query in queries(x, 20):
        params = asking.resolved(handle, {}, 10)
        trace = searcher.trace(query, 10, params)
        assert trace is not None and trace.differs == ""
        assert trace.found.tolist() == theirs.get_nns_by_vector(query, 10, int(params["search_k"]))
    searcher.close()
    theirs.unload()

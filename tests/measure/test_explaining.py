"""Every miss has a reason, and what is said to find it does: asked of fresh searches, over hundreds of misses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import explorer
from explorer.core.dataset import Dataset
from explorer.core.explanation import REASONS, Cause, Explanation, Fix, Miss
from explorer.core.metric import METRICS, Metric
from explorer.core.neighbours import Neighbours
from explorer.core.params import Params
from explorer.core.progress import Progress, silent
from explorer.core.recall import judged
from explorer.core.trace import Trace
from explorer.errors import Cancelled
from explorer.indexes import asking, type_named, types
from explorer.indexes.base import IndexHandle, Searcher
from explorer.indexes.building import built
from explorer.measure import trials
from explorer.measure.case import Case
from explorer.measure.explaining import explained
from explorer.measure.trials import first_that
from tests.measure.conftest import NewDataset
from tests.redis_servers import RedisServer

POOR: dict[str, tuple[Params, Params]] = {
    "annoy": ({"trees": 3, "seed": 1}, {}),
    "faiss-ivf": ({"seed": 1}, {"nprobe": 1}),
    "faiss-ivfpq": ({"seed": 1}, {"nprobe": 1, "rerank": 5}),
    "faiss-sq": ({"quantizer": "4bit"}, {"rerank": 0}),
    "faiss-hnsw": ({"M": 4, "efConstruction": 20, "seed": 1}, {"efSearch": 10}),
    "faiss-factory": ({"factory": "IVF32,SQ4", "seed": 1}, {"nprobe": 2, "rerank": 0}),
    "hnswlib": ({"M": 3, "ef_construction": 20, "seed": 1}, {}),
    "usearch": ({"connectivity": 3, "expansion_add": 8, "threads": 1}, {"expansion_search": 2}),
    "voyager": ({"M": 3, "ef_construction": 20, "seed": 1}, {}),
}
"""Build and search parameters with which each type misses some."""
STEPS = {"faiss-sq": 6, "faiss-hnsw": 8}
"""Every so many rows are asked: more where less is missed."""
K = 10


@contextmanager
def opened(
    dataset: Dataset, name: str, metric: Metric, params: Params, folder: Path
) -> Iterator[tuple[IndexHandle, Searcher]]:
    handle = built(dataset, name, metric, params, folder)
    searcher = type_named(name).open(handle, dataset)
    yield handle, searcher
    searcher.close()


def true(dataset: Dataset, metric: Metric, row: int) -> Neighbours:
    """The K nearest of a row, by looking at all."""
    return asking.ranked(dataset.vectors, dataset.vectors[row], np.arange(dataset.rows), metric, K, (row,))


def explained_rows(
    dataset: Dataset, handle: IndexHandle, searcher: Searcher, given: Params, rows: Any
) -> Iterator[tuple[int, Explanation]]:
    for row in map(int, rows):
        truth = true(dataset, handle.metric, row)
        yield row, explained(Case(dataset, handle, searcher, dataset.vectors[row], K, given, truth, (row,)))


def searched(dataset: Dataset, handle: IndexHandle, searcher: Searcher, given: Params, row: int) -> Neighbours:
    """A fresh search for a row, asked as a person would with these parameters."""
    params = asking.resolved(handle, given, K)
    return asking.neighbours(searcher, handle, dataset, dataset.vectors[row], K, params, (row,))


def is_found(dataset: Dataset, handle: IndexHandle, given: Params, row: int, missed: int) -> bool:
    """Whether an index that was opened anew returns what was missed."""
    searcher = type_named(handle.type).open(handle, dataset)
    try:
        return missed in searched(dataset, handle, searcher, given, row).rows
    finally:
        searcher.close()


def applied(dataset: Dataset, handle: IndexHandle, given: Params, row: int, miss: Miss, folder: Path) -> bool:
    """Whether a fix, applied, returns the row; a search parameter is the smallest when one less does not."""
    fix = miss.fix
    assert fix is not None
    if not fix.rebuild:
        return is_found(dataset, handle, {**given, fix.param: fix.value}, row, miss.row)
    anew = built(dataset, handle.type, handle.metric, {**handle.params, fix.param: fix.value}, folder)
    return is_found(dataset, anew, given, row, miss.row)


@pytest.mark.parametrize("name", sorted(POOR))
def test_every_miss_has_a_reason_and_every_verified_fix_finds_the_row(tmp_path: Path, name: str) -> None:
    kind = type_named(name)
    if reason := kind.unavailable():
        pytest.skip(reason)
    dataset = explorer.load("sample:digits")
    build, given = POOR[name]
    rows = range(0, dataset.rows, STEPS.get(name, 16))
    counted: Counter[str] = Counter()
    with opened(dataset, name, "euclidean", build, tmp_path / "i") as (handle, searcher):
        fresh = kind.open(handle, dataset)
        for row, told in explained_rows(dataset, handle, searcher, given, rows):
            truth, found = true(dataset, "euclidean", row), searched(dataset, handle, searcher, given, row)
            verdict = judged(found, truth, "euclidean")
            assert [miss.row for miss in told.misses] == verdict.misses.tolist()
            assert told.hits.tolist() == found.rows[verdict.hit].tolist()
            assert told.recall == pytest.approx(verdict.recall)
            assert told.total == dataset.rows
            assert told.visited is None or len(told.hits) <= told.visited <= told.total
            for miss in told.misses:
                assert miss.reason in REASONS and miss.detail.endswith(".") and miss.sentence.endswith(".")
                assert truth.rows[miss.true_rank - 1] == miss.row
                assert miss.distance == truth.distances[miss.true_rank - 1]
                counted[miss.reason] += 1
                if miss.fix is None:
                    assert "xact search" in miss.detail
                    counted["no fix"] += 1
                elif miss.fix.verified and miss.fix.rebuild:
                    assert applied(dataset, handle, given, row, miss, tmp_path / f"{row}-{miss.row}")
                elif miss.fix.verified:
                    assert miss.row in searched(dataset, handle, fresh, {**given, **miss.fix.params}, row).rows
                    counted["two together"] += bool(miss.fix.also)
            if told.all_fix is not None:
                helped = [miss.row for miss in told.misses if miss.fix is not None and not miss.fix.rebuild]
                all_found = searched(dataset, handle, fresh, {**given, **told.all_fix.params}, row)
                assert told.all_found.tolist() == [missed for missed in helped if missed in all_found.rows]
                counted["for all"] += 1
                counted["lost for all"] += len(helped) - len(told.all_found)
        fresh.close()
    assert sum(counted[reason] for reason in REASONS) >= 100, counted
    assert counted["no fix"] <= 0.1 * sum(counted.values())
    assert not counted["lost for all"]
    assert counted["for all"] > 5


def test_misses_of_a_vector_set_on_a_server_have_fixes_that_find_them(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    """Eight bits a number and few links: some rows need a longer walk, some more candidates, some both."""
    dataset = explorer.load("sample:digits")
    build: Params = {"server": redis_server.url, "key": "digits", "M": 4, "ef_build": 10, "quantization": "Q8"}
    given: Params = {"ef_search": 11, "rerank": 0}
    counted: Counter[str] = Counter()
    with opened(dataset, "redis-vset", "cosine", build, tmp_path / "i") as (handle, searcher):
        for row, told in explained_rows(dataset, handle, searcher, given, range(0, dataset.rows, 24)):
            for miss in told.misses:
                assert miss.reason in REASONS and miss.sentence.endswith(".")
                counted["misses"] += 1
                if miss.fix is None or not miss.fix.verified:
                    assert miss.fix is None or miss.fix.rebuild
                    continue
                assert miss.row in searched(dataset, handle, searcher, {**given, **miss.fix.params}, row).rows
                counted["found"] += 1
    assert counted["misses"] >= 100 and counted["found"] >= 0.8 * counted["misses"], counted


@pytest.mark.parametrize("metric", METRICS)
def test_hundreds_of_misses_of_annoy_have_the_smallest_search_k(tmp_path: Path, metric: Metric) -> None:
    dataset = explorer.load("sample:wordnet")
    count = 0
    with opened(dataset, "annoy", metric, {"trees": 4, "seed": 2}, tmp_path / "i") as (handle, searcher):
        for row, told in explained_rows(dataset, handle, searcher, {}, range(0, dataset.rows, 500)):
            trace = searcher.trace(dataset.vectors[row], K + 1, asking.resolved(handle, {}, K))
            assert trace is not None and told.visited == len(trace.rows)
            for miss in told.misses:
                assert miss.reason == "not_opened" and miss.fix is not None
                assert miss.fix == Fix("search_k", miss.fix.value, rebuild=False, verified=True)
                value = int(miss.fix.value)
                assert miss.row in searched(dataset, handle, searcher, {"search_k": value}, row).rows
                assert miss.row not in searched(dataset, handle, searcher, {"search_k": value - 1}, row).rows
                count += 1
    assert count > 150


def test_two_parameters_are_set_together_where_neither_finds_a_row_alone(tmp_path: Path) -> None:
    """With few candidates re-ranked some rows are found by more of them, some by more cells, some only by both."""
    dataset = explorer.load("sample:digits")
    pytest.importorskip("faiss")
    params, pairs = set[str](), 0
    given: Params = {"nprobe": 2, "rerank": 12}
    with opened(dataset, "faiss-ivfpq", "euclidean", {"nlist": 40, "m": 8, "seed": 1}, tmp_path / "i") as (
        handle,
        searcher,
    ):
        for row, told in explained_rows(dataset, handle, searcher, given, range(0, dataset.rows, 75)):

            def finds(changes: Params, missed: int, row: int = row) -> bool:
                return missed in searched(dataset, handle, searcher, {**given, **changes}, row).rows

            for miss in told.misses:
                fix = miss.fix
                assert fix is not None and fix.verified and not fix.rebuild and finds(fix.params, miss.row)
                params.add(fix.param)
                if not fix.also:
                    continue
                assert set(fix.params) == {"nprobe", "rerank"} and "together find it" in miss.sentence
                most = {"nprobe": 40, "rerank": dataset.rows}
                assert not any(finds({name: most[name]}, miss.row) for name in fix.params)
                assert not finds({"nprobe": fix.params["nprobe"], "rerank": int(fix.params["rerank"]) - 1}, miss.row)
                pairs += 1
    assert {"nprobe", "rerank"} <= params and pairs


def test_an_unreachable_row_needs_another_graph(new_dataset: NewDataset, tmp_path: Path) -> None:
    """Of many equal rows a graph with few links leads to a few only."""
    pytest.importorskip("hnswlib")
    random = np.random.default_rng(0)
    x = random.standard_normal((1500, 8)).astype(np.float32)
    dataset = new_dataset(x)
    reasons: Counter[str] = Counter()
    build: Params = {"M": 2, "ef_construction": 4, "seed": 1}
    with opened(dataset, "hnswlib", "euclidean", build, tmp_path / "i") as (handle, searcher):
        for row, told in explained_rows(dataset, handle, searcher, {}, range(0, 1500, 50)):
            for miss in told.misses:
                reasons[miss.reason] += 1
                if miss.reason == "unreachable":
                    assert not is_found(dataset, handle, {"ef": 1500}, row, miss.row)
                    if miss.fix is not None:
                        assert (miss.fix.param, miss.fix.rebuild, miss.fix.verified) == ("M", True, True)
    assert reasons["unreachable"] > 2 and reasons["not_visited"] > 5


def test_rows_as_near_as_others_are_not_said_to_be_found_by_any_effort(new_dataset: NewDataset, tmp_path: Path) -> None:
    """Twenty rows are equal, and the searcher never lists five of them, but the others."""
    random = np.random.default_rng(1)
    x = random.standard_normal((600, 6)).astype(np.float32)
    x[40:60] = x[0] + 0.01
    dataset = new_dataset(x)
    truth = true(dataset, "euclidean", 0)
    assert set(truth.rows.tolist()) <= set(range(40, 60))
    turned = Neighbours(np.arange(59, 49, -1), truth.distances)
    with opened(dataset, "annoy", "euclidean", {"trees": 6, "seed": 1}, tmp_path / "i") as (handle, searcher):
        told = explained(
            Case(dataset, handle, Blind(searcher, {*range(55, 60)}), x[0], K, {"search_k": 1}, turned, (0,))
        )
    unseen = [miss for miss in told.misses if miss.row >= 55]
    assert len(unseen) == 5
    for miss in unseen:
        assert miss.fix is None and "Rows exactly as near stand in its place" in miss.detail


class Blind(Searcher):
    """A searcher that never returns some rows, and otherwise what another finds; it looks at 10 rows a search_k."""

    def __init__(self, other: Searcher, rows: set[int]) -> None:
        self._other, self._rows = other, list(rows)

    def search(
        self, vectors: NDArray[np.float32], k: int, params: Params, progress: Progress = silent
    ) -> NDArray[np.int64]:
        found = self._other.search(vectors, k + len(self._rows), params)
        seen = [row[~np.isin(row, [*self._rows, -1])][:k] for row in found]
        return np.array([np.pad(row, (0, k - len(row)), constant_values=-1) for row in seen])

    def close(self) -> None:
        pass


class Foreseeing(Blind):
    """One whose traces foresee a wrong value."""

    def __init__(self, other: Searcher, value: int) -> None:
        super().__init__(other, set())
        self.value, self.asked = value, []  # type: ignore[var-annotated]

    def search(
        self, vectors: NDArray[np.float32], k: int, params: Params, progress: Progress = silent
    ) -> NDArray[np.int64]:
        self.asked.append(params["search_k"])
        return super().search(vectors, k, params)

    def trace(self, vector: NDArray[np.float32], k: int, params: Params, progress: Progress = silent) -> Trace | None:
        return self._other.trace(vector, k, params)

    def cause(self, trace: Trace, vector: NDArray[np.float32], row: int, progress: Progress = silent) -> Cause:
        return Cause("not_opened", "It says so.", "search_k", self.value)


def missing(dataset: Dataset, handle: IndexHandle, searcher: Searcher) -> tuple[int, Explanation]:
    """The first row of which something is missed."""
    return next((row, told) for row, told in explained_rows(dataset, handle, searcher, {}, range(100)) if told.misses)


@pytest.mark.parametrize("factor", [0.3, 0.9, 1.0, 1.1, 7.0])
def test_a_value_that_was_foreseen_wrongly_is_put_right(tmp_path: Path, factor: float) -> None:
    dataset = explorer.load("sample:digits")
    with opened(dataset, "annoy", "euclidean", {"trees": 3, "seed": 1}, tmp_path / "i") as (handle, searcher):
        row, told = missing(dataset, handle, searcher)
        for miss in told.misses:
            assert miss.fix is not None
            smallest = int(miss.fix.value)
            foreseeing = Foreseeing(searcher, int(smallest * factor))
            ((_, again),) = explained_rows(dataset, handle, foreseeing, {}, [row])
            same = next(other for other in again.misses if other.row == miss.row)
            assert (same.fix, same.detail) == (miss.fix, "It says so.")
            if factor == 1:
                assert len(foreseeing.asked) <= 1 + 2 * len(again.misses) + 30


def test_a_row_that_no_index_holds_is_said_not_to_be_indexed(tmp_path: Path) -> None:
    dataset = explorer.load("sample:digits")
    with opened(dataset, "annoy", "euclidean", {"trees": 3, "seed": 1}, tmp_path / "i") as (handle, searcher):
        truth = true(dataset, "euclidean", 5)
        lost = int(truth.rows[2])
        told = explained(Case(dataset, handle, Blind(searcher, {lost}), dataset.vectors[5], K, {}, truth, (5,)))
    miss = next(miss for miss in told.misses if miss.row == lost)
    assert (miss.reason, miss.true_rank) == ("not_indexed", 3)
    assert miss.fix is not None and (miss.fix.param, miss.fix.rebuild, miss.fix.verified) == ("trees", True, True)
    assert applied(dataset, handle, {}, 5, miss, tmp_path / "anew")


def test_what_takes_long_to_build_is_only_likely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = explorer.load("sample:digits")
    monkeypatch.setattr(trials, "BUILT_NUMBERS", 1000)
    with opened(dataset, "annoy", "euclidean", {"trees": 3, "seed": 1}, tmp_path / "i") as (handle, searcher):
        truth = true(dataset, "euclidean", 5)
        blind = Blind(searcher, {int(truth.rows[2])})
        told = explained(Case(dataset, handle, blind, dataset.vectors[5], K, {}, truth, (5,)))
    miss = next(miss for miss in told.misses if miss.row == truth.rows[2])
    assert miss.fix == Fix("trees", 3, rebuild=True, verified=False)
    assert "likely" in miss.sentence


def test_trials_come_to_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = explorer.load("sample:digits")
    monkeypatch.setattr(trials, "SECONDS", -1.0)
    with opened(dataset, "annoy", "euclidean", {"trees": 3, "seed": 1}, tmp_path / "i") as (handle, searcher):
        truth = true(dataset, "euclidean", 5)
        blind = Blind(searcher, {int(truth.rows[2])})
        told = explained(Case(dataset, handle, blind, dataset.vectors[5], K, {}, truth, (5,)))
    miss = next(miss for miss in told.misses if miss.row == truth.rows[2])
    assert miss.reason == "not_opened" and miss.fix is None
    assert "seconds of trials" in miss.detail and "Exact search finds it." in miss.detail


def test_explaining_stops_when_told(tmp_path: Path) -> None:
    dataset = explorer.load("sample:digits")
    heard: list[str] = []

    def stop(fraction: float | None, note: str = "") -> None:
        heard.append(note)
        if "trying search_k" in note:
            raise Cancelled

    with opened(dataset, "annoy", "euclidean", {"trees": 3, "seed": 1}, tmp_path / "i") as (handle, searcher):
        row, _ = missing(dataset, handle, searcher)
        truth = true(dataset, "euclidean", row)
        with pytest.raises(Cancelled):
            explained(Case(dataset, handle, searcher, dataset.vectors[row], K, {}, truth, (row,)), stop)
    assert any(note.startswith("miss 1 of") for note in heard)


@pytest.mark.parametrize("name", ["exact", "matrix", "faiss-flat"])
def test_what_looks_at_everything_misses_nothing(tmp_path: Path, name: str) -> None:
    dataset = explorer.load("sample:digits")
    if reason := type_named(name).unavailable():
        pytest.skip(reason)
    with opened(dataset, name, "euclidean", {}, tmp_path / "i") as (handle, searcher):
        ((_, told),) = explained_rows(dataset, handle, searcher, {}, [3])
    assert (told.misses, len(told.hits), told.visited, told.recall) == ((), K, dataset.rows, 1.0)


def test_a_query_that_is_no_row_and_one_without_neighbours(new_dataset: NewDataset, tmp_path: Path) -> None:
    x = np.random.default_rng(0).standard_normal((1, 4)).astype(np.float32)
    dataset = new_dataset(x)
    with opened(dataset, "annoy", "cosine", {"trees": 2}, tmp_path / "i") as (handle, searcher):
        ((_, told),) = explained_rows(dataset, handle, searcher, {}, [0])
        assert (len(told.hits), told.misses, told.recall) == (0, (), 1.0)
        truth = Neighbours(np.array([0]), np.array([0.5]))
        free = explained(Case(dataset, handle, searcher, x[0] + 1, 1, {}, truth))
    assert free.hits.tolist() == [0] and free.params == {"search_k": 2}


def test_every_type_says_what_makes_it_look_farther() -> None:
    for kind in types().values():
        search = {param.name for param in kind.search_params}
        assert set(kind.effort) <= search and set(kind.effort.values()) <= set(REASONS)
        assert bool(kind.effort) or kind.name in ("exact", "matrix", "faiss-flat", "odd")
        assert not kind.remedy or kind.remedy in {param.name for param in kind.build_params}


@pytest.mark.parametrize("smallest", [1, 2, 37, 99, 100])
def test_halving(smallest: int) -> None:
    assert first_that(lambda value: value >= smallest, 0, 100, lambda: False) == smallest
    assert first_that(lambda value: value >= smallest, 0, 100, lambda: True) == 100


def test_sentences() -> None:
    miss = Miss(3, 2, 0.5, "not_opened", "It was not opened.", Fix("search_k", 1500, rebuild=False, verified=True))
    assert miss.sentence == "It was not opened; search_k = 1,500 finds it."
    rebuilt = replace(miss, fix=Fix("M", 8, rebuild=True, verified=True))
    assert rebuilt.sentence == "It was not opened; rebuilt with M = 8 it is found."
    likely = replace(miss, fix=Fix("M", 8, rebuild=True, verified=False))
    assert likely.sentence == "It was not opened; rebuilt with M = 8 it is likely to be found."
    assert replace(miss, fix=None).sentence == "It was not opened."

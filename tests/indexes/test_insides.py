"""What every index type keeps to when it shows its inside, in every metric it has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.explanation import REASONS
from explorer.core.metric import Metric
from explorer.core.neighbours import ranked
from explorer.core.structure import Cells, Codes, Facts, Forest, Layers
from explorer.core.trace import DESCEND, RERANK, VISIT
from explorer.indexes import asking, type_named, types
from explorer.indexes.building import built

MakeDataset = Callable[..., Dataset]

ROWS = 500
BOTH = [
    (name, metric)
    for name, kind in types().items()
    for metric in kind.metrics
    if not kind.unavailable() and not kind.on_server
]
EACH = pytest.mark.parametrize(("name", "metric"), BOTH, ids=["-".join(both) for both in BOTH])


def vectors() -> NDArray[np.float32]:
    found = np.random.default_rng(5).standard_normal((ROWS, 12)).astype(np.float32)
    found[7] = 0
    return found


@EACH
def test_structures_are_of_all_rows(make_dataset: MakeDataset, tmp_path: Path, name: str, metric: Metric) -> None:
    dataset = make_dataset(vectors())
    searcher = type_named(name).open(built(dataset, name, metric, {}, tmp_path), dataset)
    shown = searcher.structure()
    assert shown
    for each in shown:
        if isinstance(each, Forest):
            assert each.rows == ROWS
        elif isinstance(each, Cells):
            assert (len(each.cell_of), int(each.sizes.sum()), len(searcher.boundaries())) == (ROWS, ROWS, ROWS)
        elif isinstance(each, Codes):
            assert len(each.errors) == ROWS
            # A zero row has no direction, and under cosine no vector.
            assert np.isfinite(np.delete(each.errors, 7)).all()
        elif isinstance(each, Layers):
            assert len(each.levels) == ROWS
            assert all(len(starts) == ROWS + 1 for starts in each.starts)
        else:
            assert isinstance(each, Facts)
            assert each.note
    searcher.close()


@EACH
def test_a_replay_is_of_the_search_that_is_asked_for(
    make_dataset: MakeDataset, tmp_path: Path, name: str, metric: Metric
) -> None:
    dataset = make_dataset(vectors())
    handle = built(dataset, name, metric, {}, tmp_path)
    searcher = type_named(name).open(handle, dataset)
    for k in (1, 10, 80):
        query, params = dataset.vectors[3] + dataset.vectors[k], asking.resolved(handle, {}, k)
        kept = query.copy()
        trace = searcher.trace(query, k, params)
        assert np.array_equal(query, kept)
        if trace is None:
            assert not any(isinstance(each, Forest | Layers) for each in searcher.structure())
            break
        assert not trace.differs
        assert not trace.approximate
        theirs = searcher.search(query[None], k, params)[0]
        own, other = (ranked(dataset.vectors, query, rows, metric, ROWS) for rows in (trace.found, theirs))
        np.testing.assert_allclose(own.distances, other.distances, rtol=1e-5, atol=1e-5)
        assert trace.total == ROWS
        assert len(trace.rows) == len(set(trace.rows.tolist())) == len(trace.scores)
        assert set(trace.found.tolist()) <= set(trace.rows.tolist())
        assert len({len(each) for each in (trace.actions, trace.places, trace.values, trace.levels, trace.known)}) == 1
        rowed = trace.places[np.isin(trace.actions, (DESCEND, VISIT, RERANK))]
        assert ((rowed >= 0) & (rowed < ROWS)).all()
    searcher.close()


@EACH
def test_a_row_that_was_found_has_no_cause_and_others_a_known_one(
    make_dataset: MakeDataset, tmp_path: Path, name: str, metric: Metric
) -> None:
    dataset = make_dataset(vectors())
    handle = built(dataset, name, metric, {}, tmp_path)
    searcher = type_named(name).open(handle, dataset)
    query, params = dataset.vectors[3], asking.resolved(handle, {}, 10)
    if (trace := searcher.trace(query, 10, params)) is not None:
        found = set(trace.found.tolist())
        known = {param.name for param in type_named(name).search_params}
        for row in range(0, ROWS, 7):
            cause = searcher.cause(trace, query, row)
            if row in found:
                assert cause is None
            elif cause is not None:
                assert cause.reason in REASONS
                assert cause.detail[0].isupper()
                assert cause.detail.endswith(".")
                assert cause.param == "" or cause.param in known
    searcher.close()


@pytest.mark.parametrize("name", ["exact", "matrix"])
def test_what_compares_all_says_so(make_dataset: MakeDataset, tmp_path: Path, name: str) -> None:
    dataset = make_dataset(vectors())
    searcher = type_named(name).open(built(dataset, name, "euclidean", {}, tmp_path), dataset)
    (facts,) = searcher.structure()
    assert isinstance(facts, Facts)
    assert "nothing is missed" in facts.note
    lines = dict(facts.lines)
    if name == "exact":
        assert (lines["Vectors"], lines["Bytes"]) == ("500 × 12", "24,000")
    else:
        assert lines["Distances"] == "500 × 500, euclidean"
        assert lines["Kept sorted"] == "the 100 nearest of each row"
    searcher.close()

"""Seeing inside, in one real child: structures, traces and explanations come over the border as they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explorer.core import forest as forests
from explorer.core.dataset import Dataset
from explorer.core.query import row_query
from explorer.core.structure import Facts, Forest
from explorer.errors import BadParameter, BadQuery
from explorer.indexes import type_named
from explorer.indexes.base import IndexHandle
from explorer.work.inspecting import (
    BranchesRequest,
    DifficultyRequest,
    ExplainRequest,
    FoundRequest,
    GrowthRequest,
    HonestyRequest,
    MarginsRequest,
    ReachRequest,
    RecallMapRequest,
    StructureRequest,
    TraceRequest,
)
from explorer.work.requests import (
    BuildRequest,
    ReadingsRequest,
    ReadRequest,
    SearchRequest,
    family_of,
    is_background,
)

Ask = Callable[[Any], Any]


@pytest.fixture
def digits(answer: Ask) -> Dataset:
    found: Dataset = answer(ReadRequest("sample:digits"))
    return found


@pytest.fixture
def exact(answer: Ask, digits: Dataset, tmp_path: Path) -> IndexHandle:
    handle: IndexHandle = answer(BuildRequest(digits, "exact", "euclidean", {}, tmp_path / "exact"))
    return handle


@pytest.fixture
def annoy(answer: Ask, digits: Dataset, tmp_path: Path) -> IndexHandle:
    handle: IndexHandle = answer(
        BuildRequest(digits, "annoy", "euclidean", {"trees": 4, "seed": 1}, tmp_path / "annoy")
    )
    return handle


def test_a_forest_crosses_the_border_with_its_leaves_or_without(
    answer: Ask, digits: Dataset, annoy: IndexHandle
) -> None:
    (whole,) = answer(StructureRequest(digits, annoy, leaf_rows=True))
    (light,) = answer(StructureRequest(digits, annoy))
    assert isinstance(whole, Forest) and isinstance(light, Forest)
    assert (len(whole.leaf_rows), len(light.leaf_rows)) == (4 * digits.rows, 0)
    np.testing.assert_array_equal(whole.children, light.children)
    branches = answer(BranchesRequest(digits, annoy, 2, 3))
    np.testing.assert_array_equal(branches, forests.branches(whole, 2, 3))
    root = int(whole.roots[2])
    margins = answer(MarginsRequest(digits, annoy, root))
    side = answer(BranchesRequest(digits, annoy, 2, 1)) == whole.children[root, 1]
    np.testing.assert_array_equal(margins > 0, side)


def test_what_an_index_has_not_is_said(answer: Ask, digits: Dataset, annoy: IndexHandle, exact: IndexHandle) -> None:
    query = row_query(0, digits)
    (nothing,) = answer(StructureRequest(digits, exact))
    assert isinstance(nothing, Facts) and "nothing is missed" in nothing.note
    assert answer(TraceRequest(digits, exact, query, 5)) is None
    with pytest.raises(BadParameter, match="no splits"):
        answer(MarginsRequest(digits, exact, 0))
    with pytest.raises(BadParameter, match="no trees"):
        answer(GrowthRequest(digits, exact, exact, query, 5))
    for tree in (4, -1):
        with pytest.raises(BadParameter, match="no tree"):
            answer(BranchesRequest(digits, annoy, tree, 0))


def test_a_trace_is_of_the_search_that_was_asked(answer: Ask, digits: Dataset, annoy: IndexHandle) -> None:
    query = row_query(42, digits)
    trace = answer(TraceRequest(digits, annoy, query, 10, {"search_k": 200}))
    found = answer(SearchRequest(digits, annoy, query, 10, {"search_k": 200})).neighbours
    assert trace.differs == "" and trace.counters["search_k"] == 200
    assert set(trace.found.tolist()) - {42} >= set(found.rows.tolist())
    zeros = answer(ReadingsRequest(digits, "0, " * 63 + "0"))[0]
    cosine = BuildRequest(digits, "annoy", "cosine", {"trees": 2}, annoy.path.parent.parent / "cosine")
    with pytest.raises(BadQuery, match="all zeros"):
        answer(TraceRequest(digits, answer(cosine), zeros, 5))


def test_an_explanation_and_its_fixes(answer: Ask, digits: Dataset, annoy: IndexHandle, exact: IndexHandle) -> None:
    query = row_query(60, digits)
    told = answer(ExplainRequest(digits, annoy, exact, query, 20))
    truth = answer(SearchRequest(digits, exact, query, 20)).neighbours.rows.tolist()
    assert told.misses and told.params == {"search_k": 80}
    assert set(told.hits.tolist()) | {miss.row for miss in told.misses} == set(truth)
    for miss in told.misses:
        again = answer(SearchRequest(digits, annoy, query, 20, {miss.fix.param: miss.fix.value})).neighbours
        assert miss.row in again.rows
        assert truth[miss.true_rank - 1] == miss.row
    growth = answer(GrowthRequest(digits, annoy, exact, query, 20))
    assert growth.stops.tolist() == [1, 2, 4]
    assert growth.recall[-1] == pytest.approx(told.recall)


def test_what_is_found_by_looking_farther(answer: Ask, digits: Dataset, annoy: IndexHandle, exact: IndexHandle) -> None:
    query = row_query(60, digits)
    reach = answer(ReachRequest(digits, annoy, exact, query, 20, {"search_k": 7}))
    assert (reach.param, reach.default) == ("search_k", 80) and reach.found[-1].all() and not reach.found[0].all()
    for stop, found in zip(reach.stops.tolist(), reach.found, strict=True):
        again = answer(SearchRequest(digits, annoy, query, 20, {"search_k": stop})).neighbours
        assert np.isin(reach.rows, again.rows).tolist() == found.tolist()
    assert answer(ReachRequest(digits, exact, exact, query, 20)) is None


def test_what_an_index_finds_of_a_sample(answer: Ask, digits: Dataset, annoy: IndexHandle, exact: IndexHandle) -> None:
    found = answer(FoundRequest(digits, annoy, exact, {}, 10, queries=200))
    assert found.shape == (200, 10) and found.dtype == bool
    recalls = answer(RecallMapRequest(digits, annoy, exact, {}, 10, most=200)).recalls
    np.testing.assert_allclose(found.mean(axis=1), recalls[~np.isnan(recalls)], atol=1e-6)
    assert is_background(FoundRequest(digits, annoy, exact, {}, 10))


def test_the_whole_dataset(answer: Ask, digits: Dataset, annoy: IndexHandle, exact: IndexHandle) -> None:
    recalls = answer(RecallMapRequest(digits, annoy, exact, {}, 10, most=300))
    assert recalls.asked == 300 and np.isfinite(recalls.recalls).sum() == 300
    assert 0.1 < recalls.mean < 1 and recalls.params == {"search_k": 40}
    positions = np.ascontiguousarray(digits.vectors[:, 20:22])
    honesty = answer(HonestyRequest(digits, exact, positions, 10, most=200))
    assert honesty.asked == 200 and honesty.chance < honesty.mean < 1
    difficulty = answer(DifficultyRequest(digits, exact, most=500))
    assert difficulty.sampled == 500 and 5 < difficulty.dimension < 20


def test_what_takes_minutes_gives_way(digits: Dataset, annoy: IndexHandle, exact: IndexHandle) -> None:
    recalls = RecallMapRequest(digits, annoy, exact, {}, 10)
    assert is_background(recalls) and family_of(recalls) == type_named("annoy").family
    assert not is_background(ExplainRequest(digits, annoy, exact, row_query(0, digits), 10))

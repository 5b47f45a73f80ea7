"""What a query finds as its search looks farther, against real searches at and beside every stop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explorer.core.explanation import Reach
from explorer.core.params import Params
from explorer.indexes import asking, type_named
from explorer.indexes.building import built
from explorer.measure.case import Case
from explorer.measure.reaching import MOST_STOPS, reached, turned
from tests.measure.conftest import NewDataset
from tests.measure.test_whole import exact_of, vectors

TYPES: list[tuple[str, Params, bool]] = [
    ("annoy", {"trees": 3, "seed": 1}, True),
    ("faiss-ivf", {"nlist": 40}, True),
    ("faiss-hnsw", {"M": 4}, False),
    ("hnswlib", {"M": 3}, False),
    ("faiss-ivfpq", {"nlist": 20, "m": 4, "nbits": 4}, False),
]


@pytest.mark.parametrize(("name", "params", "exactly"), TYPES)
def test_every_stop_is_what_a_real_search_finds(
    new_dataset: NewDataset, tmp_path: Path, name: str, params: Params, exactly: bool
) -> None:
    x = vectors()
    dataset = new_dataset(x)
    handle = built(dataset, name, "euclidean", params, tmp_path / "i")
    searcher = type_named(name).open(handle, dataset)
    changed = 0
    with exact_of(dataset, "euclidean", tmp_path / "e") as exact:
        exact_handle = built(dataset, "exact", "euclidean", {}, tmp_path / "x")
        for row in range(0, 700, 70):

            def answer(value: int, row: int = row) -> set[int]:
                given: dict[str, Any] = asking.resolved(handle, {turned(handle, 10): value}, 10)
                return set(asking.neighbours(searcher, handle, dataset, x[row], 10, given, (row,)).rows.tolist())

            truth = asking.neighbours(exact, exact_handle, dataset, x[row], 10, {}, (row,))
            reach = reached(Case(dataset, handle, searcher, x[row], 10, {turned(handle, 10): 1}, truth, (row,)))
            assert reach is not None and reach.param == next(iter(type_named(name).effort))
            assert reach.default == asking.resolved(handle, {}, 10)[reach.param] and reach.default in reach.stops
            assert reach.stops[0] == 1
            assert reach.rows.tolist() == truth.rows.tolist() and (np.diff(reach.stops) > 0).all()
            assert len(reach.stops) <= MOST_STOPS + 2
            for stop, found in zip(reach.stops.tolist(), reach.found, strict=True):
                assert set(reach.rows[found].tolist()) == answer(stop) & set(reach.rows.tolist())
            if exactly:
                changed += one_less_finds_less(reach, answer)
                assert reach.found[-1].all()
    searcher.close()
    assert changed > 20 or not exactly


def one_less_finds_less(reach: Reach, answer: Any) -> int:
    """Of a traced type each stop but the default is the very value from which on more is found; how many there were."""
    checked = 0
    for place in range(1, len(reach.stops)):
        value = int(reach.stops[place])
        if value != reach.default and reach.found[place].sum() > reach.found[place - 1].sum():
            before = answer(value - 1) & set(reach.rows.tolist())
            assert before == set(reach.rows[reach.found[place - 1]].tolist())
            checked += 1
    return checked


def test_an_index_with_nothing_to_turn_has_no_reach(new_dataset: NewDataset, tmp_path: Path) -> None:
    x = vectors(60)
    dataset = new_dataset(x)
    handle = built(dataset, "exact", "euclidean", {}, tmp_path / "e")
    with exact_of(dataset, "euclidean", tmp_path / "x") as exact:
        truth = asking.neighbours(exact, handle, dataset, x[0], 10, {}, (0,))
        assert turned(handle, 10) == "" and reached(Case(dataset, handle, exact, x[0], 10, {}, truth, (0,))) is None


def test_the_place_of_a_value() -> None:
    reach = Reach("nprobe", 4, np.arange(2), np.array([1, 4, 9]), np.zeros((3, 2), bool))
    assert [reach.place(value) for value in (0, 1, 3, 4, 8, 9, 100)] == [0, 0, 0, 1, 1, 2, 2]

"""From a vector to Neighbours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from explorer.core.dataset import Dataset
from explorer.errors import BadParameter, BadQuery
from explorer.indexes import asking, type_named
from explorer.indexes.building import built

MakeDataset = Callable[..., Dataset]
X = np.random.default_rng(0).standard_normal((50, 3)).astype(np.float32)


def test_left_out_rows_are_made_up_for(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset(X)
    handle = built(dataset, "exact", "euclidean", {}, tmp_path / "i")
    searcher = type_named("exact").open(handle, dataset)
    everything = asking.neighbours(searcher, handle, dataset, X[0], 50, {})
    some = asking.neighbours(searcher, handle, dataset, X[0], 10, {}, everything.rows[:5].tolist())
    np.testing.assert_array_equal(some.rows, everything.rows[5:15])
    searcher.close()


@pytest.mark.parametrize(
    ("vector", "sentence"),
    [
        (np.ones(4, np.float32), "The query has 4 numbers; the vectors here have 3"),
        (np.array([1, np.nan, 0], np.float32), "not finite"),
        (np.zeros(3, np.float32), "The query is all zeros"),
    ],
)
def test_queries_that_have_no_answer(make_dataset: MakeDataset, vector: np.ndarray, sentence: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(BadQuery, match=sentence):
        asking.check_vector(vector, make_dataset(X), "cosine")
    if not vector.any():
        asking.check_vector(vector, make_dataset(X), "euclidean")


def test_search_parameters_are_resolved_from_k_unless_given(make_dataset: MakeDataset, tmp_path: Path) -> None:
    handle = built(make_dataset(X), "annoy", "cosine", {"trees": 7}, tmp_path / "i")
    assert asking.resolved(handle, {}, 3) == {"search_k": 21}
    assert asking.resolved(handle, {"search_k": "5"}, 3) == {"search_k": 5}
    with pytest.raises(BadParameter, match="annoy has no parameter “ef”"):
        asking.resolved(handle, {"ef": 5}, 3)

"""The distance matrix: what is in the file, what is read from it, and what is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.metric import METRICS, Metric, distances
from explorer.core.neighbours import ranked
from explorer.core.query import Query
from explorer.errors import BadFile, BadParameter, TooLarge
from explorer.indexes import type_named
from explorer.indexes.base import IndexHandle
from explorer.indexes.building import built
from explorer.indexes.matrix import building
from explorer.indexes.saved import open_saved, save_index, sidecar_of
from explorer.work.desk import Desk
from explorer.work.requests import SearchRequest

MakeDataset = Callable[..., Dataset]
MATRIX = type_named("matrix")


def vectors(rows: int = 300, away: float = 0.0) -> NDArray[np.float32]:
    found = np.random.default_rng(2).standard_normal((rows, 10)) + away
    return found.astype(np.float32)


def arrays(path: Path) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """As everybody can read them."""
    with path.open("rb") as file:
        return np.load(file), np.load(file)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("away", [0.0, 1e4])
def test_every_distance_is_the_true_one_rounded(
    make_dataset: MakeDataset, tmp_path: Path, metric: Metric, away: float
) -> None:
    x = vectors(away=away)
    x[5] = x[100] = x[200]
    handle = built(make_dataset(x), "matrix", metric, {"k": 20}, tmp_path / "index")
    found, nearest = arrays(handle.path)
    true = np.array([distances(metric, x, query) for query in x])
    np.testing.assert_allclose(found, true, rtol=1e-6, atol=1e-9 * np.abs(true).max())
    assert found[5, 200] == found[100, 200] == found[200, 200]
    for row in (0, 5, 299):
        expected = ranked(x, x[row], np.arange(300), metric, 20)
        np.testing.assert_allclose(true[row, nearest[row]], expected.distances, rtol=1e-9, atol=1e-12)


def test_a_matrix_of_several_bands_is_the_same(
    make_dataset: MakeDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = make_dataset(vectors())
    whole = built(dataset, "matrix", "euclidean", {}, tmp_path / "whole")
    monkeypatch.setattr(building, "BAND_NUMBERS", 300 * 7)
    monkeypatch.setattr(building, "BLOCK_ROWS", 64)
    parts = built(dataset, "matrix", "euclidean", {}, tmp_path / "parts")
    for one, other in zip(arrays(whole.path), arrays(parts.path), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


@pytest.fixture
def dataset(make_dataset: MakeDataset) -> Dataset:
    return make_dataset(vectors())


@pytest.fixture
def handle(dataset: Dataset, tmp_path: Path) -> IndexHandle:
    return built(dataset, "matrix", "euclidean", {"k": 20}, tmp_path / "index")


@pytest.mark.parametrize("k", [1, 19, 20, 150, 300])
def test_beyond_what_was_kept_it_picks_from_the_row(dataset: Dataset, handle: IndexHandle, k: int) -> None:
    searcher = MATRIX.open(handle, dataset)
    found = searcher.search(dataset.vectors[[3, 77]], k, {})
    for row, rows in zip((3, 77), found, strict=True):
        expected = ranked(dataset.vectors, dataset.vectors[row], np.arange(300), "euclidean", k)
        np.testing.assert_array_equal(rows, expected.rows)
    assert searcher.aside() == {}
    searcher.close()


def test_it_answers_from_the_file_and_not_from_the_vectors(dataset: Dataset, handle: IndexHandle) -> None:
    with handle.path.open("rb+") as file:
        file.seek(-300 * 20 * 4, 2)
        file.write(np.full((300, 20), 11, "<i4").tobytes())
    searcher = MATRIX.open(handle, dataset)
    assert set(searcher.search(dataset.vectors[:1], 5, {})[0]) == {11}
    searcher.close()


def test_a_query_that_is_no_row_is_answered_exactly_and_said_so(dataset: Dataset, handle: IndexHandle) -> None:
    query = np.nextafter(dataset.vectors[3], np.float32(np.inf))
    searcher = MATRIX.open(handle, dataset)
    mixed = searcher.search(np.stack([dataset.vectors[3], query, dataset.vectors[4]]), 10, {})
    assert searcher.aside() == {"answered by": "exact search: the query is no row"}
    for vector, rows in zip((dataset.vectors[3], query, dataset.vectors[4]), mixed, strict=True):
        expected = ranked(dataset.vectors, vector, np.arange(300), "euclidean", 10)
        np.testing.assert_array_equal(rows, expected.rows)
    searcher.search(dataset.vectors[:2], 10, {})
    assert searcher.aside() == {}
    searcher.close()
    answer = SearchRequest(dataset, handle, Query("numbers", "typed", numbers=query), 10)(Desk())
    assert answer.params == {"answered by": "exact search: the query is no row"}


def test_a_minus_zero_is_a_zero(make_dataset: MakeDataset, tmp_path: Path) -> None:
    x = vectors(20)
    x[4, 2] = 0
    dataset = make_dataset(x)
    handle = built(dataset, "matrix", "dot", {}, tmp_path / "index")
    query = x[4].copy()
    query[2] = -0.0
    searcher = MATRIX.open(handle, dataset)
    searcher.search(query[None], 5, {})
    assert searcher.aside() == {}
    searcher.close()


def test_one_that_cannot_fit_is_refused_with_what_would(
    make_dataset: MakeDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TooLarge, match=r"of 200,000 rows .* needs 160 GB .*limit is 40\.0 GB .*; up to 99,950 rows"):
        building.cost(200_000, 8, "cosine", 100)
    monkeypatch.setattr(building, "MOST_BYTES", 4 * 100 * (100 + 100))
    assert building.cost(100, 8, "cosine", 100).disk_bytes == building.MOST_BYTES
    with pytest.raises(TooLarge, match="up to 100 rows would fit"):
        built(make_dataset(vectors()), "matrix", "euclidean", {}, tmp_path / "index")
    assert list((tmp_path / "index").iterdir()) == []


def test_the_limit_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_MATRIX_GB", "0.5")
    with pytest.raises(
        TooLarge, match=r"the limit is 500 MB \(EXPLORER_MATRIX_GB sets it, in GB\); up to 11,1\d\d rows"
    ):
        building.cost(20_000, 8, "cosine", 100)
    monkeypatch.setenv("EXPLORER_MATRIX_GB", "100")
    assert building.cost(120_000, 8, "cosine", 100).disk_bytes == 4 * 120_000 * 120_100
    for nonsense in ("much", "-1", "0", "nan", "inf"):
        monkeypatch.setenv("EXPLORER_MATRIX_GB", nonsense)
        with pytest.raises(BadParameter, match=f"is a number of gigabytes, such as 40, not “{nonsense}”"):
            building.cost(20_000, 8, "cosine", 100)


def test_a_full_disk_is_said_before_the_work(
    make_dataset: MakeDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = shutil.disk_usage(tmp_path)._replace(free=4 * 50 * (50 + 100))
    monkeypatch.setattr("shutil.disk_usage", lambda _: free)
    with pytest.raises(TooLarge, match=r"which has .* left; up to 61 rows would fit: make room"):
        built(make_dataset(vectors()), "matrix", "euclidean", {}, tmp_path / "index")


def test_products_that_float32_cannot_hold_are_refused(make_dataset: MakeDataset, tmp_path: Path) -> None:
    with pytest.raises(BadParameter, match="too small for a matrix of float32 under dot; scale them"):
        built(make_dataset(vectors() * np.float32(1e-20)), "matrix", "dot", {}, tmp_path / "index")
    with pytest.raises(BadParameter, match="too large for a matrix of float32 under euclidean"):
        built(make_dataset(vectors() * np.float32(5e37)), "matrix", "euclidean", {}, tmp_path / "index")
    assert list((tmp_path / "index").iterdir()) == []


@pytest.mark.parametrize("metric", METRICS)
def test_a_saved_matrix_opens_without_its_sidecar_and_tells_its_metric(
    make_dataset: MakeDataset, tmp_path: Path, metric: Metric
) -> None:
    dataset = make_dataset(vectors())
    handle = built(dataset, "matrix", metric, {"k": 5}, tmp_path / "index")
    out = tmp_path / "some.npy"
    save_index(handle, dataset, out)
    stored = json.loads(sidecar_of(out).read_text("utf-8"))["stored"]
    assert stored == {"arrays": [["distances", [300, 300]], ["nearest", [300, 5]]]}
    sidecar_of(out).unlink()
    again = open_saved(out, dataset)
    assert (again.type, again.metric, again.params) == ("matrix", metric, {"k": 5})
    with pytest.raises(BadFile, match="does not hold the distances"):
        open_saved(out, make_dataset(vectors()[::-1]))
    with pytest.raises(BadFile, match="holds the distances of 300 rows; there are 299"):
        open_saved(out, make_dataset(vectors()[1:]))


def test_what_is_no_matrix_is_refused(dataset: Dataset, handle: IndexHandle, tmp_path: Path) -> None:
    whole = handle.path.read_bytes()
    bad = tmp_path / "bad.matrix.npy"
    for content in (b"", whole[:100], whole[:-4], whole + b"x", whole[: 128 + 300 * 300 * 4]):
        bad.write_bytes(content)
        with pytest.raises(BadFile, match="is no distance matrix"):
            MATRIX.adopted(bad, dataset, None)
    bad.write_bytes(whole[:-4] + np.int32(300).tobytes())
    with pytest.raises(BadFile, match="names a row that is not there"):
        MATRIX.adopted(bad, dataset, None)

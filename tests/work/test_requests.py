"""The main job as requests, in one real child, from a file to an answer that can be trusted."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explorer.core.dataset import Dataset, fingerprinted
from explorer.core.query import row_query
from explorer.errors import BadFile, BadParameter, BadQuery
from explorer.work.measuring import MeasureRequest
from explorer.work.process import Process
from explorer.work.requests import (
    Answer,
    BuildRequest,
    FingerprintRequest,
    OpenIndexRequest,
    PositionsRequest,
    PrepareRequest,
    ProjectRequest,
    ReadingsRequest,
    ReadRequest,
    Request,
    SaveIndexRequest,
    SavePositionsRequest,
    SearchRequest,
)

Ask = Callable[[Request], Any]


def test_from_the_sample_to_a_measured_answer_and_a_map(answer: Ask, tmp_path: Path) -> None:
    digits: Dataset = answer(ReadRequest("sample:digits"))
    assert (digits.rows, digits.dimensions, digits.metric) == (1797, 64, "euclidean")

    exact = answer(BuildRequest(digits, "exact", "euclidean", {}, tmp_path / "exact"))
    annoy = answer(BuildRequest(digits, "annoy", "euclidean", {"trees": 10}, tmp_path / "annoy"))
    assert annoy.params["trees"] == 10 and annoy.bytes == annoy.path.stat().st_size
    answer(PrepareRequest(digits, annoy))

    query = answer(ReadingsRequest(digits, "#42"))[0]
    found: Answer = answer(SearchRequest(digits, annoy, query, 10, {"search_k": 17970}))
    truth: Answer = answer(SearchRequest(digits, exact, query, 10))
    brute = np.sqrt(((digits.vectors.astype(np.float64) - digits.vectors[42].astype(np.float64)) ** 2).sum(axis=1))
    brute[42] = np.inf
    np.testing.assert_allclose(truth.neighbours.distances, np.sort(brute)[:10], rtol=1e-6)
    np.testing.assert_allclose(found.neighbours.distances, truth.neighbours.distances, rtol=1e-6)
    assert found.params == {"search_k": 17970} and truth.params == {}

    measured = answer(MeasureRequest(digits, annoy, exact, {"search_k": 17970}, 10, 50))
    assert measured.recall == 1.0 and measured.queries == 50
    assert answer(MeasureRequest(digits, annoy, exact, {"search_k": 1}, 10, 50)).recall < 1.0

    made = answer(ProjectRequest(digits, "euclidean", "pca"))
    assert made.positions.shape == (1797, 2) and np.isfinite(made.positions).all()


def test_search_parameters_left_to_the_library_follow_from_k(answer: Ask, dataset: Dataset, tmp_path: Path) -> None:
    annoy = answer(BuildRequest(dataset, "annoy", "cosine", {"trees": 4}, tmp_path / "annoy"))
    for k in (3, 10):
        found: Answer = answer(SearchRequest(dataset, annoy, row_query(0, dataset), k))
        assert found.params == {"search_k": 4 * k}
    with pytest.raises(BadParameter, match="search_k"):
        answer(SearchRequest(dataset, annoy, row_query(0, dataset), 3, {"search_k": 0}))


def test_a_map_that_was_made_is_found_again_until_a_fresh_one_is_wanted(answer: Ask, dataset: Dataset) -> None:
    def project(fresh: bool, seed: int = 1) -> Any:
        return answer(ProjectRequest(dataset, "cosine", "pca", {}, seed, fresh))

    first = project(False)
    assert project(False).seconds == first.seconds
    assert project(True).seconds != first.seconds
    assert project(False, seed=2).seconds != project(False).seconds


def test_a_map_found_again_publishes_nothing_on_the_way(process: Process, dataset: Dataset) -> None:
    request = ProjectRequest(dataset, "cosine", "umap", {"n_epochs": 5}, 1, False)
    frames: list[Any] = []
    made = process.ask(request, lambda *_: None, frames.append)
    assert frames and all(frame.shape == (200, 2) for frame in frames)
    seen = len(frames)
    again = process.ask(request, lambda *_: None, frames.append)
    np.testing.assert_array_equal(again.positions, made.positions)
    assert len(frames) == seen and again.params == made.params and again.stages == made.stages


def test_an_index_is_saved_and_opened_again(answer: Ask, dataset: Dataset, tmp_path: Path) -> None:
    built = answer(BuildRequest(dataset, "annoy", "dot", {"trees": 6}, tmp_path / "annoy"))
    saved = answer(SaveIndexRequest(dataset, built, tmp_path / "mine.ann"))
    assert saved.path == tmp_path / "mine.ann"
    opened = answer(OpenIndexRequest(dataset, saved.path))
    assert (opened.type, opened.metric, opened.params) == ("annoy", "dot", built.params)
    query = row_query(7, dataset)
    one, other = (answer(SearchRequest(dataset, handle, query, 10)).neighbours for handle in (built, opened))
    assert one.rows.tolist() == other.rows.tolist()
    saved.path.write_bytes(saved.path.read_bytes()[:-4])
    with pytest.raises(BadFile, match=r"mine\.ann"):
        answer(OpenIndexRequest(dataset, saved.path))


def test_positions_are_saved_and_read_again(answer: Ask, dataset: Dataset, tmp_path: Path) -> None:
    positions = np.random.default_rng(1).normal(size=(200, 2)).astype(np.float32)
    assert answer(SavePositionsRequest(dataset, positions, tmp_path / "xy.npy")) == tmp_path / "xy.npy"
    np.testing.assert_array_equal(answer(PositionsRequest(dataset, tmp_path / "xy.npy")).positions, positions)


def test_a_file_that_has_changed_says_so_instead_of_answering(answer: Ask, dataset: Dataset) -> None:
    exact = answer(BuildRequest(dataset, "exact", "cosine", {}, dataset.folder / "exact"))
    query = row_query(0, dataset)
    assert len(answer(SearchRequest(dataset, exact, query, 3)).neighbours) == 3
    stat = dataset.path.stat()
    os.utime(dataset.path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000))
    for request in (
        SearchRequest(dataset, exact, query, 3),
        BuildRequest(dataset, "annoy", "cosine", {}, dataset.folder),
    ):
        with pytest.raises(BadFile, match="has changed since it was opened; open it again"):
            answer(request)
    dataset.path.unlink()
    with pytest.raises(BadFile, match="no longer there"):
        answer(SearchRequest(dataset, exact, query, 3))


def test_a_query_that_has_no_answer_is_a_sentence(answer: Ask, dataset: Dataset) -> None:
    exact = answer(BuildRequest(dataset, "exact", "cosine", {}, dataset.folder / "exact"))
    zero = answer(ReadingsRequest(dataset, "[0, 0, 0, 0, 0, 0, 0, 0]"))[0]
    with pytest.raises(BadQuery, match="no direction"):
        answer(SearchRequest(dataset, exact, zero, 3))
    with pytest.raises(BadQuery, match="3 numbers; the vectors here have 8"):
        answer(ReadingsRequest(dataset, "1, 2, 3"))


def test_a_request_gives_here_what_it_gives_in_a_child(answer: Ask, dataset: Dataset) -> None:
    theirs = answer(FingerprintRequest(dataset))
    (dataset.folder / "fingerprint").unlink()
    assert fingerprinted(dataset) == theirs


def test_saving_and_opening_an_index_say_how_far_they_are(process: Process, dataset: Dataset, tmp_path: Path) -> None:
    built = process.ask(
        BuildRequest(dataset, "annoy", "cosine", {"trees": 3}, tmp_path / "annoy"), lambda *_: None, lambda _: None
    )
    said: list[str] = []

    def ask(request: Request) -> Any:
        said.clear()
        return process.ask(request, lambda fraction, note: said.append(note), lambda _: None)

    out = ask(SaveIndexRequest(dataset, built, tmp_path / "mine.ann")).path
    assert said, "a save that says nothing cannot be stopped either"
    ask(OpenIndexRequest(dataset, out))
    assert said


def test_a_saved_index_knows_the_vectors_it_was_built_over(answer: Ask, dataset: Dataset, tmp_path: Path) -> None:
    built = answer(BuildRequest(dataset, "annoy", "cosine", {"trees": 3}, tmp_path / "annoy"))
    out = answer(SaveIndexRequest(dataset, built, tmp_path / "mine.ann")).path
    np.save(tmp_path / "others.npy", dataset.vectors + 1)
    with pytest.raises(BadFile, match="other vectors"):
        answer(OpenIndexRequest(answer(ReadRequest(str(tmp_path / "others.npy"))), out))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a pipe with a name")
def test_nobody_waits_until_a_map_is_kept(process: Process, dataset: Dataset) -> None:
    """A pipe that nobody reads stands where the map is to be written: who opens it waits for ever."""
    request = ProjectRequest(dataset, "cosine", "pca", {}, 1, False)
    process.ask(request, lambda *_: None, lambda _: None)
    process.ask(ReadingsRequest(dataset, "#1"), lambda *_: None, lambda _: None)
    (positions,) = (dataset.folder / "maps").glob("*.npy")
    positions.unlink()
    pipe = positions.with_name(f".{positions.name}.{process.pid}.part")
    os.mkfifo(pipe)
    assert process.ask(request, lambda *_: None, lambda _: None).positions.shape == (200, 2)

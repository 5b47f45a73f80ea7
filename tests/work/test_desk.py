"""What stays open from one request to the next, and for how long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from explorer.core.dataset import Dataset
from explorer.core.progress import Progress
from explorer.core.query import Query, row_query
from explorer.encoders.base import Encoder
from explorer.encoders.token_table import TokenTable
from explorer.errors import BadFile, BadQuery
from explorer.formats import reading
from explorer.indexes.base import IndexHandle
from explorer.work.desk import MOST_ENCODED, MOST_OPEN, Desk
from explorer.work.measuring import MeasureRequest
from explorer.work.process import Process
from explorer.work.requests import Answer, BuildRequest, ForgetRequest, Request, SearchRequest

Ask = Callable[[Request], Any]


def logs(handles: list[IndexHandle]) -> list[str]:
    return [handle.path.with_suffix(".log").read_text() for handle in handles]


def test_an_index_is_opened_once_however_often_it_is_asked(
    answer: Ask, dataset: Dataset, odd: Callable[..., BuildRequest]
) -> None:
    handle = answer(odd(dataset))
    for row in range(3):
        answer(SearchRequest(dataset, handle, row_query(row, dataset), 3))
    assert logs([handle]) == ["opened searched searched searched "]


def test_the_index_used_longest_ago_is_closed_first(
    answer: Ask, dataset: Dataset, odd: Callable[..., BuildRequest]
) -> None:
    handles = [answer(odd(dataset, "", tag)) for tag in range(MOST_OPEN + 1)]
    for handle in [*handles[:MOST_OPEN], handles[0], handles[MOST_OPEN]]:
        answer(SearchRequest(dataset, handle, row_query(1, dataset), 3))
    assert [log.endswith("closed ") for log in logs(handles)] == [False, True] + [False] * (MOST_OPEN - 1)
    answer(SearchRequest(dataset, handles[1], row_query(1, dataset), 3))
    assert logs(handles)[1] == "opened searched closed opened searched "


def test_close_closes_everything_and_can_be_called_twice(dataset: Dataset, tmp_path: Path) -> None:
    desk = Desk()
    handle = BuildRequest(dataset, "annoy", "cosine", {"trees": 2}, tmp_path / "annoy")(desk)
    searcher = desk.searcher(dataset, handle)
    assert desk.searcher(dataset, handle) is searcher
    desk.close()
    desk.close()
    assert desk.searcher(dataset, handle) is not searcher
    desk.close()


def test_a_file_that_was_written_anew_is_opened_anew(dataset: Dataset, tmp_path: Path) -> None:
    desk = Desk()
    handles = []
    for seed in (1, 2):
        made = BuildRequest(dataset, "annoy", "cosine", {"trees": 3, "seed": seed}, tmp_path / "annoy")(desk)
        handles.append(replace(made, build_seconds=0.0))
        found: Answer = SearchRequest(dataset, handles[-1], row_query(1, dataset), 150, {"search_k": 1})(desk)
        fresh: Answer = SearchRequest(dataset, handles[-1], row_query(1, dataset), 150, {"search_k": 1})(Desk())
        np.testing.assert_array_equal(found.neighbours.rows, fresh.neighbours.rows)
    desk.close()


def test_an_index_that_cannot_be_opened_is_said_and_not_kept(dataset: Dataset, tmp_path: Path) -> None:
    desk = Desk()
    handle = BuildRequest(dataset, "annoy", "cosine", {"trees": 2}, tmp_path / "annoy")(desk)
    moved = handle.path.rename(tmp_path / "elsewhere")
    with pytest.raises(BadFile):
        desk.searcher(dataset, handle)
    moved.rename(handle.path)
    assert desk.searcher(dataset, handle) is desk.searcher(dataset, handle)
    desk.close()


def test_a_text_encoder_is_loaded_once() -> None:
    desk = Desk()
    assert desk.encoder("static") is desk.encoder("static")


def test_a_text_is_encoded_once(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[str] = []

    def encode_query(self: Encoder, text: str, progress: Progress) -> Any:
        encoded.append(text)
        return np.full(dataset.dimensions + len(text) - 1, 1.0)

    monkeypatch.setattr(TokenTable, "encode_query", encode_query)
    desk, textual = Desk(), replace(dataset, encoder="static")
    for text in "abab":
        assert len(desk.vector(textual, Query("text", text), "cosine")) == dataset.dimensions
    assert encoded == ["a", "b"]
    for i in range(MOST_ENCODED):
        desk.vector(textual, Query("text", chr(1000 + i)), "cosine")
    desk.vector(textual, Query("text", "a"), "cosine")
    assert encoded[2:].count("a") == 1
    with pytest.raises(BadQuery, match="were not made with it"):
        desk.vector(textual, Query("text", "ab"), "cosine")


def mapped(process: Process) -> set[str]:
    """The index files that a child has mapped, whether they are still there or not."""
    maps = Path(f"/proc/{process.pid}/maps").read_text()
    return {
        Path(line.split(maxsplit=5)[5].removesuffix(" (deleted)")).parent.name
        for line in maps.splitlines()
        if ".ann" in line
    }


PROC = pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs /proc")


@pytest.fixture
def annoy(answer: Ask, dataset: Dataset, tmp_path: Path) -> Callable[[str], IndexHandle]:
    """annoy(name) → an index in a folder of that name, opened and asked once."""

    def built(name: str) -> IndexHandle:
        handle: IndexHandle = answer(BuildRequest(dataset, "annoy", "cosine", {"trees": 3}, tmp_path / name))
        answer(SearchRequest(dataset, handle, row_query(1, dataset), 3))
        return handle

    return built


@PROC
def test_what_is_removed_or_built_anew_is_let_go_at_the_next_search(
    process: Process, answer: Ask, dataset: Dataset, annoy: Callable[[str], IndexHandle]
) -> None:
    removed, stays = annoy("removed"), annoy("stays")
    assert mapped(process) == {"removed", "stays"}
    removed.path.unlink()
    answer(SearchRequest(dataset, stays, row_query(1, dataset), 3))
    assert mapped(process) == {"stays"}
    before = psutil.Process(process.pid).memory_maps(grouped=False)
    annoy("stays")
    after = psutil.Process(process.pid).memory_maps(grouped=False)
    assert [sum("stays" in one.path for one in maps) for maps in (before, after)] == [1, 1]


@PROC
def test_an_index_is_forgotten_before_its_folder_goes(
    process: Process, answer: Ask, annoy: Callable[[str], IndexHandle]
) -> None:
    first = annoy("first")
    annoy("second")
    answer(ForgetRequest(first.path.parent))
    assert mapped(process) == {"second"}


@PROC
def test_the_indexes_of_another_dataset_are_let_go(
    process: Process, answer: Ask, annoy: Callable[[str], IndexHandle], tmp_path: Path
) -> None:
    annoy("old")
    np.save(tmp_path / "others.npy", np.random.default_rng(9).normal(size=(40, 4)).astype(np.float32))
    other = reading.read(tmp_path / "others.npy")
    exact = answer(BuildRequest(other, "exact", "euclidean", {}, tmp_path / "exact"))
    answer(SearchRequest(other, exact, row_query(1, other), 3))
    assert mapped(process) == set()


@PROC
def test_a_child_that_measured_keeps_nothing_open(
    process: Process, answer: Ask, dataset: Dataset, annoy: Callable[[str], IndexHandle], tmp_path: Path
) -> None:
    handle = annoy("measured")
    exact = answer(BuildRequest(dataset, "exact", "cosine", {}, tmp_path / "exact"))
    assert answer(MeasureRequest(dataset, handle, exact, {}, 5, 20)).queries == 20
    assert mapped(process) == set()

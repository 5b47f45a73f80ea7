"""Libraries of different families never share a child, and what one child opened is the affair of no other."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from explorer import projection
from explorer.core.dataset import Dataset
from explorer.core.query import row_query
from explorer.errors import Cancelled, TaskFailed
from explorer.indexes import building, type_named, types
from explorer.indexes.base import IndexHandle
from explorer.work.children import MOST_CHILDREN, Children
from explorer.work.latest import Latest
from explorer.work.measuring import MeasureRequest
from explorer.work.requests import (
    UNKNOWN,
    BuildRequest,
    FingerprintRequest,
    ForgetRequest,
    OpenIndexRequest,
    PrepareRequest,
    ProjectRequest,
    SearchRequest,
    WarmUpRequest,
    family_of,
)

NAMES = [name for name in ("exact", "annoy", "usearch", "faiss-flat") if not type_named(name).unavailable()]
FAMILIES = list(dict.fromkeys(type_named(name).family for name in NAMES))


def nobody(*_: Any) -> None:
    """The listener that does nothing."""


def pids() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


@pytest.fixture
def handles(dataset: Dataset, tmp_path: Path) -> dict[str, IndexHandle]:
    """An index of each type, built by children."""
    children = Children()
    made = {
        name: children.ask(BuildRequest(dataset, name, "euclidean", {}, tmp_path / name), nobody, nobody)
        for name in NAMES
    }
    children.close()
    assert not pids()
    return made


@pytest.fixture
def latest(posted: Any) -> Iterator[Latest]:
    one = Latest(posted.post)
    yield one
    one.close()


@pytest.fixture
def children() -> Iterator[Children]:
    one = Children()
    yield one
    one.close()


def answer(latest: Latest, posted: Any, dataset: Dataset, handle: IndexHandle, slot: str = "search") -> Any:
    heard: list[Any] = []
    latest.ask(slot, SearchRequest(dataset, handle, row_query(3, dataset), 5), heard.append, heard.append)
    posted.until(lambda: heard)
    return heard[0]


def test_the_family_of_work_is_that_of_its_library(dataset: Dataset, handles: dict[str, IndexHandle]) -> None:
    for name, handle in handles.items():
        family = types()[name].family
        assert family_of(BuildRequest(dataset, name, "euclidean", {}, Path())) == family
        assert family_of(PrepareRequest(dataset, handle)) == family
        assert family_of(SearchRequest(dataset, handle, row_query(0, dataset), 1)) == family
        assert family_of(MeasureRequest(dataset, handle, handles["exact"], {}, 1, 1)) == family
    assert family_of(ProjectRequest(dataset, "cosine")) == family_of(WarmUpRequest()) == "numba"
    assert family_of(ProjectRequest(dataset, "cosine", "pca")) == family_of(FingerprintRequest(dataset)) == ""
    assert family_of(OpenIndexRequest(dataset, Path("x"))) == UNKNOWN
    declared = [*(kind.family for kind in types().values()), *(kind.family for kind in projection.types().values())]
    assert UNKNOWN not in declared and {"", "faiss", "usearch", "numba"} == set(declared)


def test_each_family_is_searched_in_a_child_of_its_own(
    latest: Latest, posted: Any, dataset: Dataset, handles: dict[str, IndexHandle]
) -> None:
    for _ in range(2):
        for handle in handles.values():
            assert answer(latest, posted, dataset, handle).neighbours.rows.size == 5
            before = pids()
    assert pids() == before and len(before) == len(FAMILIES)


@pytest.mark.skipif(len(FAMILIES) < 2 or os.name != "posix", reason="needs two families and signals")
def test_a_child_that_dies_is_replaced_alone(
    latest: Latest, posted: Any, dataset: Dataset, handles: dict[str, IndexHandle]
) -> None:
    for handle in handles.values():
        answer(latest, posted, dataset, handle)
    before = pids()
    victim = latest._children.of(FAMILIES[-1]).pid
    os.kill(victim, signal.SIGKILL)
    posted.until(lambda: psutil.Process(victim).status() == psutil.STATUS_ZOMBIE)
    for handle in handles.values():
        assert answer(latest, posted, dataset, handle).neighbours.rows.size == 5
    assert len(pids() - before) == 1 and before - pids() == {victim}


@pytest.mark.skipif(sys.platform != "linux", reason="reads what processes have mapped")
def test_forgetting_reaches_every_child(
    latest: Latest, posted: Any, dataset: Dataset, handles: dict[str, IndexHandle], tmp_path: Path
) -> None:
    for handle in handles.values():
        answer(latest, posted, dataset, handle)

    def mapped() -> set[str]:
        return {
            handle.type
            for child in psutil.Process().children()
            for handle in handles.values()
            if handle.type != "exact" and str(handle.path) in Path(f"/proc/{child.pid}/maps").read_text()
        }

    assert {"annoy", "usearch"} & set(handles) <= mapped()
    heard: list[Any] = []
    latest.ask("forget", ForgetRequest(tmp_path), heard.append, heard.append)
    posted.until(lambda: heard)
    assert heard == [True] and mapped() == set()


def test_what_is_asked_in_a_hurry_of_all_families_ends_exactly_once(
    latest: Latest, posted: Any, dataset: Dataset, handles: dict[str, IndexHandle]
) -> None:
    endings: dict[int, list[Any]] = {}
    for round_ in range(60):
        handle = handles[NAMES[round_ % len(NAMES)]]
        heard = endings[round_] = []
        request = SearchRequest(dataset, handle, row_query(round_, dataset), 5)
        latest.ask(("search", "truth")[round_ % 7 == 0], request, heard.append, heard.append)
        if round_ % 10 == 9:
            posted.drain()
    posted.until(lambda: all(endings.values()))
    posted.drain()
    assert all(len(heard) == 1 for heard in endings.values())
    assert endings[59][0].neighbours.rows.size == 5
    assert {type(heard[0]).__name__ for heard in endings.values()} <= {"Answer", Cancelled.__name__}


def test_idle_children_are_limited_and_the_one_used_last_stays(children: Children) -> None:
    started = [children.of(f"family {i}") for i in range(MOST_CHILDREN)]
    assert children.of("family 0") is started[0]
    children.of("one more")
    assert [process.alive for process in started] == [True, False, *[True] * (MOST_CHILDREN - 2)]
    assert len(pids()) == MOST_CHILDREN


def test_a_child_for_unknown_work_goes_with_it(children: Children, dataset: Dataset, tmp_path: Path) -> None:
    handle = building.built(dataset, "annoy", "euclidean", {"trees": 1}, tmp_path / "annoy")
    opened = children.ask(OpenIndexRequest(dataset, handle.path, "euclidean"), nobody, nobody)
    assert opened.type == "annoy" and not pids()


def test_an_interruption_ends_the_child_and_no_other(children: Children, dataset: Dataset, odd: Any) -> None:
    other = children.of("other")

    def interrupt(fraction: float | None, note: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        children.ask(odd(dataset, "work"), interrupt, nobody)
    assert pids() == {other.pid}
    assert children.ask(odd(dataset, "nothing"), nobody, nobody).type == "odd"


def test_a_child_that_died_before_it_began_is_replaced_unseen(children: Children, dataset: Dataset) -> None:
    children.of("").kill()
    assert children.ask(FingerprintRequest(dataset), nobody, nobody)


def test_after_close_nothing_is_started(children: Children, dataset: Dataset) -> None:
    children.close()
    with pytest.raises((Cancelled, TaskFailed)):
        children.ask(FingerprintRequest(dataset), nobody, nobody)
    assert not pids()

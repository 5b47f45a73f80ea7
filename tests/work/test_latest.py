"""Of searches only the newest matters, the most urgent comes first, and the truth is not forgotten."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

from explorer.core.dataset import Dataset
from explorer.core.query import row_query
from explorer.errors import Cancelled, TaskFailed
from explorer.indexes.base import IndexHandle
from explorer.work.latest import Latest
from explorer.work.requests import BuildRequest, FingerprintRequest, PrepareRequest, Request, SearchRequest

Odd = Callable[..., BuildRequest]
SLOW = 600.0
"""Seconds that a search takes which is going to be stopped."""


class Searches:
    """A Latest, what it said in order, and a way to see that the child is busy."""

    def __init__(self, posted: Any, dataset: Dataset, odd: Odd) -> None:
        self.latest = Latest(posted.post)
        self.posted, self.dataset = posted, dataset
        self.said: list[tuple[str, str, Any]] = []
        self.ask("prepare", odd(dataset, ""), "prepare")
        self.handle: IndexHandle = self.answer("prepare")

    def ask(self, slot: str, request: Request, name: str) -> None:
        def say(how: str) -> Callable[[Any], None]:
            return lambda value: self.said.append((name, how, value))

        self.latest.ask(slot, request, say("done"), say("failed"))

    def search(self, slot: str, name: str, seconds: float = 0.0, *, how: str = "always") -> None:
        query = row_query(3, self.dataset)
        self.ask(slot, SearchRequest(self.dataset, self.handle, query, 3, {how: seconds}), name)

    def endings(self, name: str) -> list[tuple[str, Any]]:
        return [(how, value) for who, how, value in self.said if who == name]

    def answer(self, name: str) -> Any:
        self.posted.until(lambda: self.endings(name))
        ((how, value),) = self.endings(name)
        assert how == "done", value
        return value

    def failure(self, name: str) -> Any:
        self.posted.until(lambda: self.endings(name))
        ((how, value),) = self.endings(name)
        assert how == "failed"
        return value

    def busy(self, times: int = 1) -> None:
        """Wait until so many searches have begun."""
        self.posted.until(lambda: self.begun >= times)

    @property
    def begun(self) -> int:
        log = self.handle.path.with_suffix(".log")
        return log.read_text().count("searched") if log.exists() else 0

    @property
    def pid(self) -> int:
        (child,) = psutil.Process().children()
        return int(child.pid)


@pytest.fixture
def searches(posted: Any, dataset: Dataset, odd: Odd) -> Iterator[Searches]:
    one = Searches(posted, dataset, odd)
    yield one
    one.latest.close()


def test_the_newest_of_a_slot_wins_and_the_child_stays_warm(searches: Searches) -> None:
    child = searches.pid
    searches.search("search", "first", SLOW)
    searches.busy()
    for name in ("second", "third", "fourth"):
        searches.search("search", name, SLOW if name != "fourth" else 0)
    assert searches.answer("fourth").neighbours.rows.size == 3
    for name in ("first", "second", "third"):
        assert isinstance(searches.failure(name), Cancelled)
        assert str(searches.failure(name)) == "A newer one took its place."
    assert searches.pid == child


@pytest.mark.parametrize(
    ("busy", "asked", "order"),
    [
        ("readings", ("warm", "truth", "search"), ["search", "truth", "warm"]),
        ("search", ("warm", "truth", "readings"), ["readings", "truth", "warm"]),
    ],
    ids=["search before truth", "readings before truth"],
)
def test_what_is_urgent_comes_first_whenever_it_was_asked(
    searches: Searches, busy: str, asked: tuple[str, ...], order: list[str]
) -> None:
    searches.search(busy, "busy", SLOW)
    searches.busy()
    for slot in asked:
        searches.search(slot, slot)
    searches.latest.forget(busy)
    searches.answer("warm")
    assert [name for name, how, _ in searches.said if how == "done"][1:] == order


def test_slots_without_an_urgency_are_served_in_their_order(searches: Searches) -> None:
    searches.search("other", "busy", SLOW)
    searches.busy()
    for slot in ("c", "a", "b"):
        searches.search(slot, slot)
    searches.latest.forget("other")
    searches.answer("b")
    assert [name for name, how, _ in searches.said if how == "done"][1:] == ["c", "a", "b"]


@pytest.mark.parametrize("slot", ["truth", "warm some index"])
@pytest.mark.parametrize("urgent", ["search", "readings"])
def test_what_nobody_waits_for_makes_way_and_comes_after(searches: Searches, slot: str, urgent: str) -> None:
    searches.search(slot, "patient", SLOW, how="first")
    searches.busy()
    searches.search(urgent, "urgent")
    searches.answer("patient")
    assert [name for name, _, _ in searches.said[1:]] == ["urgent", "patient"]
    assert searches.begun == 3


@pytest.mark.parametrize("slot", ["truth", "trace", "search"])
def test_an_explanation_makes_way_for_all_else(searches: Searches, slot: str) -> None:
    searches.search("explain", "patient", SLOW, how="first")
    searches.busy()
    searches.search(slot, "sooner")
    searches.answer("patient")
    assert [name for name, _, _ in searches.said[1:]] == ["sooner", "patient"]
    assert searches.begun == 3


def test_an_explanation_is_served_last(searches: Searches) -> None:
    searches.search("other", "busy", SLOW)
    searches.busy()
    for slot in ("explain", "trace", "structure"):
        searches.search(slot, slot)
    searches.latest.forget("other")
    searches.answer("explain")
    assert [name for name, how, _ in searches.said if how == "done"][1:] == ["trace", "structure", "explain"]


def test_warming_one_index_makes_way_for_a_search_of_another(searches: Searches, odd: Odd) -> None:
    dataset = searches.dataset
    searches.ask("prepare", odd(dataset, "", 1), "other")
    other: IndexHandle = searches.answer("other")
    other.path.with_suffix(".slow").write_text("")
    searches.ask("warm", PrepareRequest(dataset, other), "warm")
    log = other.path.with_suffix(".log")
    searches.posted.until(lambda: log.exists() and "searched" in log.read_text())
    searches.search("search", "search")
    assert searches.answer("search") and not searches.endings("warm")
    other.path.with_suffix(".slow").unlink()
    assert searches.answer("warm") is True


def test_a_search_waits_for_the_warming_of_its_own_index(searches: Searches) -> None:
    dataset, handle = searches.dataset, searches.handle
    handle.path.with_suffix(".slow").write_text("")
    searches.ask("warm", PrepareRequest(dataset, handle), "warm")
    searches.busy()
    searches.search("search", "search")
    handle.path.with_suffix(".slow").unlink()
    searches.answer("search")
    assert [name for name, _, _ in searches.said[1:]] == ["warm", "search"] and searches.begun == 2


def test_truth_that_made_way_is_dropped_when_another_is_asked_for(searches: Searches) -> None:
    searches.search("truth", "old", SLOW)
    searches.busy()
    searches.search("search", "search")
    searches.search("truth", "new")
    assert searches.answer("new") and searches.answer("search")
    assert isinstance(searches.failure("old"), Cancelled)


def test_what_is_forgotten_fails_as_cancelled(searches: Searches) -> None:
    searches.search("search", "running", SLOW)
    searches.busy()
    searches.search("truth", "waiting")
    searches.latest.forget("truth")
    searches.latest.forget("search")
    searches.latest.forget("nothing")
    assert isinstance(searches.failure("waiting"), Cancelled) and isinstance(searches.failure("running"), Cancelled)
    searches.search("search", "next")
    assert searches.answer("next")


def test_forgetting_what_has_ended_stops_nothing_else(searches: Searches) -> None:
    for round_ in range(20):
        searches.search("readings", f"reading {round_}")
        searches.answer(f"reading {round_}")
        searches.search("search", f"search {round_}")
        searches.latest.forget("readings")
        searches.answer(f"search {round_}")


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
def test_a_child_that_dies_fails_its_search_and_is_replaced(searches: Searches) -> None:
    child = searches.pid
    searches.search("search", "doomed", SLOW)
    searches.busy()
    searches.search("truth", "next")
    os.kill(child, signal.SIGKILL)
    assert isinstance(searches.failure("doomed"), TaskFailed)
    assert searches.answer("next")
    assert searches.pid != child


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
def test_a_child_that_dies_while_nothing_is_asked_is_replaced_unseen(searches: Searches) -> None:
    child = psutil.Process(searches.pid)
    os.kill(child.pid, signal.SIGKILL)
    searches.posted.until(lambda: child.status() == psutil.STATUS_ZOMBIE)
    searches.search("search", "next")
    assert searches.answer("next")


def test_a_request_that_cannot_be_sent_fails_and_the_next_is_answered(searches: Searches, dataset: Dataset) -> None:
    searches.ask("search", BuildRequest(dataset, "odd", "cosine", {"x": {1}}, dataset.folder), "bad")  # type: ignore[dict-item]
    assert isinstance(searches.failure("bad"), TaskFailed)
    searches.search("search", "next")
    assert searches.answer("next")


def test_everything_asked_in_a_hurry_ends_exactly_once(searches: Searches) -> None:
    names = []
    for round_ in range(100):
        slot = ("search", "truth", "readings")[round_ % 3]
        names.append(f"{slot} {round_}")
        searches.search(slot, names[-1])
        if round_ % 10 == 9:
            searches.posted.drain()
    searches.posted.until(lambda: all(searches.endings(name) for name in names))
    searches.posted.drain()
    assert all(len(searches.endings(name)) == 1 for name in names)
    for name in names[-3:]:
        assert searches.answer(name)


def test_close_ends_the_child_and_the_thread_and_asks_nothing_more(searches: Searches, dataset: Dataset) -> None:
    searches.search("search", "running", SLOW)
    searches.busy()
    searches.search("truth", "waiting")
    searches.latest.close()
    assert not psutil.Process().children()
    assert searches.latest._thread is not None and not searches.latest._thread.is_alive()
    searches.ask("search", FingerprintRequest(dataset), "after")
    searches.latest.close()
    assert not searches.endings("after") and not psutil.Process().children()

"""What builds will take on this machine, and what is learnt from those that were done."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from explorer.indexes import type_named
from explorer.session.estimating import SHORTEST_SECONDS, Estimate


@pytest.fixture
def opened(app: Any, npy: Path) -> Any:
    app.open(npy)
    return app


def test_without_a_dataset_there_is_nothing_to_say(app: Any) -> None:
    assert app.controller.estimating.of("annoy", {}) == Estimate()


def test_it_says_time_memory_and_disk(opened: Any) -> None:
    said = opened.controller.estimating.of("annoy", {"trees": 20})
    cost = type_named("annoy").cost(300, 8, opened.state.metric, {"trees": 20})
    assert cost is not None
    assert (said.seconds, said.memory_bytes, said.disk_bytes, said.problem) == (
        cost.seconds(),
        cost.memory_bytes,
        cost.disk_bytes,
        "",
    )


@pytest.mark.parametrize(
    ("name", "params", "says"),
    [
        ("annoy", {"trees": 0}, "trees is 1 to 10000, not 0"),
        ("annoy", {"trees": "many"}, "trees is a whole number"),
        ("annoy", {"leaves": 1}, "has no parameter “leaves”"),
        ("faiss-ivfpq", {"m": 7}, "m has to divide the 8 dimensions"),
        ("nothing", {}, "is no index type"),
    ],
)
def test_what_cannot_be_built_is_a_sentence_and_not_an_error(opened: Any, name: str, params: Any, says: str) -> None:
    assert says in opened.controller.estimating.of(name, params).problem


def test_it_learns_from_builds(opened: Any) -> None:
    entry = next(entry for entry in opened.state.indexes if entry.handle.type == "annoy")
    estimating = opened.controller.estimating
    first = estimating.of("annoy", {"trees": 5}).seconds
    cost = type_named("annoy").cost(1_000_000, 8, opened.state.metric, {"trees": 5})
    assert cost is not None and cost.seconds() > SHORTEST_SECONDS
    slow = dataclasses.replace(entry.handle, rows=1_000_000, build_seconds=30 * cost.seconds())
    estimating.learn(slow)
    assert estimating.of("annoy", {"trees": 5}).seconds == pytest.approx(30 * first, rel=0.01)
    assert estimating.of("faiss-hnsw", {}).seconds < 5
    estimating.learn(dataclasses.replace(entry.handle, build_seconds=1000.0))
    estimating.learn(dataclasses.replace(slow, type="exact"))
    assert estimating.of("annoy", {"trees": 5}).seconds == pytest.approx(30 * first, rel=0.01)


def test_a_build_teaches_the_settings(opened: Any) -> None:
    opened.controller.indexing.build("annoy", {"trees": 8000})
    assert opened.state.builds[0].seconds is not None
    state = opened.until(lambda s: not s.builds)
    built = next(e.handle for e in state.indexes if e.handle.params.get("trees") == 8000)
    said = opened.controller.estimating.of("annoy", {"trees": 8000}).seconds
    assert said == pytest.approx(built.build_seconds, rel=0.01)

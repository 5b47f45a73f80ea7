"""Whose queries recall is measured by: chosen, measured anew, and forgotten with the Dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from explorer.session.state import State


@pytest.fixture
def queries(npy: Path) -> Path:
    """20 queries for those vectors, and beside them their true neighbours under cosine and none."""
    vectors = np.load(npy)
    asked = np.random.default_rng(1).normal(size=(20, 8)).astype(np.float32)
    distances = cdist(asked, vectors, "cosine")
    np.save(npy.with_name("queries.npy"), asked)
    np.save(npy.with_name("truth.npy"), np.argsort(distances, axis=1)[:, :15])
    return npy.with_name("queries.npy")


def recall(state: State) -> Any:
    return next(entry.recall for entry in state.indexes if entry.handle.type == "annoy")


def test_recall_is_measured_again_by_the_queries_of_a_file(app: Any, npy: Path, queries: Path) -> None:
    app.controller.opening.open(str(npy), metric="cosine")
    app.until(lambda s: any(entry.recall for entry in s.indexes))
    assert (recall(app.state).source, recall(app.state).queries) == ("", 300)
    app.controller.measuring.ask_from(str(queries))
    assert recall(app.state) is None
    app.until(recall)
    assert (recall(app.state).source, recall(app.state).queries) == (str(queries), 20)
    assert recall(app.state).published is None
    app.controller.measuring.ask_from(str(queries), str(queries.with_name("truth.npy")))
    app.until(lambda s: recall(s) and recall(s).published)
    assert recall(app.state).published.neighbours_agree == 1.0
    app.controller.measuring.ask_own_rows()
    app.until(recall)
    assert (recall(app.state).source, app.state.queries) == ("", None)


def test_queries_that_do_not_fit_are_a_problem_said_once(app: Any, npy: Path) -> None:
    app.open(npy)
    np.save(npy.with_name("other.npy"), np.ones((3, 5), np.float32))
    app.controller.measuring.ask_from(str(npy.with_name("other.npy")))
    app.until(lambda s: s.problem("indexes"))
    assert "have 5 dimensions, and vectors.npy has 8" in app.state.problem("indexes")
    app.settle()
    assert recall(app.state) is None
    app.controller.measuring.ask_own_rows()
    app.until(recall)
    assert not app.state.problem("indexes")


def test_another_dataset_forgets_the_queries(app: Any, npy: Path, queries: Path) -> None:
    app.open(npy)
    app.controller.measuring.ask_from(str(queries))
    app.until(lambda s: recall(s) and recall(s).source)
    np.save(npy.with_name("next.npy"), np.random.default_rng(5).normal(size=(60, 5)).astype(np.float32))
    state = app.open(npy.with_name("next.npy"))
    assert state.queries is None and recall(state).source == ""

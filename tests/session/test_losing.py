"""What would be lost is what people asked for, and nothing that comes again by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np


def test_nothing_is_lost_of_what_came_about_by_itself(app: Any, npy: Path) -> None:
    assert app.controller.would_lose() == app.controller.would_lose(closing=True) == ()
    app.controller.indexing.first_params = {"trees": 5000}
    app.controller.opening.open(str(npy))
    app.until(lambda s: any(task.key.startswith("build") for task in s.tasks))
    assert app.controller.would_lose(closing=True) == ()
    app.settle()
    assert len(app.state.indexes) == 2 and app.controller.would_lose(closing=True) == ()


def test_a_build_and_an_index_that_is_not_saved_would_be_lost(app: Any, npy: Path, tmp_path: Path) -> None:
    app.open(npy)
    app.controller.indexing.build("annoy", {"trees": 7})
    assert app.controller.would_lose() == ("Building Annoy, which is under way",)
    app.settle()
    assert app.controller.would_lose() == ("Annoy (trees 7), which is not saved",)
    key = next(entry.key for entry in app.state.indexes if entry.handle.params.get("trees") == 7)
    app.controller.indexing.save(key, tmp_path / "mine.ann")
    assert "Saving mine.ann, which is under way" in app.controller.would_lose(closing=True)
    assert "Saving mine.ann, which is under way" not in app.controller.would_lose()
    app.settle()
    assert app.controller.would_lose(closing=True) == ()
    app.controller.indexing.build("annoy", {"trees": 8}, replacing=key)
    app.settle()
    assert app.controller.would_lose() == ("Annoy (trees 8), which is not saved",)
    app.controller.indexing.remove(key)
    assert app.controller.would_lose() == ()


def test_an_index_from_a_file_is_not_lost(app: Any, npy: Path, tmp_path: Path) -> None:
    state = app.open(npy)
    app.controller.indexing.save(state.current, tmp_path / "mine.ann")
    app.settle()
    app.controller.indexing.open(tmp_path / "mine.ann")
    app.until(lambda s: len(s.indexes) == 3)
    app.settle()
    assert app.controller.would_lose(closing=True) == ()


def test_what_is_being_saved_is_saved_although_another_file_is_opened(app: Any, npy: Path, tmp_path: Path) -> None:
    state = app.open(npy)
    np.save(tmp_path / "other.npy", np.random.default_rng(1).normal(size=(20, 3)).astype(np.float32))
    before = state.entry().handle
    app.controller.opening.open(str(tmp_path / "other.npy"))
    app.controller.indexing.save(state.current, tmp_path / "mine.ann")
    app.until(lambda s: s.dataset is not state.dataset)
    app.settle()
    assert (tmp_path / "mine.ann").stat().st_size == before.bytes and not app.state.problems
    assert not before.path.exists()

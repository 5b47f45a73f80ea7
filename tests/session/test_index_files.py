"""An index file as a source: its vectors are the Dataset, it answers itself, and what it does not say is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from annoy import AnnoyIndex


@pytest.fixture
def vectors() -> Any:
    return np.random.default_rng(0).standard_normal((300, 8)).astype(np.float32)


def forest(path: Path, metric: Any, vectors: Any) -> Path:
    """A file that the library wrote without us."""
    index = AnnoyIndex(8, metric)
    for row, vector in enumerate(vectors.tolist()):
        index.add_item(row, vector)
    index.build(4)
    index.save(str(path))
    return path


def test_it_answers_itself_and_nothing_is_built(app: Any, tmp_path: Path, vectors: Any) -> None:
    path = forest(tmp_path / "x.ann", "angular", vectors)
    state = app.open(path)
    assert (state.dataset.own_index, state.metric) == (path, "cosine")
    assert [(entry.handle.type, entry.name) for entry in state.indexes] == [("exact", ""), ("annoy", "x.ann")]
    assert state.entry().handle.path == path and state.entry().recall is not None
    app.controller.asking.ask_row(3)
    assert app.settle().verdict is not None
    assert not app.controller.would_lose() and app.controller.settings.recent == (str(path),)
    app.controller.indexing.remove(state.current)
    app.settle()
    assert path.exists()


def test_what_it_does_not_say_is_asked_and_told(app: Any, tmp_path: Path, vectors: Any, npy: Path) -> None:
    before = app.open(npy)
    path = forest(tmp_path / "x.ann", "manhattan", vectors)
    app.controller.opening.open(str(path), options={"name": "colour"}, metadata=npy.with_suffix(".tsv"))
    state = app.until(lambda s: s.untold)
    assert state.untold.readings == ((8, "euclidean"), (8, "manhattan"))
    assert (state.opening, state.dataset, state.problems) == ("", before.dataset, ())
    app.controller.opening.tell(dimensions=8, metric="manhattan")
    assert app.state.untold is None and app.state.opening == str(path)
    app.until(lambda s: s.dataset is not before.dataset)
    state = app.settle()
    assert (state.metric, state.entry().name, state.dataset.name_column) == ("manhattan", "x.ann", "colour")
    table = npy.with_suffix(".tsv").rename(tmp_path / "other.tsv")
    app.controller.opening.attach_metadata(table)
    again = app.until(lambda s: s.dataset is not state.dataset)
    assert again.metric == "manhattan"
    app.settle()


def test_left_alone_it_changes_nothing(app: Any, tmp_path: Path, vectors: Any, npy: Path) -> None:
    before = app.open(npy)
    app.controller.opening.open(str(forest(tmp_path / "x.ann", "euclidean", vectors)))
    app.until(lambda s: s.untold)
    app.controller.opening.leave()
    state = app.settle()
    assert (state.untold, state.dataset, state.indexes, state.source) == (
        None,
        before.dataset,
        before.indexes,
        before.source,
    )
    assert not state.problems
    app.controller.opening.tell(dimensions=8, metric="euclidean")
    assert app.state.opening == ""


def test_its_vectors_may_come_from_a_file(app: Any, tmp_path: Path, npy: Path) -> None:
    faulty = forest(tmp_path / "y.ann", "euclidean", np.load(npy) + 1)
    app.controller.opening.open(str(faulty))
    app.until(lambda s: s.untold)
    app.controller.opening.tell(vectors=npy)
    assert "no annoy index of the 300 × 8 vectors" in app.until(lambda s: s.problem("data")).problem("data")
    alike = forest(tmp_path / "z.ann", "manhattan", np.load(npy))
    app.controller.opening.open(str(alike))
    app.until(lambda s: s.untold)
    app.controller.opening.tell(vectors=npy)
    assert app.until(lambda s: s.untold).untold.request.vectors == npy
    app.controller.opening.tell(dimensions=8, metric="manhattan")
    app.until(lambda s: s.dataset is not None)
    state = app.settle()
    assert (state.dataset.path, state.dataset.own_index, state.metric) == (npy, alike, "manhattan")
    assert state.entry().name == "z.ann" and state.dataset.name(3) == "thing3"


def test_a_harmed_file_is_a_sentence_at_its_place(app: Any, tmp_path: Path, vectors: Any) -> None:
    path = forest(tmp_path / "x.ann", "angular", vectors)
    path.write_bytes(path.read_bytes()[:-44])
    app.controller.opening.open(str(path))
    assert "x.ann: it is " in app.until(lambda s: s.problem("data")).problem("data")
    assert app.state.untold is None


def test_an_index_that_has_gone_since_leaves_its_vectors(app: Any, tmp_path: Path, vectors: Any) -> None:
    path = forest(tmp_path / "x.ann", "angular", vectors)
    app.open(path)
    dataset = app.state.dataset
    path.unlink()
    app.controller.session.update(dataset=None)
    app.controller.session.update(dataset=dataset)
    state = app.until(lambda s: s.problem("indexes"))
    assert "there is no such file" in state.problem("indexes")

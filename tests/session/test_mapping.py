"""The map: made by itself, found again, stopped, read and saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pytest

from explorer.formats import reading


@pytest.fixture
def umap(app: Any) -> Any:
    app.controller.mapping.first_method = "umap"
    app.controller.indexing.first_type = ""
    return app


def larger(folder: Path, rows: int) -> Path:
    np.save(folder / "larger.npy", np.random.default_rng(1).normal(size=(rows, 8)).astype(np.float32))
    return folder / "larger.npy"


def mapped(app: Any, path: Path) -> Any:
    """Open a file and wait until its last map is there."""
    app.controller.opening.open(str(path))
    before = app.state.dataset
    app.until(lambda s: s.dataset is not before and s.projection is not None)
    app.until(lambda s: not s.laying_out)
    return app.settle()


def test_pca_comes_first_then_umap_and_both_are_found_again(umap: Any, npy: Path) -> None:
    seen: list[Any] = []
    umap.controller.session.listen(lambda new, old: seen.append(new.projection))
    state = mapped(umap, npy)
    made = list(dict.fromkeys(projection for projection in seen if projection is not None))
    assert [projection.method for projection in made] == ["pca", "umap"] and state.projection is made[1]
    kept = list((state.dataset.folder / "maps").glob("*.npy"))
    umap.until(lambda s: len(list((s.dataset.folder / "maps").glob("*.json"))) == 2)
    stamps = {path: path.stat().st_mtime_ns for path in kept}
    seen.clear()
    mapped(umap, npy)
    found = list(dict.fromkeys(projection for projection in seen if projection is not None))[-2:]
    assert [projection.seconds for projection in found] == [projection.seconds for projection in made]
    for before, after in zip(made, found, strict=True):
        np.testing.assert_array_equal(before.positions, after.positions)
    assert {path: path.stat().st_mtime_ns for path in kept} == stamps


def test_a_map_that_is_asked_for_is_made_anew(app: Any, npy: Path) -> None:
    first = app.open(npy).projection
    app.controller.mapping.project("pca")
    assert app.state.laying_out
    state = app.until(lambda s: not s.laying_out)
    assert state.projection is not first and state.projection.seconds != first.seconds


def test_a_layout_that_is_stopped_keeps_its_last_frame_and_says_so(umap: Any, tmp_path: Path) -> None:
    umap.controller.opening.open(str(larger(tmp_path, 20_000)))
    state = umap.until(lambda s: s.projection is not None and s.positions is not s.projection.positions)
    assert state.projection.method == "pca" and state.laying_out
    umap.controller.mapping.stop()
    state = umap.until(lambda s: not s.laying_out)
    assert (state.projection.method, state.projection.stopped) == ("umap", True)
    assert state.projection.positions is state.positions and not state.problems
    assert "map" not in [task.key for task in state.tasks]
    umap.controller.mapping.project("pca")
    state = umap.until(lambda s: not s.laying_out)
    assert (state.projection.method, state.projection.stopped) == ("pca", False)


def test_a_layout_that_is_stopped_before_its_first_frame_leaves_the_map_as_it_was(app: Any, npy: Path) -> None:
    before = app.open(npy)
    app.controller.mapping.project("umap")
    app.controller.mapping.stop()
    state = app.until(lambda s: not s.laying_out)
    assert state.projection is before.projection and state.positions is before.positions and not state.problems


def test_a_layout_that_cannot_be_made_says_why_and_there_is_a_map_all_the_same(app: Any, npy: Path) -> None:
    app.controller.opening.open(str(npy))
    app.until(lambda s: s.dataset is not None)
    app.controller.mapping.project("umap", {"n_neighbors": -3})
    state = app.until(lambda s: s.projection is not None and not s.laying_out)
    assert "n_neighbors" in state.problem("map") and state.projection.method == "pca"
    app.controller.mapping.project("pca")
    assert app.until(lambda s: not s.laying_out).problem("map") == ""


def test_positions_are_saved_and_read_again(app: Any, npy: Path, tmp_path: Path) -> None:
    state = app.open(npy)
    one, other = tmp_path / "one.npy", tmp_path / "other.npy"
    app.controller.mapping.save_positions(one)
    app.controller.mapping.save_positions(other)
    app.settle()
    for path in (one, other):
        np.testing.assert_array_equal(np.load(path), state.positions)
    moved = tmp_path / "moved.npy"
    np.save(moved, np.load(one) + 100)
    app.controller.mapping.open_positions(moved)
    state = app.until(lambda s: s.projection.method == "file")
    np.testing.assert_array_equal(state.positions, np.load(moved))
    assert "moved.npy" in state.projection.note and not state.laying_out


def test_the_positions_of_a_file_can_be_the_first_map_once(app: Any, npy: Path, tmp_path: Path) -> None:
    xy = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)
    np.save(tmp_path / "xy.npy", xy)
    app.controller.mapping.first_positions = tmp_path / "xy.npy"
    state = app.open(npy)
    assert state.projection.method == "file"
    np.testing.assert_array_equal(state.positions, xy)
    assert app.open(npy).projection.method == "pca"


def test_positions_that_cannot_be_read_give_way_to_pca_and_the_reason_stays(
    umap: Any, npy: Path, tmp_path: Path
) -> None:
    np.save(tmp_path / "xy.npy", np.zeros((7, 2), np.float32))
    umap.controller.mapping.first_positions = tmp_path / "xy.npy"
    umap.controller.opening.open(str(npy))
    umap.until(lambda s: s.projection is not None and s.projection.method == "umap")
    assert "xy.npy" in umap.settle().problem("map")


def test_bad_positions_leave_the_present_map(app: Any, npy: Path, tmp_path: Path) -> None:
    before = app.open(npy)
    (tmp_path / "xy.npy").write_bytes(b"no positions")
    app.controller.mapping.open_positions(tmp_path / "xy.npy")
    state = app.until(lambda s: s.problem("map"))
    assert state.projection is before.projection and state.positions is before.positions and not state.laying_out


def test_positions_that_cannot_be_written_are_a_problem(app: Any, npy: Path, tmp_path: Path) -> None:
    app.open(npy)
    app.controller.mapping.save_positions(tmp_path / "missing" / "xy.npy")
    assert "missing" in app.until(lambda s: s.problem("map")).problem("map")


def test_nothing_is_projected_or_saved_while_nothing_is_open(app: Any, tmp_path: Path) -> None:
    app.controller.mapping.project("pca")
    app.controller.mapping.open_positions(tmp_path / "xy.npy")
    app.controller.mapping.save_positions(tmp_path / "xy.npy")
    app.controller.mapping.stop()
    assert not app.state.tasks and not app.state.laying_out


def test_a_map_that_the_file_holds_is_shown_first_and_others_on_request(umap: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    data = anndata.AnnData(X=rng.normal(size=(30, 4)).astype(np.float32))
    data.obsm["X_tsne"], data.obsm["X_umap"] = rng.normal(size=(2, 30, 2))
    data.write_h5ad(tmp_path / "cells.h5ad")
    state = mapped(umap, tmp_path / "cells.h5ad")
    np.testing.assert_array_equal(state.positions, data.obsm["X_umap"].astype(np.float32))
    assert (state.projection.method, state.projection.params) == ("file", {"name": "X_umap"})
    first = state.projection
    umap.controller.mapping.show_given("X_tsne")
    state = umap.until(lambda s: not s.laying_out and s.projection is not first)
    np.testing.assert_array_equal(state.positions, data.obsm["X_tsne"].astype(np.float32))
    state.dataset.map_path("X_umap").unlink()
    umap.controller.mapping.show_given("X_umap")
    state = umap.until(lambda s: not s.laying_out)
    assert "“X_umap” is not kept any more" in state.problem("map")
    assert state.projection.params == {"name": "X_tsne"}


def test_where_the_file_s_map_is_gone_one_is_made(app: Any, tmp_path: Path) -> None:
    data = anndata.AnnData(X=np.random.default_rng(2).normal(size=(30, 4)).astype(np.float32))
    data.obsm["X_umap"] = np.zeros((30, 2))
    data.write_h5ad(tmp_path / "cells.h5ad")
    reading.read(tmp_path / "cells.h5ad").map_path("X_umap").unlink()
    app.controller.opening.open(str(tmp_path / "cells.h5ad"))
    state = app.until(lambda s: s.projection is not None)
    assert state.projection.method == "pca"

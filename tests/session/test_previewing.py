"""Looking before opening: the newest wish wins, what was chosen is remembered, and a table is added when it fits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from explorer.session.settings import Settings
from explorer.work.requests import ReadRequest


def table(folder: Path, rows: int = 40) -> Path:
    """A table of text and numbers: names, ids, and a vector of ten."""
    path = folder / "t.csv"
    lines = [f"w{i},{1000 + i}," + ",".join(f"{i + j}" for j in range(10)) for i in range(rows)]
    path.write_text("\n".join([",".join(["word", "id", *(f"p{j}" for j in range(10))]), *lines]) + "\n")
    return path


def looked(app: Any) -> Any:
    return app.until(lambda s: s.draft is not None and not s.draft.looking).draft


def test_a_file_is_looked_at_corrected_and_opened_so_from_then_on(app: Any, tmp_path: Path) -> None:
    path = table(tmp_path)
    app.controller.previewing.look_at(str(path))
    assert looked(app).preview.dimensions == 10 and app.state.dataset is None
    for columns in ("p0", "p0,p1", "p0,p1,p2"):
        app.controller.previewing.correct({"vectors": columns, "sample": "20"})
    draft = looked(app)
    assert draft.preview.dimensions == 3 and draft.preview.values == {"vectors": "p0,p1,p2", "sample": "20"}
    app.controller.previewing.open()
    assert app.state.draft is None
    app.until(lambda s: s.dataset is not None)
    assert (app.settle().dataset.rows, app.state.dataset.dimensions) == (20, 3)
    assert app.state.read_by.options == {"vectors": "p0,p1,p2", "sample": "20"}
    again = app.open(path)
    assert (again.dataset.rows, again.dataset.dimensions) == (20, 3), "it is remembered"
    app.controller.previewing.look_again()
    assert looked(app).request.options == {"vectors": "p0,p1,p2", "sample": "20"}
    app.controller.previewing.correct({})
    looked(app)
    app.controller.previewing.open()
    app.until(lambda s: s.dataset is not again.dataset)
    assert (app.settle().dataset.rows, app.state.dataset.dimensions) == (40, 10)
    assert app.controller.settings.reading(str(path)) == ({}, None)


def test_what_is_said_for_once_is_not_remembered(app: Any, tmp_path: Path) -> None:
    path = table(tmp_path)
    app.controller.opening.open(str(path), options={"sample": "5"})
    assert app.until(lambda s: s.dataset is not None).dataset.rows == 5
    app.settle()
    assert app.open(path).dataset.rows == 40


def test_what_is_remembered_and_fits_no_more_is_forgotten(app: Any, tmp_path: Path) -> None:
    path = table(tmp_path)
    app.controller.settings.remember_reading(str(path), {"vectors": "q*"}, None)
    state = app.open(path)
    assert state.dataset.dimensions == 10 and not state.problems
    assert app.controller.settings.reading(str(path)) == ({}, None)


def test_leaving_changes_nothing_and_nothing_comes_after(app: Any, tmp_path: Path) -> None:
    app.controller.previewing.look_at(str(table(tmp_path)))
    app.controller.previewing.leave()
    np.save(tmp_path / "v.npy", np.ones((3, 2), "f4"))
    app.controller.previewing.look_at(str(tmp_path / "v.npy"))
    assert looked(app).preview.rows == 3
    app.controller.previewing.leave()
    assert app.settle().draft is None and app.state.dataset is None


def test_what_nobody_can_read_is_said(app: Any, tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(900))
    app.controller.previewing.look_at(str(tmp_path / "x.png"))
    assert looked(app).failure and looked(app).preview is None


def test_a_table_without_vectors_is_looked_at_by_itself(app: Any, tmp_path: Path) -> None:
    path = tmp_path / "reviews.csv"
    path.write_text("title,review\n" + "".join(f"Film {i},A film of some {i} words\n" for i in range(9)))
    app.controller.opening.open(str(path))
    draft = looked(app)
    assert draft.preview.texts == ("review", "title") and not app.state.problems and not app.state.opening


def joining(app: Any) -> Any:
    return app.until(lambda s: s.joining is not None and not s.joining.looking).joining


def test_metadata_is_matched_and_added_by_a_key(app: Any, tmp_path: Path) -> None:
    before = app.open(table(tmp_path))
    path = tmp_path / "m.csv"
    path.write_text("id,size\n" + "".join(f"{1000 + i},{i}\n" for i in range(30, 4, -1)))
    app.controller.adding.look(path)
    assert joining(app).match.key == "id" and "26 of 40 rows" in joining(app).match.sentence
    app.controller.adding.choose("")
    assert not joining(app).match.fits
    app.controller.adding.add()
    assert app.state.joining is not None, "what does not fit is not added"
    app.controller.adding.choose("id")
    joining(app)
    app.controller.adding.add()
    state = app.until(lambda s: s.dataset is not before.dataset)
    assert state.dataset.column("size").cell(7) == "7" and state.dataset.column("size").cell(0) == ""
    app.settle()
    assert app.open(tmp_path / "t.csv").dataset.column("size") is not None, "it is remembered"


def test_what_is_dropped_is_metadata_a_pair_or_another_file(app: Any, tmp_path: Path) -> None:
    opened: list[tuple[Path, Path | None]] = []

    def drop(*paths: Path) -> None:
        app.controller.adding.dropped(paths, lambda vectors, metadata: opened.append((vectors, metadata)))

    vectors, labels, other = table(tmp_path), tmp_path / "m.csv", tmp_path / "v.npy"
    labels.write_text("kind,size\n" + "".join(f"k{i % 3},{i}\n" for i in range(40)))
    np.save(other, np.ones((40, 2), "f4"))
    drop(labels)
    assert opened.pop() == (labels, None), "nothing is open that it could belong to"
    app.open(vectors)
    drop(labels)
    assert joining(app).dropped and joining(app).match.by_row and not opened
    app.controller.adding.leave()
    drop(other)
    assert opened.pop() == (other, None)
    drop(vectors)
    app.until(lambda s: opened)
    assert opened.pop() == (vectors, None) and app.state.joining is None
    drop(labels, other)
    app.until(lambda s: opened)
    assert opened.pop() == (other, labels)


def test_a_dropped_table_that_fits_by_a_key_only_is_asked_about_and_what_is_left_is_said(
    app: Any, tmp_path: Path
) -> None:
    vectors, labels = table(tmp_path), tmp_path / "m.csv"
    labels.write_text("id,size\n" + "".join(f"{1000 + i},{i}\n" for i in range(30, 4, -1)))
    np.save(tmp_path / "more.npy", np.ones((3, 2), "f4"))
    app.controller.adding.dropped(
        (labels, vectors, tmp_path / "more.npy"),
        lambda path, metadata: app.controller.opening.read(ReadRequest(str(path), metadata)),
    )
    assert joining(app).match.key == "id" and "26 of 40 rows" in joining(app).match.sentence
    assert app.state.source == str(vectors) and app.state.problem("data").startswith("more.npy was left: one set")
    app.controller.adding.add()
    state = app.until(lambda s: s.dataset is not None and s.dataset.column("size") is not None)
    assert not state.problem("data")


def test_readings_in_the_settings(tmp_path: Path) -> None:
    path, file, labels = tmp_path / "settings.json", tmp_path / "v.npz", tmp_path / "m.csv"
    settings = Settings(path)
    assert settings.reading(str(file)) == ({}, None)
    labels.write_text("a\n1\n")
    settings.remember_reading(str(file), {"array": "train"}, labels)
    assert Settings(path).reading(str(file)) == ({"array": "train"}, labels)
    labels.unlink()
    assert settings.reading(str(file)) == ({"array": "train"}, None)
    settings.remember_reading("redis://:secret@somewhere:6379/0?key=a", {"sample": "5"}, None)
    assert "secret" not in path.read_text() and "somewhere" not in path.read_text()
    for i in range(150):
        settings.remember_reading(f"/nowhere/{i}.npy", {"sample": "5"}, None)
    assert len(json.loads(path.read_text())["readings"]) == 100
    assert settings.reading("/nowhere/149.npy") == ({"sample": "5"}, None)
    for nonsense in ([], {"x": []}, {"/a": {"options": {"b": 5}, "metadata": 7}}):
        path.write_text(json.dumps({"readings": nonsense}))
        assert Settings(path).reading("/a") == ({}, None)


def test_a_request_without_options_is_the_only_one_that_is_learnt_for(app: Any, tmp_path: Path) -> None:
    path = table(tmp_path)
    app.controller.settings.remember_reading(str(path), {"sample": "7"}, None)
    app.controller.opening.read(ReadRequest(str(path), options={"rows": "9"}))
    assert app.until(lambda s: s.dataset is not None).dataset.rows == 9
    app.settle()
    assert app.open(path).dataset.rows == 7

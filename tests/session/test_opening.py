"""A source becomes the Dataset of the session, or says why not and leaves the old one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explorer.session.opening import colour_column


def test_opening_brings_map_truth_and_a_first_index_by_itself(app: Any, npy: Path) -> None:
    state = app.open(npy)
    assert (state.dataset.rows, state.source, state.opening) == (300, str(npy), "")
    assert state.positions.shape == (300, 2) and state.projection.method == "pca"
    assert [entry.handle.type for entry in state.indexes] == ["exact", "annoy"]
    assert state.entry().handle.type == "annoy" and 0 <= state.entry().recall.recall <= 1
    assert not state.problems
    assert app.controller.settings.recent == (str(npy),)


def test_a_bad_file_keeps_the_old_dataset_and_says_why(app: Any, npy: Path, tmp_path: Path) -> None:
    before = app.open(npy)
    for name, content in [("bad.npy", b"not numpy at all"), ("empty.csv", b"")]:
        (tmp_path / name).write_bytes(content)
        app.controller.opening.open(str(tmp_path / name))
        assert app.state.opening == str(tmp_path / name)
        state = app.until(lambda s: s.problem("data"))
        assert name in state.problem("data") and state.opening == ""
        assert state.dataset is before.dataset and state.indexes == before.indexes and state.source == str(npy)
    app.controller.opening.open(str(tmp_path / "missing.npy"))
    assert app.state.problem("data") == ""
    assert "no such file" in app.until(lambda s: s.problem("data")).problem("data")
    assert app.controller.settings.recent == (str(npy),)


def test_the_same_file_opened_again_gets_its_map_and_its_indexes_again(app: Any, npy: Path) -> None:
    app.open(npy)
    state = app.open(npy)
    assert state.positions is not None and [entry.handle.type for entry in state.indexes] == ["exact", "annoy"]


def test_another_file_takes_query_history_and_selection_away(app: Any, npy: Path, tmp_path: Path) -> None:
    app.open(npy)
    app.controller.asking.ask_row(1)
    app.controller.asking.ask_row(2)
    app.controller.looking.select(np.array([1, 2]))
    app.settle()
    np.save(tmp_path / "other.npy", np.random.default_rng(1).normal(size=(20, 3)).astype(np.float32))
    state = app.open(tmp_path / "other.npy")
    assert (state.asked, state.answer, state.truth, state.verdict, state.past) == (None, None, None, None, ())
    assert len(state.selection) == 0 and state.dataset.rows == 20 and len(state.positions) == 20
    assert all(entry.handle.rows == 20 for entry in state.indexes)


def test_of_two_files_opened_in_a_hurry_the_second_is_there(app: Any, npy: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "other.npy", np.random.default_rng(1).normal(size=(20, 3)).astype(np.float32))
    app.controller.opening.open(str(npy))
    app.controller.opening.open(str(tmp_path / "other.npy"))
    app.until(lambda s: s.dataset is not None)
    state = app.settle()
    assert state.dataset.rows == 20 and state.opening == ""


def test_opening_can_be_stopped(app: Any, npy: Path) -> None:
    app.controller.opening.open(str(npy))
    app.controller.tasks.stop("read")
    state = app.until(lambda s: not s.opening)
    assert state.dataset is None and not state.problems and not state.tasks


def test_a_metadata_table_is_attached_to_what_is_open_as_it_was_opened(app: Any, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("p0,p1,q0,q1\n" + "".join(f"{i},{i * 2},{-i},{i + 1}\n" for i in range(1, 30)))
    (tmp_path / "more.tsv").write_text("name\n" + "".join(f"row{i}\n" for i in range(1, 30)))
    app.controller.opening.attach_metadata(tmp_path / "more.tsv")
    assert app.state.opening == ""
    app.controller.opening.open(str(table), options={"vectors": "q*"}, metric="dot")
    app.until(lambda s: s.dataset is not None)
    before = app.settle().dataset
    app.controller.opening.attach_metadata(tmp_path / "more.tsv")
    app.until(lambda s: s.dataset is not before)
    state = app.settle()
    assert state.dataset.name(0) == "row1" and state.metric == "dot"
    np.testing.assert_array_equal(state.dataset.vectors, before.vectors)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["kind", *"abcabcabc"], "kind"),
        (["kind", *"aaaaaaaaa"], ""),
        (["size", *"123456789"], ""),
    ],
)
def test_the_map_is_coloured_by_the_first_column_with_a_few_labels(
    app: Any, tmp_path: Path, lines: list[str], expected: str
) -> None:
    np.save(tmp_path / "v.npy", np.random.default_rng(1).normal(size=(9, 3)).astype(np.float32))
    (tmp_path / "v.tsv").write_text(
        "\n".join(f"{line}\t{n}x" for n, line in enumerate(lines)).replace("0x", "name") + "\n"
    )
    state = app.open(tmp_path / "v.npy")
    assert state.colour_by == colour_column(state.dataset) == expected


def test_a_sample_is_coloured_by_the_column_it_names_and_is_not_a_recent_file(app: Any) -> None:
    state = app.open("sample:digits")
    assert state.colour_by == "digit" and app.controller.settings.recent == ()

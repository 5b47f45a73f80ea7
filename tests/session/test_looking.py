"""Verbs that change only what is seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np


def test_rows_are_selected_added_and_taken_away(app: Any) -> None:
    looking = app.controller.looking
    looking.select(np.array([5, 3, 3]))
    assert app.state.selection.tolist() == [3, 5] and app.state.selection.dtype == np.int64
    looking.select(np.array([4, 5]), "add")
    assert app.state.selection.tolist() == [3, 4, 5]
    looking.select(np.array([3, 9]), "subtract")
    assert app.state.selection.tolist() == [4, 5]
    looking.select(np.empty(0, np.int64), "add")
    assert app.state.selection.tolist() == [4, 5]
    looking.select_none()
    assert app.state.selection.tolist() == []


def test_labels_are_switched_off_and_on_and_shown_alone(app: Any, npy: Path) -> None:
    app.open(npy)
    looking = app.controller.looking
    assert app.state.colour_by == "colour"
    looking.toggle("red")
    assert app.state.hidden == {"red"}
    looking.toggle("red")
    assert app.state.hidden == frozenset()
    looking.only("red")
    assert app.state.hidden == {"green", "blue"}
    looking.only("red")
    assert app.state.hidden == frozenset()
    looking.toggle("blue")
    looking.show_all()
    assert app.state.hidden == frozenset()


def test_another_colour_shows_all_labels(app: Any, npy: Path) -> None:
    app.open(npy)
    app.controller.looking.toggle("red")
    app.controller.looking.colour_by("size")
    assert (app.state.colour_by, app.state.hidden) == ("size", frozenset())


def test_focus_follows_the_table_until_another_query_is_asked(app: Any, npy: Path) -> None:
    app.open(npy)
    app.controller.looking.focus(7)
    assert app.state.focused == 7
    app.controller.asking.ask_row(3)
    assert app.state.focused == -1

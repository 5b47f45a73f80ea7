"""The map in its place: it follows the State, and hands gestures to the controller."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QWidget

from explorer.core.dataset import Dataset
from explorer.core.structure import Layers
from explorer.gui import palette
from explorer.gui import theme as themes
from explorer.gui.captions import caption, number
from explorer.gui.inspect.outlining import areas
from explorer.gui.inspect.steps import Story
from explorer.gui.inspect.words import why_missed
from explorer.gui.map.gesture import Tool
from explorer.gui.map.labels import cluster_labels
from explorer.gui.map.legend_picture import legend_of
from explorer.gui.map.map_drawing import MapDrawing
from explorer.gui.map.marks import HoverCard, Marks
from explorer.gui.map.played import Played
from explorer.gui.map.projection_menu import ProjectionMenu
from explorer.gui.map.query_note import QueryNote
from explorer.gui.map.styles import rgb
from explorer.gui.map.theme import DARK, LIGHT
from explorer.gui.map.view import MapView
from explorer.gui.panels.comparing import who_found
from explorer.gui.pictures import picture
from explorer.gui.theme import Theme
from explorer.gui.widgets.pieces import button, label, tool
from explorer.projection.place import placed
from explorer.session.comparing import finders, listed
from explorer.session.controller import Controller
from explorer.session.opening import called
from explorer.session.seeking import pruned_of
from explorer.session.state import State

MARGIN = 14
UNKNOWN = 0.35
"""How much of its colour a row keeps of which a painting says nothing."""
AROUND = 36.0
"""Rows so many logical pixels from a click, each way, count as near it."""
HOVER_COLUMNS = 2
WIDTH = 46
"""Letters in a line of the card."""
MOST_LOOKED_AT = 40
"""Columns of a wide table that a hover looks through."""


class MapPanel(QWidget):
    """The view, with a few controls that float over it."""

    def __init__(self, controller: Controller, connect: Callable[[], None]) -> None:
        super().__init__()
        self._controller = controller
        self._theme = themes.DARK
        self.view = MapView(self)
        self.view.set_tooltip_source(self._card)
        self.view.place_clicked.connect(self._look_around)
        self.view.row_clicked.connect(self._clicked)
        self.view.row_activated.connect(controller.asking.ask_row)
        self.view.empty_clicked.connect(controller.looking.select_none)
        self.view.selection_made.connect(controller.looking.select)
        self.view.tool_changed.connect(self._show_tool)
        self._note = QueryNote(controller, connect, self)
        self._menu = ProjectionMenu(controller, self, self.export_picture, self.export_numbers)
        self._tools = QWidget(self)
        row = QHBoxLayout(self._tools)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(tool("Fit", self.view.fit, "", tip="Show all points (F)"))
        self.box = tool("Box", lambda: self.use("box"), "", tip="Select a box (B, or Shift-drag)")
        self.lasso = tool("Lasso", lambda: self.use("lasso"), "", tip="Select a shape (L)")
        for widget in (self.box, self.lasso):
            widget.setCheckable(True)
            row.addWidget(widget)
        self._selected = label("", "quiet")
        self._none = button("Clear", controller.looking.select_none, "link", tip="Select nothing (Esc)")
        row.addWidget(self._selected)
        row.addWidget(self._none)
        self._wait = label("", "quiet")
        self._wait.setParent(self)
        self._wait.setAlignment(Qt.AlignmentFlag.AlignCenter)
        controller.session.listen(self._follow)
        self._show(controller.session.state, None)

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self._theme = theme
        self.view.set_theme(DARK if theme.dark else LIGHT)
        self._recolour(self._controller.session.state)

    def use(self, tool: Tool) -> None:
        """Take a tool: pan, box or lasso; the same again puts it away."""
        self.view.set_tool("pan" if self.view.tool == tool else tool)

    def export_picture(self) -> None:
        """Ask for a file, and write what is in view into it, with a legend."""
        if self._controller.session.state.positions is not None:
            self._drawing().export_picture()

    def export_numbers(self) -> None:
        """Ask for a file, and write places, colours and marks into it as CSV."""
        if self._controller.session.state.positions is not None:
            path, _ = QFileDialog.getSaveFileName(self, "Export numbers", "map.csv", "CSV (*.csv)")
            if path:
                self._controller.mapping.save_numbers(Path(path))

    def _drawing(self) -> MapDrawing:
        """The map to keep."""
        state, legend = self._controller.session.state, legend_of(self._controller.session.state)
        named = state.dataset.title if state.dataset is not None else ""
        how = state.projection.method.upper() if state.projection is not None else ""
        title = " · ".join(part for part in (named, how, legend.title) if part)
        drawing = MapDrawing(self.view, title, legend, self._theme)
        drawing.complained.connect(lambda sentence: self._controller.session.fail("map", sentence))
        return drawing

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the controls in their corners."""
        self.view.setGeometry(self.rect())
        self._arrange()

    def _arrange(self) -> None:
        for widget in (self._tools, self._menu, self._note):
            widget.adjustSize()
        self._tools.move(MARGIN, self.height() - MARGIN - self._tools.height())
        self._menu.move(QPoint(self.width() - MARGIN - self._menu.width(), MARGIN))
        self._note.fit_beside(self._menu, MARGIN)
        self._wait.setGeometry(self.rect())

    def _show_tool(self, chosen: str) -> None:
        self.box.setChecked(chosen == "box")
        self.lasso.setChecked(chosen == "lasso")

    def _follow(self, new: State, old: State) -> None:
        self._show(new, old)

    def _show(self, new: State, old: State | None) -> None:
        def differs(*names: str) -> bool:
            return old is None or any(getattr(new, name) is not getattr(old, name) for name in names)

        if differs("opening", "dataset", "positions", "laying_out", "problems"):
            self._say(new)
        if differs("positions"):
            self.view.set_positions(new.positions, animate=new.laying_out)
        if differs("dataset", "colour_by", "hidden"):
            self._recolour(new)
        if differs("dataset", "colour_by", "hidden", "positions", "laying_out"):
            self._relabel(new)
        if differs("positions", "asked", "answer", "truth", "verdict", "focused", "other"):
            self.view.set_marks(marks(new))
        if differs("tab", "replay", "step", "inside", "focused", "asked", "truth"):
            self.view.set_played(self._played(new))
        if differs("tab", "inside", "outlines", "outlining", "cell", "replay", "step", "verdict", "colour_by"):
            self.view.set_areas(areas(new))
        if differs("far"):
            self.view.set_far(new.far)
        if old is not None and new.focused != old.focused and new.focused >= 0:
            self._bring_into_view(new.focused)
        if differs("selection"):
            self.view.set_selection(new.selection)
        if differs("selection", "dataset"):
            n = len(new.selection)
            self._selected.setText(f"  {n:,} selected" if n else "")
            self._none.setVisible(bool(n))
            self._tools.setVisible(new.dataset is not None)
        if differs("selection", "dataset", "projection", "laying_out", "asked", "problems"):
            # Its parts have heard of the change before, so that they have their new sizes.
            self._arrange()

    def _bring_into_view(self, row: int) -> None:
        """Move the view only when the row would not be seen otherwise."""
        if self._controller.session.state.positions is None:
            return
        if not self.view.rect().contains(self.view.screen_position(row).toPoint()):
            self.view.centre_on(row)

    def _say(self, state: State) -> None:
        """What stands in the middle while there is nothing to see."""
        if state.dataset is None:
            text = f"Opening {called(state.opening)} …" if state.opening else ""
        elif state.positions is not None:
            text = ""
        else:
            text = state.problem("map") or "Making the first map …"
        self._wait.setText(text)
        self._wait.setVisible(bool(text))

    def _recolour(self, state: State) -> None:
        if state.dataset is None:
            return
        painting = state.painting(state.colour_by)
        diverging = painting is not None and painting.diverging
        column = state.column(state.colour_by)
        codes, colours, visible = palette.shading(column, state.dataset.rows, state.hidden, diverging=diverging)
        if painting is not None and colours is not None:
            # Rows of which nothing is known step back, or the few of a sample would be lost among them.
            paper = rgb(self.view.theme.background)
            colours = colours.copy()
            colours[-1] = (UNKNOWN * colours[-1] + (1 - UNKNOWN) * paper).round()
        self.view.set_colours(codes, colours)
        self.view.set_visible(visible)

    def _relabel(self, state: State) -> None:
        # The clusters of a painting are not told by its labels: “node 17” says nothing on the map.
        column = state.dataset.column(state.colour_by) if state.dataset else None
        if column is None or column.kind != "category" or state.positions is None:
            self.view.set_labels([])
            return
        self.view.set_labels(cluster_labels(column, state.positions, state.hidden))

    def _played(self, state: State) -> Played | None:
        """The search as far as the step that is looked at, while the replay is."""
        if state.tab == "structure":
            return _links(state)
        trace = state.replay.trace if state.replay is not None else None
        if state.tab != "replay" or trace is None or state.dataset is None or not len(trace):
            return None
        return Story.of(trace, state.dataset, np.empty(0, np.int64)).played(state.step)

    def _look_around(self, at: QPointF) -> None:
        """List the worst rows near a click, where what colours the map says which are."""
        painting = self._controller.session.state.painting(self._controller.session.state.colour_by)
        if painting is not None and painting.worse:
            self._controller.inspecting.look_around(self.view.near(at, AROUND))

    def _clicked(self, row: int, extend: bool) -> None:
        if extend:
            self._controller.looking.select(np.array([row]), "add")
            self._controller.looking.focus(row)
        else:
            self._controller.asking.ask_row(row)

    def _card(self, row: int) -> HoverCard:
        state = self._controller.session.state
        dataset = state.dataset
        assert dataset is not None
        line = next((each for each in listed(state) if each.row == row), None)
        facts = [number(dataset, row)]
        if line is not None:
            facts.append(f"rank {line.rank or '–'} · {line.distance:.4g}")
            facts += textwrap.wrap(who_found(state).get(row, ""), WIDTH)
            facts += textwrap.wrap(why_missed(state, row), WIDTH)
        if state.far is not None and (told := state.far.told(row)):
            facts.append(told)
        facts += [f"{name}: {cell[:80]}" for name, cell in telling(dataset, row)]
        return HoverCard(caption(dataset, row, state.colour_by), tuple(facts), picture(dataset, row))


def _links(state: State) -> Played | None:
    """The links of the row that is looked at, where the index is a graph."""
    row = state.focused if state.focused >= 0 else (state.asked.query.row if state.asked is not None else None)
    graph = next((part for part in state.inside or () if isinstance(part, Layers)), None)
    if graph is None or row is None or not len(graph.links) or row + 1 >= len(graph.starts[0]):
        return None
    linked = graph.links[0][graph.starts[0][row] : graph.starts[0][row + 1]].astype(np.int64)
    own, lacking = np.array([row], np.int64), pruned_of(graph, state)
    return Played(
        spokes=np.concatenate([own, linked]),
        lacking=np.concatenate([own, lacking]) if lacking is not None else own[:0],
    )


def telling(dataset: Dataset, row: int) -> list[tuple[str, str]]:
    """The few cells of a row that tell most beside its name: categories and numbers first, then the longest texts."""
    cells = [(column, column.cell(row)) for column in dataset.columns[:MOST_LOOKED_AT]]
    known = [(column, cell) for column, cell in cells if cell and cell != dataset.name(row)]
    known.sort(key=lambda each: (each[0].kind == "text", -len(each[1]) if each[0].kind == "text" else 0))
    return [(column.name, cell) for column, cell in known[:HOVER_COLUMNS]]


def marks(state: State) -> Marks:
    """What the answer looks like on the map."""
    if state.asked is None or state.positions is None:
        return Marks()
    query, found = state.asked.query, state.answer.neighbours if state.answer else None
    row, at = query.row, None
    if row is None and found is not None and len(found):
        at = placed(found.rows, found.distances, state.positions, state.metric)
    empty = np.empty(0, np.int64)
    hits = misses = extras = pending = empty
    if found is not None and state.verdict is not None:
        hits, extras = found.rows[state.verdict.hit], found.rows[~state.verdict.hit]
        misses = state.verdict.misses
    elif found is not None:
        pending = found.rows
    both = listed(state)
    ranks = {line.row: line.rank for line in both}
    letters = {row: who for row, who in finders(state).items() if who != "AB"}
    marked = {int(row) for rows in (hits, misses, extras, pending) for row in rows}
    others = [line for line in both if line.row not in marked]
    hits, extras, pending = (
        np.append(rows, [line.row for line in others if line.mark == mark]).astype(np.int64)
        for rows, mark in ((hits, "hit"), (extras, "extra"), (pending, "pending"))
    )
    focused = state.focused if state.focused >= 0 else None
    return Marks(row, at, row is None, hits, misses, extras, pending, focused, ranks, letters)

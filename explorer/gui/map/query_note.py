"""The note under the query bar: how the query was read, what else it could mean, what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from explorer.core.query import Query
from explorer.gui.widgets.mending import Ways
from explorer.gui.widgets.pieces import button, clear, label, tool
from explorer.session.controller import Controller
from explorer.session.state import Place, State

WORDS = {
    "row": "read as a row",
    "numbers": "read as numbers",
    "expression": "read as an expression",
    "text": "read as free text",
}

PLACES: tuple[Place, ...] = ("query", "data", "map")
"""Whose problems are said here; those of indexes stand in their panel."""
WIDEST = 560
LONGEST = 40
"""Letters of another reading that are shown."""


class QueryNote(QFrame):
    """Floats at the top left of the map; hidden when there is nothing to say."""

    def __init__(self, controller: Controller, connect: Callable[[], None], parent: QWidget) -> None:
        super().__init__(parent)
        self._controller = controller
        self._ways = Ways(controller, connect)
        self.setObjectName("popup")
        self._said = label("", wrap=True, selectable=True)
        self._close = tool("×", self._dismiss, tip="Dismiss")
        self._said.setIndent(5)
        self._offers = QVBoxLayout()
        self._offers.setSpacing(0)
        top = QHBoxLayout()
        top.addWidget(self._said, 1)
        top.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(7, 6, 6, 6)
        column.setSpacing(2)
        column.addLayout(top)
        column.addLayout(self._offers)
        self._map = parent
        controller.session.listen(self._follow)
        self._show(controller.session.state)

    def _offer(self, *buttons: QWidget) -> None:
        """A line of things to click."""
        line = QHBoxLayout()
        line.setSpacing(4)
        for each in buttons:
            line.addWidget(each)
        line.addStretch(1)
        self._offers.addLayout(line)
        for each in buttons:
            # A layout shows what comes new into it only later, and counts it only then.
            each.show()

    def fit_beside(self, other: QWidget, margin: int) -> None:
        """Stand at the top left, beside `other`, or below it where both do not fit."""
        whole = self._map.width()
        beside = whole - 3 * margin - other.width() if other.isVisibleTo(self._map) else whole
        wanted = self._said.fontMetrics().horizontalAdvance(self._said.text()) + 80
        width = max(180, min(whole - 2 * margin, WIDEST, max(wanted, self._offers.sizeHint().width() + 24)))
        self.setFixedWidth(width)
        self._column.activate()
        top = margin if width <= beside else other.geometry().bottom() + margin
        self.setGeometry(margin, top, width, self._column.heightForWidth(width))

    def _dismiss(self) -> None:
        for place in PLACES:
            self._controller.session.clear_problem(place)

    def _follow(self, new: State, old: State) -> None:
        if new.problems is not old.problems or new.asked is not old.asked or new.dataset is not old.dataset:
            self._show(new)

    def _show(self, state: State) -> None:
        wrong, asked = next(filter(None, map(state.problem_at, PLACES)), None) if state.dataset else None, state.asked
        problem = "" if wrong is None else wrong.text
        clear(self._offers)
        self._said.setProperty("role", "error" if problem else "quiet")
        self._said.style().polish(self._said)
        others: tuple[Query, ...] = ()
        if problem:
            text = problem
        elif asked is not None and (asked.others or asked.query.also or asked.query.kind != "row"):
            text, others = reading(asked.query), asked.others
        else:
            text = ""
        self._said.setText(text)
        self._close.setVisible(bool(problem))
        if wrong is not None and (offers := self._ways.offers(wrong.place, state)):
            self._offer(*(button(words, partial(deed), "link") for words, deed in offers))
        if asked is not None and asked.query.also and not problem:
            ask_row = self._controller.asking.ask_row
            self._offer(*(button(f"#{row}", partial(ask_row, row), "link") for row in asked.query.also[:5]))
        for other in others[:3]:
            short = other.text if len(other.text) <= LONGEST else f"{other.text[:LONGEST]} …"
            words = f"{WORDS[other.kind].removeprefix('read ')}: {short}"
            self._offer(button(words, partial(self._controller.asking.ask, other), "link"))
        self.setVisible(bool(text))
        if text:
            self.raise_()


def reading(query: Query) -> str:
    """How a query was read, in a few words."""
    if query.kind == "row":
        return f"“{query.text}” is row #{query.row}" + (
            f"; {query.also_total:,} more {'rows bear' if query.also_total > 1 else 'row bears'} that name"
            if query.also
            else ""
        )
    if query.kind == "numbers" and query.numbers is not None:
        return f"{WORDS['numbers']}: {len(query.numbers)} of them · its place on the map is approximate"
    return f"{WORDS[query.kind]} · its place on the map is approximate"

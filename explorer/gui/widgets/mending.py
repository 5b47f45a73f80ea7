"""Buttons beside a sentence that says what went wrong: what would mend it, one click away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QWidget

from explorer.gui.widgets.pieces import button, clear
from explorer.session.controller import Controller
from explorer.session.state import Place, State

CONNECT = "connect to a Redis server first"
"""How a sentence ends that the dialog of the server would mend."""


@dataclass(frozen=True)
class Ways:
    """What can be done about problems; `connect` opens the dialog of the server."""

    controller: Controller
    connect: Callable[[], None]

    def offers(self, place: Place, state: State) -> list[tuple[str, Callable[[], object]]]:
        """What would mend the problem at a place: words and deeds."""
        problem, controller = state.problem_at(place), self.controller
        if problem is None:
            return []
        if problem.code:
            return [("Copy these lines", partial(QGuiApplication.clipboard().setText, "\n".join(problem.code)))]
        if problem.mend == "password":
            return [("Give the password …", self.connect)]
        if problem.mend == "resume":
            return [
                ("Resume", controller.indexing.resume),
                ("Remove from the server", controller.pushing.remove_unfinished),
            ]
        if problem.mend == "again" and place == "query":
            return [("Try again", controller.asking.again)]
        if problem.mend == "again" and place == "data":
            return [("Try again", controller.opening.again)]
        if problem.mend == "again" and place == "indexes" and controller.pushing.unfinished is not None:
            return [("Try again", controller.indexing.resume)]
        if problem.mend == "read" and place == "data":
            return [("Read it differently …", controller.previewing.look_again)]
        if problem.sentence.rstrip(".").endswith(CONNECT):
            return [("Connect to Redis …", self.connect)]
        return []


class Mending(QWidget):
    """A row of such buttons, hidden when there is none."""

    def __init__(self, ways: Ways) -> None:
        super().__init__()
        self._ways = ways
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(4)
        self.hide()

    def show_for(self, place: Place, state: State) -> None:
        """Offer what would mend the problem at a place."""
        offers = self._ways.offers(place, state)
        clear(self._row)
        for words, deed in offers:
            self._row.addWidget(button(words, partial(deed), "link"))
        self._row.addStretch(1)
        self.setVisible(bool(offers))

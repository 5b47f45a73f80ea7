"""The empty window: it teaches. Sample sets, recent files, and where to drop one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from explorer import samples
from explorer.gui.widgets.mending import Mending, Ways
from explorer.gui.widgets.pieces import button, heading, label
from explorer.session.controller import Controller
from explorer.session.state import State


class Welcome(QWidget):
    """Shown while nothing is open: a click on a card opens that set."""

    def __init__(self, controller: Controller, choose_file: Callable[[], None], connect: Callable[[], None]) -> None:
        super().__init__()
        self._controller = controller
        self.sample_names = tuple(samples.samples())
        self._problem = label("", "error", wrap=True, selectable=True)
        self._problem.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._mending = Mending(Ways(controller, connect))
        wrong = QWidget()
        # Its room is always there, so that nothing jumps when something goes wrong.
        wrong.setMinimumHeight(112)
        below = QVBoxLayout(wrong)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(4)
        below.addWidget(self._problem)
        below.addWidget(self._mending)
        below.addStretch(1)
        inside = QWidget()
        inside.setMaximumWidth(680)
        column = QVBoxLayout(inside)
        column.setSpacing(8)
        column.addStretch(2)
        column.addWidget(label("Look at your vectors", "big"))
        about = "Open a file of embeddings, descriptors or features: see all of it as a map, click or type, read the "
        about += "nearest neighbours, and see what an index does not find."
        column.addWidget(label(about, "quiet", wrap=True))
        column.addSpacing(16)
        row = QHBoxLayout()
        row.addWidget(button("Open a file …", choose_file, "primary", tip="Ctrl+O"))
        row.addWidget(button("Connect to Redis …", connect, tip="Ctrl+R"))
        row.addWidget(
            label("or drop a file here: .npy, .csv, .tsv, word vectors, an index of Annoy, Faiss …", "quiet"), 1
        )
        column.addLayout(row)
        column.addWidget(wrong)
        column.addWidget(heading("Sample sets"))
        grid = QGridLayout()
        grid.setSpacing(8)
        for i, (name, sample) in enumerate(samples.samples().items()):
            card = _card(sample.title, sample.about, partial(controller.opening.open, f"sample:{name}"))
            grid.addWidget(card, i // 2, i % 2)
        column.addLayout(grid)
        recent = controller.settings.recent[:5]
        if recent:
            column.addSpacing(16)
            column.addWidget(heading("Recent"))
            for path in recent:
                column.addWidget(_recent(path, controller))
        column.addStretch(3)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(24, 0, 24, 0)
        outer.addStretch(1)
        outer.addWidget(inside, 20)
        outer.addStretch(1)
        controller.session.listen(self._follow)

    def _follow(self, new: State, old: State) -> None:
        if new.problems is not old.problems:
            problem = new.problem_at("data")
            self._problem.setText("" if problem is None else problem.text)
            self._mending.show_for("data", new)


def _card(title: str, about: str, clicked: Callable[[], None]) -> QPushButton:
    card = QPushButton()
    card.setObjectName("card")
    card.setAccessibleName(title)
    card.setAccessibleDescription(about)
    card.setCursor(Qt.CursorShape.PointingHandCursor)
    card.clicked.connect(lambda: clicked())
    card.setMinimumHeight(76)
    card.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    column = QVBoxLayout(card)
    column.setContentsMargins(14, 10, 14, 10)
    column.setSpacing(2)
    words = label(about, "quiet", wrap=True)
    for widget in (label(title, "title"), words):
        widget.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        column.addWidget(widget)
    column.addStretch(1)
    return card


def _recent(path: str, controller: Controller) -> QPushButton:
    home = str(Path.home())
    shown = path.replace(home, "~", 1) if path.startswith(home) else path
    return button(shown, lambda: controller.opening.open(path), "plain", tip=path)

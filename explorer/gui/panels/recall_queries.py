"""Which queries recall is measured by: rows of the Dataset, or those of a file, with the truth that came with them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from explorer.gui.widgets.pieces import button, label
from explorer.session.controller import Controller
from explorer.session.state import State

OWN = "rows of the Dataset"


class RecallQueries(QWidget):
    """A quiet line below the indexes; what was published is held against exact search, and told below it."""

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self._controller = controller
        self.choose = button(OWN, self._open_menu, "link", tip="Which queries recall is measured by")
        self.choose.setAccessibleName("Recall asks")
        self._truth = label("", "quiet", wrap=True, selectable=True)
        self._truth.setAccessibleName("Published truth")
        self._truth.hide()
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(0)
        line.addWidget(label("Recall asks", "quiet"))
        line.addWidget(self.choose)
        line.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 8, 0)
        column.setSpacing(2)
        column.addLayout(line)
        column.addWidget(self._truth)

    def show_state(self, state: State) -> None:
        """Follow the State; without an index to measure there is nothing to ask."""
        self.setVisible(any(not entry.is_exact for entry in state.indexes))
        queries = state.queries
        self.choose.setText(OWN if queries is None else f"queries of {Path(queries.source).name}")
        self.choose.setToolTip("Which queries recall is measured by" if queries is None else queries.source)
        found = [entry.recall for entry in state.indexes if entry.recall and entry.handle.metric == state.metric]
        published = next((one.published for one in found if one.published is not None), None)
        self._truth.setText("" if published is None else published.brief)
        self._truth.setToolTip("" if published is None else published.sentence)
        self._truth.setVisible(published is not None)

    def menu(self) -> QMenu:
        """What can be chosen."""
        menu, queries = QMenu(self), self._controller.session.state.queries
        own = menu.addAction("Rows of the Dataset", self._controller.measuring.ask_own_rows)
        file = menu.addAction("Queries from a file …", self._choose_queries)
        for action, chosen in ((own, queries is None), (file, queries is not None)):
            action.setCheckable(True)
            action.setChecked(chosen)
        menu.addSeparator()
        menu.addAction("Their published truth from a file …", self._choose_truth).setEnabled(queries is not None)
        return menu

    def _open_menu(self) -> None:
        self.menu().exec(self.choose.mapToGlobal(QPoint(0, self.choose.height())))

    def _choose_queries(self) -> None:
        if path := self._asked("Queries: a file of vectors, or of ann-benchmarks"):
            self._controller.measuring.ask_from(path)

    def _choose_truth(self) -> None:
        queries = self._controller.session.state.queries
        if queries is not None and (path := self._asked("True neighbours of these queries")):
            self._controller.measuring.ask_from(queries.source, path)

    def _asked(self, title: str) -> str:
        return QFileDialog.getOpenFileName(self, title, "", "All files (*)")[0]

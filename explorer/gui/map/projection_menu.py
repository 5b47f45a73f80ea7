"""The small button over the map that says how it was made, and makes another."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from explorer import projection
from explorer.gui.widgets.params_form import ParamsForm
from explorer.gui.widgets.pieces import button, heading, label
from explorer.session.controller import Controller
from explorer.session.state import State

MOST_OFFERED = 3
"""So many maps of a file fit into a row of the panel."""


class ProjectionMenu(QToolButton):
    """Says the method and its parameters; opens a panel with the methods there are."""

    def __init__(self, controller: Controller, parent: QWidget) -> None:
        super().__init__(parent)
        self._controller = controller
        self._map = parent
        self.setToolTip("How this map was made; make another")
        self.setAccessibleName("Projection")
        self._panel = _Panel(controller, parent)
        self.clicked.connect(self._toggle)
        controller.session.listen(self._follow)
        self._show(controller.session.state)

    def _toggle(self) -> None:
        if self._panel.isVisible():
            self._panel.hide()
            return
        self._panel.adjustSize()
        corner = self.geometry().bottomRight() - QPoint(self._panel.width() - 1, -6)
        self._panel.move(corner)
        self._panel.show()
        self._panel.raise_()

    def _follow(self, new: State, old: State) -> None:
        if any(getattr(new, name) is not getattr(old, name) for name in ("projection", "laying_out", "dataset")):
            self._show(new)

    def _show(self, state: State) -> None:
        made = state.projection
        self.setVisible(state.dataset is not None and made is not None)
        if made is None:
            return
        title = "positions from a file" if made.method == "file" else made.method.upper()
        if given := str(made.params.get("name", "")):
            title = f"{given}, from the file"
        parts = [title]
        if made.method == "umap":
            parts.append(
                f"{made.params.get('n_neighbors', 15)} neighbours · min-dist {made.params.get('min_dist', 0.1)}"
            )
        if made.metric != state.metric and made.method != "file" and {made.metric, state.metric} != {"cosine", "dot"}:
            parts.append(made.metric)
        if made.stopped:
            parts.append("stopped")
        if state.laying_out:
            parts.append("running")
        self.setText("  ·  ".join(parts) + "  ▾")
        self._panel.show_note("" if given else made.note)
        self._panel.offer(state.dataset.maps if state.dataset is not None else ())
        self.adjustSize()
        self.move(self._map.width() - 14 - self.width(), 14)


class _Panel(QFrame):
    """PCA, UMAP with its parameters, or positions from a file."""

    def __init__(self, controller: Controller, parent: QWidget) -> None:
        super().__init__(parent)
        self._controller = controller
        self.setObjectName("popup")
        self.setFixedWidth(320)
        self._note = label("", "quiet", wrap=True)
        self._form = ParamsForm(projection.types()["umap"].params, lambda: None)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        column.addWidget(heading("Map"))
        column.addWidget(self._note)
        column.addWidget(self._form)
        row = QHBoxLayout()
        row.addWidget(button("Make UMAP", self._umap, "primary"))
        row.addWidget(button("PCA", lambda: self._make("pca")))
        row.addStretch(1)
        column.addLayout(row)
        self._given = QHBoxLayout()
        self._given.setSpacing(8)
        column.addLayout(self._given)
        self._offered: tuple[str, ...] = ()
        files = QHBoxLayout()
        files.addWidget(button("Save positions …", self._save, "link"))
        files.addWidget(button("Open positions …", self._open, "link"))
        files.addStretch(1)
        column.addLayout(files)
        self.hide()

    def show_note(self, note: str) -> None:
        """Say what people should know about this map."""
        self._note.setText(note)
        self._note.setVisible(bool(note))

    def offer(self, maps: tuple[str, ...]) -> None:
        """Offer the maps that the file holds."""
        if maps == self._offered:
            return
        self._offered = maps
        while (item := self._given.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        if maps:
            self._given.addWidget(label("In the file", "quiet"))
        for name in maps[:MOST_OFFERED]:
            self._given.addWidget(button(name, partial(self._show_given, name), tip=f"Show the map {name} of the file"))
        if maps:
            self._given.addStretch(1)

    def _show_given(self, name: str) -> None:
        self.hide()
        self._controller.mapping.show_given(name)

    def _umap(self) -> None:
        self.hide()
        self._controller.mapping.project("umap", self._form.values())

    def _make(self, method: str) -> None:
        self.hide()
        self._controller.mapping.project(method)

    def _save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Save positions", "positions.npy", "Positions (*.npy)")
        if path:
            self.hide()
            self._controller.mapping.save_positions(Path(path))

    def _open(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Open positions", "", "Positions (*.npy)")
        if path:
            self.hide()
            self._controller.mapping.open_positions(Path(path))

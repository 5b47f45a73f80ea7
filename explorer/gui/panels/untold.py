"""The question that is asked before an index file can be opened which does not say all that has to be known of it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QComboBox, QDialog, QFileDialog, QFormLayout, QHBoxLayout, QVBoxLayout, QWidget

from explorer.gui.widgets.pieces import button, label
from explorer.session.controller import Controller
from explorer.session.state import UntoldFile

WIDTH = 460


class UntoldDialog(QDialog):
    """Offers what the file can be, or the vectors from another file. Closed, it leaves everything as it was."""

    def __init__(self, untold: UntoldFile, controller: Controller, parent: QWidget) -> None:
        super().__init__(parent)
        self._untold = untold
        self._opening = controller.opening
        name = Path(untold.request.source).name
        self.setWindowTitle(f"Open {name}")
        self.setMinimumWidth(WIDTH)
        self.dimensions, self.metrics = QComboBox(), QComboBox()
        self.dimensions.setAccessibleName("Dimensions")
        self.metrics.setAccessibleName("Metric")
        for size in dict.fromkeys(size for size, _ in untold.readings):
            self.dimensions.addItem(str(size), size)
        self.dimensions.currentIndexChanged.connect(lambda _: self._offer_metrics())
        self._offer_metrics()
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 16)
        column.setSpacing(16)
        column.addWidget(label(f"What does {name} hold?", "title"))
        if untold.readings:
            said = "The file does not say it all itself. What it can be stands here; choose what it was built with."
        else:
            said = untold.sentence
        column.addWidget(label(said, "quiet", wrap=True, selectable=True))
        if untold.readings:
            form = QFormLayout()
            form.setSpacing(8)
            form.addRow("Dimensions", self.dimensions)
            form.addRow("Metric", self.metrics)
            column.addLayout(form)
        row = QHBoxLayout()
        self.from_file = button("Vectors from a file …", self._choose_vectors, "link", tip="What it was built of")
        row.addWidget(self.from_file)
        row.addStretch(1)
        row.addWidget(button("Cancel", self.reject))
        self.go = button("Open", self.accept, "primary")
        self.go.setDefault(True)
        self.go.setVisible(bool(untold.readings))
        row.addWidget(self.go)
        column.addLayout(row)
        self.accepted.connect(self._tell)
        self.rejected.connect(self._leave)

    def _offer_metrics(self) -> None:
        """The metrics that go with the chosen dimensions."""
        chosen = self.metrics.currentData()
        self.metrics.clear()
        for size, metric in self._untold.readings:
            if size == self.dimensions.currentData():
                self.metrics.addItem(metric, metric)
        self.metrics.setCurrentIndex(max(0, self.metrics.findData(chosen)))

    def _choose_vectors(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Vectors that the index was built of")
        if path:
            # Not by `accept`, which would tell the dimensions.
            self.done(-1)
            self._opening.tell(metric=self._untold.request.metric, vectors=Path(path))

    def _tell(self) -> None:
        self._opening.tell(dimensions=self.dimensions.currentData(), metric=self.metrics.currentData())

    def _leave(self) -> None:
        self._opening.leave()

"""About the program: versions to paste into a bug report, and the licences of all that it is made of."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QIcon
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QPlainTextEdit,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from explorer import crashes, paths, versions
from explorer.gui.widgets.pieces import button, heading, label

FIRST = ("README.txt", "Qt.txt")
"""What stands at the top: the list of all, and how to get and replace Qt."""
NO_TEXTS = (
    "ANN Explorer is under the MIT licence.\n\nHere its libraries are installed by themselves, each with its own "
    "licence beside it (*.dist-info). The installed program brings all texts along."
)


class AboutDialog(QDialog):
    """Made when it is first wanted."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("About ANN Explorer")
        self.setMinimumSize(640, 460)
        self.resize(760, 560)
        icon = QLabel()
        icon.setPixmap(QIcon(str(paths.resources() / "icon.svg")).pixmap(48, 48))
        icon.setAccessibleName("")
        self.versions = label("\n".join(versions.lines()), "quiet", wrap=True, selectable=True)
        self.versions.setAccessibleName("Versions")
        title = QVBoxLayout()
        title.setSpacing(4)
        title.addWidget(label("ANN Explorer", "big"))
        title.addWidget(label("See your vectors as a map, and what your index does not find.", "quiet"))
        top = QHBoxLayout()
        top.setSpacing(16)
        top.addWidget(icon)
        top.addLayout(title, 1)
        self.names = QListWidget()
        self.names.setAccessibleName("Licences")
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setAccessibleName("Text of the licence")
        self._texts = _texts()
        self.names.addItems(list(self._texts))
        self.names.currentTextChanged.connect(self._show)
        self.names.setCurrentRow(0)
        both = QSplitter(Qt.Orientation.Horizontal)
        both.addWidget(self.names)
        both.addWidget(self.text)
        both.setSizes([200, 520])
        both.setChildrenCollapsible(False)
        actions = QHBoxLayout()
        actions.setSpacing(8)
        actions.addWidget(button("Copy versions", self._copy, tip="To paste into a bug report"))
        actions.addWidget(button("Show reports", self._show_reports, tip="What was written when the program failed"))
        actions.addStretch(1)
        actions.addWidget(button("Close", self.close))
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(12)
        column.addLayout(top)
        column.addWidget(self.versions)
        column.addWidget(heading("Licences"))
        column.addWidget(both, 1)
        column.addLayout(actions)

    def _show(self, name: str) -> None:
        file = self._texts.get(name)
        self.text.setPlainText(NO_TEXTS if file is None else file.read_text("utf-8", "replace"))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText("\n".join(versions.lines()))

    def _show_reports(self) -> None:
        place = crashes.folder()
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(place if place.is_dir() else place.parent)))


def _texts() -> dict[str, Path | None]:
    """The licence texts by what they are of; one without a file where the program was not installed as a whole."""
    folder = paths.licences()
    if folder is None:
        return {"ANN Explorer": None}
    files = sorted(folder.glob("*.txt"), key=lambda file: (file.name not in FIRST, file.name.casefold()))
    names = {"README": "All that is inside", "Qt": "Qt: source, and replacing it"}
    return {names.get(file.stem, file.stem): file for file in files}

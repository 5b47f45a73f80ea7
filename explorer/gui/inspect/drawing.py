"""What all drawings of the inspector share: theme, keyboard, and a menu that exports the picture and its numbers."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QGuiApplication, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFileDialog, QMenu, QSizePolicy, QWidget

from explorer.gui.theme import DARK, Theme

PICTURES = "PNG (*.png);;SVG (*.svg)"
SHARPNESS = 2
"""Pixels of an exported PNG by logical ones."""
CAPTION = 26


class Drawing(QWidget):
    """A picture of some numbers, `title` in words; subclasses paint it, and give its numbers as a table.

    `key` says what its colours mean, where that is not plain: it goes with an exported picture.
    """

    complained = Signal(str)
    """Why it could not be exported."""

    def __init__(self, title: str, height: int, key: str = "") -> None:
        super().__init__()
        self.title, self.key, self.theme = title, key, DARK
        self._height = height
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(title)
        self.setToolTip("")

    def paint(self, painter: QPainter, area: QRectF) -> None:
        """Paint into an area of any size, in logical pixels."""
        raise NotImplementedError

    def numbers(self) -> list[list[str]]:
        """What is drawn as a table, its head first."""
        raise NotImplementedError

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self.theme = theme
        self.update()

    def set_height(self, height: int) -> None:
        """Take more or less room."""
        if height != self._height:
            self._height = height
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(240, self._height)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture, and a frame around it where the keyboard is on it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.font())
        self.paint(painter, QRectF(self.rect()))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(self.theme.accent), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.end()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Export and copy, by the right button or the menu key."""
        menu = QMenu(self)
        menu.addAction("Export picture …", self.export_picture)
        menu.addAction("Export numbers …", self.export_numbers)
        menu.addAction("Copy numbers", self.copy_numbers)
        menu.exec(event.globalPos())

    def export_picture(self) -> None:
        """Ask for a file and draw into it."""
        path, _ = QFileDialog.getSaveFileName(self, "Export picture", f"{self.title}.png", PICTURES)
        if path:
            self.write_picture(Path(path))

    def export_numbers(self) -> None:
        """Ask for a file and write the numbers as CSV."""
        path, _ = QFileDialog.getSaveFileName(self, "Export numbers", f"{self.title}.csv", "CSV (*.csv)")
        if path:
            self.write_numbers(Path(path))

    def copy_numbers(self) -> None:
        """Put the numbers on the clipboard, with tabs between them."""
        QGuiApplication.clipboard().setText("\n".join("\t".join(line) for line in self.numbers()))

    def write_picture(self, path: Path) -> None:
        """Draw into a .svg, or into a picture of pixels under any other name; a title stands over it."""
        if path.suffix.lower() == ".svg":
            self._write_svg(path)
        else:
            image = QImage(self._whole() * SHARPNESS, QImage.Format.Format_RGB32)
            image.setDevicePixelRatio(SHARPNESS)
            painter = QPainter(image)
            self._paint_whole(painter)
            painter.end()
            if not image.save(str(path)):
                self.complained.emit(f"{path} cannot be written.")

    def write_numbers(self, path: Path) -> None:
        """Write the numbers as CSV."""
        text = io.StringIO()
        csv.writer(text).writerows(self.numbers())
        try:
            path.write_text(text.getvalue(), "utf-8", newline="")
        except OSError as error:
            self.complained.emit(f"{path} cannot be written: {error.strerror or error}.")

    def _write_svg(self, path: Path) -> None:
        from PySide6.QtSvg import QSvgGenerator

        generator = QSvgGenerator()
        generator.setFileName(str(path))
        generator.setSize(self._whole())
        generator.setViewBox(QRect(QPoint(), self._whole()))
        generator.setTitle(self.title)
        painter = QPainter()
        if not painter.begin(generator):
            self.complained.emit(f"{path} cannot be written.")
            return
        self._paint_whole(painter)
        painter.end()

    def legend(self) -> str:
        """What stands below an exported picture: what its colours and its axes mean."""
        return self.key

    def _whole(self) -> QSize:
        wide = max(240, self.width())
        return QSize(wide + 24, self.drawn_height() + CAPTION + 12 + self._legend_height(wide))

    def drawn_height(self) -> int:
        """How high the drawing itself is in an exported picture."""
        return self._height

    def _legend_height(self, wide: int) -> int:
        words = self.legend()
        box = self.fontMetrics().boundingRect(QRect(0, 0, wide, 1000), int(Qt.TextFlag.TextWordWrap), words)
        return box.height() + 10 if words else 0

    def _paint_whole(self, painter: QPainter) -> None:
        whole = self._whole()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(QRect(QPoint(), whole), QColor(self.theme.panel))
        painter.setFont(self.font())
        painter.setPen(QColor(self.theme.text))
        painter.drawText(QRectF(12, 6, whole.width() - 24, CAPTION - 6), Qt.AlignmentFlag.AlignVCenter, self.title)
        high = self._legend_height(whole.width() - 24)
        if high:
            below = QRectF(12, whole.height() - high - 4, whole.width() - 24, high)
            painter.setPen(QColor(self.theme.quiet))
            painter.drawText(below, int(Qt.AlignmentFlag.AlignVCenter) | int(Qt.TextFlag.TextWordWrap), self.legend())
        painter.save()
        painter.translate(12, CAPTION)
        self.paint(painter, QRectF(0, 0, whole.width() - 24, self.drawn_height()))
        painter.restore()

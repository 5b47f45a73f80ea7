"""The map as a picture to keep: what is in view, with a title above it and a legend below."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from explorer.gui.inspect.drawing import CAPTION, SHARPNESS, Drawing
from explorer.gui.map.legend_picture import MapLegend, height_of, paint_legend
from explorer.gui.map.view import MapView
from explorer.gui.theme import Theme

SIDE = 12


class MapDrawing(Drawing):
    """Draws a view; it is never shown itself."""

    def __init__(self, view: MapView, title: str, legend: MapLegend, theme: Theme) -> None:
        self._below = round(height_of(legend, view.width(), QFontMetricsF(view.font())))
        super().__init__(title, view.height() + self._below)
        self._view, self._legend, self.theme = view, legend, theme
        self.setFont(view.font())
        self.resize(view.width(), view.height() + self._below)

    def paint(self, painter: QPainter, area: QRectF) -> None:
        """The view at the top of the area, the legend below it."""
        view = self._view
        painter.save()
        painter.translate(area.topLeft())
        view.paint_picture(painter, SHARPNESS)
        painter.restore()
        # What reaches beyond the view is covered: pictures of lines have no edges of their own.
        whole, map_area = QRectF(area.adjusted(-SIDE, -CAPTION, SIDE, SIDE)), QRectF(area)
        map_area.setHeight(view.height())
        panel = QColor(self.theme.panel)
        for box in (
            QRectF(whole.topLeft(), QPointF(map_area.left(), whole.bottom())),
            QRectF(QPointF(map_area.right(), whole.top()), whole.bottomRight()),
            QRectF(whole.topLeft(), QPointF(whole.right(), map_area.top())),
            QRectF(QPointF(whole.left(), map_area.bottom()), whole.bottomRight()),
        ):
            painter.fillRect(box, panel)
        painter.setFont(self.font())
        painter.setPen(QColor(self.theme.text))
        title = QRectF(area.left(), whole.top() + 6, area.width(), CAPTION - 6)
        painter.drawText(title, Qt.AlignmentFlag.AlignVCenter, self.title)
        below = QRectF(area.left(), map_area.bottom(), area.width(), self._below)
        paint_legend(painter, self._legend, below, self.theme)

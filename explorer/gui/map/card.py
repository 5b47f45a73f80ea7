"""The card beside a hovered point: its name, a few quiet lines, its picture."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from explorer.gui.map.lettering import sized
from explorer.gui.map.marks import HoverCard
from explorer.gui.map.theme import MapTheme

PICTURE = 64.0
PADDING = 10.0
WIDEST = 300.0
AWAY = 14.0
"""Logical pixels from the point to the card."""


def paint_card(
    painter: QPainter, card: HoverCard, at: QPointF, room: QSize, font: QFont, theme: MapTheme
) -> QRectF:  # fmt: skip
    """Paint the card right below the point, or where there is room for it, and return where it stands."""
    title_font, line_font = sized(font, 13, bold=True), sized(font, 12)
    title_metrics, line_metrics = QFontMetricsF(title_font), QFontMetricsF(line_font)
    title = title_metrics.elidedText(card.title, Qt.TextElideMode.ElideRight, WIDEST)
    lines = [line_metrics.elidedText(line, Qt.TextElideMode.ElideRight, WIDEST) for line in card.lines]
    text_width = max([title_metrics.horizontalAdvance(title), *map(line_metrics.horizontalAdvance, lines)])
    text_height = title_metrics.height() + len(lines) * (line_metrics.height() + 2)
    has_picture = card.image is not None and not card.image.isNull()
    beside = PICTURE + PADDING if has_picture else 0.0
    width = text_width + beside + 2 * PADDING
    height = max(text_height, PICTURE if has_picture else 0.0) + 2 * PADDING - 2
    rect = QRectF(at.x() + AWAY, at.y() + AWAY, width, height)
    if rect.right() > room.width() - 4:
        rect.moveRight(at.x() - AWAY)
    if rect.bottom() > room.height() - 4:
        rect.moveBottom(at.y() - AWAY)
    rect.moveLeft(max(4.0, rect.left()))
    rect.moveTop(max(4.0, rect.top()))

    painter.setPen(QPen(QColor(theme.edge), 1))
    painter.setBrush(QColor(theme.card))
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
    left, top = rect.left() + PADDING + beside, rect.top() + PADDING - 1
    if card.image is not None and has_picture:
        frame = QRectF(rect.left() + PADDING, rect.top() + PADDING - 1, PICTURE, PICTURE)
        side = max(card.image.width(), card.image.height())
        picture = QRectF(0, 0, PICTURE * card.image.width() / side, PICTURE * card.image.height() / side)
        picture.moveCenter(frame.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, side > PICTURE)
        painter.drawImage(picture, card.image)
    painter.setPen(QColor(theme.text))
    painter.setFont(title_font)
    painter.drawText(QPointF(left, top + title_metrics.ascent()), title)
    painter.setPen(QColor(theme.quiet))
    painter.setFont(line_font)
    top += title_metrics.height() + 2
    for line in lines:
        painter.drawText(QPointF(left, top + line_metrics.ascent()), line)
        top += line_metrics.height() + 2
    return rect

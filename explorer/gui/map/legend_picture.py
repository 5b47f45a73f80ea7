"""The legend of an exported map: what its colours and its marks mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QLinearGradient, QPainter, QPen

from explorer.core.column import Column
from explorer.gui import palette
from explorer.gui.inspect.outlining import areas
from explorer.gui.theme import Theme
from explorer.session.state import State

LINE, GAP, SWATCH = 20.0, 18.0, 9.0
MOST = 40
"""So many labels are named, the most frequent first."""
MARKS = ("query", "found", "missed", "extra")
FAR = "far on the map: not among as many nearest points"


@dataclass(frozen=True, eq=False)
class MapLegend:
    """`title` what colours the map, `note` a sentence about it; labels with colours, or the two ends of a scale with
    its colours; and the marks that are on the map, by name."""

    title: str
    note: str
    labels: tuple[tuple[str, tuple[int, int, int]], ...]
    ends: tuple[str, str] | None
    diverging: bool
    marks: tuple[str, ...]


def legend_of(state: State) -> MapLegend:
    """What the legend says of the State."""
    column, painting = state.column(state.colour_by), state.painting(state.colour_by)
    diverging = painting is not None and painting.diverging
    ends = None
    if column is not None and column.kind == "number":
        values = np.asarray(column.values)
        low, high = palette.sides(values) if diverging else palette.number_range(values)
        ends = (f"{low:.4g}".replace("-", "−"), f"{high:.4g}".replace("-", "−"))
    labels = _labels(column, state.hidden) if column is not None and column.kind == "category" else ()
    coloured = column is not None and column.kind != "text"
    title = column.name if column is not None and coloured else ""
    return MapLegend(title, painting.note if painting else "", labels, ends, diverging, _marks(state))


def _labels(column: Column, hidden: frozenset[str]) -> tuple[tuple[str, tuple[int, int, int]], ...]:
    codes = np.asarray(column.values)
    counts = np.bincount(codes[codes >= 0], minlength=len(column.labels))
    first = [int(code) for code in np.argsort(-counts, kind="stable") if counts[code]]
    shown = [code for code in first if column.labels[code] not in hidden]
    told = [(f"{column.labels[code]} {counts[code]:,}", palette.category_colour(code)) for code in sorted(shown[:MOST])]
    if len(shown) > MOST:
        red, green, blue = palette.MISSING.tolist()
        told.append((f"and {len(shown) - MOST:,} more", (red, green, blue)))
    return tuple(told)


def _marks(state: State) -> tuple[str, ...]:
    told = []
    if state.asked is not None and state.answer is not None:
        told.append("query")
        verdict = state.verdict
        if verdict is not None:
            sorts = (("found", verdict.hit.any()), ("missed", len(verdict.misses)), ("extra", not verdict.hit.all()))
            told += [name for name, there in sorts if there]
    manners = {area.manner for area in areas(state)}
    if manners & {"looked into", "numbered"}:
        told.append("cell looked into")
    if "missed" in manners:
        told.append("cell of a missed row")
    if state.far is not None and len(state.far.rows):
        told.append(FAR)
    return tuple(told)


def height_of(legend: MapLegend, width: float, metrics: QFontMetricsF) -> float:
    """How high it is at a width."""
    return _laid_out(None, legend, QRectF(0, 0, width, 0), metrics, None)


def paint_legend(painter: QPainter, legend: MapLegend, area: QRectF, theme: Theme) -> None:
    """Paint it into an area of its height."""
    _laid_out(painter, legend, area, QFontMetricsF(painter.font()), theme)


def _laid_out(
    painter: QPainter | None, legend: MapLegend, area: QRectF, metrics: QFontMetricsF, theme: Theme | None
) -> float:
    """Go through the legend line by line, painting it where there is a painter; returns how high it is."""
    y = area.top() + 4
    if legend.ends is not None:
        if painter is not None and theme is not None:
            _paint_scale(painter, legend, QRectF(area.left(), y, min(320.0, area.width()), 2 * LINE), theme)
        y += 2 * LINE + 4
    for entries in (legend.labels, tuple((name, None) for name in legend.marks)):
        x = area.left()
        for words, colour in entries:
            wide = SWATCH + 8 + metrics.horizontalAdvance(words)
            if x > area.left() and x + wide > area.right():
                x, y = area.left(), y + LINE
            if painter is not None and theme is not None:
                _paint_entry(painter, QPointF(x + SWATCH / 2, y + LINE / 2), words, colour, theme)
            x += wide + GAP
        if entries:
            y += LINE + 2
    if legend.note:
        flags = int(Qt.TextFlag.TextWordWrap)
        box = metrics.boundingRect(QRectF(area.left(), y, area.width(), 400), flags, legend.note)
        if painter is not None and theme is not None:
            painter.setPen(QColor(theme.quiet))
            painter.drawText(QRectF(area.left(), y, area.width(), box.height() + 4), flags, legend.note)
        y += box.height() + 4
    return y - area.top() + 4


def _paint_scale(painter: QPainter, legend: MapLegend, area: QRectF, theme: Theme) -> None:
    assert legend.ends is not None
    colours = palette.SIDE_COLOURS if legend.diverging else palette.NUMBER_COLOURS
    gradient = QLinearGradient(area.left(), 0, area.right(), 0)
    for i in range(17):
        gradient.setColorAt(i / 16, QColor(*colours[round(i * 255 / 16)].tolist()))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(gradient)
    painter.drawRect(QRectF(area.left(), area.top() + 4, area.width(), 10))
    painter.setPen(QColor(theme.quiet))
    below = QRectF(area.left(), area.top() + 17, area.width(), LINE)
    painter.drawText(below, Qt.AlignmentFlag.AlignLeft, legend.ends[0])
    painter.drawText(below, Qt.AlignmentFlag.AlignRight, legend.ends[1])


def _paint_entry(
    painter: QPainter, at: QPointF, words: str, colour: tuple[int, int, int] | None, theme: Theme
) -> None:  # fmt: skip
    """A swatch and its words; without a colour the sign of the mark that bears this name."""
    accent, miss, quiet, text = (QColor(name) for name in (theme.accent, theme.miss, theme.quiet, theme.text))
    half = SWATCH / 2
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if colour is not None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(*colour))
        painter.drawEllipse(at, half, half)
    elif words == "query":
        painter.setPen(QPen(accent, 1.6))
        painter.drawEllipse(at, half + 1, half + 1)
        painter.setBrush(accent)
        painter.drawEllipse(at, 2.4, 2.4)
    elif words == "found":
        painter.setPen(QPen(text, 1.6))
        painter.setBrush(quiet)
        painter.drawEllipse(at, half, half)
    elif words == "missed":
        painter.setPen(QPen(miss, 1.8))
        painter.drawEllipse(at, half, half)
    elif words == "extra":
        painter.setPen(QPen(quiet, 1.6))
        painter.drawRect(QRectF(at.x() - half, at.y() - half, SWATCH, SWATCH))
    elif words == FAR:
        painter.setPen(QPen(accent, 2.0))
        painter.drawLine(at - QPointF(half, 0), at + QPointF(half, 0))
    else:
        missed = "missed" in words
        painter.setPen(QPen(miss if missed else accent, 1.6, Qt.PenStyle.DashLine if missed else Qt.PenStyle.SolidLine))
        painter.drawRect(QRectF(at.x() - half, at.y() - half, SWATCH, SWATCH))
    painter.setPen(text)
    box = QRectF(at.x() + half + 6, at.y() - LINE / 2, 2000, LINE)
    painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, words)

"""The map: a widget that shows positions, colours and marks it is given, and tells what people do on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from explorer.gui.map import picking
from explorer.gui.map.areas import Areas
from explorer.gui.map.camera import Camera
from explorer.gui.map.card import paint_card
from explorer.gui.map.gesture import Tool
from explorer.gui.map.kernel import Kernels
from explorer.gui.map.laid import Laid
from explorer.gui.map.marks import HoverCard, Marks, Rows
from explorer.gui.map.mixture import mixture
from explorer.gui.map.overlays import Overlay
from explorer.gui.map.placing import Label
from explorer.gui.map.played import Played
from explorer.gui.map.points import Points
from explorer.gui.map.raster import Raster, Scene
from explorer.gui.map.steering import Steering
from explorer.gui.map.theme import DARK, MapTheme
from explorer.gui.map.viewport import Viewport
from explorer.gui.map.warm_up import WarmUp
from explorer.measure.honesty import Far

STILL_MS = 120
"""Points that have not moved for so long are looked at more closely."""

_TOLD = (
    "row_clicked",
    "empty_clicked",
    "place_clicked",
    "row_activated",
    "row_hovered",
    "selection_made",
    "tool_changed",
)
"""Signals of the steering that are the map's own."""
_BY_KEYBOARD = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)


class MapView(QWidget):
    """All points as a map. Fully controlled: it shows what the setters gave it and changes nothing but its view.

    `smooth` lets the view glide to where it goes; without it every move is done at once.
    """

    row_clicked = Signal(int, bool)
    """The row, and whether Shift or Ctrl was held."""
    empty_clicked = Signal()
    place_clicked = Signal(QPointF)
    """Where a click was on the screen, on a point or on none; one of the two above follows."""
    row_activated = Signal(int)
    row_hovered = Signal(int)
    """The row under the pointer; −1 when there is none any more."""
    selection_made = Signal(object, str)
    """Rows int64 (m,), ascending, and "replace", "add" or "subtract"."""
    tool_changed = Signal(str)
    view_changed = Signal()

    def __init__(self, parent: QWidget | None = None, *, theme: MapTheme = DARK, smooth: bool = True) -> None:
        super().__init__(parent, mouseTracking=True, focusPolicy=Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(120, 90)
        self.setAccessibleName("Map")
        self._theme = theme
        self._points = Points(theme.point)
        self._marks = Marks()
        self._laid = Laid(self.font())
        self._card_of: Callable[[int], HoverCard | None] | None = None
        self._card: HoverCard | None = None
        self._raster = Raster(mixture())
        self._camera = Camera(self, smooth=smooth)
        self._camera.moved.connect(self.update)
        self._camera.moved.connect(self.view_changed)
        self._steering = Steering(self, self._camera, self)
        for name in _TOLD:
            getattr(self._steering, name).connect(getattr(self, name))
        self._steering.looked.connect(self._point)
        self._steering.row_hovered.connect(self._ask_for_card)
        self._steering.changed.connect(self.update)
        self._still = QTimer(self, interval=STILL_MS, singleShot=True)
        self._still.timeout.connect(self._refine)
        self._focus_shown = False
        self._painted = False
        self._warm_up: WarmUp | None = None
        self._warm_up_wanted = False
        self._describe()

    def set_positions(self, positions: NDArray[np.float32] | None, *, animate: bool = False) -> None:
        """Show these positions, float32 (n, 2), one a row; None empties the map.

        They are not copied at once: the array must not change while it is shown. A different map is fitted into the
        window. With `animate` it is the next frame of a running layout (or its end): a view that somebody moved
        stays, one that nobody touched follows the layout as it spreads. Marks are forgotten with another n.
        """
        before = len(self._points)
        self._points.place(positions)
        if len(self._points) != before:
            self._marks = Marks()
        self._camera.frame(self._points.bounds, follow=animate and before == len(self._points))
        self._changed()

    def set_colours(self, codes: NDArray[Any] | None, palette: ArrayLike | None = None) -> None:
        """Colour each row: unsigned codes (n,) into a palette uint8 (m, 3). None gives all the theme's quiet colour."""
        self._points.colour(codes, palette)
        self.update()

    def set_visible(self, mask: NDArray[np.bool_] | None) -> None:
        """Draw the rows where `mask`, bool (n,), is false much fainter, and let nobody pick them; None shows all."""
        self._points.show(mask)
        self._changed()

    def set_selection(self, rows: ArrayLike | None) -> None:
        """Draw these rows brighter and the others dimmed; none selected dims nothing."""
        chosen = np.empty(0, np.int64) if rows is None else np.asarray(rows, np.int64)
        if len(chosen) or self._points.selection is not None:
            self._points.select(chosen)
            self._changed()

    def set_marks(self, marks: Marks) -> None:
        """Mark a query and its neighbours."""
        self._marks = marks
        self._changed()

    def set_labels(self, labels: Sequence[Label]) -> None:
        """Write (text, x, y) at these positions, the first ones first, as far as there is room."""
        self._laid.label(labels, self.font())
        self.update()

    def set_theme(self, theme: MapTheme) -> None:
        """Draw in these colours."""
        self._theme = theme
        self._points.quieten(theme.point)
        self.update()

    def set_tooltip_source(self, card_of: Callable[[int], HoverCard | None] | None) -> None:
        """Ask this for the card of a hovered row; it is called once for each point that the pointer comes to."""
        self._card_of = card_of

    def set_tool(self, tool: Tool) -> None:
        """What dragging with the left button does: move the paper, or select with a box or a lasso."""
        self._steering.set_tool(tool)

    def fit(self) -> None:
        """Show the whole map, and follow it again while a layout runs."""
        self._camera.fit()

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom by a factor around a place on the screen, the middle unless said."""
        at = at or QPointF(self.width() / 2, self.height() / 2)
        self._camera.zoom(factor, at.x(), at.y())

    def set_played(self, played: Played | None) -> None:
        """Show a search under way over the points, below the marks; None for none."""
        if played is not self._laid.played:
            self._laid.played = played
            self.update()

    def set_areas(self, areas: Areas) -> None:
        """Outline these areas over the points, below all else."""
        self._laid.areas = areas
        self.update()

    def set_far(self, far: Far | None) -> None:
        """Draw lines to true neighbours that landed far away; None for none."""
        self._laid.show_far(far)
        self.update()

    def near(self, at: QPointF, reach: float) -> Rows:
        """The rows in a box around a place on the screen, `reach` logical pixels each way."""
        cloud = self._points.cloud()
        if cloud is None:
            return np.empty(0, np.int64)
        return picking.in_box(cloud, self.viewport, at.x() - reach, at.y() - reach, at.x() + reach, at.y() + reach)

    def centre_on(self, row: int) -> None:
        """Move a row into the middle."""
        positions = self._points.positions
        if positions is not None and np.isfinite(positions[row]).all():
            self._camera.centre(float(positions[row, 0]), float(positions[row, 1]))

    def start_warm_up(self) -> None:
        """Get the compiled loops in the background, after the first paint, and use them once they are there."""
        self._warm_up_wanted = True
        if self._painted and self._warm_up is None and not self.compiled:
            self._warm_up = WarmUp(self, self.set_kernels)

    def set_kernels(self, kernels: Kernels) -> None:
        """Draw with these loops from now on."""
        self._raster.kernels = kernels
        self._raster.forget()
        self.update()

    @property
    def viewport(self) -> Viewport:
        """What is in view now."""
        return self._camera.viewport

    @property
    def theme(self) -> MapTheme:
        """The colours it is drawn in."""
        return self._theme

    @property
    def tool(self) -> Tool:
        """What dragging does now."""
        return self._steering.tool

    @property
    def hovered(self) -> int:
        """The row under the pointer, −1 when there is none."""
        return self._steering.hovered

    @property
    def points_drawn(self) -> int:
        """How many points the last picture holds: all that are in view."""
        return self._raster.points_drawn

    @property
    def finished(self) -> bool:
        """Whether the last picture holds all points that are in view; without the compiled loops it comes in parts."""
        return self._raster.finished

    @property
    def pictures_drawn(self) -> int:
        """How often the points were drawn; hovering and marking do not."""
        return self._raster.pictures_drawn

    @property
    def compiled(self) -> bool:
        """Whether the compiled loops are in use."""
        return self._raster.kernels.compiled

    def screen_position(self, row: int) -> QPointF:
        """Where a row lies in the widget, in logical pixels."""
        return QPointF(*self._on_screen(np.array([row], np.int64))[0])

    def label_rectangles(self) -> list[QRectF]:
        """Where the labels stand that are in view."""
        return self._laid.label_rectangles(self.viewport)

    def pick(self, px: float, py: float) -> int:
        """The row at a place on the screen, −1 when there is none: what looks topmost there.

        A mark covers the points below it, so it goes before them; a point that is met exactly goes before everything.
        """
        cloud = self._points.cloud()
        if cloud is None:
            return -1
        row = picking.nearest(cloud, self.viewport, px, py)
        marked = self._marks.rows()
        if row < 0 or not len(marked):
            return row
        if np.hypot(*(self._on_screen(np.array([row], np.int64))[0] - (px, py))) < 1.0:
            return row
        apart = np.hypot(*(self._on_screen(marked) - (px, py)).T)
        best = len(apart) - 1 - int(np.argmin(np.where(np.isfinite(apart), apart, np.inf)[::-1]))
        return int(marked[best]) if apart[best] <= picking.REACH - 1 else row

    def pick_all(self, tool: Tool, outline: NDArray[np.float64]) -> Rows:
        """The rows inside a box (two corners) or a lasso on the screen."""
        cloud = self._points.cloud()
        if cloud is None or len(outline) < 2:
            return np.empty(0, np.int64)
        if tool == "lasso":
            return picking.in_lasso(cloud, self.viewport, outline, self._raster.kernels)
        return picking.in_box(cloud, self.viewport, *outline[0], *outline[-1])

    def paintEvent(self, event: QPaintEvent) -> None:
        """The kept picture of the points, and the overlays over it."""
        painter = QPainter(self)
        theme, cloud = self._theme, self._points.cloud()
        if cloud is None:
            painter.fillRect(self.rect(), QColor(theme.background))
            self._raster.points_drawn = 0
        else:
            scene = Scene(cloud, self._points.palette, theme, self.viewport, self.devicePixelRatioF())
            painter.drawImage(QPointF(), self._raster.image(scene))
            if not self._raster.finished:
                QTimer.singleShot(0, self, self._draw_more)
            self._paint_overlays(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._points.lonely_unknown:
            self._still.start()
        self._steering.paint(painter, QColor(theme.accent))
        if self._focus_shown:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(theme.accent), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(2, 2, -2, -2), 4, 4)
        painter.end()
        if not self._painted:
            self._painted = True
            if self._warm_up_wanted:
                QTimer.singleShot(0, self, self.start_warm_up)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The view keeps its middle; one that nobody moved is fitted again."""
        self._camera.resize(event.size())

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the keyboard is, to those who came by it."""
        self._focus_shown = event.reason() in _BY_KEYBOARD
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The keyboard is elsewhere."""
        self._focus_shown = False
        self.update()

    def paint_picture(self, painter: QPainter, ratio: float) -> None:
        """Paint what is in view, but for what the pointer does, with points of `ratio` pixels a logical one."""
        painter.fillRect(self.rect(), QColor(self._theme.background))
        cloud = self._points.cloud()
        if cloud is not None:
            raster = Raster(self._raster.kernels)
            image = raster.image(Scene(cloud, self._points.palette, self._theme, self.viewport, ratio))
            while not raster.finished:
                raster.more()
            painter.drawImage(QRectF(self.rect()), image)
            self._paint_overlays(painter, pointed=False)

    def _paint_overlays(self, painter: QPainter, *, pointed: bool = True) -> None:
        """All that lies over the points, with or without what the pointer is on."""
        self._laid.paint(painter, self.viewport, self._on_screen, self.font(), self._theme, self._told_of_far)
        self._paint_marks(painter, pointed=pointed)

    def _told_of_far(self, row: int) -> str:
        """What stands at the line to a far neighbour; on the point itself the card tells it."""
        card = self._card_of(row) if self._card_of is not None and self.hovered != row else None
        return f"{card.title} · {self._laid.far.told(row)}" if card is not None and self._laid.far is not None else ""

    def _point(self, at: QPointF | None) -> None:
        if self._laid.point(at, self.hovered, self._on_screen):
            self.update()

    def _paint_marks(self, painter: QPainter, *, pointed: bool) -> None:
        overlay = Overlay(painter, self.viewport, self._theme, self.font(), self._on_screen, self._colour_of)
        hovered = self.hovered if pointed else -1
        told = set() if hovered < 0 else {hovered}
        if self._points.selection is not None and self._marks.ranks:
            told.update(set(self._points.selection.tolist()) & self._marks.ranks.keys())
        overlay.marks(self._marks, told)
        if 0 <= hovered < len(self._points):
            overlay.hover(hovered, marked=hovered in self._marks.rows())
            if self._card is not None:
                at = self.screen_position(hovered)
                paint_card(painter, self._card, at, self.size(), self.font(), self._theme)

    def _on_screen(self, rows: Rows) -> NDArray[np.float64]:
        return self._points.on_screen(rows, self.viewport)

    def _colour_of(self, row: int) -> QColor:
        return QColor(*self._points.colour_of(row))

    def _draw_more(self) -> None:
        self._raster.more()
        self.update()

    def _refine(self) -> None:
        # The compiled loops are about to come, and will draw it in a fraction of the time.
        if self.compiled or not self._warm_up_wanted:
            self._points.find_lonely()
            self.update()

    def _ask_for_card(self, row: int) -> None:
        self._card = None if row < 0 or self._card_of is None else self._card_of(row)

    def _changed(self) -> None:
        self._steering.look_soon()
        self._describe()
        self.update()

    def _describe(self) -> None:
        """What a screen reader says of the map."""
        n, marks = len(self._points), self._marks
        parts = [f"{n:,} points" if n else "no points yet"]
        if self._points.selection is not None:
            parts.append(f"{len(self._points.selection):,} selected")
        counts = {
            "found": len(marks.hits) + len(marks.pending),
            "missed": len(marks.misses),
            "extra": len(marks.extras),
            "found by A alone": sum(letter == "A" for letter in marks.letters.values()),
            "found by B alone": sum(letter == "B" for letter in marks.letters.values()),
        }
        parts += [f"{count} {word}" for word, count in counts.items() if count]
        text = ", ".join(parts) + ". Arrows move it, plus and minus zoom, F shows all of it."
        if text != self.accessibleDescription():
            self.setAccessibleDescription(text)

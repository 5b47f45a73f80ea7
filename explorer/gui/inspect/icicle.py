"""One tree of a forest as an icicle: a node is as wide as the rows below it, the leaves hang where they end."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen, QPixmap, QResizeEvent

from explorer.core.structure import Forest
from explorer.core.trace import Trace
from explorer.gui.inspect.drawing import Drawing
from explorer.gui.theme import Theme

LEVEL, LOWEST, HIGHEST = 13, 90, 240
BY_LOT = "#e69f00"
SHADES = 32
"""So many shades tell how full a leaf is."""
KEY = "Wide: many rows · dark leaf: full · orange: split by lot · blue: this search · framed: the query’s own leaf"


class Icicle(Drawing):
    """Draws a tree. `node_chosen` tells which node was clicked, or Return was pressed on; `pointed` which is under the
    pointer or the keys. ↑ goes to the parent, ↓ to a child, ← → along a level."""

    node_chosen = Signal(int)
    pointed = Signal(int)

    def __init__(self) -> None:
        super().__init__("Tree", LOWEST, KEY)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.forest: Forest | None = None
        self.tree = 0
        self.current = -1
        self._hovered = -1
        self._lit: NDArray[np.int32] = np.empty(0, np.int32)
        self._own_leaf = -1
        self._nodes: NDArray[np.int64] = np.empty(0, np.int64)
        self._left: NDArray[np.float64] = np.empty(0)
        self._width: NDArray[np.float64] = np.empty(0)
        self._levels = 0
        self._kept: QPixmap | None = None

    def show_tree(self, forest: Forest, tree: int) -> None:
        """Show a tree, counted from 0."""
        if forest is self.forest and tree == self.tree:
            return
        self.forest, self.tree, self._hovered = forest, tree, -1
        self._nodes, self._left, self._width = spread(forest, tree)
        self._levels = int(forest.depths[self._nodes].max(initial=0))
        self.current = int(forest.roots[tree])
        self.title = f"Tree {tree + 1} of {len(forest.roots)}"
        self.setAccessibleName(self.title)
        self.set_height(int(np.clip((self.levels + 1) * LEVEL, LOWEST, HIGHEST)))
        self._forget()
        self.pointed.emit(self.current)

    def show_search(self, trace: Trace | None, own_leaf: int = -1) -> None:
        """Light up the nodes of this tree that a search took; `own_leaf` is the one into which the query falls."""
        here = trace is not None and trace.kind == "forest"
        lit = trace.places[trace.levels == self.tree] if trace is not None and here else np.empty(0, np.int32)
        if own_leaf != self._own_leaf or not np.array_equal(lit, self._lit):
            self._lit, self._own_leaf = lit, own_leaf
            self._forget()

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        super().set_theme(theme)
        self._forget()

    @property
    def levels(self) -> int:
        """The depth of the tree."""
        return self._levels

    def describe(self, node: int) -> str:
        """A node in words."""
        forest = self.forest
        if forest is None or node < 0:
            return ""
        words = f"depth {forest.depths[node]} · {forest.sizes[node]:,} rows"
        if forest.children[node, 0] < 0:
            return f"leaf · {words}"
        shares = np.sort(forest.sizes[forest.children[node]]) / max(1, int(forest.sizes[node]))
        how = " by lot" if forest.random[node] else ""
        return f"split{how} {shares[0]:.0%} : {shares[1]:.0%} · {words}"

    def numbers(self) -> list[list[str]]:
        """One line a node."""
        forest = self.forest
        head = ["node", "parent", "depth", "rows", "kind", "by_lot", "in_search"]
        if forest is None:
            return [head]
        nodes = self._nodes
        kinds = np.where(forest.children[nodes, 0] < 0, "leaf", "split")
        in_search = np.isin(nodes, self._lit).astype(int)
        numbers = (nodes, forest.parents[nodes], forest.depths[nodes], forest.sizes[nodes], kinds)
        columns = (*numbers, forest.random[nodes].astype(int), in_search)
        return [head, *([str(value) for value in line] for line in zip(*(c.tolist() for c in columns), strict=True))]

    def paint(self, painter: QPainter, area: QRectF) -> None:
        """Level by level, from a kept picture in the window."""
        if self.forest is None:
            return
        if area.size() == QRectF(self.rect()).size() and painter.device() is self:
            if self._kept is None:
                ratio = self.devicePixelRatioF()
                self._kept = QPixmap(self.size() * ratio)
                self._kept.setDevicePixelRatio(ratio)
                self._kept.fill(Qt.GlobalColor.transparent)
                inside = QPainter(self._kept)
                self._paint_nodes(inside, area)
                inside.end()
            painter.drawPixmap(QPointF(), self._kept)
            self._outline(painter, self.current, QColor(self.theme.text), 1.6)
            self._outline(painter, self._hovered, QColor(self.theme.text), 1.0)
        else:
            self._paint_nodes(painter, area)

    def node_at(self, x: float, y: float) -> int:
        """The node at a place, −1 where there is none."""
        if self.forest is None or not len(self._nodes) or self.width() <= 0:
            return -1
        depth, share = int(y / self._high(self.height())), x / self.width()
        level = self.forest.depths[self._nodes] == depth
        found = level & (self._left <= share) & (share < self._left + self._width)
        places = np.flatnonzero(found)
        return int(self._nodes[places[0]]) if len(places) else -1

    def rectangle(self, node: int, area: QRectF) -> QRectF:
        """Where a node stands in an area."""
        assert self.forest is not None
        place, high = int(np.searchsorted(self._nodes, node)), self._high(area.height())
        return QRectF(
            area.left() + self._left[place] * area.width(),
            area.top() + float(self.forest.depths[node]) * high,
            self._width[place] * area.width(),
            high,
        )

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell of the node under the pointer."""
        self._point(self.node_at(event.position().x(), event.position().y()))

    def leaveEvent(self, event: object) -> None:
        """Back to the current node."""
        self._point(-1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose a node."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.choose(self.node_at(event.position().x(), event.position().y()))

    def choose(self, node: int) -> None:
        """Make a node the current one and tell so."""
        if node >= 0:
            self.current = node
            self.update()
            self.pointed.emit(node)
            self.node_chosen.emit(node)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk the tree."""
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.choose(self.current)
        elif (node := self._beside(key)) is not None:
            self.current = node
            self.update()
            self.pointed.emit(node)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw anew."""
        super().resizeEvent(event)
        self._forget()

    def _beside(self, key: Qt.Key) -> int | None:
        forest, at = self.forest, self.current
        if forest is None or at < 0:
            return None
        if key == Qt.Key.Key_Up:
            return int(forest.parents[at]) if forest.parents[at] >= 0 else at
        if key == Qt.Key.Key_Down:
            children = forest.children[at]
            return int(children[np.argmax(forest.sizes[children])]) if children[0] >= 0 else at
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            level = np.flatnonzero(forest.depths[self._nodes] == forest.depths[at])
            level = level[np.argsort(self._left[level], kind="stable")]
            place = int(np.flatnonzero(self._nodes[level] == at)[0]) + (1 if key == Qt.Key.Key_Right else -1)
            return int(self._nodes[level[np.clip(place, 0, len(level) - 1)]])
        return None

    def _point(self, node: int) -> None:
        if node != self._hovered:
            self._hovered = node
            self.update()
            self.pointed.emit(node if node >= 0 else self.current)

    def _high(self, height: float) -> float:
        return min(float(LEVEL) * 1.6, height / (self.levels + 1))

    def _outline(self, painter: QPainter, node: int, colour: QColor, width: float) -> None:
        if node >= 0:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour, width))
            painter.drawRect(self.rectangle(node, QRectF(self.rect())).adjusted(0.5, 0.5, -1, -1))

    def _paint_nodes(self, painter: QPainter, area: QRectF) -> None:
        forest = self.forest
        assert forest is not None
        nodes, high = self._nodes, self._high(area.height())
        leaf = forest.children[nodes, 0] < 0
        fullest = max(1, int(forest.sizes[nodes[leaf]].max(initial=1)))
        lit = np.isin(nodes, self._lit)
        wide = self._width * area.width()
        # Nodes narrower than a pixel are drawn once for all that share it; those of the search always.
        depths = forest.depths[nodes].astype(np.int64)
        column = np.floor(self._left * area.width()).astype(np.int64)
        column = np.where(wide >= 1.0, np.arange(len(nodes)) + (1 << 20), column)
        first = np.unique((depths << 40) + column, return_index=True)[1]
        places = np.concatenate([first, np.flatnonzero(lit)])
        left = (area.left() + self._left[places] * area.width()).tolist()
        top = (area.top() + depths[places] * high).tolist()
        across = np.maximum(1.0, wide[places] - np.where(wide[places] > 3, 1.0, 0.0)).tolist()
        each = zip(left, top, across, self._colours(nodes[places], leaf[places], lit[places], fullest), strict=True)
        tall = high - (1.0 if high > 4 else 0.0)
        for x, y, w, colour in each:
            painter.fillRect(QRectF(x, y, w, tall), colour)
        if self._own_leaf >= 0 and self._own_leaf in nodes:
            painter.setPen(QPen(QColor(self.theme.accent), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rectangle(self._own_leaf, area).adjusted(-1, 0, 1, 0))

    def _colours(
        self, nodes: NDArray[np.int64], leaf: NDArray[np.bool_], lit: NDArray[np.bool_], fullest: int
    ) -> list[QColor]:
        """The colour of each of some nodes; leaves of about one size share theirs."""
        forest = self.forest
        assert forest is not None
        accent, quiet = QColor(self.theme.accent), QColor(self.theme.quiet)
        leaf_lit, split_lit = _faded(accent, 1.0), _faded(accent, 0.6)
        by_lot, split = QColor(BY_LOT), _faded(quiet, 0.16)
        shades = [_faded(quiet, 0.25 + 0.65 * step / SHADES) for step in range(SHADES + 1)]
        full = np.round(forest.sizes[nodes] / fullest * SHADES).astype(int).clip(0, SHADES).tolist()
        told = zip(leaf.tolist(), lit.tolist(), forest.random[nodes].tolist(), full, strict=True)
        return [
            (leaf_lit if is_leaf else split_lit) if is_lit else by_lot if drawn else shades[shade] if is_leaf else split
            for is_leaf, is_lit, drawn, shade in told
        ]

    def _forget(self) -> None:
        self._kept = None
        self.update()


def _faded(colour: QColor, opacity: float) -> QColor:
    faded = QColor(colour)
    faded.setAlphaF(opacity)
    return faded


def spread(forest: Forest, tree: int) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """The nodes of a tree, ascending, and where each begins and how wide it is, in shares of the whole."""
    nodes = np.flatnonzero(forest.trees == tree)
    left, width = np.zeros(len(forest.trees)), np.zeros(len(forest.trees))
    width[forest.roots[tree]] = 1.0
    splits = nodes[forest.children[nodes, 0] >= 0]
    splits = splits[np.argsort(forest.depths[splits], kind="stable")]
    ends = np.cumsum(np.bincount(forest.depths[splits])).tolist() if len(splits) else []
    for start, end in pairwise([0, *ends]):
        level = splits[start:end]
        one, other = forest.children[level].T
        share = forest.sizes[one] / np.maximum(1, forest.sizes[one] + forest.sizes[other])
        left[one], width[one] = left[level], width[level] * share
        left[other], width[other] = left[level] + width[one], width[level] * (1 - share)
    return nodes, left[nodes], width[nodes]

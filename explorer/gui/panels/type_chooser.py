"""Which type of index to build: all there are, together with their kin; those that cannot be built are greyed, and can
be looked at like the others, so that the form can say why and what to do."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QPainter, QPalette, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QStyleOptionViewItem

from explorer.gui.panels import server_types
from explorer.gui.theme import heading_font
from explorer.gui.widgets.aside import ASIDE, HEIGHT, AsideDelegate
from explorer.indexes import type_named
from explorer.indexes.base import IndexType
from explorer.session.state import State

KINS = (
    ("trees", "Trees", "quick to build"),
    ("graph", "Graphs", "find most, soonest"),
    ("cells", "Cells and codes", "smallest"),
    ("scan", "Every row", "sure, slower"),
    ("server", "On a server", "for more than one machine"),
    ("", "Others", ""),
)
"""Index types with their kin, in the order in which they are offered: heading, and what they are good for."""
GREYED = Qt.ItemDataRole.UserRole + 2
WIDE = 248


class TypeChooser(QComboBox):
    """The data of an entry is the name of its type. Headings cannot be chosen, and arrow keys pass over them."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Index type")
        self.setMaxVisibleItems(40)
        self.setItemDelegate(_TypeDelegate(self))
        self.view().setMinimumWidth(WIDE)

    def offer(self, kinds: Iterable[IndexType], state: State) -> None:
        """Put these types on the list, and choose the first that can be built now. Tells nobody."""
        model, kinds = QStandardItemModel(self), list(kinds)
        known = {kin for kin, _, _ in KINS}
        first = None
        for kin, heading, good_for in KINS:
            listed = [kind for kind in kinds if (kind.kin if kind.kin in known else "") == kin]
            if listed and len(kinds) > 1:
                head = QStandardItem(heading)
                head.setFlags(Qt.ItemFlag.NoItemFlags)
                head.setData(good_for, ASIDE)
                model.appendRow(head)
            for kind in listed:
                lack = _lack(kind, state)
                if first is None and not lack:
                    first = model.rowCount()
                model.appendRow(_entry(kind, lack))
        before = self.blockSignals(True)
        self.setModel(model)
        self.setCurrentIndex(first if first is not None else model.rowCount() - 1)
        self.blockSignals(before)

    def regard(self, state: State) -> None:
        """Grey what cannot be built any more, and the other way round."""
        model = self.model()
        if isinstance(model, QStandardItemModel):
            for i in range(model.rowCount()):
                entry = model.item(i)
                if (name := entry.data(Qt.ItemDataRole.UserRole)) is not None:
                    _grey(entry, type_named(name), _lack(type_named(name), state))


def _lack(kind: IndexType, state: State) -> str:
    """Why a type cannot be built now, in two words; empty when it can."""
    if kind.unavailable():
        return "not here"
    if kind.on_server and state.server is None:
        return "no server"
    if server_types.refusal(kind, state):
        return "not there"
    return "" if state.metric in kind.metrics else f"no {state.metric}"


def _entry(kind: IndexType, lack: str) -> QStandardItem:
    entry = QStandardItem(kind.title)
    entry.setData(kind.name, Qt.ItemDataRole.UserRole)
    _grey(entry, kind, lack)
    return entry


def _grey(entry: QStandardItem, kind: IndexType, lack: str) -> None:
    entry.setData(lack, ASIDE)
    entry.setData(bool(lack), GREYED)
    entry.setToolTip(kind.about)
    entry.setData(f"{kind.title}, {lack}" if lack else kind.title, Qt.ItemDataRole.AccessibleTextRole)


class _TypeDelegate(AsideDelegate):
    """Headings in small capitals, what cannot be built in grey."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Every line is equally high."""
        return QSize(WIDE, HEIGHT - 2)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """A heading, or an entry."""
        colours: QPalette = option.palette
        if index.data(Qt.ItemDataRole.UserRole) is None:
            inner, middle = option.rect.adjusted(8, 4, -8, 0), Qt.AlignmentFlag.AlignVCenter
            painter.save()
            painter.setPen(colours.color(QPalette.ColorRole.PlaceholderText))
            painter.drawText(inner, middle | Qt.AlignmentFlag.AlignRight, str(index.data(ASIDE) or ""))
            painter.setFont(heading_font(painter.font()))
            painter.drawText(inner, middle | Qt.AlignmentFlag.AlignLeft, str(index.data()))
            painter.restore()
            return
        if index.data(GREYED):
            colours.setColor(QPalette.ColorRole.Text, colours.color(QPalette.ColorRole.PlaceholderText))
            option.palette = colours
        super().paint(painter, option, index)

"""What lies on a server as a Qt model."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from explorer.gui import wording
from explorer.servers.catalogue import SET, Holding

Index = QModelIndex | QPersistentModelIndex
TITLES = ("name", "kind", "rows × dimensions", "metric", "made by")
NAME, KIND, SIZE, METRIC, MADE_BY = range(5)
OURS = "ANN Explorer"


class HoldingsModel(QAbstractTableModel):
    """One line for each vector set, and for each vector field of a search index."""

    def __init__(self) -> None:
        super().__init__()
        self.holdings: tuple[Holding, ...] = ()

    def show(self, holdings: tuple[Holding, ...]) -> None:
        """Show these."""
        self.beginResetModel()
        self.holdings = holdings
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.holdings)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return TITLES[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        holding, column = self.holdings[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return cells(holding)[column]
        if role == Qt.ItemDataRole.ToolTipRole:
            return holding.title if column == NAME else holding.about
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(cells(holding)) if column == NAME else cells(holding)[column]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(column)
        return None


def cells(holding: Holding) -> tuple[str, ...]:
    """What the columns say of it."""
    size = f"{wording.count(holding.rows)} × {holding.dimensions}"
    if holding.unfinished:
        size = f"{wording.count(holding.written)} of {size}"
    made_by = OURS if holding.pushed else "–"
    if holding.unfinished:
        made_by += ", unfinished"
    return (holding.title, kind_of(holding), size, holding.metric, made_by)


def kind_of(holding: Holding) -> str:
    """Its kind in words."""
    return "vector set" if holding.kind == SET else "search index"


def details(holding: Holding) -> str:
    """Vector set · M 16 · quantization Q8 · pushed by ANN Explorer."""
    words = [kind_of(holding).capitalize(), *(f"{name} {value}" for name, value in holding.params)]
    if holding.stored != "FLOAT32":
        words.append(holding.stored)
    if holding.json:
        words.append("JSON documents")
    if holding.pushed:
        words.append("pushed by ANN Explorer")
    if holding.unfinished:
        words.append("the push has not come to its end; push again to go on, or remove it")
    return " · ".join(words)


def keys_of(holding: Holding) -> str:
    """Which keys removing it deletes, named."""
    about = f"{holding.name}:about"
    if holding.kind == SET:
        named = ", ".join(holding.keys[:4]) + (f" … ({len(holding.keys)} keys)" if len(holding.keys) > 4 else "")
        return f"{named} and {about}"
    last = f"{holding.name}:{max(0, holding.rows - 1)}"
    return f"the index {holding.name}, its documents {holding.name}:0 … {last}, and {about}"


def _side(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column == SIZE else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter

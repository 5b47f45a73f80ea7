"""The table of neighbours as a Qt model: rank, picture, name, distance, mark, the library's own score where there is
one, and any metadata columns."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from explorer.core.column import Column
from explorer.core.dataset import Dataset
from explorer.gui import wording
from explorer.gui.captions import caption
from explorer.session.lines import Line

Index = QModelIndex | QPersistentModelIndex
RANK, NAME, DISTANCE, MARK, FIRST_COLUMN = range(5)
LINE_ROLE = Qt.ItemDataRole.UserRole + 1
SORT_ROLE = Qt.ItemDataRole.UserRole + 2
SHARE_ROLE = Qt.ItemDataRole.UserRole + 3
ROW_ROLE = Qt.ItemDataRole.UserRole + 4
WORDS = {"hit": "found", "miss": "missed", "extra": "extra", "pending": "not checked yet"}
NEITHER = "found by neither"


class NeighboursModel(QAbstractTableModel):
    """Shows lines of a Dataset; `columns` are the metadata columns beside them, `scores` those of the library's own by
    row, under the name that people call them by."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: tuple[Line, ...] = ()
        self._dataset: Dataset | None = None
        self._colour_by = ""
        self._columns: tuple[Column, ...] = ()
        self._score_name = ""
        self._scores: dict[int, float] = {}
        self._reasons: dict[int, str] = {}
        self._finders: dict[int, str] = {}
        self._found_by: dict[int, str] = {}
        self._farthest = 1.0

    @property
    def lines(self) -> tuple[Line, ...]:
        return self._lines

    @property
    def dataset(self) -> Dataset | None:
        return self._dataset

    @property
    def score_section(self) -> int:
        """Which column shows the library's own scores; −1 while there are none."""
        return FIRST_COLUMN if self._score_name else -1

    @property
    def finders_section(self) -> int:
        """Which column says which of two indexes returned a row; −1 while one alone is asked."""
        return FIRST_COLUMN + bool(self._score_name) if self._finders else -1

    def show(
        self,
        dataset: Dataset | None,
        lines: tuple[Line, ...],
        colour_by: str,
        columns: tuple[Column, ...],
        score_name: str = "",
        scores: Mapping[int, float] | None = None,
        reasons: Mapping[int, str] | None = None,
        finders: Mapping[int, str] | None = None,
        found_by: Mapping[int, str] | None = None,
    ) -> None:
        """Show these lines; `reasons` say of missed rows why they were missed, `finders` which of two indexes returned
        a row, A, B or AB, and `found_by` the same in words; none of these for one index alone."""
        self.beginResetModel()
        self._score_name, self._scores = score_name, dict(scores or {})
        self._reasons = dict(reasons or {})
        self._finders, self._found_by = dict(finders or {}), dict(found_by or {})
        self._dataset, self._lines, self._colour_by, self._columns = dataset, lines, colour_by, columns
        self._farthest = max((abs(line.distance) for line in lines), default=1.0) or 1.0
        self.endResetModel()

    def give_reasons(self, reasons: Mapping[int, str]) -> None:
        """Say of missed rows why they were missed, once that is known."""
        self._reasons = dict(reasons)
        if self._lines:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._lines) - 1, self.columnCount() - 1))

    def line_of(self, row: int) -> int:
        """Where a row of the Dataset stands; −1 when it is not in the table."""
        return next((i for i, line in enumerate(self._lines) if line.row == row), -1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else self._first_column + len(self._columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            fixed = ("#", "name", "distance", "", *filter(None, (self._score_name,)))
            if section == self.finders_section:
                return "by"
            return fixed[section] if section < len(fixed) else self._column(section).name
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if self._is_figure(section) else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._dataset is None or not index.isValid():
            return None
        line, column = self._lines[index.row()], index.column()
        if role == LINE_ROLE:
            return line
        if role == ROW_ROLE:
            return line.row
        if role == SHARE_ROLE:
            return abs(line.distance) / self._farthest
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(line, column)
        if role == SORT_ROLE:
            return self._sort_key(line, column)
        if role == Qt.ItemDataRole.TextAlignmentRole and self._is_figure(column):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ToolTipRole:
            if column == self.finders_section:
                return self._found_by.get(line.row, NEITHER)
            return self._reasons.get(line.row) or (WORDS[line.mark] if column == MARK else None)
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return self._reasons.get(line.row)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            if column == self.finders_section:
                return self._found_by.get(line.row, NEITHER)
            return WORDS[line.mark] if column == MARK else self._text(line, column)
        return None

    def as_rows(self) -> list[list[str]]:
        """The whole table with its header, as it is copied and exported: plain figures, all digits."""
        if self._dataset is None:
            return []
        scored = [self._score_name] if self._score_name else []
        compared = ["found_by"] if self._finders else []
        head = ["rank", "row", "source_row", "name", "distance", "mark", *scored, *compared]
        head += [column.name for column in self._columns]
        table = [head]
        for line in self._lines:
            facts = [str(line.rank or ""), str(line.row), str(self._dataset.source_row(line.row))]
            facts += [self._dataset.name(line.row), repr(line.distance), line.mark]
            if scored:
                facts.append(repr(self._scores[line.row]) if line.row in self._scores else "")
            if compared:
                facts.append(self._finders.get(line.row, ""))
            table.append(facts + [column.cell(line.row) for column in self._columns])
        return table

    def _column(self, section: int) -> Column:
        return self._columns[section - self._first_column]

    @property
    def _first_column(self) -> int:
        """Where the metadata columns begin."""
        return FIRST_COLUMN + bool(self._score_name) + bool(self._finders)

    def _is_figure(self, section: int) -> bool:
        return section in (RANK, DISTANCE, self.score_section)

    def _text(self, line: Line, column: int) -> str:
        assert self._dataset is not None
        if column == RANK:
            return str(line.rank) if line.rank else "–"
        if column == NAME:
            return caption(self._dataset, line.row, self._colour_by)
        if column == DISTANCE:
            return wording.distance(line.distance)
        if column == MARK:
            return ""
        if column == self.score_section:
            return wording.score(self._scores.get(line.row, math.nan))
        if column == self.finders_section:
            return self._finders.get(line.row, "–")
        return self._column(column).cell(line.row)

    def _sort_key(self, line: Line, column: int) -> Any:
        if column == RANK:
            return line.rank or 10**6
        if column == DISTANCE:
            return line.distance
        if column == MARK:
            return ("miss", "extra", "pending", "hit").index(line.mark)
        if column == self.score_section:
            return self._scores.get(line.row, -math.inf)
        if column == self.finders_section:
            return ("", "A", "B", "AB").index(self._finders.get(line.row, ""))
        if column >= FIRST_COLUMN:
            shown = self._column(column)
            if shown.kind == "number":
                return float(shown.values[line.row])
        return self._text(line, column).casefold()

"""How the Dataset is looked at: colour, legend, selection, the row in focus."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from explorer.session.session import Session

Mode = Literal["replace", "add", "subtract"]


class Looking:
    """Verbs that change only what is seen."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def colour_by(self, column: str) -> None:
        """Colour the map by a column; "" for one quiet colour."""
        self._session.update(colour_by=column, hidden=frozenset())

    def toggle(self, label: str) -> None:
        """Switch a label of the legend off, or on again."""
        self._session.update(hidden=self._session.state.hidden ^ {label})

    def only(self, label: str) -> None:
        """Show only this label; when it is the only one shown already, show all."""
        state = self._session.state
        column = state.column(state.colour_by)
        if column is not None:
            others = frozenset(column.labels) - {label}
            self._session.update(hidden=frozenset() if state.hidden == others else others)

    def show_all(self) -> None:
        self._session.update(hidden=frozenset())

    def focus(self, row: int) -> None:
        """Look at a row in the table and on the map; −1 for none."""
        self._session.update(focused=row)

    def select(self, rows: NDArray[np.int64], mode: Mode = "replace") -> None:
        """Select rows, add them to the selection, or take them from it."""
        present = self._session.state.selection
        if mode == "replace":
            combined = np.unique(rows)
        else:
            combined = np.union1d(present, rows) if mode == "add" else np.setdiff1d(present, rows)
        self._session.update(selection=combined.astype(np.int64))

    def select_none(self) -> None:
        if len(self._session.state.selection):
            self._session.update(selection=np.empty(0, np.int64))

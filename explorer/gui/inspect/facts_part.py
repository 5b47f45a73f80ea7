"""What is known of an index that shows no more: names and values, and a sentence."""

from __future__ import annotations

from typing import Any

from explorer.core.structure import Facts
from explorer.gui.inspect.part import Part
from explorer.gui.widgets.pieces import label
from explorer.session.controller import Controller
from explorer.session.state import State


class FactsPart(Part):
    """Shows Facts."""

    def __init__(self, controller: Controller) -> None:
        super().__init__(controller, "Facts")
        self._note = label("", wrap=True, selectable=True)
        self.column.addWidget(self._note)
        self.column.addWidget(self.facts)

    def show_part(self, part: Any, state: State) -> None:
        """Show lines of name and value."""
        assert isinstance(part, Facts)
        self.facts.show_pairs(part.lines)
        self.heading.setVisible(bool(part.lines))
        self._note.setText(part.note)
        self._note.setVisible(bool(part.note))

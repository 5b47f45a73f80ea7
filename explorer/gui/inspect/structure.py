"""What the index is made of: one drawing for each kind of structure."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from explorer.gui.theme import Theme
from explorer.session.controller import Controller


class StructurePage(QWidget):
    def __init__(self, controller: Controller) -> None:
        super().__init__()

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""

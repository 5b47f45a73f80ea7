"""The inspector: pages about the row, the misses, the search, the index, and all rows at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from explorer.core.params import Params
from explorer.gui.inspect.row import RowPage
from explorer.gui.theme import Theme
from explorer.session.controller import Controller
from explorer.session.inspecting import TABS
from explorer.session.state import State, Tab

if TYPE_CHECKING:
    from explorer.gui.inspect.replay import ReplayPage
    from explorer.gui.inspect.structure import StructurePage
    from explorer.gui.inspect.whole import WholePage
    from explorer.gui.inspect.why import WhyPage

Page = TypeVar("Page", bound="RowPage | WhyPage | ReplayPage | StructurePage | WholePage")
TITLES: dict[Tab, str] = {
    "neighbours": "Row",
    "why": "Why missed",
    "replay": "Replay",
    "structure": "Structure",
    "whole": "All rows",
}
SHORT: dict[Tab, str] = {**TITLES, "why": "Missed", "whole": "All"}
"""Where there is little room."""
TIPS: dict[Tab, str] = {
    "neighbours": "The row that is looked at (Ctrl+1)",
    "why": "Why true neighbours were missed, and what finds them (Ctrl+2)",
    "replay": "The search, step by step (Ctrl+3)",
    "structure": "What the index is made of (Ctrl+4)",
    "whole": "Recall, the map and the data as a whole (Ctrl+5)",
}


class Inspector(QWidget):
    """Follows the tab of the State; `rebuild` opens the form that builds the present index with other parameters.

    Pages but the first are made when they are first wanted: the window must not wait for them.
    """

    def __init__(self, controller: Controller, rebuild: Callable[[Params], None]) -> None:
        super().__init__()
        self._controller = controller
        self.tabs = QTabBar(drawBase=False, expanding=False, usesScrollButtons=False)
        self.tabs.setElideMode(Qt.TextElideMode.ElideNone)
        self.tabs.setAccessibleName("Inspector")
        self._rebuild = rebuild
        self._theme: Theme | None = None
        self._made: list[RowPage | WhyPage | ReplayPage | StructurePage | WholePage] = []
        self._stack = QStackedWidget()
        self.row = self._added(RowPage(controller))
        for tab in TABS:
            place = self.tabs.addTab(TITLES[tab])
            self.tabs.setTabToolTip(place, TIPS[tab])
        self.tabs.currentChanged.connect(lambda place: controller.inspecting.show(TABS[place]))
        top = QHBoxLayout()
        top.setContentsMargins(16, 4, 0, 0)
        top.addWidget(self.tabs, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self._stack, 1)
        controller.session.listen(self._follow)
        self._show(controller.session.state)

    @cached_property
    def why(self) -> WhyPage:
        """Why true neighbours were missed."""
        from explorer.gui.inspect.why import WhyPage

        return self._added(WhyPage(self._controller, self._rebuild))

    @cached_property
    def replay(self) -> ReplayPage:
        """The search, step by step."""
        from explorer.gui.inspect.replay import ReplayPage

        return self._added(ReplayPage(self._controller))

    @cached_property
    def structure(self) -> StructurePage:
        """What the index is made of."""
        from explorer.gui.inspect.structure import StructurePage

        return self._added(StructurePage(self._controller))

    @cached_property
    def whole(self) -> WholePage:
        """What can be said of all rows."""
        from explorer.gui.inspect.whole import WholePage

        return self._added(WholePage(self._controller))

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self._theme = theme
        for page in self._made:
            page.set_theme(theme)

    def turn_to(self, tab: Tab) -> None:
        """Show a page, and give it the keyboard."""
        self._controller.inspecting.show(tab)
        self._page(tab).setFocus()

    def _page(self, tab: Tab) -> QWidget:
        page: QWidget = getattr(self, "row" if tab == "neighbours" else tab)
        return page

    def _added(self, page: Page) -> Page:
        self._stack.addWidget(page)
        self._made.append(page)
        if self._theme is not None:
            page.set_theme(self._theme)
        return page

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width may need shorter titles."""
        super().resizeEvent(event)
        self._name(self._controller.session.state)

    def _name(self, state: State) -> None:
        """Write the titles, short ones where the others have no room."""
        missed = len(state.verdict.misses) if state.verdict is not None else 0
        for titles in (TITLES, SHORT):
            for place, tab in enumerate(TABS):
                count = f" {missed}" if tab == "why" and missed else ""
                self.tabs.setTabText(place, titles[tab] + count)
            if self.tabs.sizeHint().width() <= self.width() - 16:
                break

    def _follow(self, new: State, old: State) -> None:
        if new.tab != old.tab or new.verdict is not old.verdict:
            self._show(new)

    def _show(self, state: State) -> None:
        self._stack.setCurrentWidget(self._page(state.tab))
        self._name(state)
        self.tabs.blockSignals(True)
        self.tabs.setCurrentIndex(TABS.index(state.tab))
        self.tabs.blockSignals(False)

"""The dialog of a server: first where it is, then what it is and holds."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QDialog, QStackedLayout, QWidget

from explorer.gui.server.address_page import AddressPage
from explorer.gui.server.server_page import ServerPage, Ways
from explorer.servers.catalogue import Holding
from explorer.session.controller import Controller
from explorer.session.state import State

HEIGHTS = {False: 424, True: 600}
"""Of the page that asks where the server is, and of the one that shows it."""


class ServerDialog(QDialog):
    """Stands beside the window, which stays usable; made when it is first wanted."""

    def __init__(
        self,
        controller: Controller,
        parent: QWidget,
        *,
        open_holding: Callable[[Holding, int], bool],
        push: Callable[[], None],
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._elsewhere = False
        self.setWindowTitle("Redis")
        self.setMinimumSize(680, HEIGHTS[False])
        self.resize(820, HEIGHTS[False])

        def opened(holding: Holding, sample: int) -> None:
            if open_holding(holding, sample):
                self.hide()

        def pushed() -> None:
            self.hide()
            push()

        self.address = AddressPage(controller, self._back)
        self.server = ServerPage(controller, Ways(self._go_elsewhere, opened, pushed))
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self.address)
        self._pages.addWidget(self.server)
        controller.session.listen(self._follow)

    def begin(self) -> None:
        """Show it, or bring it to the front."""
        state = self._controller.session.state
        problem = state.problem_at("server")
        self._elsewhere = problem is not None and problem.mend == "password"
        self._controller.serving.look_for_keyring()
        self._show(state)
        if self.isVisible():
            self.raise_()
        self.show()
        self.activateWindow()
        if self._pages.currentWidget() is self.address:
            self.address.begin(state)
        else:
            self.server.table.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape puts away, one after another: a question, work under way, the dialog."""
        if event.key() == Qt.Key.Key_Escape:
            if self.server.isVisible() and self.server.confirmation.isVisible():
                self.server.confirmation.dismiss()
            elif self._controller.session.state.connecting:
                self._controller.serving.stop()
            else:
                self.close()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """A password that was typed is not kept in the field."""
        self.address.forget_password()
        super().closeEvent(event)

    def _go_elsewhere(self) -> None:
        self._elsewhere = True
        self._show(self._controller.session.state)
        self.address.begin(self._controller.session.state)

    def _back(self) -> None:
        self._elsewhere = False
        self._controller.session.clear_problem("server")
        self._show(self._controller.session.state)

    def _follow(self, new: State, old: State) -> None:
        watched = ("server", "connecting", "can_keep", "problems", "tasks", "dataset")
        if all(getattr(new, name) is getattr(old, name) for name in watched):
            return
        if new.server is not old.server and new.server is not None:
            self._elsewhere = False
            self.address.forget_password()
        problem, before = new.problem_at("server"), old.problem_at("server")
        wants_password = problem is not None and problem is not before and problem.mend == "password"
        self._elsewhere = self._elsewhere or wants_password
        at = self._pages.currentWidget()
        self._show(new)
        if not self.isVisible():
            return
        if wants_password and not new.connecting:
            self.address.ask_password()
        elif self._pages.currentWidget() is not at:
            self.server.table.setFocus() if at is self.address else self.address.begin(new)

    def _show(self, state: State) -> None:
        there = state.server is not None and not self._elsewhere
        page = self.server if there else self.address
        if self._pages.currentWidget() is not page:
            self._pages.setCurrentWidget(page)
            self.resize(self.width(), HEIGHTS[there])
        self.address.show_state(state)
        self.server.show_state(state)

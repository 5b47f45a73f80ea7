"""The page of the dialog on which a server is named: fields, Connect, how it goes, what went wrong."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from explorer.errors import BadParameter
from explorer.gui.server.address_form import FIELDS, AddressForm
from explorer.gui.widgets.pieces import button, label
from explorer.servers.address import address_of
from explorer.session.controller import Controller
from explorer.session.serving import CONNECT
from explorer.session.state import State

ABOUT = (
    "A server can hold vectors for many programs: open a vector set or a search index as a map, or push the open set "
    "there and see what its index does not find."
)


class AddressPage(QWidget):
    """Says where; `back` leads to the present server, where there is one."""

    def __init__(self, controller: Controller, back: Callable[[], None]) -> None:
        super().__init__()
        self._controller = controller
        self.form = AddressForm()
        self.form.submitted.connect(self._connect)
        self.form.refused.connect(self._refuse)
        self._refused = ""
        self._problem = label("", "error", wrap=True, selectable=True)
        self._problem.setAccessibleName("What is wrong")
        self._problem.setAlignment(Qt.AlignmentFlag.AlignTop)
        # Its room is always there, so that nothing jumps when something goes wrong.
        self._problem.setMinimumHeight(52)
        self.go = button("Connect", self._connect, "primary")
        self.cancel = button("Cancel", controller.serving.stop, "link", tip="Do not connect after all")
        self._back = button("Back to the server", back, "link")
        self._bar = QProgressBar(textVisible=False)
        self._bar.setMaximum(0)
        self._bar.setFixedWidth(144)
        self._bar.setAccessibleName("Progress")
        self._note = label("", "quiet")
        self._problem.setContentsMargins(FIELDS, 0, 0, 0)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.setContentsMargins(FIELDS, 0, 0, 0)
        for widget in (self.go, self._bar, self._note, self.cancel, self._back):
            row.addWidget(widget)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(8)
        column.addWidget(label("Connect to Redis", "big"))
        column.addWidget(label(ABOUT, "quiet", wrap=True))
        column.addSpacing(12)
        column.addWidget(self.form)
        column.addSpacing(8)
        column.addLayout(row)
        column.addWidget(self._problem)
        column.addStretch(1)

    def begin(self, state: State) -> None:
        """Show where the server is, or the one that was connected to last, and wait for what is missing."""
        self._refused = ""
        address = address_of(state.connecting) if state.connecting else None
        address = address or (state.server.address if state.server else self._controller.serving.last)
        if address is not None and not self.form.password.text():
            self.form.show_address(address)
        self.show_state(state)
        wanted = state.problem_at("server")
        first = self.form.password if wanted is not None and wanted.mend == "password" else self.form.host
        first.setFocus()
        if first is self.form.host:
            first.selectAll()

    def show_state(self, state: State) -> None:
        """Follow the State."""
        busy, problem = bool(state.connecting), state.problem_at("server")
        self.form.setEnabled(not busy)
        self.form.offer_keyring(state.can_keep)
        self.go.setVisible(not busy)
        for widget in (self._bar, self._note, self.cancel):
            widget.setVisible(busy)
        if busy:
            task = next((task for task in state.tasks if task.key == CONNECT), None)
            place = address_of(state.connecting).place
            self._note.setText(f"{place}: {task.note} …" if task and task.note else f"Connecting to {place} …")
        self._back.setVisible(state.server is not None and not busy)
        self.go.setText("Try again" if problem is not None and problem.mend == "again" else "Connect")
        self._problem.setText(self._refused or (problem.sentence if problem is not None else ""))

    def ask_password(self) -> None:
        """Wait for the password."""
        self.form.password.setFocus()
        self.form.password.selectAll()

    def forget_password(self) -> None:
        """It has done its work, or nobody wants it any more."""
        self.form.password.clear()
        self.form.keep.setChecked(False)

    def _connect(self) -> None:
        self._refused = ""
        try:
            address = self.form.address()
        except BadParameter as error:
            self._refuse(str(error))
            return
        keep = self.form.keep.isChecked() and bool(self.form.password.text())
        self._controller.serving.connect(address, self.form.password.text(), keep=keep)

    def _refuse(self, sentence: str) -> None:
        self._refused = sentence
        self.show_state(self._controller.session.state)

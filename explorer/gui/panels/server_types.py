"""What the panel of indexes says of types that are built on a server, and asks before one is removed."""

from __future__ import annotations

from PySide6.QtWidgets import QMessageBox, QWidget

from explorer.core.params import Param
from explorer.gui.widgets.mending import CONNECT
from explorer.indexes.base import IndexType
from explorer.session import pushing
from explorer.session.controller import Controller
from explorer.session.state import IndexEntry, State


def refusal(kind: IndexType, state: State) -> str | None:
    """Why an index of that type cannot be built now, in a sentence; None when it can."""
    if (reason := kind.unavailable()) is not None or not kind.on_server:
        return reason
    if state.server is None:
        return f"To build one, {CONNECT}."
    return kind.refused_by(state.server.abilities)


def asked_for(kind: IndexType) -> tuple[Param, ...]:
    """The build parameters that a form asks for: the server is the one that is connected."""
    return tuple(param for param in kind.build_params if not (kind.on_server and param.name == "server"))


def remove(entry: IndexEntry, controller: Controller, parent: QWidget) -> None:
    """Take an index off the list; of one on a server ask first whether it is deleted there as well."""
    state = controller.session.state
    if not entry.on_server or state.dataset is None:
        controller.indexing.remove(entry.key)
        return
    name, place = pushing.name_on_server(entry.handle.params, state.dataset), pushing.place_of(entry.handle)
    question = QMessageBox(parent)
    question.setWindowTitle("ANN Explorer")
    question.setText(f"“{name}” lies on {place}.")
    question.setInformativeText("Taken off the list it stays there, and other programs can go on using it.")
    only = question.addButton("Only off the list", QMessageBox.ButtonRole.AcceptRole)
    delete = question.addButton("Delete it on the server", QMessageBox.ButtonRole.DestructiveRole)
    question.addButton(QMessageBox.StandardButton.Cancel)
    question.setDefaultButton(only)
    question.exec()
    if question.clickedButton() in (only, delete):
        controller.indexing.remove(entry.key, on_server=question.clickedButton() is delete)

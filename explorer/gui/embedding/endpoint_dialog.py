"""Naming a server of embeddings: its address, its key, and one of its models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from explorer.encoders.endpoint.place import place_of
from explorer.errors import BadParameter
from explorer.gui.widgets.pieces import button, label
from explorer.session.controller import Controller
from explorer.session.state import Models, State

WIDTH = 480
PLACEHOLDER = "http://localhost:11434/v1"
ABOUT = (
    "Any OpenAI-compatible server: Ollama, vLLM, llama.cpp … The texts are sent there, and nowhere else. "
    "The key is kept in no file of this program."
)


class EndpointDialog(QDialog):
    """`name` is what `encoder=` says once it is accepted. The key is in no other widget and no other text.

    With `said`, an address with its model, only the key is asked for.
    """

    def __init__(
        self, controller: Controller, parent: QWidget | None, said: str = "", *, only_key: bool = False
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._only_key = only_key
        self._accepts = False
        self.setWindowTitle("Key of a server" if only_key else "Encode by a server")
        self.setMinimumWidth(WIDTH)
        self.address, self.key = QLineEdit(), QLineEdit()
        self.address.setPlaceholderText(PLACEHOLDER)
        self.address.setAccessibleName("Address")
        self.key.setPlaceholderText("none, or known already")
        self.key.setAccessibleName("Key")
        self.key.setEchoMode(QLineEdit.EchoMode.Password)
        self.keep = QCheckBox("keep in the keyring")
        self.keep.setToolTip("Keep the key in this system's keyring once the server has accepted it")
        self.model = QComboBox(editable=True)
        self.model.setAccessibleName("Model")
        typed = QLineEdit()
        typed.setPlaceholderText("such as nomic-embed-text")
        # The frame and the padding are the box's.
        typed.setStyleSheet("border: none; padding: 0; background: transparent;")
        self.model.setLineEdit(typed)
        self._said = label("", "quiet", wrap=True, selectable=True)
        self._problem = label("", "error", wrap=True, selectable=True)
        self.list_models = button("List its models", self._look, tip="Ask the server which models it has")
        self.cancel = button("Cancel", self.reject)
        self.go = button("Use this key" if only_key else "Use it", self._go, "primary")
        self.go.setDefault(True)
        self._fill(said)
        self._lay_out()
        self.address.textChanged.connect(lambda _: self._update())
        self.model.editTextChanged.connect(lambda _: self._update())
        listening = controller.session.listen(self._follow)
        self.finished.connect(lambda _: self._leave(listening))
        controller.serving.look_for_keyring()
        self._update()

    @property
    def name(self) -> str:
        """The address with the model. Raises BadParameter for what is no address."""
        return replace(place_of(self.address.text()), model=self.model.currentText().strip()).name

    def _fill(self, said: str) -> None:
        if said:
            place = place_of(said)
            self.address.setText(place.url)
            self.model.setEditText(place.model)
        self.address.setReadOnly(self._only_key)

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnMinimumWidth(0, 64)
        grid.setColumnStretch(1, 1)
        rows: list[tuple[str, QWidget, QWidget | None]] = [
            ("Address", self.address, None),
            ("Key", self.key, self.keep),
            ("Model", self.model, self.list_models),
        ]
        for line, (words, field, beside) in enumerate(rows):
            caption = label(words, "quiet")
            caption.setBuddy(field)
            grid.addWidget(caption, line, 0)
            grid.addWidget(field, line, 1, 1, 1 if beside is not None else 2)
            if beside is not None:
                grid.addWidget(beside, line, 2)
            if self._only_key and field is self.model:
                for widget in (caption, field, self.list_models):
                    widget.hide()
        end = QHBoxLayout()
        end.setSpacing(8)
        end.addStretch(1)
        end.addWidget(self.cancel)
        end.addWidget(self.go)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(12)
        column.addWidget(label("The key of this server" if self._only_key else "A server of embeddings", "title"))
        column.addWidget(label(ABOUT, "quiet", wrap=True))
        column.addLayout(grid)
        column.addWidget(self._said)
        column.addWidget(self._problem)
        self._tell("")
        column.addStretch(1)
        column.addLayout(end)
        (self.key if self._only_key else self.address).setFocus()

    def _leave(self, listening: Callable[[], None]) -> None:
        """Each dialog is shown once."""
        listening()
        self.key.clear()
        self._controller.encoding.leave()
        self.deleteLater()

    def _look(self) -> None:
        self._controller.encoding.look(self.address.text(), self.key.text(), keep=self.keep.isChecked())

    def _go(self) -> None:
        """A key that was typed is tried first, so that a wrong one is told here."""
        if self._only_key or self.key.text():
            self._accepts = True
            self._look()
            return
        try:
            _ = self.name
        except BadParameter as error:
            self._tell(str(error))
            return
        self.accept()

    def _follow(self, new: State, old: State) -> None:
        if new.models is not old.models or new.can_keep != old.can_keep:
            self._show(new.models)

    def _show(self, models: Models | None) -> None:
        self._update()
        if models is None or not self.isVisible():
            return
        self._tell(models.failure, "Asking the server …" if models.looking else _counted(models))
        if models.failure:
            self._accepts = False
            if models.wants_key:
                self.key.setFocus()
        elif not models.looking:
            chosen = self.model.currentText()
            self.model.clear()
            self.model.addItems(list(models.names))
            self.model.setEditText(chosen or (models.names[0] if models.names else ""))
            if self._accepts and (self._only_key or self.model.currentText().strip()):
                self.accept()

    def _tell(self, problem: str, said: str = "") -> None:
        for line, words in ((self._problem, problem), (self._said, said)):
            line.setText(words)
            line.setVisible(bool(words))

    def _update(self) -> None:
        there = bool(self.address.text().strip())
        models = self._controller.session.state.models
        looking = models is not None and models.looking
        self.keep.setVisible(self._controller.session.state.can_keep)
        self.list_models.setEnabled(there and not looking)
        self.go.setEnabled(there and not looking and (self._only_key or bool(self.model.currentText().strip())))


def _counted(models: Models) -> str:
    count = len(models.names)
    if models.failure:
        return ""
    return "It has no model." if not count else f"It has {count:,} model{'' if count == 1 else 's'}."

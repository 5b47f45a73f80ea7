"""The field that says which text encoder is used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QDialog, QFileDialog

from explorer.encoders import DEFAULT
from explorer.encoders.endpoint.place import is_place, place_of
from explorer.errors import BadParameter
from explorer.gui.embedding.endpoint_dialog import EndpointDialog
from explorer.gui.opening.fields import Choice
from explorer.session.controller import Controller

TIP = "What makes vectors of the text, here and of what is typed into the query bar"
FOLDER, SERVER = "\0folder", "\0server"
BUILT_IN = ("built-in (English)", "")
OTHERS = (("a model in a folder …", FOLDER), ("a server …", SERVER))


class EncoderField(Choice):
    """The built-in encoder, a folder of model2vec or sentence-transformers, or a server; `value` is what `encoder=`
    says, empty for the built-in one."""

    def __init__(self, controller: Controller, changed: Callable[[], None]) -> None:
        super().__init__("Encoder", TIP, self._chosen)
        self._controller = controller
        self._told = changed
        self._present = ""
        self.show_value("")

    @property
    def value(self) -> str:
        """What is chosen."""
        return self._present

    def show_value(self, value: str) -> None:
        """Show this encoder."""
        self._present = "" if value == DEFAULT else value
        entries = [BUILT_IN, *([(called(self._present), self._present)] if self._present else []), *OTHERS]
        self.offer(entries, self._present)
        self.setToolTip(self._present or "29,525 token vectors for English, a part of this program")

    def _chosen(self) -> None:
        asked = str(self.currentData() or "")
        found = self._folder() if asked == FOLDER else self._server() if asked == SERVER else asked
        if found is None or found == self._present:
            self.show_value(self._present)
            return
        self.show_value(found)
        self._told()

    def _folder(self) -> str | None:
        title = "The folder of a model2vec or sentence-transformers model"
        return QFileDialog.getExistingDirectory(self, title) or None

    def _server(self) -> str | None:
        dialog = EndpointDialog(self._controller, self, self._present if is_place(self._present) else "")
        return dialog.name if dialog.exec() == QDialog.DialogCode.Accepted else None


def called(value: str) -> str:
    """An encoder as people name it: a folder's name, “nomic-embed-text at localhost:11434”."""
    if is_place(value):
        try:
            place = place_of(value)
            return f"{place.model} at {place.server}"
        except BadParameter:
            return value
    return Path(value).name or value

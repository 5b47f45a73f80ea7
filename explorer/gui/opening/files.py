"""How files come into a window: chosen, dropped, looked at first, or as metadata of what is open."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from explorer import formats, indexes
from explorer.session.controller import Controller
from explorer.session.state import State, UntoldFile
from explorer.work.requests import ReadRequest

if TYPE_CHECKING:
    from explorer.gui.opening.dialog import OpenDialog
    from explorer.gui.opening.joining_dialog import JoiningDialog
    from explorer.gui.panels.untold import UntoldDialog

ANOTHER = "Open another file?"
AGAIN = "Open the set again with this table?"


class Files(QObject):
    """Asks before what is open is lost, and shows the dialogs that the State wants; each is made when it is first
    wanted."""

    def __init__(self, controller: Controller, window: QWidget) -> None:
        super().__init__(window)
        self._controller = controller
        self._window = window
        self._question: UntoldDialog | None = None
        controller.session.listen(self._follow)

    def choose(self) -> None:
        """Ask for a file of vectors, or an index file, and open it."""
        if path := self._asked("Open vectors or an index", vector_filters()):
            self.open(path)

    def choose_with_options(self) -> None:
        """Ask for a file, and show how it would be read before it is."""
        if path := self._asked("Open with options", vector_filters()):
            self._controller.previewing.look_at(path)

    def read_differently(self) -> None:
        """Show how what is open, or what could not be opened, would be read."""
        self._controller.previewing.look_again()

    def choose_metadata(self) -> None:
        """Ask for a metadata table of the present set, and show how it would go with it."""
        if self._controller.session.state.dataset is None:
            return
        if path := self._asked("Add metadata", table_filters()):
            self._controller.adding.look(Path(path))

    def open(self, source: str) -> None:
        """Open a path or `sample:NAME`, asking first when work under way would be lost."""
        if not self._window.isVisible() or self._may_open():
            self._controller.opening.open(source)

    def drop(self, paths: Sequence[Path]) -> None:
        """Files have fallen on the window."""
        self._controller.adding.dropped(paths, self._open_these)

    def may_lose(self, lost: tuple[str, ...], question: str) -> bool:
        """Whether there is nothing to lose, or whoever would lose it says yes."""
        if not lost:
            return True
        asked = "\n".join(("This would be lost:", *(f"• {what}" for what in lost), "", question))
        return QMessageBox.question(self._window, "ANN Explorer", asked) == QMessageBox.StandardButton.Yes

    @cached_property
    def open_dialog(self) -> OpenDialog:
        """Shows how a file would be read."""
        from explorer.gui.opening.dialog import OpenDialog

        return OpenDialog(self._controller, self._window, self._may_open)

    @cached_property
    def joining_dialog(self) -> JoiningDialog:
        """Shows how a table would go with what is open."""
        from explorer.gui.opening.joining_dialog import JoiningDialog

        def instead(path: Path) -> None:
            self._open_these(path, None)

        def may() -> bool:
            return self.may_lose(self._controller.would_lose(), AGAIN)

        return JoiningDialog(self._controller, self._window, may, instead)

    def _open_these(self, vectors: Path, table: Path | None) -> None:
        if table is None:
            self.open(str(vectors))
        elif self._may_open():
            self._controller.opening.read(ReadRequest(str(vectors), table))

    def _may_open(self) -> bool:
        return self.may_lose(self._controller.would_lose(), ANOTHER)

    def _asked(self, title: str, filters: str) -> str:
        path, _ = QFileDialog.getOpenFileName(self._window, title, "", filters)
        return path

    def _follow(self, new: State, old: State) -> None:
        if new.untold is not old.untold:
            self._ask_about(new.untold)
        # Once made, a dialog follows the State by itself.
        if new.draft is not None and "open_dialog" not in self.__dict__:
            _ = self.open_dialog
        if new.joining is not None and "joining_dialog" not in self.__dict__:
            _ = self.joining_dialog

    def _ask_about(self, untold: UntoldFile | None) -> None:
        """Ask what an index file does not say; the question before is not waited for any more."""
        before, self._question = self._question, None
        if before is not None:
            before.blockSignals(True)
            before.close()
            before.deleteLater()
        if untold is not None:
            from explorer.gui.panels.untold import UntoldDialog

            self._question = UntoldDialog(untold, self._controller, self._window)
            self._question.open()


def vector_filters() -> str:
    """What the file chooser offers: content decides, so that all other files can be chosen as well."""
    vectors = sorted({suffix for kind in formats.types().values() for suffix in kind.suffixes})
    built = sorted({kind.suffix for kind in indexes.types().values() if kind.suffix})
    return ";;".join(
        (
            f"Vectors and indexes ({' '.join(f'*{suffix}' for suffix in (*vectors, *built))})",
            f"Vectors ({' '.join(f'*{suffix}' for suffix in vectors)})",
            f"Indexes ({' '.join(f'*{suffix}' for suffix in built)})",
            "All files (*)",
        )
    )


def table_filters() -> str:
    """The same for tables."""
    tables = sorted({suffix for kind in formats.types().values() if kind.chooses_columns for suffix in kind.suffixes})
    return f"Tables ({' '.join(f'*{suffix}' for suffix in tables)});;All files (*)"

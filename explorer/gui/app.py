"""Start the application: one window for each file."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from explorer import crashes, paths
from explorer.gui.interrupts import Interrupts
from explorer.gui.main_window import MainWindow


def application() -> QApplication:
    """The one QApplication, made when there is none yet."""
    present = QApplication.instance()
    if isinstance(present, QApplication):
        return present
    app = QApplication(sys.argv[:1])
    app.setApplicationName("ann-explorer")
    app.setApplicationDisplayName("ANN Explorer")
    app.setDesktopFileName("ann-explorer")
    icon = paths.resources() / "icon.svg"
    if icon.exists():
        app.setWindowIcon(QIcon(str(icon)))
    return app


@contextlib.contextmanager
def _reporting(windows: Sequence[MainWindow]) -> Iterator[None]:
    """What should not have happened is reported and said in the windows, which go on."""

    def unforeseen(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
        before(kind, error, at)
        path = crashes.report(error)
        where = f" A report of it, without any of your data, is in {path}." if path else ""
        for window in windows:
            window.controller.session.fail("data", f"Something unforeseen happened; the window goes on.{where}")

    earlier = crashes.watch()
    for window in windows:
        if earlier is not None:
            said = f"The program ended unexpectedly the last time. A report, without any of your data, is in {earlier}."
            window.controller.session.fail("data", said)
    before, sys.excepthook = sys.excepthook, unforeseen
    try:
        yield
    finally:
        sys.excepthook = before
        crashes.end_watch()


def run(sources: Sequence[str], prepare: Callable[[MainWindow, str], None]) -> int:
    """Show a window for each source (one with the samples when there is none) until the last is closed.

    `prepare(window, source)` opens the source with what the command line said. Returns the exit status: Ctrl+C in the
    terminal, or a polite request to end, closes the windows, and is told apart.
    """
    app = application()
    windows = []
    for source in sources or [""]:
        window = MainWindow()
        window.show()
        if source:
            prepare(window, source)
        windows.append(window)
    with _reporting(windows), Interrupts() as interrupts:
        interrupts.came.connect(app.closeAllWindows)
        interrupts.came.connect(app.quit)
        status = app.exec()
    for window in windows:
        window.close()
    return 128 + interrupts.number if interrupts.number else status

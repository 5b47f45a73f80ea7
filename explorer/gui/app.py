"""Start the application: one window for each file."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from explorer import paths
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


def has_display() -> bool:
    """Whether a window can be shown to somebody: Qt aborts the process when it is asked for one and cannot."""
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    if platform:
        return platform not in ("offscreen", "minimal")
    if sys.platform in ("win32", "darwin"):
        return True
    return _answers_x11() or _answers_wayland()


def run(sources: Sequence[str], prepare: Callable[[MainWindow, str], None]) -> int:
    """Show a window for each source (one with the samples when there is none) until the last is closed.

    `prepare(window, source)` opens the source with what the command line said.
    """
    app = application()
    windows = []
    for source in sources or [""]:
        window = MainWindow()
        window.show()
        if source:
            prepare(window, source)
        windows.append(window)
    return app.exec()


def _answers_x11() -> bool:
    """Whether the X server that DISPLAY names takes connections."""
    import socket

    name = os.environ.get("DISPLAY", "")
    host, _, number = name.rpartition(":")
    number = number.split(".")[0]
    if not number.isdigit():
        return False
    if host and not host.startswith("/") and host != "unix":
        try:
            socket.create_connection((host, 6000 + int(number)), timeout=2).close()
        except OSError:
            return False
        return True
    for address in (f"/tmp/.X11-unix/X{number}", f"\0/tmp/.X11-unix/X{number}"):
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(2)
            try:
                probe.connect(address)
            except OSError:
                continue
            return True
    return False


def _answers_wayland() -> bool:
    name = os.environ.get("WAYLAND_DISPLAY", "")
    return bool(name) and Path(os.environ.get("XDG_RUNTIME_DIR", "/nonexistent"), name).exists()

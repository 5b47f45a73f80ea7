"""Whether a window can be shown to somebody: asked before Qt is, which aborts the process when it cannot.

Nothing here imports Qt, so that a script can ask before it starts a window as a process of its own.
"""

from __future__ import annotations

import ctypes
import os
import socket
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

UNSEEN = ("offscreen", "minimal", "minimalegl")
"""Qt's platforms that draw where nobody looks."""
ELSEWHERE = ("eglfs", "linuxfb", "vkkhrdisplay", "vnc")
"""Qt's platforms that need no server; somebody who names one knows the machine."""
ANSWER_SECONDS = 5.0
"""How long a display may take to answer."""


def has_display() -> bool:
    """Whether the platform that Qt would take has a display that answers."""
    chosen = _chosen()
    if sys.platform in ("win32", "darwin"):
        return not chosen or chosen[0] not in UNSEEN
    return any(_answers(platform) for platform in chosen or ("wayland", "xcb"))


def lacking() -> str:
    """What Qt's part for this display cannot be loaded without, in the words of the system; empty when all is there."""
    if sys.platform in ("win32", "darwin"):
        return ""
    faults = [_fault(platform) for platform in _chosen() or ("wayland", "xcb") if _answers(platform)]
    return "" if "" in faults else next(iter(faults), "")


def _chosen() -> tuple[str, ...]:
    """The platforms that QT_QPA_PLATFORM names, such as `wayland;xcb` or `xcb:option`; empty when it names none."""
    named = os.environ.get("QT_QPA_PLATFORM", "").split(";")
    return tuple(name.split(":")[0].strip().lower() for name in named if name.strip())


def _answers(platform: str) -> bool:
    if platform == "xcb":
        return _answers_x11()
    if platform.startswith("wayland"):
        return _answers_wayland()
    return platform in ELSEWHERE


def _answers_x11() -> bool:
    """Whether the server that DISPLAY names lets us in: asked by the library that Qt asks too."""
    if not os.environ.get("DISPLAY"):
        return False
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return False
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    let_in = threading.Event()

    def knock() -> None:
        connection = xcb.xcb_connect(None, None)
        if not xcb.xcb_connection_has_error(connection):
            let_in.set()
        xcb.xcb_disconnect(connection)

    # A machine that swallows packets would keep us for minutes.
    knocking = threading.Thread(target=knock, name="display", daemon=True)
    knocking.start()
    knocking.join(ANSWER_SECONDS)
    return let_in.is_set()


def _answers_wayland() -> bool:
    name = os.environ.get("WAYLAND_DISPLAY") or "wayland-0"
    folder = os.environ.get("XDG_RUNTIME_DIR", "")
    if not folder and not Path(name).is_absolute():
        return False
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(ANSWER_SECONDS)
        try:
            probe.connect(str(Path(folder, name)))
        except OSError:
            return False
        return True


def _fault(platform: str) -> str:
    """Why Qt's plugin for a platform cannot be loaded; empty when it can, or when it lies elsewhere."""
    found = find_spec("PySide6")
    for folder in (found.submodule_search_locations if found else None) or ():
        plugin = Path(folder, "Qt", "plugins", "platforms", f"libq{platform}.so")
        if plugin.exists():
            try:
                ctypes.CDLL(str(plugin))
            except OSError as error:
                return str(error)
    return ""

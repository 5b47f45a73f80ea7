"""Gets the compiled loops in the background, so that neither the window nor its first map waits for numba."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

from PySide6.QtCore import QObject, QTimer

from explorer.gui.map import kernel
from explorer.gui.map.kernel import Kernels

POLL_MS = 40


class WarmUp(QObject):
    """Compiles or loads the loops in a thread and hands them to `ready`, in the thread that made this object.

    The outcome is fetched by a timer that dies with its parent, so nothing is ever called on a widget that is gone.
    """

    def __init__(self, parent: QObject, ready: Callable[[Kernels], None]) -> None:
        super().__init__(parent)
        self._ready = ready
        self._made: list[Kernels] = []
        self._thread = Thread(target=self._work, name="map-kernel")
        self._timer = QTimer(self, interval=POLL_MS)
        self._timer.timeout.connect(self._look)
        self._thread.start()
        self._timer.start()

    def _work(self) -> None:
        try:
            with _without_stalls():
                self._made.append(kernel.compiled())
        except Exception:
            # The numpy loops draw the same map, so a broken numba costs speed and not the window.
            logging.getLogger(__name__).warning("the map is drawn without numba", exc_info=True)

    def _look(self) -> None:
        if self._thread.is_alive():
            return
        self._timer.stop()
        if self._made:
            self._ready(self._made[0])


@contextmanager
def _without_stalls() -> Iterator[None]:
    """Import heavy things beside a running event loop without holding it up.

    A full collection while numba is imported stops all threads for some 70 ms (measured; 10–20 ms without), so there
    is none until it is done, and what was imported is set aside from later ones. A shorter switch interval gives the
    event loop its turn sooner.
    """
    collecting, interval = gc.isenabled(), sys.getswitchinterval()
    gc.disable()
    sys.setswitchinterval(min(interval, 0.001))
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        gc.freeze()
        if collecting:
            gc.enable()

"""Drive the real window as a person would, take its picture, and report what was seen and how long it took."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import psutil
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from explorer.core.params import Params
from explorer.errors import BadFile, BadInput, TaskFailed
from explorer.gui import app, display
from explorer.gui.interrupts import Interrupts
from explorer.gui.main_window import MainWindow
from explorer.indexes import type_named
from explorer.session.comparing import listed
from explorer.session.settings import Settings
from explorer.session.state import State, Tab
from explorer.work.requests import ReadRequest

Wait = Literal["window", "first-map", "index", "map"]
HEARTBEAT_MS = 5
FINISH_SECONDS = 20
"""How long a finished picture is waited for that could be had a little coarser at once."""


@dataclass(frozen=True)
class Shot:
    """What to open, what to wait for, what to ask, and where the picture goes. Without a request: the empty window."""

    request: ReadRequest | None
    out: Path
    size: tuple[int, int] = (1440, 900)
    wait: Wait = "map"
    theme: str = "dark"
    method: str = "umap"
    positions: Path | None = None
    index: str = ""
    """An index type; empty for the index that was opened, or else Annoy."""
    settings: Params = field(default_factory=dict)
    k: int = 10
    query: tuple[str, str] = ("", "")
    """(kind, text), as `cli.arguments.query_text` gives it."""
    click: bool = True
    view: Tab = "neighbours"
    """The page of the inspector."""
    seconds: float = 3600

    @property
    def source(self) -> str:
        """What is opened; empty for nothing."""
        return self.request.source if self.request is not None else ""


def taken(shot: Shot) -> dict[str, Any]:
    """Take the picture; returns the report that `explorer snapshot --json` prints.

    Raises BadInput when the file cannot be opened (the picture then shows how the window says so), TaskFailed when
    what is waited for does not come in time.
    """
    if not display.has_display() or display.lacking():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    app.application()
    with Interrupts() as interrupts:
        driver = _Driver(shot, interrupts)
        try:
            return driver.drive()
        finally:
            driver.close()


class _Driver:
    """One window, its heartbeat, and a stop-watch that began with the process."""

    def __init__(self, shot: Shot, interrupts: Interrupts) -> None:
        self._interrupts = interrupts
        self._shot = shot
        self._born = psutil.Process().create_time()
        self._deadline = time.monotonic() + shot.seconds
        self._turn: Callable[[], None] = QCoreApplication.processEvents
        self._stall = 0.0
        self._beat = 0.0
        self._timings: dict[str, float | None] = dict.fromkeys(
            ("window_ms", "first_map_ms", "index_ms", "map_done_ms", "click_ms", "truth_ms")
        )
        self.window = MainWindow(theme=shot.theme, settings=Settings(None))
        self.window.resize(*shot.size)
        self._painted = False
        self.window.first_painted.connect(self._on_first_paint)
        self._heart = QTimer(interval=HEARTBEAT_MS, timerType=Qt.TimerType.PreciseTimer)
        self._heart.timeout.connect(self._on_beat)

    @property
    def _state(self) -> State:
        return self.window.controller.session.state

    @property
    def _rows(self) -> int:
        return self._state.dataset.rows if self._state.dataset is not None else 0

    def drive(self) -> dict[str, Any]:
        """The whole story."""
        shot, controller = self._shot, self.window.controller
        self.window.show()
        self._until(lambda: self._painted, "the window")
        self._timings["window_ms"] = self._since_birth()
        clicked = None
        try:
            if shot.request is not None:
                controller.mapping.first_method = shot.method
                controller.mapping.first_positions = shot.positions
                self._choose_index()
                controller.asking.set_k(shot.k)
                # Nobody is there to answer: what has to be chosen is said, and the picture shows it.
                controller.opening.when_unclear = lambda _, error: controller.session.fail("data", error)
                controller.opening.read(shot.request, plainly=True)
                if shot.wait != "window":
                    self._wait_for_map()
                    clicked = self._ask()
                    self._inspect()
        finally:
            if not self._interrupts.number:
                self._settle()
                self._heart.stop()
                self._save()
        return self._report(clicked)

    def close(self) -> None:
        """Close the window, and with it every child."""
        self._heart.stop()
        self.window.close()

    def _choose_index(self) -> None:
        indexing, given = self.window.controller.indexing, dict(self._shot.settings)
        kind = type_named(self._shot.index or indexing.first_type)
        search = {param.name: given.pop(param.name) for param in kind.search_params if param.name in given}
        indexing.first_type, indexing.first_params, indexing.first_search = kind.name, given, search
        indexing.opens_own = not self._shot.index

    def _wait_for_map(self) -> None:
        view, shot = self.window.map.view, self._shot
        self._until(lambda: self._state.positions is not None, "the first map")
        self._until(lambda: (view.points_drawn > 0 and view.finished) or self._rows == 0, "the first map")
        self._timings["first_map_ms"] = self._since_birth()
        rows = self._rows
        if shot.wait in ("index", "map") and rows > 1:
            self._until(lambda: self._answering(shot.index), "the index")
            self._timings["index_ms"] = self._since_birth()
        if shot.wait == "map":
            self._until(
                lambda: not self._state.laying_out and not self.window.controller.tasks.running("map"), "the map"
            )
            self._timings["map_done_ms"] = self._since_birth()
        self._until(lambda: self._state.entry() is not None or rows < 2, "exact search")

    def _answering(self, type_name: str) -> bool:
        entry = self._state.entry()
        return entry is not None and (entry.handle.type == type_name if type_name else not entry.is_exact)

    def _ask(self) -> int | None:
        """The query, then one real click on a point; returns the row that was clicked."""
        controller, (kind, text) = self.window.controller, self._shot.query
        if self._rows < 2:
            return None
        if text:
            controller.asking.type(text, kind)
            self._until(lambda: self._state.verdict is not None, "the answer")
        if not self._shot.click:
            return None
        asked = self._state.asked.query if self._state.asked is not None else None
        wanted = asked.row if asked is not None and asked.row is not None else None
        self._still()
        place = self._clickable(wanted)
        if wanted is not None:
            # A query that is there already is not asked again.
            controller.asking.clear()
        return self._click(place)

    def _inspect(self) -> None:
        """Turn to the page of the inspector, and wait for what it shows."""
        if self._shot.view != "neighbours":
            self.window.controller.inspecting.show(self._shot.view)
            self._until(lambda: not self._state.seeking, "what the inspector shows")
            if self._state.replay is not None and self._state.replay.trace is not None:
                self.window.controller.inspecting.go_to(len(self._state.replay.trace) - 1)

    def _clickable(self, wanted: int | None) -> tuple[int, float, float]:
        """A row and a place where a click picks it: the wanted row if it can be met, or one near the middle."""
        view = self.window.map.view
        if wanted is not None:
            at = view.screen_position(wanted)
            return wanted, at.x(), at.y()
        x, y = view.viewport.to_data(view.width() / 2, view.height() / 2)
        positions = self._state.positions
        assert positions is not None
        some = np.arange(0, len(positions), max(1, len(positions) // 20_000))
        near = some[np.argsort(np.hypot(positions[some, 0] - x, positions[some, 1] - y))[:50]]
        for row in near:
            at = view.screen_position(int(row))
            if view.pick(at.x(), at.y()) == row:
                return int(row), at.x(), at.y()
        return int(near[0]), at.x(), at.y()

    def _click(self, target: tuple[int, float, float]) -> int | None:
        view = self.window.map.view
        before = self._state.asked
        watch = _PaintWatch(view, lambda: self._state)
        place = QPoint(round(target[1]), round(target[2]))
        began = time.perf_counter()
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
        self._until(lambda: self._state.asked is not before, "the click")
        self._until(lambda: watch.truth_shown is not None, "the answer to the click")
        self._timings["click_ms"] = (watch.answer_shown - began) * 1000 if watch.answer_shown else None
        self._timings["truth_ms"] = (watch.truth_shown - began) * 1000 if watch.truth_shown else None
        return self._state.asked.query.row if self._state.asked is not None else None

    def _still(self) -> None:
        """Wait until the view glides no more."""
        view = self.window.map.view
        seen, since = view.viewport, time.monotonic()
        while time.monotonic() - since < 0.15:
            self._turn()
            time.sleep(0.001)
            if view.viewport != seen:
                seen, since = view.viewport, time.monotonic()

    def _until(self, there: Callable[[], bool], what: str) -> None:
        """Let the window live until something is there."""
        while not there():
            self._check(what)
            self._turn()
            time.sleep(0.0002)

    def _check(self, what: str) -> None:
        if self._interrupts.number:
            raise KeyboardInterrupt
        for place in ("data", "query", "map", "indexes"):
            if sentence := self._state.problem(place):
                raise BadInput(sentence)
        if self._state.untold is not None:
            raise BadInput(self._state.untold.sentence)
        if failure := next((build.failure for build in self._state.builds if build.failure), ""):
            raise BadInput(failure)
        if time.monotonic() > self._deadline:
            raise TaskFailed(f"{self._shot.source}: {what} was not there after {self._shot.seconds:g} s.")

    def _settle(self) -> None:
        """Let the last repaint come; for a picture of the finished map also the compiled loops and the recall."""
        patience = time.monotonic() + (FINISH_SECONDS if self._shot.wait == "map" and self._rows else 0)
        while time.monotonic() < patience and not (self.window.map.view.compiled and not self._state.tasks):
            self._turn()
            time.sleep(0.001)
        until = time.monotonic() + 0.25
        while time.monotonic() < until:
            self._turn()
            time.sleep(0.001)

    def _save(self) -> None:
        if not self.window.grab().save(str(self._shot.out)):
            raise BadFile(self._shot.out, "the picture cannot be written there; its name should end in .png.")

    def _on_first_paint(self) -> None:
        self._painted = True
        self._beat = time.perf_counter()
        self._heart.start()

    def _on_beat(self) -> None:
        now = time.perf_counter()
        self._stall = max(self._stall, now - self._beat)
        self._beat = now

    def _since_birth(self) -> float:
        return float((time.time() - self._born) * 1000)

    def _report(self, clicked: int | None) -> dict[str, Any]:
        state = self._state
        entry = state.entry()
        return {
            "picture": str(self._shot.out),
            "points_drawn": self.window.map.view.points_drawn if state.dataset else 0,
            "map": state.projection.method if state.projection else None,
            "index": entry.handle.type if entry else None,
            "neighbours": [
                {
                    "rank": line.rank or None,
                    "row": line.row,
                    "name": state.dataset.name(line.row) if state.dataset else "",
                    "distance": line.distance,
                    "mark": line.mark,
                }
                for line in listed(state)
            ],
            "view": state.tab,
            "recall": state.verdict.recall if state.verdict else None,
            "clicked_row": clicked,
            "longest_stall_ms": self._stall * 1000,
            "private_mb": psutil.Process().memory_full_info().uss / 1e6,
            "timings": self._timings,
        }


class _PaintWatch(QObject):
    """Notes when the map has been repainted with the answer, and with hits and misses."""

    def __init__(self, view: QWidget, state: Callable[[], State]) -> None:
        super().__init__(view)
        self.answer_shown: float | None = None
        self.truth_shown: float | None = None
        self._state = state
        self._before = (state().answer, state().verdict)
        view.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """What a paint event is about to show is noted now, and the time once it has been carried out."""
        if event.type() == QEvent.Type.Paint:
            state = self._state()
            answer = state.answer is not None and state.answer is not self._before[0]
            truth = state.verdict is not None and state.verdict is not self._before[1]
            if answer or truth:
                QTimer.singleShot(0, self, lambda: self._painted(answer, truth))
        return False

    def _painted(self, answer: bool, truth: bool) -> None:
        now = time.perf_counter()
        if answer and self.answer_shown is None:
            self.answer_shown = now
        if truth and self.truth_shown is None:
            self.truth_shown = now

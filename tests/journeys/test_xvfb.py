"""The program as it is started and used on a display: a real X server, a real mouse, real keys."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray
from PIL import Image

from explorer.gui.map.theme import DARK

PATIENCE = 60
ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(
    not (sys.platform == "linux" and shutil.which("Xvfb") and shutil.which("xdotool")),
    reason="needs Xvfb and xdotool",
)

GRAB = """
import sys
from PySide6.QtGui import QGuiApplication
app = QGuiApplication(sys.argv[:1])
for line in sys.stdin:
    print(app.primaryScreen().grabWindow(0).save(line.strip()), flush=True)
"""
"""Saves what the screen shows into each file whose name comes in."""


@pytest.fixture
def display(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment with a screen of 1440 × 900, and folders of its own."""
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1440x900x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=(write,), stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as number:
            name = number.readline().strip()
        assert name, "Xvfb has not started"
        yield {
            **{key: value for key, value in os.environ.items() if not key.startswith("QT_")},
            "DISPLAY": f":{name}",
            "WAYLAND_DISPLAY": "",
            "QT_QPA_PLATFORM": "xcb",
            "EXPLORER_CACHE": str(tmp_path / "cache"),
            "EXPLORER_SETTINGS": str(tmp_path / "settings"),
        }
    finally:
        server.terminate()
        server.wait()


class Screen:
    """What a person sees and does at the display."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self._environment = environment
        self._picture = folder / "screen.png"
        self._eye = subprocess.Popen(
            [sys.executable, "-c", GRAB], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def close(self) -> None:
        self._eye.communicate()

    def do(self, *arguments: str) -> str:
        """One call of xdotool; what it says."""
        done = subprocess.run(
            ["xdotool", *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return done.stdout.strip()

    def seen(self) -> NDArray[np.int64]:
        """The whole screen, (900, 1440, 3)."""
        assert self._eye.stdin is not None and self._eye.stdout is not None
        print(self._picture, file=self._eye.stdin, flush=True)
        assert self._eye.stdout.readline().strip() == "True"
        with Image.open(self._picture) as picture:
            return np.asarray(picture.convert("RGB")).astype(np.int64)

    def click(self, x: int, y: int) -> None:
        self.do("mousemove", str(x), str(y))
        self.do("click", "1")


def until(there: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not there():
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.1)


def coloured(picture: NDArray[np.int64], hexadecimal: str, tolerance: int = 24) -> NDArray[np.bool_]:
    colour = [int(hexadecimal[i : i + 2], 16) for i in (1, 3, 5)]
    return np.abs(picture - colour).max(axis=2) <= tolerance


def test_a_person_opens_clicks_types_selects_and_quits(display: dict[str, str], tmp_path: Path) -> None:
    selection = tmp_path / "selection.npy"
    command = [sys.executable, "-m", "explorer", "sample:digits", "--selection", str(selection)]
    log = (tmp_path / "log").open("wb")
    program = subprocess.Popen(command, env=display, cwd=ROOT, stdout=log, stderr=log)
    screen = Screen(display, tmp_path)
    try:
        until(lambda: screen.do("search", "--name", "Handwritten digits") or program.poll() is not None, "the window")
        assert program.poll() is None, (tmp_path / "log").read_text()
        window = screen.do("search", "--name", "Handwritten digits").split()[-1]
        screen.do("windowsize", "--sync", window, "1440", "900")
        screen.do("windowmove", window, "0", "0")
        screen.do("windowfocus", window)
        until(lambda: lit_points(screen.seen()).any(), "the map")
        until(lambda: rests(screen), "the end of the layout")

        before = screen.seen()
        place = leftmost_point(before)
        screen.click(*place)
        until(lambda: star(screen.seen()) is not None, "the star of the query")
        after = screen.seen()
        clicked = star(after)
        assert clicked is not None and np.hypot(*(clicked - place)) < 6, "the star stands on another point"
        assert (before[90:460, 1075:] != after[90:460, 1075:]).mean() > 0.02, "the table shows no neighbours"

        screen.do("key", "ctrl+f")
        screen.do("type", "--delay", "20", "#42")
        screen.do("key", "Return")
        until(lambda: moved(star(screen.seen()), clicked), "the answer to the typed query")

        screen.do("key", "ctrl+k")
        screen.do("type", "--delay", "20", "select a box")
        screen.do("key", "Return")
        screen.do("mousemove", "285", "120")
        screen.do("mousedown", "1")
        for x, y in ((500, 300), (800, 500), (1050, 800)):
            screen.do("mousemove", str(x), str(y))
        screen.do("mouseup", "1")
        until(lambda: len(np.load(selection)) > 0, "the selection")
        chosen = np.load(selection)
        assert 0 < len(chosen) <= 1797 and (np.diff(chosen) > 0).all()

        children = psutil.Process(program.pid).children(recursive=True)
        assert children, "the work is done in children"
        screen.do("key", "ctrl+q")
        assert program.wait(PATIENCE) == 0, (tmp_path / "log").read_text()
        _, alive = psutil.wait_procs(children, timeout=10)
        assert not alive
        assert (tmp_path / "log").read_text() == ""
    finally:
        if program.poll() is None:
            program.kill()
            program.wait()
        screen.close()
        log.close()


def lit_points(picture: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Where the map's paper is covered, in the part of the map that is free of controls."""
    covered = ~coloured(picture, DARK.background, 30)
    covered[:110] = covered[800:] = False
    covered[:, :270] = covered[:, 1060:] = False
    return covered


def leftmost_point(picture: NDArray[np.int64]) -> tuple[int, int]:
    """A place on the point farthest to the left, where no label stands."""
    ys, xs = np.nonzero(lit_points(picture))
    first = int(np.argmin(xs))
    return int(xs[first]) + 2, int(ys[first])


def rests(screen: Screen) -> bool:
    """Whether no task is under way, whose progress and “Cancel” have the accent's colour, and nothing moves."""
    one = screen.seen()
    if coloured(one[870:, :1000], DARK.accent, 8).any():
        return False
    time.sleep(1)
    return bool((one == screen.seen()).all())


def star(picture: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """Where the query's star stands (x, y)."""
    accent = coloured(picture, DARK.accent, 8)
    accent[:, :270] = accent[:, 1060:] = False
    accent[:60] = accent[860:] = False
    return np.argwhere(accent)[:, ::-1].mean(axis=0) if accent.sum() > 40 else None


def moved(one: NDArray[np.float64] | None, other: NDArray[np.float64]) -> bool:
    return one is not None and float(np.hypot(*(one - other))) > 6

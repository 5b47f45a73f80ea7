"""Running commands: most in this process, a few as a program of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explorer.cli.main import main

ROOT = Path(__file__).resolve().parent.parent.parent
BAD = ROOT / "tests" / "data" / "bad"
ROWS, DIMENSIONS = 120, 6
TWINS = (7, 40, 90)
"""The rows that are called “twin”."""


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on standard output, where there is nothing else; strict, so NaN is no number."""
        assert (self.status, self.err) == (0, "")
        assert self.out.endswith("\n")
        assert self.out.count("\n") == 1
        found = json.loads(self.out, parse_constant=_no_number)
        assert isinstance(found, dict)
        return found

    @property
    def sentence(self) -> str:
        """What is said of bad input, after “explorer: ”: one line, status 2, nothing on standard output."""
        assert (self.status, self.out) == (2, "")
        assert self.err.startswith("explorer: ")
        assert self.err.count("\n") == 1
        assert self.err.endswith("\n")
        return self.err.removeprefix("explorer: ").rstrip("\n")


def _no_number(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


Run = Callable[..., Done]


@pytest.fixture
def explorer(capsys: pytest.CaptureFixture[str]) -> Run:
    """Carry out a command in this process."""

    def run(*arguments: object) -> Done:
        capsys.readouterr()
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else 0
        said = capsys.readouterr()
        return Done(status, said.out, said.err)

    return run


def environment(**changes: str) -> dict[str, str]:
    """Ours without any display, and with the checkout on the path."""
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "XDG_RUNTIME_DIR")
    ours = {name: value for name, value in os.environ.items() if name not in hidden}
    return {**ours, "PYTHONPATH": str(ROOT), **changes}


@pytest.fixture
def program(tmp_path: Path) -> Run:
    """Carry out a command as a program of its own, in an empty folder and without a display."""

    def run(*arguments: object, **changes: str) -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "explorer", *map(str, arguments)],
            cwd=tmp_path,
            env=environment(**changes),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def vectors() -> np.ndarray[Any, np.dtype[np.float32]]:
    """What lies in `named`, far from the origin so that sloppy distances show."""
    return (np.random.default_rng(5).normal(size=(ROWS, DIMENSIONS)) + 30).astype(np.float32)


@pytest.fixture
def named(tmp_path: Path, vectors: np.ndarray[Any, Any]) -> Path:
    """A file whose name has a blank and letters beyond ASCII, with a table beside it."""
    path = tmp_path / "my vectors – 雪.npy"
    np.save(path, vectors)
    names = ["twin" if row in TWINS else f"item {row}" for row in range(ROWS)]
    lines = [f"{name}\t{'odd' if row % 2 else 'even'}" for row, name in enumerate(names)]
    path.with_suffix(".tsv").write_text("\n".join(["name\tparity", *lines, ""]), encoding="utf-8")
    return path

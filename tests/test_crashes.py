"""Reports of what should not have happened: they name the place in the program, and nothing of the user's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from explorer import crashes
from explorer.errors import BadQuery

SECRET = "/home/somebody/patients.csv"


def raised() -> BaseException:
    from explorer.core.metric import metric_named

    try:
        metric_named(SECRET)
    except Exception as error:
        return error
    raise AssertionError


def test_a_report_says_where_and_not_what() -> None:
    path = crashes.report(raised())
    assert path is not None and path.parent == crashes.folder()
    said = path.read_text("utf-8")
    assert "explorer.errors.BadParameter" in said and "explorer/core/metric.py:" in said and "in metric_named" in said
    assert said.startswith("ANN Explorer ") and SECRET not in said and str(Path.home()) not in said


def test_only_the_newest_are_kept() -> None:
    crashes.folder().mkdir(parents=True)
    for number in range(crashes.MOST_REPORTS + 5):
        (crashes.folder() / f"crash-2020010{number:03}-1.txt").write_text("old", "utf-8")
    path = crashes.report(BadQuery("x"))
    left = sorted(crashes.folder().iterdir())
    assert len(left) == crashes.MOST_REPORTS and path == left[-1]


def test_where_nothing_can_be_written_nothing_is_said(tmp_path: Path) -> None:
    crashes.folder().parent.mkdir(parents=True, exist_ok=True)
    crashes.folder().write_text("a file where the folder should be", "utf-8")
    assert crashes.report(BadQuery("x")) is None and crashes.watch() is None
    crashes.end_watch()


def test_a_crash_inside_a_library_is_reported_at_the_next_start() -> None:
    script = "import ctypes\nfrom explorer import crashes\ncrashes.watch()\nctypes.string_at(0)"
    done = subprocess.run([sys.executable, "-c", script], env=dict(os.environ), stderr=subprocess.DEVNULL)
    assert done.returncode != 0
    path = crashes.watch()
    crashes.end_watch()
    assert path is not None
    said = path.read_text("utf-8")
    assert "Segmentation fault" in said or "access violation" in said
    assert "string_at" in said and str(Path(crashes.__file__).parent.parent) not in said
    assert crashes.watch() is None, "it is told once"
    crashes.end_watch()


def test_a_program_that_ends_well_leaves_nothing() -> None:
    assert crashes.watch() is None
    assert list(crashes.folder().iterdir())
    crashes.end_watch()
    assert not list(crashes.folder().iterdir())

"""Reports of what should not have happened: where in the program, with which versions, and nothing of the user's."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import time
import traceback
from pathlib import Path
from typing import IO

from explorer import paths, versions

MOST_REPORTS = 20
"""The oldest go when there are more."""
NATIVE = "running-"
"""How the file begins that a crash inside a library is written to while the program runs."""
PACKAGE = Path(__file__).resolve().parent.parent

_watching: list[tuple[IO[str], Path]] = []


def folder() -> Path:
    """Where the reports are."""
    return paths.settings_folder() / "reports"


def report(error: BaseException) -> Path | None:
    """Write where in the program an error came from; the path of the report, None where nothing can be written.

    Of the error only its kind is written: its words may name files or hold data. Of the program's own files only their
    place in it.
    """
    frames = traceback.extract_tb(error.__traceback__)
    steps = [f"  {_place(frame.filename)}:{frame.lineno} in {frame.name}" for frame in frames]
    return _written([f"{type(error).__module__}.{type(error).__qualname__}", *steps])


def watch() -> Path | None:
    """From now on a crash inside a library leaves a report too; returns that of a crash of an earlier run, if any."""
    before = _of_earlier_run()
    try:
        folder().mkdir(parents=True, exist_ok=True)
        path = folder() / f"{NATIVE}{os.getpid()}.txt"
        file = path.open("w", encoding="utf-8")
        faulthandler.enable(file, all_threads=True)
        _watching.append((file, path))
    except (OSError, RuntimeError):
        pass
    return before


def end_watch() -> None:
    """The program ends well: there is nothing to report."""
    while _watching:
        file, path = _watching.pop()
        faulthandler.disable()
        file.close()
        with contextlib.suppress(OSError):
            path.unlink()


def _of_earlier_run() -> Path | None:
    """What a crash has left, as a report; files of programs that run now stay."""
    import psutil

    found = None
    with contextlib.suppress(OSError):
        for path in folder().glob(f"{NATIVE}*.txt"):
            number = path.stem.removeprefix(NATIVE)
            if number.isdigit() and (int(number) == os.getpid() or psutil.pid_exists(int(number))):
                continue
            said = path.read_text("utf-8", "replace")
            path.unlink()
            if said.strip():
                found = _written([_without_home(line) for line in said.splitlines()])
    return found


def _written(lines: list[str]) -> Path | None:
    try:
        folder().mkdir(parents=True, exist_ok=True)
        path = folder() / f"crash-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
        path.write_text("\n".join([*versions.lines(), "", *lines]) + "\n", "utf-8")
        for old in sorted(folder().glob("crash-*.txt"))[:-MOST_REPORTS]:
            old.unlink()
    except OSError:
        return None
    return path


def _place(file: str) -> str:
    """A file of the program by its place in it; of a library by the library's name."""
    path = Path(file)
    if path.is_relative_to(PACKAGE):
        return str(path.relative_to(PACKAGE))
    parts = path.parts
    return "/".join(parts[parts.index("site-packages") + 1 :]) if "site-packages" in parts else path.name


def _without_home(line: str) -> str:
    """A line of a native report without where the user's files are."""
    start, quote, rest = line.partition('"')
    file, end, more = rest.partition('"')
    return f'{start}"{_place(file)}"{more}' if quote and end else line

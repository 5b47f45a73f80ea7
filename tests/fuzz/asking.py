"""Opening files in a real child, as the program does, and what no file may do to it."""

from __future__ import annotations

import contextlib
import sys
import threading
from pathlib import Path

import psutil

from explorer.core.dataset import Dataset
from explorer.errors import BadInput, ExplorerError, Unavailable
from explorer.work.latest import ignore
from explorer.work.process import Process
from explorer.work.requests import ReadRequest

HANG_SECONDS = 240.0
"""What comes to no end is ended after 30 seconds of the processor's time; this is for a busy machine."""
MEMORY_BYTES = 700 << 20
"""How much a child that reads small files grows at most, libraries included."""


class Reader:
    """A warm child that reads; one that has ended is replaced."""

    def __init__(self) -> None:
        self._process: Process | None = None

    def outcome(self, request: ReadRequest) -> Dataset | ExplorerError:
        """What a file came to; fails for a hang, an error that is none of ours, a child that died without a sentence,
        and memory out of proportion."""
        if self._process is None or not self._process.alive:
            self.close()
            self._process = Process()
        process, hung = self._process, threading.Event()
        _begin_anew(process.pid)

        def give_up() -> None:
            hung.set()
            process.kill()

        timer = threading.Timer(HANG_SECONDS, give_up)
        timer.start()
        try:
            found: Dataset | ExplorerError = process.ask(request, ignore, ignore)
        except ExplorerError as error:
            found = error
        finally:
            timer.cancel()
            timer.join()
        assert not hung.is_set(), f"{request.source}: it hangs"
        if isinstance(found, ExplorerError):
            _check_sentence(found, request)
        else:
            _check_dataset(found)
        if process.alive:
            peak = _peak(process.pid)
            if peak >= MEMORY_BYTES:
                # What it took may not be given back: the next file is not to blame for that.
                process.close()
            assert peak < MEMORY_BYTES, f"{request.source}: {peak >> 20} MB for {_size(request)} bytes"
        return found

    def close(self) -> None:
        if self._process is not None:
            self._process.close()


def _check_sentence(error: ExplorerError, request: ReadRequest) -> None:
    said = str(error)
    assert isinstance(error, BadInput | Unavailable), f"{type(error).__name__}: {said}"
    assert "\n" not in said and "Traceback" not in said
    assert Path(request.source).name in said, said
    assert len(said) < 2000, said


def _check_dataset(dataset: Dataset) -> None:
    assert dataset.rows >= 1 and dataset.dimensions >= 1
    assert dataset.vectors.shape == (dataset.rows, dataset.dimensions)
    assert dataset.source_rows >= dataset.rows
    assert all(len(column) == dataset.rows for column in dataset.columns)
    assert dataset.names is None or len(dataset.names) == dataset.rows


def _begin_anew(pid: int) -> None:
    """Forget the most memory that a process has had so far, where the system can."""
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def _peak(pid: int) -> int:
    """The most memory that a process has had, in bytes; where the system does not say, what it has now."""
    if sys.platform == "linux":
        status = Path(f"/proc/{pid}/status").read_text("ascii", "replace")
        line = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "VmHWM: 0 kB")
        return int(line.split()[1]) << 10
    return int(psutil.Process(pid).memory_info().rss)


def _size(request: ReadRequest) -> int:
    try:
        return Path(request.source).stat().st_size
    except OSError:
        return 0

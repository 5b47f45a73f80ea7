"""Work of Faiss on a thread of its own, so that somebody can be told how far it is, and stop it.

Faiss asks now and then whether it should stop (training, graphs and scans do, adding to cells does not). Who answers is
one object for the whole process, so one job runs at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock, Thread

from explorer.core.progress import Progress
from explorer.errors import Cancelled
from explorer.indexes.faiss.library import imported

WAIT_SECONDS = 0.05
NEVER_SECONDS = 1e9
AT_ONCE_SECONDS = 1e-6
"""Faiss takes 0 for never."""

_one_works = Lock()


class Job:
    """What the work says of itself, and hears."""

    def __init__(self) -> None:
        self.fraction: float | None = None
        self.note = ""
        self.stopped = False

    def say(self, fraction: float | None, note: str) -> None:
        """How far it is; raises Cancelled once somebody said stop."""
        if self.stopped:
            raise Cancelled
        self.fraction, self.note = fraction, note


def done(work: Callable[[Job], None], progress: Progress) -> None:
    """Carry out the work, which should call `say` often; returns when its thread has ended, whatever ended it.

    Raises what the work raised, or what `progress` raises.
    """
    faiss = imported()

    job = Job()
    failure: list[BaseException] = []

    def run() -> None:
        try:
            work(job)
        except BaseException as error:
            failure.append(error)

    thread = Thread(target=run, name="faiss", daemon=True)
    while not _one_works.acquire(timeout=WAIT_SECONDS):
        progress(None, "waiting for another build")
    try:
        faiss.TimeoutCallback.reset(NEVER_SECONDS)
        thread.start()
        try:
            while thread.is_alive():
                progress(job.fraction, job.note)
                thread.join(WAIT_SECONDS)
        except BaseException:
            job.stopped = True
            faiss.TimeoutCallback.reset(AT_ONCE_SECONDS)
            thread.join()
            raise
        finally:
            faiss.PythonInterruptCallback.reset()
    finally:
        _one_works.release()
    if failure:
        raise failure[0]

"""What a build will take, told before it begins: time, memory, disk."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """What a build needs.

    `serial` and `shared` are seconds of a reference core: of what one core does alone, and of what all cores share.
    `memory_bytes` is the peak beside the vectors themselves, `disk_bytes` the finished file. `what` names the index as
    the subject of a sentence; `advice` is what to do where it does not fit.
    """

    serial: float
    shared: float
    memory_bytes: int
    disk_bytes: int
    what: str
    advice: str
    server_bytes: int = 0
    """What it takes in the memory of the server that it is built on."""

    def seconds(self, factor: float = 1.0, cores_here: int | None = None) -> float:
        """How long it takes on so many cores (all that are here), each of which needs `factor` times as long as the
        reference core."""
        return factor * (self.serial + self.shared / max(1, cores_here or cores()))


def work(seconds: float, *, alone: bool) -> tuple[float, float]:
    """(serial, shared) of work that one core does `alone`, or that all share."""
    return (seconds, 0.0) if alone else (0.0, seconds)


def cores() -> int:
    """How many threads may run here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

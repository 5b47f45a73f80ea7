"""How soon cancelled work has ended and its memory is free: `python -m tests.benchmarks.cancel --rows 300000`."""

from __future__ import annotations

import argparse
import json
import queue
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil

from explorer import loading
from explorer.work.requests import BuildRequest, ProjectRequest, Request
from explorer.work.runner import Runner, Task


def main() -> None:
    """Print one JSON object: milliseconds from cancel to the end of the process, for a build and for a layout."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--dimensions", type=int, default=64)
    parser.add_argument("--after", type=float, default=8.0, help="seconds of work before it is cancelled")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "vectors.npy"
        np.save(path, np.random.default_rng(0).normal(size=(given.rows, given.dimensions)).astype(np.float32))
        dataset = loading.load(path)
        build = BuildRequest(dataset, "annoy", "euclidean", {"trees": 200}, Path(name) / "index")
        layout = ProjectRequest(dataset, "euclidean")
        build_ms, layout_ms = (_cancelled(request, given.after) for request in (build, layout))
        print(json.dumps({"rows": given.rows, "build_ms": build_ms, "layout_ms": layout_ms}))


def _cancelled(request: Request, after: float) -> float:
    posted: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
    runner = Runner(posted.put)
    ended: list[object] = []
    task = runner.start(Task(request, "work", ended.append, ended.append))
    until = None
    while until is None or time.monotonic() < until:
        if until is None and task.process is not None:
            until = time.monotonic() + after
        try:
            posted.get(timeout=0.1)()
        except queue.Empty:
            continue
    assert task.process is not None, "the work had ended before it was cancelled"
    pid = task.process.pid
    began = time.perf_counter()
    runner.cancel(task)
    while psutil.pid_exists(pid) or not ended:
        try:
            posted.get(timeout=0.001)()
        except queue.Empty:
            continue
    took = (time.perf_counter() - began) * 1000
    runner.close()
    return took


if __name__ == "__main__":
    main()

"""Children to talk to, a Dataset to talk about, and an index type that does what libraries do at their worst."""

from __future__ import annotations

import contextlib
import itertools
import os
import queue
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explorer.core.dataset import Dataset
from explorer.formats import reading
from explorer.work.process import Process
from explorer.work.requests import BuildRequest, Request

ODD = """
import os, signal, sys, time

import numpy as np

from explorer import unfinished
from explorer.core.params import Param
from explorer.errors import BadParameter, Unavailable
from explorer.indexes.base import IndexHandle, IndexType, Searcher

LEFT = []


class OddSearcher(Searcher):
    def __init__(self, path):
        self.path = path.with_suffix(".log")
        self.searches = 0
        with open(self.path, "a") as log:
            log.write("opened ")

    def search(self, vectors, k, params, progress=None):
        with open(self.path, "a") as log:
            log.write("searched ")
        self.searches += 1
        slow = params["first"] if self.searches == 1 else 0
        deadline = time.monotonic() + max(slow, params["always"])
        while time.monotonic() < deadline or self.path.with_suffix(".slow").exists():
            progress(None, "searching")
            time.sleep(0.005)
        return np.tile(np.arange(k), (len(vectors), 1))

    def close(self):
        with open(self.path, "a") as log:
            log.write("closed ")


class Odd(IndexType):
    name, title, about, lossless = "odd", "Odd", "Does what it is told.", True
    metrics = ("cosine", "euclidean", "dot", "manhattan")
    build_params = (Param("act", "text", "", "what to do"), Param("tag", "int", 0, "any number"))
    search_params = (
        Param("always", "float", 0.0, "how many seconds a search takes"),
        Param("first", "float", 0.0, "the same for the first search"),
    )

    def build(self, dataset, metric, params, folder, progress):
        path = folder / "odd.index"
        path.write_text("")
        getattr(self, "_" + (params["act"] or "nothing"))(path, progress)
        return IndexHandle(
            "odd", metric, params, path, dataset.rows, dataset.dimensions, 1, float(params["tag"]), "odd 1"
        )

    def open(self, handle, dataset):
        return OddSearcher(handle.path)

    def _nothing(self, path, progress):
        pass

    def _print(self, path, progress):
        print("printed by Python", flush=True)
        os.write(1, b"\\0" * 100 + b"written by a library")

    def _read(self, path, progress):
        path.write_text(repr(sys.stdin.read()))

    def _unforeseen(self, path, progress):
        raise LookupError("no one thought of this")

    def _parameter(self, path, progress):
        raise BadParameter("“ü” is not allowed.")

    def _unavailable(self, path, progress):
        raise Unavailable("The library is not here.")

    def _memory(self, path, progress):
        raise MemoryError

    def _file(self, path, progress):
        raise FileNotFoundError(2, "No such file or directory", "/nowhere/at/all")

    def _exit(self, path, progress):
        os._exit(7)

    def _segfault(self, path, progress):
        os.kill(os.getpid(), signal.SIGSEGV)

    def _kill(self, path, progress):
        os.kill(os.getpid(), signal.SIGKILL)

    def _count(self, path, progress):
        for step in range(4):
            progress(step / 4, f"step {step}")
            time.sleep(0.05)

    def _flood(self, path, progress):
        for step in range(100_000):
            progress(step / 100_000, f"step {step}")

    def _work(self, path, progress):
        while True:
            progress(None, "working")
            time.sleep(0.005)

    def _deaf(self, path, progress):
        progress(0.5, "deaf from now on")
        time.sleep(600)

    def _half(self, path, progress):
        with unfinished.beside(path.with_name("whole")) as part:
            part.write_text("half")
            progress(0.5, "half")
            time.sleep(600)

    def _leave(self, path, progress):
        part = path.with_name("part-of-something")
        LEFT.append(unfinished.removed_after(part))
        LEFT[-1].__enter__()
        part.mkdir()
        (part / "half").write_text("")


TYPES = (Odd(),)
"""


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., BuildRequest]:
    """odd(dataset, act) → the request to build the index type "odd", which children know as somebody's plug-in."""
    folder = tmp_path / "plugin"
    about = folder / "explorer_odd-1.dist-info"
    about.mkdir(parents=True)
    (folder / "explorer_odd.py").write_text(ODD)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: explorer-odd\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[explorer.indexes]\nodd = explorer_odd\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH", "")))))

    def request(dataset: Dataset, act: str = "", tag: int = 0) -> BuildRequest:
        return BuildRequest(dataset, "odd", "cosine", {"act": act, "tag": tag}, tmp_path / f"odd-{act}-{tag}")

    return request


@pytest.fixture
def process(odd: Callable[..., BuildRequest]) -> Iterator[Process]:
    one = Process()
    yield one
    one.close()


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """200 × 8 random vectors, mapped from a file of the test's own."""
    path = tmp_path / "vectors.npy"
    np.save(path, np.random.default_rng(0).normal(size=(200, 8)).astype(np.float32))
    return reading.read(path)


def nobody(*_: Any) -> None:
    """The listener that does nothing."""


@pytest.fixture
def answer(process: Process) -> Callable[[Request], Any]:
    """answer(request) → what a child of the test's own answers."""
    return lambda request: process.ask(request, nobody, nobody)


class Queue:
    """The thread that owns the session, as small as it can be: what is posted waits until the test lets it run."""

    def __init__(self) -> None:
        self._posted: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.post = self._posted.put

    def until(self, there: Callable[[], object], seconds: float = 60) -> None:
        """Run what is posted until a condition holds."""
        deadline = time.monotonic() + seconds
        while not there():
            assert time.monotonic() < deadline, "it did not come"
            with contextlib.suppress(queue.Empty):
                self._posted.get(timeout=0.02)()

    @property
    def waiting(self) -> int:
        return self._posted.qsize()

    def drain(self) -> int:
        """Run all that is posted by now; says how much it was."""
        for count in itertools.count():
            try:
                self._posted.get_nowait()()
            except queue.Empty:
                return count
        raise AssertionError


@pytest.fixture
def posted() -> Queue:
    return Queue()

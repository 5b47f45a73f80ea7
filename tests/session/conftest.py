"""A controller with real children, and the one thread that it is used from."""

from __future__ import annotations

import contextlib
import queue
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from explorer.session.controller import Controller
from explorer.session.settings import Settings
from explorer.session.state import State


class Application:
    """A controller, its settings, and what has been posted to its thread and waits to be run."""

    def __init__(self, settings: Settings) -> None:
        self._posted: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.controller = Controller(self._posted.put, settings)
        self.controller.mapping.first_method = "pca"

    @property
    def state(self) -> State:
        return self.controller.session.state

    def until(self, there: Callable[[State], object], seconds: float = 90) -> State:
        """Live until the State is as it should be."""
        deadline = time.monotonic() + seconds
        while not there(self.state):
            assert time.monotonic() < deadline, f"it did not come; {self.state.problems}, {self.state.tasks}"
            with contextlib.suppress(queue.Empty):
                self._posted.get(timeout=0.02)()
        return self.state

    def wait_for_posts(self, count: int, seconds: float = 90) -> None:
        """Wait until so many things are posted, without running any."""
        deadline = time.monotonic() + seconds
        while self._posted.qsize() < count:
            assert time.monotonic() < deadline, "they did not come"
            time.sleep(0.01)

    def settle(self) -> State:
        """Live until nothing is under way: no task, every index measured, the query answered and judged."""
        return self.until(
            lambda s: (
                not s.tasks
                and not s.opening
                and (s.dataset is None or s.exact is not None)
                and (s.asked is None or s.verdict is not None or s.problem("query"))
            )
        )

    def open(self, path: Path | str) -> State:
        """Open a source and wait until all that comes by itself is there."""
        before = self.state.dataset
        self.controller.opening.open(str(path))
        self.until(lambda s: s.dataset is not before)
        return self.settle()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Application]:
    """The application with nothing open. Annoy builds 5 trees, the first map is PCA."""
    one = Application(Settings(tmp_path / "settings.json"))
    one.controller.indexing.first_params = {"trees": 5}
    yield one
    one.controller.close()


@pytest.fixture
def npy(tmp_path: Path) -> Path:
    """300 × 8 vectors in a file, names and two columns beside it."""
    path = tmp_path / "data" / "vectors.npy"
    path.parent.mkdir()
    np.save(path, np.random.default_rng(0).normal(size=(300, 8)).astype(np.float32))
    lines = [f"thing{row}\t{row * 0.5}\t{('red', 'green', 'blue')[row % 3]}" for row in range(300)]
    path.with_suffix(".tsv").write_text("\n".join(["name\tsize\tcolour", *lines]) + "\n")
    return path

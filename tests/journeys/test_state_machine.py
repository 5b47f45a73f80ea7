"""Whatever people do in whatever order, the State stays sound, and comes to rest with a true answer."""

from __future__ import annotations

import contextlib
import queue
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from explorer.core.metric import METRICS, distances_of, order
from explorer.indexes import kept
from explorer.session.controller import Controller
from explorer.session.settings import Settings
from explorer.session.state import State

ROWS = 120


def files(folder: Path) -> dict[str, Path]:
    """Two small Datasets, one with names, and a file that is none."""
    random = np.random.default_rng(0)
    np.save(folder / "named.npy", random.normal(size=(ROWS, 6)).astype(np.float32))
    (folder / "named.tsv").write_text("name\tkind\n" + "".join(f"thing{n}\t{'abc'[n % 3]}\n" for n in range(ROWS)))
    np.save(folder / "few.npy", random.normal(size=(7, 3)).astype(np.float32))
    (folder / "bad.npy").write_bytes(b"\x93NUMPY but nothing that follows")
    return {path.stem: path for path in folder.glob("*.npy")}


class Session(RuleBasedStateMachine):
    """People's verbs on a real controller with real children; callbacks come between them as they come."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.files = files(self.folder)
        self.posted: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.controller = Controller(self.posted.put, Settings(None))
        self.controller.mapping.first_method = "pca"
        self.saved: list[Path] = []
        self.without_map = False
        self.controller.indexing.first_params = {"trees": 3}

    def teardown(self) -> None:
        try:
            self.comes_to_rest()
        finally:
            self.controller.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def state(self) -> State:
        return self.controller.session.state

    def until(self, there: Callable[[State], object]) -> None:
        deadline = time.monotonic() + 120
        while not there(self.state):
            assert time.monotonic() < deadline, f"it did not come; {self.state.problems}, {self.state.tasks}"
            with contextlib.suppress(queue.Empty):
                self.posted.get(timeout=0.02)()

    def comes_to_rest(self) -> None:
        """Nothing is under way for ever, and the answer in the end is judged against brute force."""
        self.until(
            lambda s: (
                not s.tasks
                and not s.opening
                and (s.dataset is None or s.exact is not None)
                and (s.asked is None or s.verdict is not None or s.problem("query"))
            )
        )
        state = self.state
        assert state.dataset is None or state.positions is not None or self.without_map
        assert not state.laying_out and (state.projection is None) == (state.positions is None)
        exact = {e.handle.metric for e in state.indexes if e.is_exact}
        held = [e for e in state.indexes if not e.is_exact and e.handle.metric in exact and state.dataset.rows > 1]
        assert all(e.recall is not None and e.recall.k == state.k for e in held)
        assert all(e.handle.path.exists() for e in state.indexes)
        built = [e for e in state.indexes if not e.is_exact and not kept.is_kept(e.handle, state.dataset)]
        assert self.indexes_on_disk() == {e.handle.path for e in built} - set(self.saved)
        if state.verdict is not None and state.asked.query.row is not None:
            row, vectors = state.asked.query.row, state.dataset.vectors
            distances = distances_of(state.metric, vectors, np.arange(len(vectors)), vectors[row])
            distances[row] = np.nan
            best = distances[np.argsort(order(state.metric, distances), kind="stable")][
                : min(state.k, len(vectors) - 1)
            ]
            np.testing.assert_allclose(state.truth.distances, best, rtol=1e-5, atol=1e-6)

    def indexes_on_disk(self) -> set[Path]:
        """What this session has in its scratch folder."""
        home = self.controller.scratch._home
        return set(home.glob("*/*")) if home is not None else set()

    @initialize()
    def open_first(self) -> None:
        self.controller.opening.open(str(self.files["named"]))
        self.until(lambda s: s.exact is not None)

    @rule(name=st.sampled_from(["named", "few", "bad"]))
    def open(self, name: str) -> None:
        # Whatever is stopped may have been the first map of that one.
        self.without_map = self.without_map and name == "bad"
        self.controller.opening.open(str(self.files[name]))

    @rule(row=st.integers(-1, ROWS))
    def ask_row(self, row: int) -> None:
        self.controller.asking.ask_row(row)

    @rule(
        text=st.sampled_from(["thing7", "#3", "thing1 - thing2 + thing3", "1 2 3 4 5 6", "thign9", "1 2", "-- ", " "])
    )
    def type(self, text: str) -> None:
        self.controller.asking.type(text)

    @rule(k=st.sampled_from([0, 1, 3, 10, 500, 2000]))
    def set_k(self, k: int) -> None:
        self.controller.asking.set_k(k)

    @rule(metric=st.sampled_from(METRICS))
    def set_metric(self, metric: str) -> None:
        self.controller.asking.set_metric(metric)

    @rule(back=st.booleans())
    def walk(self, back: bool) -> None:
        (self.controller.asking.back if back else self.controller.asking.forward)()

    @rule()
    def clear(self) -> None:
        self.controller.asking.clear()

    @rule(trees=st.sampled_from([1, 8, 2000]), replace=st.booleans())
    def build(self, trees: int, replace: bool) -> None:
        keys = [entry.key for entry in self.state.indexes if entry.handle.type == "annoy"]
        self.controller.indexing.build("annoy", {"trees": trees}, replacing=keys[0] if keys and replace else "")

    # What is drawn must not depend on the State, which comes about in other processes: places are taken modulo.

    @rule(
        place=st.integers(0, 5),
        act=st.sampled_from(["choose", "remove", "tune"]),
        given=st.sampled_from([{}, {"search_k": 1}, {"search_k": 0}]),
    )
    def use_index(self, place: int, act: str, given: dict[str, int]) -> None:
        if indexes := self.state.indexes:
            key = indexes[place % len(indexes)].key
            if act == "tune":
                self.controller.indexing.set_search(key, given)
            else:
                getattr(self.controller.indexing, act)(key)

    @rule(place=st.integers(0, 5))
    def save_an_index(self, place: int) -> None:
        if indexes := [entry for entry in self.state.indexes if not entry.is_exact]:
            self.saved.append(self.folder / f"saved-{len(self.saved)}.ann")
            self.controller.indexing.save(indexes[place % len(indexes)].key, self.saved[-1])

    @rule(place=st.integers(0, 5))
    def open_an_index(self, place: int) -> None:
        """Of this Dataset or of another, still being written or not there at all."""
        paths = [*self.saved, self.folder / "nothing.ann"]
        self.controller.indexing.open(paths[place % len(paths)])

    @rule(method=st.sampled_from(["pca", "umap"]), neighbours=st.sampled_from([5, 0]))
    def project(self, method: str, neighbours: int) -> None:
        self.controller.mapping.project(method, {"n_neighbors": neighbours} if method == "umap" else {})

    @rule()
    def stop_the_map(self) -> None:
        self.without_map = self.without_map or self.state.positions is None
        self.controller.mapping.stop()

    @rule(name=st.sampled_from(["positions.npy", "nothing.npy"]), save=st.booleans())
    def keep_the_map(self, name: str, save: bool) -> None:
        if save:
            self.controller.mapping.save_positions(self.folder / "positions.npy")
        else:
            self.controller.mapping.open_positions(self.folder / name)

    @rule()
    def ask_what_would_be_lost(self) -> None:
        would_lose = self.controller.would_lose
        assert set(would_lose()) <= set(would_lose(closing=True))
        if not self.state.tasks and not any(entry.by_hand for entry in self.state.indexes):
            assert would_lose(closing=True) == ()

    @rule(rows=st.lists(st.integers(0, 6), max_size=4), mode=st.sampled_from(["replace", "add", "subtract"]))
    def select(self, rows: list[int], mode: Any) -> None:
        self.controller.looking.select(np.array(rows, np.int64), mode)

    @rule(place=st.integers(0, 5))
    def stop_a_task(self, place: int) -> None:
        """Any but a measurement, which is not begun again, so that recall never comes; and the map's."""
        keys = [task.key for task in self.state.tasks if task.key.startswith(("build", "read"))]
        if keys:
            self.controller.tasks.stop(keys[place % len(keys)])

    @rule(count=st.integers(1, 20))
    def wait(self, count: int) -> None:
        """Let some of what was posted happen."""
        for _ in range(count):
            with contextlib.suppress(queue.Empty):
                self.posted.get(timeout=0.02)()

    @rule()
    def rest(self) -> None:
        self.comes_to_rest()

    @invariant()
    def the_state_is_sound(self) -> None:
        state = self.state
        keys = [entry.key for entry in state.indexes]
        assert len(set(keys)) == len(keys)
        assert state.current == "" or state.current in keys
        tasks = [task.key for task in state.tasks]
        assert len(set(tasks)) == len(tasks)
        builds = [build.key for build in state.builds]
        assert len(set(builds)) == len(builds)
        assert all(build.failure or f"build {build.key}" in tasks for build in state.builds)
        assert 1 <= state.k <= 1000
        if state.dataset is None:
            assert state.asked is None and not keys and state.positions is None
            return
        rows = state.dataset.rows
        assert state.positions is None or state.positions.shape == (rows, 2)
        assert all(entry.handle.rows == rows for entry in state.indexes)
        assert state.projection is None or state.positions is not None
        assert -1 <= state.focused < rows and (state.selection < ROWS).all()
        for asked in filter(None, (state.asked, *state.past, *state.future)):
            assert all(0 <= row < rows for row in asked.query.leave_out)

    @invariant()
    def the_answer_fits_the_question(self) -> None:
        state = self.state
        if state.answer is not None:
            entry, found = state.entry(), state.answer.neighbours
            assert state.asked is not None and entry is not None and entry.handle.metric == state.metric
            assert len(found) <= state.k and ((found.rows >= 0) & (found.rows < state.dataset.rows)).all()
            assert not set(found.rows) & set(state.asked.query.leave_out)
            assert all(state.answer.params[name] == value for name, value in entry.given.items())
            if entry.handle.type == "annoy" and not entry.given:
                assert state.answer.params["search_k"] == state.k * entry.handle.params["trees"]
        if state.truth is not None:
            assert state.asked is not None
            assert len(state.truth) == min(state.k, state.dataset.rows - len(state.asked.query.leave_out))
        if state.verdict is not None:
            assert state.answer is not None and state.truth is not None
            assert 0 <= state.verdict.recall <= 1 and len(state.verdict.hit) == len(state.answer.neighbours)


def walk(examples: int, **given: Any) -> None:
    few = settings(
        max_examples=examples,
        stateful_step_count=16,
        deadline=None,
        database=None,
        phases=[Phase.generate],  # what comes about in other processes cannot be made smaller by repeating it
        suppress_health_check=list(HealthCheck),
        **given,
    )
    run_state_machine_as_test(Session, settings=few)


def test_whatever_people_do_the_state_stays_sound() -> None:
    walk(8, derandomize=True)


def test_what_nobody_has_tried_before_keeps_the_state_sound() -> None:
    """Other walks each time; one that fails says how to take it again."""
    walk(3, print_blob=True)

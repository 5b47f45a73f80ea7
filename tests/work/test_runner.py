"""Heavy tasks end exactly once, cancel ends the process, and close leaves nothing."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from explorer.core.dataset import Dataset
from explorer.errors import Cancelled, ExplorerError, TaskFailed
from explorer.indexes import building, type_named
from explorer.work.requests import BuildRequest, FingerprintRequest, OpenIndexRequest, Request
from explorer.work.runner import HEAVY_AT_ONCE, Runner, Task

Odd = Callable[..., BuildRequest]


class Heard:
    """What a task said, in order."""

    def __init__(self, request: Request) -> None:
        self.endings: list[Any] = []
        self.steps: list[tuple[float | None, str]] = []
        self.frames: list[Any] = []
        self.task = Task(
            request,
            "test",
            lambda value: self.endings.append(("done", value)),
            lambda error: self.endings.append(("failed", error)),
            lambda *said: self.steps.append(said),
            self.frames.append,
        )

    @property
    def failure(self) -> ExplorerError:
        ((how, error),) = self.endings
        assert how == "failed"
        return error  # type: ignore[no-any-return]

    @property
    def result(self) -> Any:
        ((how, value),) = self.endings
        assert how == "done", value
        return value


@pytest.fixture
def runner(posted: Any, odd: Odd) -> Iterator[Runner]:
    one = Runner(posted.post)
    yield one
    one.close()


def start(runner: Runner, request: Request) -> Heard:
    heard = Heard(request)
    runner.start(heard.task)
    return heard


def children() -> list[psutil.Process]:
    return psutil.Process().children()


def workers() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name.startswith(("worker", "searches"))]


def test_a_task_ends_with_its_result_after_its_progress(
    runner: Runner, posted: Any, dataset: Dataset, odd: Odd
) -> None:
    heard = start(runner, odd(dataset, "count"))
    posted.until(lambda: heard.endings)
    assert heard.result.type == "odd" and heard.steps[-1] == (0.75, "step 3")


def test_callbacks_run_only_where_post_leads_to(runner: Runner, posted: Any, dataset: Dataset, odd: Odd) -> None:
    threads: list[int] = []

    def note(*_: Any) -> None:
        threads.append(threading.get_ident())

    runner.start(Task(odd(dataset, "count"), "test", note, note, note))
    posted.until(lambda: len(threads) >= 2)
    assert set(threads) == {threading.get_ident()}


@pytest.mark.parametrize("act", ["parameter", "unforeseen", "exit", "kill"])
def test_a_task_that_fails_says_so_once_and_the_next_one_works(
    runner: Runner, posted: Any, dataset: Dataset, odd: Odd, act: str
) -> None:
    heard = start(runner, odd(dataset, act))
    posted.until(lambda: heard.endings)
    assert not isinstance(heard.failure, Cancelled)
    after = start(runner, FingerprintRequest(dataset))
    posted.until(lambda: after.endings)
    assert after.result and len(heard.endings) == 1


def test_a_request_that_cannot_be_sent_is_a_failed_task(runner: Runner, posted: Any, dataset: Dataset) -> None:
    heard = start(runner, BuildRequest(dataset, "exact", "cosine", {"x": {1}}, dataset.folder))  # type: ignore[dict-item]
    posted.until(lambda: heard.endings)
    assert isinstance(heard.failure, TaskFailed) and "does not cross" in str(heard.failure)


@pytest.mark.parametrize("act", ["work", "deaf"])
def test_cancel_ends_a_running_task_and_its_process(
    runner: Runner, posted: Any, dataset: Dataset, odd: Odd, act: str
) -> None:
    heard = start(runner, odd(dataset, act))
    posted.until(lambda: heard.steps)
    process = heard.task.process
    assert process is not None
    runner.cancel(heard.task)
    runner.cancel(heard.task)
    posted.until(lambda: heard.endings)
    assert isinstance(heard.failure, Cancelled)
    posted.until(lambda: not psutil.pid_exists(process.pid))
    posted.drain()
    assert len(heard.endings) == 1


def test_more_tasks_than_there_is_room_for_wait_for_their_turn(
    runner: Runner, posted: Any, dataset: Dataset, odd: Odd
) -> None:
    busy = [start(runner, odd(dataset, "work", tag)) for tag in range(HEAVY_AT_ONCE)]
    late = start(runner, odd(dataset, "count"))
    later = start(runner, odd(dataset, ""))
    posted.until(lambda: all(heard.steps for heard in busy))
    assert len(children()) == HEAVY_AT_ONCE and late.task.process is None and not late.steps
    runner.cancel(later.task)
    posted.until(lambda: later.endings)
    assert isinstance(later.failure, Cancelled)
    runner.cancel(busy[0].task)
    posted.until(lambda: late.endings)
    assert late.result.type == "odd" and not busy[1].endings
    runner.cancel(busy[1].task)
    posted.until(lambda: busy[1].endings)


def test_a_child_that_has_finished_is_used_again(runner: Runner, posted: Any, dataset: Dataset, odd: Odd) -> None:
    first = start(runner, odd(dataset, ""))
    posted.until(lambda: first.endings)
    (before,) = children()
    second = start(runner, odd(dataset, "", 1))
    posted.until(lambda: second.endings)
    assert children() == [before]


def built_by(runner: Runner, posted: Any, dataset: Dataset, name: str, folder: Path) -> set[int]:
    """Build an index; the children that are there afterwards."""
    heard = start(runner, BuildRequest(dataset, name, "euclidean", {}, folder / name))
    posted.until(lambda: heard.endings)
    assert heard.result.type == name
    return {child.pid for child in children()}


@pytest.mark.skipif(bool(type_named("faiss-flat").unavailable()), reason="faiss is not here")
@pytest.mark.skipif(bool(type_named("usearch").unavailable()), reason="usearch is not here")
def test_a_child_that_holds_one_family_does_not_work_with_another(
    runner: Runner, posted: Any, dataset: Dataset, tmp_path: Path
) -> None:
    (first,) = built_by(runner, posted, dataset, "annoy", tmp_path)
    assert built_by(runner, posted, dataset, "usearch", tmp_path) == {first}
    (second,) = built_by(runner, posted, dataset, "faiss-flat", tmp_path) - {first}
    # Both are warm: each family finds its own, and what belongs to none finds either.
    for name in ("usearch", "faiss-ivf", "exact", "hnswlib"):
        assert built_by(runner, posted, dataset, name, tmp_path) == {first, second}


def test_a_child_that_may_hold_any_library_is_used_once(
    runner: Runner, posted: Any, dataset: Dataset, tmp_path: Path
) -> None:
    handle = building.built(dataset, "annoy", "euclidean", {"trees": 1}, tmp_path / "annoy")
    (before,) = built_by(runner, posted, dataset, "exact", tmp_path)
    heard = start(runner, OpenIndexRequest(dataset, handle.path, "euclidean"))
    posted.until(lambda: heard.endings)
    assert heard.result.type == "annoy"
    posted.until(lambda: {child.pid for child in children()} == {before})


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
def test_an_idle_child_that_has_died_is_replaced(runner: Runner, posted: Any, dataset: Dataset, odd: Odd) -> None:
    first = start(runner, odd(dataset, ""))
    posted.until(lambda: first.endings)
    (before,) = children()
    os.kill(before.pid, signal.SIGKILL)
    posted.until(lambda: before.status() == psutil.STATUS_ZOMBIE)
    second = start(runner, odd(dataset, "", 1))
    posted.until(lambda: second.endings)
    assert second.result.type == "odd" and not before.is_running()


def test_cancel_at_any_moment_ends_a_task_once_and_harms_no_other(
    runner: Runner, posted: Any, dataset: Dataset, odd: Odd
) -> None:
    """Cancel comes before the child is there, while it starts, while it works, and after it has finished."""
    for round_, delay in enumerate((0.0, 0.001, 0.01, 0.05, 0.2, 0.5)):
        doomed = start(runner, odd(dataset, "count", 2 * round_))
        other = start(runner, odd(dataset, "count", 2 * round_ + 1))
        threading.Timer(delay, runner.cancel, (doomed.task,)).start()
        posted.until(lambda doomed=doomed, other=other: doomed.endings and other.endings)
        assert other.result.type == "odd"
        posted.drain()
        assert len(doomed.endings) == len(other.endings) == 1


def test_a_slow_listener_hears_the_newest_not_everything(
    runner: Runner, posted: Any, dataset: Dataset, odd: Odd
) -> None:
    heard = start(runner, odd(dataset, "count"))
    # All the steps of a task wait as one, and its ending after them.
    deadline = time.monotonic() + 60
    while posted.waiting < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert posted.drain() == 2
    assert heard.result.type == "odd"
    assert heard.steps == [(0.75, "step 3")]


def test_close_leaves_no_process_and_no_thread_and_delivers_nothing(posted: Any, dataset: Dataset, odd: Odd) -> None:
    runner = Runner(posted.post)
    runner.searches.warm_up()
    idle = start(runner, odd(dataset, ""))
    posted.until(lambda: idle.endings)
    busy = [start(runner, odd(dataset, act)) for act in ("work", "deaf")]
    waiting = start(runner, odd(dataset, "count"))
    posted.until(lambda: all(heard.steps for heard in busy))
    steps = [list(heard.steps) for heard in busy]
    runner.close()
    assert not children() and not workers()
    posted.drain()
    assert not waiting.endings and not any(heard.endings for heard in busy)
    assert [heard.steps for heard in busy] == steps
    after = start(runner, FingerprintRequest(dataset))
    runner.close()
    assert not children() and not workers() and not after.endings


def test_close_while_children_are_starting_leaves_nothing(posted: Any, dataset: Dataset, odd: Odd) -> None:
    for delay in (0.0, 0.002, 0.02):
        runner = Runner(posted.post)
        runner.warm_up()
        heard = [start(runner, odd(dataset, "work", tag)) for tag in range(3)]
        time.sleep(delay)
        runner.close()
        assert not children() and not workers()
        posted.drain()
        assert not any(one.endings for one in heard)

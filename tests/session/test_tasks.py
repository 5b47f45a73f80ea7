"""Tasks as people see them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from explorer.work.requests import BuildRequest, FingerprintRequest


@pytest.fixture
def opened(app: Any, npy: Path) -> Any:
    app.open(npy)
    return app


class Heard:
    """What a task's owner hears."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def done(self, value: object) -> None:
        self.said.append("done")

    def failed(self, error: Exception) -> None:
        self.said.append(type(error).__name__)

    def unheard(self) -> None:
        self.said.append("unheard")

    def start(self, app: Any, key: str, trees: int = 3) -> Heard:
        request = BuildRequest(app.state.dataset, "annoy", "cosine", {"trees": trees}, app.state.dataset.folder / key)
        app.controller.tasks.start(key, f"Title of {key}", request, self.done, self.failed, unheard=self.unheard)
        return self


def test_a_task_is_shown_with_its_progress_until_it_ends(opened: Any) -> None:
    heard = Heard().start(opened, "long", 10_000)
    assert [(t.key, t.title, t.fraction) for t in opened.state.tasks] == [("long", "Title of long", None)]
    assert opened.controller.tasks.running("long")
    (task,) = opened.until(lambda s: any(t.fraction for t in s.tasks)).tasks
    assert task.note and 0 < task.fraction <= 1
    opened.controller.tasks.stop("long")
    assert opened.until(lambda s: not s.tasks) and heard.said == ["Cancelled"]
    assert not opened.controller.tasks.running("long")


def test_an_estimate_comes_with_progress_and_is_never_negative(opened: Any) -> None:
    left: list[float] = []
    opened.controller.session.listen(
        lambda new, old: left.extend(t.seconds_left for t in new.tasks if t.seconds_left is not None)
    )
    Heard().start(opened, "long", 10_000)
    opened.until(lambda s: left or not s.tasks)
    opened.controller.tasks.cancel_all()
    assert all(seconds >= 0 for seconds in left)


def test_a_task_that_is_replaced_is_not_heard_of(opened: Any) -> None:
    first, second = Heard().start(opened, "same", 10_000), Heard().start(opened, "same")
    assert [t.key for t in opened.state.tasks] == ["same"]
    opened.until(lambda s: second.said and first.said)
    assert (first.said, second.said) == (["unheard"], ["done"]) and not opened.state.tasks


def test_cancel_all_is_silent_and_takes_all_off_the_list(opened: Any) -> None:
    all_heard = [Heard().start(opened, f"task{n}", 10_000) for n in range(4)]
    opened.controller.tasks.cancel_all()
    assert not opened.state.tasks
    opened.until(lambda s: all(heard.said for heard in all_heard))
    assert all(heard.said == ["unheard"] for heard in all_heard)


def test_stopping_what_is_not_there_does_nothing(opened: Any) -> None:
    opened.controller.tasks.stop("nothing")
    opened.controller.tasks.cancel("nothing")
    assert not opened.state.tasks


def test_a_task_can_be_started_by_the_end_of_another_under_the_same_key(opened: Any) -> None:
    ends: list[object] = []

    def again(value: object) -> None:
        ends.append(value)
        if len(ends) == 1:
            start()

    def start() -> None:
        request = FingerprintRequest(opened.state.dataset)
        opened.controller.tasks.start("same", "Fingerprint", request, again, ends.append)

    start()
    opened.until(lambda s: len(ends) == 2)
    assert ends[0] == ends[1] and not opened.state.tasks


def test_nothing_changes_after_close(opened: Any) -> None:
    heard = Heard().start(opened, "long", 10_000)
    before = opened.until(lambda s: any(t.note for t in s.tasks))
    opened.controller.close()
    opened.controller.asking.type("#1")
    while not opened._posted.empty():
        opened._posted.get()()
    assert heard.said == [] and opened.state.asked is None and before.dataset is opened.state.dataset

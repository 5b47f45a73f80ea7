"""A real child: what it answers, how it fails, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from annoy import AnnoyIndex

from explorer.core.dataset import Dataset
from explorer.core.query import Query, row_query
from explorer.errors import BadFile, BadParameter, Cancelled, TaskFailed, TooLarge, Unavailable, UnknownName, Untold
from explorer.formats import reading
from explorer.indexes.base import IndexHandle
from explorer.work.process import Process
from explorer.work.requests import (
    Answer,
    BuildRequest,
    FingerprintRequest,
    ProjectRequest,
    ReadingsRequest,
    ReadRequest,
    Request,
    SearchRequest,
)

ROOT = Path(__file__).resolve().parents[2]
Ask = Callable[[Request], Any]
Odd = Callable[..., BuildRequest]


def nobody(*_: Any) -> None:
    """The listener that does nothing."""


def gone(pid: int, seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while psutil.pid_exists(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not psutil.pid_exists(pid)


class Asking(threading.Thread):
    """Asks in a thread of its own, and keeps what came of it."""

    def __init__(self, process: Process, request: Request) -> None:
        super().__init__(daemon=True)
        self.process, self.request = process, request
        self.result: Any = None
        self.error: BaseException | None = None
        self.begun = threading.Event()
        self.start()

    def run(self) -> None:
        try:
            self.result = self.process.ask(self.request, lambda *_: self.begun.set(), nobody)
        except BaseException as error:
            self.error = error

    def heard(self) -> None:
        """Wait until it is under way."""
        while not self.begun.wait(0.05):
            assert self.is_alive(), f"it ended: {self.error or self.result}"

    def ended(self) -> BaseException | None:
        self.join(60)
        assert not self.is_alive()
        return self.error


def test_a_child_answers_as_the_request_would_here(answer: Ask, dataset: Dataset) -> None:
    exact = answer(BuildRequest(dataset, "exact", "cosine", {}, dataset.folder / "exact"))
    found: Answer = answer(SearchRequest(dataset, exact, row_query(5, dataset), 3))
    unit = dataset.vectors / np.linalg.norm(dataset.vectors, axis=1, keepdims=True)
    nearest = np.argsort(1 - unit @ unit[5], kind="stable")[1:4]
    assert found.neighbours.rows.tolist() == nearest.tolist()
    assert found.search_ms >= 0


def test_progress_and_what_is_on_the_way_are_heard(process: Process, dataset: Dataset, odd: Odd) -> None:
    steps: list[tuple[float | None, str]] = []
    process.ask(odd(dataset, "count"), lambda *said: steps.append(said), nobody)
    assert ("step 3") in [note for _, note in steps]
    assert all(fraction is None or 0 <= fraction <= 1 for fraction, _ in steps)
    frames: list[Any] = []
    made = process.ask(ProjectRequest(dataset, "cosine", "pca"), nobody, frames.append)
    assert made.positions.shape == (200, 2)
    assert all(frame.shape == (200, 2) and frame.dtype == np.float32 for frame in frames)


def test_progress_does_not_flood_the_border(process: Process, dataset: Dataset, odd: Odd) -> None:
    steps: list[Any] = []
    process.ask(odd(dataset, "flood"), lambda *said: steps.append(said), nobody)
    assert 1 <= len(steps) < 10_000


@pytest.mark.parametrize(
    ("act", "cls", "sentence"),
    [
        ("parameter", BadParameter, "“ü” is not allowed."),
        ("unavailable", Unavailable, "The library is not here."),
        ("memory", TooLarge, "There is not enough memory for this."),
        ("file", TaskFailed, "/nowhere/at/all: No such file or directory."),
        ("unforeseen", TaskFailed, "Something unforeseen happened (LookupError: no one thought of this)."),
    ],
)
def test_errors_cross_the_border_with_their_class_and_their_sentence(
    process: Process, dataset: Dataset, odd: Odd, act: str, cls: type[Exception], sentence: str
) -> None:
    with pytest.raises(cls) as caught:
        process.ask(odd(dataset, act), nobody, nobody)
    assert type(caught.value) is cls and str(caught.value) == sentence
    assert process.ask(FingerprintRequest(dataset), nobody, nobody)


def test_a_name_that_is_unknown_is_said_with_its_exit_status(answer: Ask, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("name,p0,p1\nking,1,2\nqueen,2,3\nfish,-1,3\n")
    dataset = answer(ReadRequest(str(tmp_path / "a.csv")))
    with pytest.raises(UnknownName, match="“kign”; did you mean “king”") as caught:
        answer(ReadingsRequest(dataset, "kign"))
    assert caught.value.exit_status == 2


def test_what_an_index_file_can_be_crosses_with_the_sentence(answer: Ask, tmp_path: Path) -> None:
    index = AnnoyIndex(5, "euclidean")
    for row, vector in enumerate(np.random.default_rng(0).standard_normal((100, 5)).tolist()):
        index.add_item(row, vector)
    index.build(3)
    index.save(str(tmp_path / "x.ann"))
    with pytest.raises(Untold, match="whichever it was built with") as caught:
        answer(ReadRequest(str(tmp_path / "x.ann")))
    assert caught.value.readings == ((5, "euclidean"), (5, "manhattan"))
    dataset = answer(ReadRequest(str(tmp_path / "x.ann"), dimensions=5, metric="euclidean"))
    assert dataset.own_index == tmp_path / "x.ann"


def test_a_file_that_is_not_there_is_a_sentence(answer: Ask, tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="there is no such file"):
        answer(ReadRequest(str(tmp_path / "no.npy")))


def test_a_file_name_that_is_not_utf8_crosses(answer: Ask, tmp_path: Path) -> None:
    path = tmp_path / "caf\udce9.npy"
    try:
        np.save(path, np.ones((4, 2), np.float32))
    except (OSError, UnicodeError):
        pytest.skip("the file system takes no such name")
    assert answer(ReadRequest(str(path))).path == path


@pytest.mark.parametrize(
    ("act", "why"),
    [
        ("exit", "status 7"),
        ("segfault", "a library crashed"),
        ("kill", "it was killed, perhaps because memory ran out"),
    ],
)
def test_a_child_that_dies_by_its_work_is_a_failed_task_with_a_sentence(
    process: Process, dataset: Dataset, odd: Odd, act: str, why: str
) -> None:
    with pytest.raises(TaskFailed, match=f"its process ended.*{why}.*try again"):
        process.ask(odd(dataset, act), nobody, nobody)
    assert not process.alive and gone(process.pid)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="has no such signals")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_child_that_is_killed_from_outside_is_a_failed_task(
    process: Process, dataset: Dataset, odd: Odd, number: signal.Signals
) -> None:
    asking = Asking(process, odd(dataset, "work"))
    asking.heard()
    os.kill(process.pid, number)
    error = asking.ended()
    assert isinstance(error, TaskFailed) and not isinstance(error, Cancelled)
    assert "Nothing else is affected" in str(error)
    assert not process.alive


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a mapped file is not cut short so easily")
def test_a_file_that_is_cut_short_while_it_is_mapped_is_a_failed_task(process: Process, tmp_path: Path) -> None:
    path = tmp_path / "large.npy"
    np.save(path, np.ones((100_000, 16), np.float32))
    dataset = reading.read(path)
    handle = process.ask(BuildRequest(dataset, "exact", "euclidean", {}, tmp_path / "e"), nobody, nobody)
    query = Query("numbers", "", numbers=np.zeros(16, np.float32))
    process.ask(SearchRequest(dataset, handle, query, 3), nobody, nobody)
    os.truncate(path, 4096)
    with pytest.raises(BadFile, match="has changed since it was opened"):
        process.ask(SearchRequest(dataset, handle, query, 3), nobody, nobody)
    with pytest.raises(TaskFailed, match="a file that it had mapped became shorter"):
        process.ask(ProjectRequest(dataset, "euclidean", "pca"), nobody, nobody)
    assert not process.alive


def test_kill_ends_what_will_not_listen(process: Process, dataset: Dataset, odd: Odd) -> None:
    asking = Asking(process, odd(dataset, "deaf"))
    asking.heard()
    process.kill(wanted=True)
    assert not process.alive
    assert isinstance(asking.ended(), Cancelled)
    assert gone(process.pid)


def test_stop_ends_a_request_and_leaves_the_child_warm(process: Process, dataset: Dataset, odd: Odd) -> None:
    asking = Asking(process, odd(dataset, "work"))
    asking.heard()
    process.stop(asking.request)
    assert isinstance(asking.ended(), Cancelled)
    assert process.alive
    assert process.ask(FingerprintRequest(dataset), nobody, nobody)


def test_stop_means_one_request_and_no_other(process: Process, dataset: Dataset, odd: Odd) -> None:
    before, after = odd(dataset, "", 1), odd(dataset, "work")
    process.ask(before, nobody, nobody)
    asking = Asking(process, after)
    asking.heard()
    process.stop(before)
    asking.begun.clear()
    asking.heard()
    process.stop(after)
    assert isinstance(asking.ended(), Cancelled)


def test_a_request_that_is_stopped_before_it_begins_does_not_begin(process: Process, dataset: Dataset) -> None:
    request = FingerprintRequest(dataset)
    process.stop(request)
    with pytest.raises(Cancelled):
        process.ask(request, nobody, nobody)
    assert dataset.fingerprint == ""
    assert process.ask(request, nobody, nobody) == dataset.fingerprint


def test_what_libraries_print_does_not_break_the_conversation(answer: Ask, dataset: Dataset, odd: Odd) -> None:
    assert answer(odd(dataset, "print")).type == "odd"
    assert answer(FingerprintRequest(dataset))


def test_what_libraries_read_is_empty(answer: Ask, dataset: Dataset, odd: Odd) -> None:
    assert answer(odd(dataset, "read")).path.read_text() == "''"
    assert answer(FingerprintRequest(dataset))


@pytest.mark.skipif(os.name != "posix", reason="needs a terminal's Ctrl+C")
def test_ctrl_c_is_for_the_parent_to_act_on(process: Process, dataset: Dataset, odd: Odd) -> None:
    asking = Asking(process, odd(dataset, "count"))
    asking.heard()
    os.kill(process.pid, signal.SIGINT)
    assert asking.ended() is None and asking.result.type == "odd"


def test_a_request_over_a_dataset_that_is_gone_fails_and_the_child_goes_on(
    process: Process, dataset: Dataset, tmp_path: Path
) -> None:
    (dataset.folder / "dataset.json").rename(tmp_path / "elsewhere.json")
    with pytest.raises(TaskFailed, match=r"dataset\.json: No such file"):
        process.ask(FingerprintRequest(dataset), nobody, nobody)
    assert process.alive
    (tmp_path / "elsewhere.json").rename(dataset.folder / "dataset.json")
    assert process.ask(FingerprintRequest(dataset), nobody, nobody)


def test_a_request_that_cannot_be_sent_harms_nobody(process: Process, dataset: Dataset) -> None:
    handle = IndexHandle("exact", "cosine", {"set": {1, 2}}, Path("x"), 1, 1, 1, 0.0, "")  # type: ignore[dict-item]
    with pytest.raises(TypeError, match="does not cross"):
        process.ask(SearchRequest(dataset, handle, row_query(1, dataset), 3), nobody, nobody)
    assert process.ask(FingerprintRequest(dataset), nobody, nobody)


def test_what_was_sent_before_it_died_does_not_confuse_a_dead_child(process: Process, dataset: Dataset) -> None:
    process.kill()
    with pytest.raises(TaskFailed):
        process.ask(FingerprintRequest(dataset), nobody, nobody)
    process.close()
    with pytest.raises(Cancelled):
        process.ask(FingerprintRequest(dataset), nobody, nobody)
    process.stop(FingerprintRequest(dataset))
    process.close()


def test_close_leaves_no_zombie(dataset: Dataset) -> None:
    process = Process()
    process.ask(FingerprintRequest(dataset), lambda *_: None, nobody)
    process.close()
    assert not psutil.pid_exists(process.pid)


PARENT = """
    import sys, threading
    from explorer.work.process import Process
    from explorer.work.requests import ReadRequest
    process = Process()
    process.ask(ReadRequest("sample:clusters"), lambda *_: None, lambda _: None)
    print(process.pid, flush=True)
    sys.stdin.read()
"""


def started(command: list[str], cwd: Path) -> subprocess.Popen[str]:
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": path},
    )


def test_when_the_parent_dies_the_child_ends(tmp_path: Path) -> None:
    with started([sys.executable, "-c", textwrap.dedent(PARENT)], tmp_path) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert psutil.pid_exists(child)
        parent.kill()
    assert gone(child)


SCRIPT = """
    from explorer.work.process import Process
    from explorer.work.requests import ReadRequest
    process = Process()
    dataset = process.ask(ReadRequest("sample:clusters"), lambda *_: None, lambda _: None)
    process.close()
    print(dataset.rows)
"""


@pytest.mark.parametrize("how", ["a script without a main guard", "python -c"])
def test_children_start_from(how: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(SCRIPT))
    command = (
        [sys.executable, str(script)] if how.startswith("a script") else [sys.executable, "-c", script.read_text()]
    )
    with started(command, tmp_path) as parent:
        said, _ = parent.communicate(timeout=120)
    assert parent.returncode == 0 and int(said) > 100


def test_what_lies_in_the_present_folder_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dataset: Dataset
) -> None:
    (tmp_path / "queue.py").write_text("raise SystemExit('not ours')")
    monkeypatch.chdir(tmp_path)
    process = Process()
    try:
        assert process.ask(FingerprintRequest(dataset), nobody, nobody)
    finally:
        process.close()

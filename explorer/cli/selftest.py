"""`selftest`: is this installation well? Index types answer, children start and die, a window opens."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from explorer import indexes, loading, paths
from explorer.cli.arguments import Command, add_json, worker
from explorer.cli.output import say, say_json
from explorer.core.dataset import Dataset
from explorer.core.metric import METRICS
from explorer.errors import Cancelled, ExplorerError, TaskFailed
from explorer.indexes.base import IndexHandle, IndexType
from explorer.work.process import Process
from explorer.work.requests import (
    Answer,
    BuildRequest,
    ProjectRequest,
    ReadingsRequest,
    ReadRequest,
    SearchRequest,
    WarmUpRequest,
)

ROWS, DIMENSIONS, K = 400, 16, 10


@dataclass(frozen=True)
class Check:
    """One thing that was tried. `ok` None means that it cannot be tried here, and `detail` says why."""

    name: str
    ok: bool | None
    detail: str


def checks() -> list[Check]:
    """Try everything; a failure is a Check that is not ok."""
    with tempfile.TemporaryDirectory() as folder:
        dataset = _small(Path(folder))
        found = [_tried("no reference to None is lost", _none_keeps_its_references)]
        found.append(_tried("a child starts, is killed, and is replaced", _children_die_well))
        found += [_index(kind, dataset, Path(folder)) for kind in indexes.types().values()]
        found.append(_tried("a map is made", lambda: _projects(dataset)))
        found.append(_tried("text is encoded and found", _encodes))
        found.append(_tried("a window opens", _window_opens))
    return found


def _small(folder: Path) -> Dataset:
    vectors = np.random.default_rng(0).normal(size=(ROWS, DIMENSIONS)).astype(np.float32)
    np.save(folder / "selftest.npy", vectors)
    return loading.load(folder / "selftest.npy")


def _index(kind: IndexType, dataset: Dataset, folder: Path) -> Check:
    name = f"index type {kind.name}"
    if reason := kind.unavailable():
        return Check(name, None, reason)
    if kind.on_server:
        return Check(name, None, "it lies on a server, and none is asked for this")

    def full_effort_equals_exact() -> str:
        from explorer.core.query import row_query

        with worker() as work:
            for metric in (metric for metric in METRICS if metric in kind.metrics):
                handle: IndexHandle = work.ask(
                    BuildRequest(dataset, kind.name, metric, {}, folder / kind.name / metric)
                )
                exact: IndexHandle = work.ask(BuildRequest(dataset, "exact", metric, {}, folder / "exact" / metric))
                effort = kind.full_effort(handle)
                found: Answer = work.ask(SearchRequest(dataset, handle, row_query(7, dataset), K, effort))
                truth: Answer = work.ask(SearchRequest(dataset, exact, row_query(7, dataset), K))
                hits = len(set(found.neighbours.rows.tolist()) & set(truth.neighbours.rows.tolist()))
                # A graph may leave a row out of reach at any effort, when threads that link at once miss each other; a
                # lossy type may rank by its codes. A library that is broken finds next to nothing.
                least = K // 2 if not kind.lossless else K if kind.reaches_all else K - 1
                if hits < least:
                    raise TaskFailed(f"{metric}: with full effort it finds {hits} of {K}")
                if len(found.neighbours) != K:
                    raise TaskFailed(f"{metric}: {len(found.neighbours)} neighbours instead of {K}")
        return f"{', '.join(kind.metrics)}: {K} of {K} found"

    return _tried(name, full_effort_equals_exact)


def _none_keeps_its_references() -> str:
    from explorer.gui.soundness import references_lost

    if (lost := references_lost(1000)) > 500:
        raise TaskFailed(f"{lost} references to None lost in 1,000 calls: this PySide6 does not fit this Python")
    return "1,000 calls"


def _children_die_well() -> str:
    process = Process()
    try:
        process.ask(ReadRequest("sample:digits"), lambda *_: None, lambda _: None)
        process.kill(wanted=True)
        try:
            process.ask(WarmUpRequest(), lambda *_: None, lambda _: None)
        except Cancelled:
            pass
        else:
            raise TaskFailed("a killed child answered")
    finally:
        process.close()
    with worker() as work:
        work.ask(ReadRequest("sample:digits"))
    return "killed and replaced"


def _projects(dataset: Dataset) -> str:
    with worker() as work:
        made = work.ask(ProjectRequest(dataset, "euclidean", "umap", {"n_epochs": 20}, seed=1))
    if not np.isfinite(made.positions).all():
        raise TaskFailed("the map has positions that are not finite")
    return f"{ROWS} points in {made.seconds:.1f} s"


def _encodes() -> str:
    with worker() as work:
        dataset: Dataset = work.ask(ReadRequest("sample:wordnet"))
        exact = work.ask(BuildRequest(dataset, "exact", "cosine", {}, dataset.folder / "indexes" / "exact"))
        query = work.ask(ReadingsRequest(dataset, "frozen water", "text"))[0]
        answer: Answer = work.ask(SearchRequest(dataset, exact, query, 3))
    names = [dataset.name(int(row)) for row in answer.neighbours.rows]
    if "ice" not in names:
        raise TaskFailed(f"“frozen water” is near {', '.join(names)}, not ice")
    return f"frozen water: {', '.join(names)}"


def _window_opens() -> str:
    from explorer.gui import display
    from explorer.gui.snapshot import Shot, taken

    shown = "on the display" if display.has_display() else "offscreen"
    with tempfile.TemporaryDirectory() as folder:
        report = taken(Shot(ReadRequest("sample:digits"), Path(folder) / "window.png", wait="first-map", click=False))
    if report["points_drawn"] != 1797:
        raise TaskFailed(f"{report['points_drawn']} points drawn instead of 1797")
    return f"{shown}, {report['points_drawn']} points"


def _tried(name: str, attempt: Callable[[], str]) -> Check:
    try:
        return Check(name, True, attempt())
    except ExplorerError as error:
        return Check(name, False, str(error))
    except Exception as error:
        # A self-test reports whatever goes wrong; stopping at the first fault would hide the others.
        return Check(name, False, f"{type(error).__name__}: {error}")


def _selftest(arguments: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory(prefix="explorer-selftest-") as cache:
        os.environ["EXPLORER_CACHE"] = cache
        paths.cache_folder.cache_clear()
        found = checks()
    well = all(check.ok is not False for check in found)
    if arguments.json:
        say_json({"ok": well, "checks": [vars(check) for check in found]})
    else:
        for check in found:
            word = {True: "ok  ", False: "FAIL", None: "-   "}[check.ok]
            say(f"{word}  {check.name}: {check.detail}")
        say("all is well" if well else "something is wrong")
    return 0 if well else 1


COMMANDS = (Command("selftest", "try everything this installation can do", "explorer selftest", add_json, _selftest),)

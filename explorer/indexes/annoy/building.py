"""Grow a forest, say how far it is, and stop when told."""

from __future__ import annotations

import math
import os
import time
from importlib.metadata import version
from pathlib import Path
from threading import Thread
from typing import Any

from explorer.core import cost as core_cost
from explorer.core.cost import Cost
from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.core.progress import Progress
from explorer.errors import BadFile, TaskFailed, TooLarge
from explorer.indexes.annoy import items
from explorer.indexes.annoy.layout import Layout, glance
from explorer.indexes.annoy.passes import Passes

ROWS_AT_A_TIME = 4096
"""Rows become Python lists for annoy; few at a time cost little memory and let a cancel through."""
WAIT_SECONDS = 0.05
GROWTH = 1.3
"""Annoy enlarges its memory by this factor."""
MOST_NODES = 2**31 - 1
START = 0.05
"""Seconds for loading the library, and for what else does not grow."""
READ_ROW, READ_NUMBER = 2e-6, 8e-8
"""Seconds of a reference core for handing over a row, and each number of it (tests/benchmarks/build_estimate.py)."""
SIDE_ROW, SIDE_NUMBER = 4e-8, 4e-10
"""For telling on which side of a plane a row lies, and for each number of it, on every level of a tree."""


def library() -> str:
    """The library's name and version."""
    return f"annoy {version('annoy')}"


def expected_bytes(rows: int, layout: Layout, trees: int) -> int:
    """About how large the file becomes, rather too much: clustered data had 3.9 nodes for each full leaf."""
    return (rows + int(trees * (4.5 * rows / layout.leaf_most + 3))) * layout.node_bytes


def cost(rows: int, layout: Layout, trees: int, *, alone: bool) -> Cost:
    """What a forest takes; `alone` on one core. Raises TooLarge when it would have more nodes than annoy can count."""
    size = expected_bytes(rows, layout, trees)
    what = f"An annoy index of {trees:,} trees over {rows:,} rows"
    if size // layout.node_bytes > MOST_NODES:
        raise TooLarge(f"{what} would have more nodes than annoy can count; use fewer trees.")
    reading = START + rows * (READ_ROW + READ_NUMBER * layout.width)
    levels = max(1.0, math.log2(max(2.0, rows / layout.leaf_most)))
    serial, shared = core_cost.work(trees * rows * levels * (SIDE_ROW + SIDE_NUMBER * layout.width), alone=alone)
    return Cost(serial + reading, shared, int(GROWTH * size), size, what, "use fewer trees")


def build(dataset: Dataset, metric: Metric, trees: int, seed: int | None, path: Path, progress: Progress) -> float:
    """Build an index and write it to `path`, complete or not at all; the seconds it took.

    With a seed it grows on one core and has the same bytes every time; without, on all cores. Annoy cannot be
    stopped: on Cancelled its thread is left to run out and its result is forgotten, unless the process ends before.
    """
    from annoy import AnnoyIndex

    layout = items.layout_for(metric, dataset.dimensions)
    started = time.perf_counter()
    longest = items.longest(dataset, metric, progress)
    index = AnnoyIndex(layout.width, layout.library_metric)
    if seed is not None:
        index.set_seed(seed)
    jobs = 1 if seed is not None else -1
    # Adding a row costs about as much as growing it into four trees.
    added = 4 / (4 + trees / (1 if seed is not None else os.cpu_count() or 1))
    for start in range(0, dataset.rows, ROWS_AT_A_TIME):
        progress(added * start / dataset.rows, "reading rows")
        block = items.as_items(dataset.vectors[start : start + ROWS_AT_A_TIME], metric, longest)
        for row, vector in enumerate(block.tolist(), start):
            index.add_item(row, vector)
    _grow(index, trees, jobs, added, progress)
    _save(index, layout, dataset.rows, path)
    return time.perf_counter() - started


def _grow(index: Any, trees: int, jobs: int, added: float, progress: Progress) -> None:
    failure: list[Exception] = []

    def grow() -> None:
        try:
            index.build(trees, n_jobs=jobs)
        except Exception as error:
            failure.append(error)

    thread = Thread(target=grow, name="annoy", daemon=True)
    with Passes() as passes:
        index.verbose(passes.listening)
        thread.start()
        try:
            while thread.is_alive():
                begun = min(trees, max(0, passes.count - 1))
                progress(added + (1 - added) * begun / trees if passes.listening else None, f"tree {begun} of {trees}")
                thread.join(WAIT_SECONDS)
        finally:
            index.verbose(False)
    if failure:
        raise TaskFailed(f"Annoy could not build the index: {failure[0]}.") from failure[0]


def _save(index: Any, layout: Layout, rows: int, path: Path) -> None:
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        index.save(str(unfinished))
        index.unload()
        glance(unfinished, layout, rows)
        unfinished.replace(path)
    except (OSError, BadFile) as error:
        raise TaskFailed(f"{path}: the index could not be written; is the disk full? ({error})") from error
    finally:
        unfinished.unlink(missing_ok=True)

"""What the index types over graph libraries share: adding in batches, writing beside, asking for as many as there are.

And `check_links`, which makes sure of a graph that somebody else wrote before a library walks it.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explorer.core import cost as core_cost
from explorer.core.cost import Cost
from explorer.core.dataset import Dataset, block_rows
from explorer.core.metric import Metric
from explorer.core.progress import Progress
from explorer.errors import BadFile, BadParameter, TaskFailed
from explorer.indexes.annoy.items import LARGEST, SMALLEST, scaled

BATCH = 512
"""So many rows are added at a time: enough for all cores, few enough to stop soon."""
BLOCK = 65536
COMPARED = 512
UNIT = 1e-4
"""How far from 1 the square of a length may be that a library has made 1."""
USUAL_ROWS, USUAL_LINKS = 20_000, 16
LOOK, LOOK_NUMBER = 4.5e-7, 5e-9
"""Seconds of a reference core for looking at another row, and at each number of it, in a graph of usual size; more rows
and more links cost a little more each (tests/benchmarks/build_estimate.py)."""
LEVELS = 1.2
"""The links of the upper layers come on top, and what a library keeps beside its file."""


def cost(what: str, rows: int, dimensions: int, row_bytes: int, links: int, effort: int, *, alone: bool) -> Cost:
    """What a graph takes of so many bytes a row, in which a row gets `links` after looking at `effort` others."""
    needed = int(LEVELS * rows * row_bytes)
    serial, shared = core_cost.work(linking(rows, dimensions, links, effort), alone=alone)
    advice = "take fewer links a row, or an index that needs less"
    return Cost(serial, shared, needed, needed, f"{what} over {rows:,} rows", advice)


def linking(rows: int, dimensions: int, links: int, effort: int) -> float:
    """Seconds of a reference core for linking every row of a graph in layers to its neighbours."""
    farther = math.pow(rows / USUAL_ROWS, 0.2) * math.pow(links / USUAL_LINKS, 0.3)
    return rows * max(effort, links) * farther * (LOOK + LOOK_NUMBER * dimensions)


def check_lengths(dataset: Dataset, metric: Metric, library: str, progress: Progress) -> None:
    """Raise BadParameter when the vectors are so long, or so short, that the library's float32 sums fail.

    Not so under cosine, where they are brought near 1 first (see `ready`).
    """
    if metric == "cosine":
        return
    most, step = 0.0, block_rows(dataset.dimensions)
    for start in range(0, dataset.rows, step):
        progress(0.0, "lengths")
        block = dataset.vectors[start : start + step]
        most = max(most, float(np.sqrt(np.vecdot(block, block, dtype=np.float64)).max()))
    if most and not SMALLEST <= most <= LARGEST:
        extreme = "large" if most > 1 else "small"
        raise BadParameter(
            f"The vectors are too {extreme} for {library} under {metric} (the longest is {most:.1e}); scale them."
        )


def ready(vectors: NDArray[np.float32], metric: Metric) -> NDArray[np.float32]:
    """A copy of rows or queries (m, d) as a library gets them: under cosine, extreme lengths are brought near 1.

    Voyager takes nothing that it could not write to.
    """
    return np.array(scaled(vectors) if metric == "cosine" else vectors, np.float32, order="C")


def add_all(
    dataset: Dataset,
    metric: Metric,
    add: Callable[[NDArray[np.float32], NDArray[np.int64]], object],
    progress: Progress,
) -> None:
    """Give all rows to `add(vectors, rows)`, batch by batch."""
    for start in range(0, dataset.rows, BATCH):
        progress(start / dataset.rows, f"row {start:,} of {dataset.rows:,}")
        vectors = ready(dataset.vectors[start : start + BATCH], metric)
        add(vectors, np.arange(start, start + len(vectors)))


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """A path to write to, which becomes `path` when all went well and is removed otherwise."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        yield unfinished
        unfinished.replace(path)
    except (OSError, RuntimeError, BadFile) as error:
        raise TaskFailed(f"{path}: the index could not be written; is the disk full? ({error})") from error
    finally:
        unfinished.unlink(missing_ok=True)


def as_many(
    ask: Callable[[int], NDArray[np.int64]], k: int, too_few: type[Exception] = RuntimeError
) -> NDArray[np.int64]:
    """The most up to k that a library finds which raises `too_few` where it finds fewer than it is asked for."""
    try:
        return ask(k)
    except too_few:
        found, most = np.empty(0, np.int64), k - 1
        while len(found) < most:
            middle = (len(found) + most + 1) // 2
            try:
                found = ask(middle)
            except too_few:
                most = middle - 1
        return found


def check_links(
    path: Path,
    counts: NDArray[np.integer],
    links: NDArray[np.integer],
    levels: NDArray[np.integer],
    level: int,
) -> None:
    """Raise BadFile when lists of links (m, most), of which the first `counts` (m,) hold, lead astray.

    `levels` (n,) are those of all elements: every link on a level leads to an element that reaches it.
    """
    if (counts > links.shape[1]).any():
        raise BadFile(path, "it is damaged: an element has more links than there is room for.")
    used = links[np.arange(links.shape[1]) < counts[:, None]]
    if used.size and (int(used.max()) >= len(levels) or (levels[used] < level).any()):
        raise BadFile(path, "it is damaged: a link leads to an element that is not there.")


def check_labels(path: Path, labels: NDArray[np.integer], rows: int) -> None:
    """Raise BadFile when elements do not bear the numbers of different rows."""
    if labels.size and int(labels.max()) >= rows:
        raise BadFile(path, f"it has a label {int(labels.max())}, and there are {rows:,} rows; labels are rows here.")
    if len(np.unique(labels)) != len(labels):
        raise BadFile(path, "it is damaged: two of its elements are the same row.")


def check_width(path: Path, width: int, asked: int | None) -> None:
    """Raise BadFile when other dimensions were asked for than a file has."""
    if asked not in (None, width):
        raise BadFile(path, f"its vectors have {width} dimensions, not {asked}.")


def in_order(labels: NDArray[np.integer], path: Path) -> tuple[NDArray[np.int64] | None, NDArray[np.integer] | None]:
    """How to put elements (n,) in the order of their labels, and the labels in it; None for what would change nothing.

    Labels that are 0 … n − 1 are rows, and not worth telling. Raises BadFile when two elements bear the same one.
    """
    order = np.argsort(labels, kind="stable")
    ordered = labels[order]
    if (ordered[1:] == ordered[:-1]).any():
        raise BadFile(path, "it is damaged: two of its elements bear the same number.")
    moved = None if np.array_equal(order, np.arange(len(order))) else order
    return moved, None if int(ordered[0]) == 0 and int(ordered[-1]) == len(ordered) - 1 else ordered


def all_unit(vectors: NDArray[np.float32]) -> bool:
    """Whether a sample of vectors (n, d) are of length 1, or zeros, but not all of them zeros."""
    some = vectors[:: max(1, len(vectors) // COMPARED)]
    with np.errstate(all="ignore"):
        length = np.vecdot(some, some, dtype=np.float64)
    return bool(length.any() and ((np.abs(length - 1) < UNIT) | (length == 0)).all())


def same_vectors(
    stored: NDArray[np.float32], rows: NDArray[np.integer], dataset: Dataset, metric: Metric, *, unit: bool
) -> bool:
    """Whether stored vectors (m, d) are those rows of the Dataset: bit by bit, or where `unit`, made unit length."""
    expected = dataset.vectors[rows]
    if not unit:
        # Others than we do not bring near 1 what is extreme.
        return np.array_equal(stored, expected) or np.array_equal(stored, ready(expected, metric))
    size = np.sqrt(np.vecdot(expected, expected, dtype=np.float64))[:, None]
    return np.allclose(stored, expected / np.where(size > 0, size, 1), rtol=0, atol=1e-5)

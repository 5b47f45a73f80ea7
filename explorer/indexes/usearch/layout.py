"""The file of USearch 2 (little-endian): the vectors, a head of 64 bytes, and the graph.

u32 rows, u32 bytes of a vector, the vectors; “usearch”, 3 × u16 version, u8 metric, u8 number, u8 key, u8 slot, u64
vectors, u64 deleted, u64 dimensions, u8 several of a key; then u64 elements, u64 links on upper levels, u64 links on
level 0, u64 highest level, u64 entry point; i16 level of each element; then the elements, each u64 key, i16 level, u32
number of links and so many u32 slots as there is room for, once for each level.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.core.progress import Progress
from explorer.errors import BadFile
from explorer.indexes.graphs import BLOCK, COMPARED, check_labels, check_links, same_vectors

MATRIX = struct.Struct("<II")
HEAD = struct.Struct("<7s3H4B3QB")
HEAD_BYTES = 64
GRAPH = struct.Struct("<5Q")
METRICS: dict[int, Metric] = {ord("c"): "cosine", ord("e"): "euclidean", ord("i"): "dot"}
MAGIC, MAJOR, FLOAT32, KEY, SLOT = b"usearch", 2, 11, 14, 15
MOST_LINKS = 1 << 16


@dataclass(frozen=True)
class Layout:
    """What a file whose sizes fit says of itself; `graph` is where its elements begin."""

    path: Path
    metric: Metric
    elements: int
    dimensions: int
    links_above: int
    links: int
    top: int
    entry: int
    graph: int

    def vectors(self) -> NDArray[np.float32]:
        """The vectors, mapped."""
        shape = (self.elements, self.dimensions)
        return np.asarray(np.memmap(self.path, "<f4", "r", MATRIX.size, shape))

    def levels(self) -> NDArray[np.int16]:
        """The highest level of each element, mapped."""
        return np.asarray(np.memmap(self.path, "<i2", "r", self.graph - 2 * self.elements, (self.elements,)))

    @property
    def list_bytes(self) -> tuple[int, int]:
        """How many bytes an element takes for its key, its level and level 0, and for each level above."""
        return 10 + 4 + 4 * self.links, 4 + 4 * self.links_above


def read(path: Path) -> Layout:
    """Read the heads; raises BadFile when they are none, or do not fit the file."""
    if not path.is_file():
        raise BadFile(path, "there is no such file.")
    size = path.stat().st_size
    with path.open("rb") as file:
        matrix = file.read(MATRIX.size)
        rows, width = MATRIX.unpack(matrix) if len(matrix) == MATRIX.size else (0, 0)
        begin = MATRIX.size + rows * width
        file.seek(min(begin, size))
        heads = file.read(HEAD_BYTES + GRAPH.size)
    if len(heads) < HEAD_BYTES + GRAPH.size:
        raise BadFile(path, "it is no USearch index, or it is cut off.")
    magic, major, _, _, metric, number, key, slot, present, deleted, dimensions, several = HEAD.unpack_from(heads)
    elements, above, links, top, entry = GRAPH.unpack_from(heads, HEAD_BYTES)
    if (magic, major) != (MAGIC, MAJOR):
        raise BadFile(path, "it is no USearch index of version 2.")
    if (number, key, slot) != (FLOAT32, KEY, SLOT) or several or deleted or metric not in METRICS:
        only = "only USearch indexes of float32 vectors under cos, l2sq or ip can be opened here"
        raise BadFile(path, f"{only}; build it with dtype='f32', which is not USearch's default.")
    graph = begin + HEAD_BYTES + GRAPH.size + 2 * elements
    fits = (
        1 <= elements == rows == present
        and width == 4 * dimensions > 0
        and 0 < above <= MOST_LINKS
        and 0 < links <= MOST_LINKS
        and entry < elements
        and graph + elements * (14 + 4 * links) <= size
    )
    if not fits:
        raise BadFile(path, "it is no USearch index, or it is damaged.")
    return Layout(path, METRICS[metric], elements, dimensions, above, links, top, entry, graph)


def holds(layout: Layout, dataset: Dataset) -> bool:
    """Whether a sample of the elements are rows of the Dataset, as their keys say."""
    if (layout.elements, layout.dimensions) != (dataset.rows, dataset.dimensions):
        return False
    begins = places(layout)
    if begins is None:
        return False
    sample = np.unique(np.linspace(0, layout.elements - 1, min(COMPARED, layout.elements)).astype(np.int64))
    whole = np.memmap(layout.path, np.uint8, "r")
    keys = _fields(whole, begins[sample], 8).view("<u8")[:, 0]
    known = bool((keys < dataset.rows).all())
    return known and same_vectors(layout.vectors()[sample], keys.astype(np.int64), dataset, layout.metric, unit=False)


def check(layout: Layout, dataset: Dataset, progress: Progress) -> None:
    """Read all of a file, and raise BadFile when it is damaged, or does not hold the rows of the Dataset."""
    keys = check_graph(layout, progress)
    check_labels(layout.path, keys, dataset.rows)
    vectors = layout.vectors()
    for start in range(0, layout.elements, BLOCK):
        part = slice(start, start + BLOCK)
        if not same_vectors(vectors[part], keys[part].astype(np.int64), dataset, layout.metric, unit=False):
            raise BadFile(layout.path, f"its vectors are not those of {dataset.title}.")


def check_graph(layout: Layout, progress: Progress) -> NDArray[np.uint64]:
    """Raise BadFile when a file is damaged; the key of each element."""
    path, levels, begins = layout.path, layout.levels(), places(layout)
    if begins is None or levels[layout.entry] != layout.top or levels.max() > layout.top:
        raise BadFile(path, "it is damaged: its levels do not fit together.")
    base, above = layout.list_bytes
    whole, keys = np.memmap(path, np.uint8, "r"), np.empty(layout.elements, np.uint64)
    for start in range(0, layout.elements, BLOCK):
        progress(start / layout.elements, "checking")
        part = slice(start, start + BLOCK)
        found = _fields(whole, begins[part], base)
        keys[part] = np.ascontiguousarray(found[:, :8]).view("<u8")[:, 0]
        if (np.ascontiguousarray(found[:, 8:10]).view("<i2")[:, 0] != levels[part]).any():
            raise BadFile(path, "it is damaged: an element is not on the level that it is said to be on.")
        _check_lists(layout, found[:, 10:], levels, 0)
    for level in range(1, layout.top + 1):
        lists = begins[levels >= level] + base + (level - 1) * above
        for start in range(0, len(lists), BLOCK):
            _check_lists(layout, _fields(whole, lists[start : start + BLOCK], above), levels, level)
    return keys


def places(layout: Layout) -> NDArray[np.int64] | None:
    """Where each element begins in the file; None when they do not fill what is left of it."""
    levels = layout.levels().astype(np.int64)
    base, above = layout.list_bytes
    ends = layout.graph + np.cumsum(base + above * levels)
    if (levels < 0).any() or int(ends[-1]) != layout.path.stat().st_size:
        return None
    return np.concatenate([[layout.graph], ends[:-1]])


def _fields(whole: NDArray[np.uint8], places: NDArray[np.int64], size: int) -> NDArray[np.uint8]:
    """`size` bytes from each place (m,) as (m, size)."""
    return np.ascontiguousarray(whole[places[:, None] + np.arange(size)])


def _check_lists(layout: Layout, found: NDArray[np.uint8], levels: NDArray[Any], level: int) -> None:
    words = np.ascontiguousarray(found).view("<u4")
    check_links(layout.path, words[:, 0], words[:, 1:], levels, level)

"""The file of hnswlib, which Voyager's is too behind a head of its own (little-endian, no padding).

u64 0, u64 room for, u64 elements, u64 bytes of an element, u64 where its label and its vector stand in it; i32 highest
level; u32 entry point; u64 most links of an element on an upper level and on level 0, u64 M; f64; u64 ef_construction.
Then the elements (u16 links, u8 1 if deleted, u8, u32 links …, f32 vector …, u64 label), then for each element a u32
number of bytes, and so many bytes of links on upper levels, each level u16, u16, u32 ….

Neither the metric nor the dimensions are stored, and hnswlib checks only the size of the whole: a file is checked here
before it sees it.
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
from explorer.indexes.graphs import BLOCK, COMPARED, check_labels, check_links, in_order, same_vectors

HEAD = struct.Struct("<6QiI3QdQ")
DELETED = 1
MOST_LINKS = 1 << 16


@dataclass(frozen=True)
class HnswFile:
    """The head of a file whose sizes fit; `start` is where it begins, behind what stands before it."""

    path: Path
    start: int
    elements: int
    element_bytes: int
    width: int
    top: int
    entry: int
    most_above: int
    most: int
    links: int
    ef_construction: int

    def items(self) -> NDArray[Any]:
        """The elements, mapped: fields `count`, `mark`, `links`, `vector`, `label`."""
        item = np.dtype(
            {
                "names": ["count", "mark", "links", "vector", "label"],
                "formats": ["<u2", "u1", ("<u4", (self.most,)), ("<f4", (self.width,)), "<u8"],
                "offsets": [0, 2, 4, 4 + 4 * self.most, self.element_bytes - 8],
                "itemsize": self.element_bytes,
            }
        )
        return np.asarray(np.memmap(self.path, item, "r", self.start + HEAD.size, (self.elements,)))


def read(path: Path, start: int = 0) -> HnswFile:
    """Read the head; raises BadFile when it is none, or when its elements would reach beyond the file."""
    if not path.is_file():
        raise BadFile(path, "there is no such file.")
    with path.open("rb") as file:
        file.seek(start)
        head = file.read(HEAD.size)
    if len(head) < HEAD.size:
        raise BadFile(path, "it is too short to be an hnsw index.")
    zero, room, elements, size, label_at, vector_at, top, entry, above, most, links, _, ef = HEAD.unpack(head)
    fits = (
        zero == 0
        and 1 <= elements <= room
        and vector_at == 4 + 4 * most
        and label_at > vector_at
        and (label_at - vector_at) % 4 == 0
        and size == label_at + 8
        and 0 < links <= MOST_LINKS
        and 0 < above <= MOST_LINKS
        and 0 < most <= MOST_LINKS
        and 0 <= entry < elements
        and top >= 0
        and start + HEAD.size + elements * (size + 4) <= path.stat().st_size
    )
    if not fits:
        raise BadFile(path, "it is no hnsw index, or it is cut off.")
    return HnswFile(path, start, elements, size, (label_at - vector_at) // 4, top, entry, above, most, links, ef)


def holds(file: HnswFile, dataset: Dataset, metric: Metric, *, unit: bool) -> bool:
    """Whether a sample of the elements are the rows that their labels name."""
    items = file.items()[np.unique(np.linspace(0, file.elements - 1, min(COMPARED, file.elements)).astype(np.int64))]
    return file.width >= dataset.dimensions and _same(items, dataset, metric, unit=unit)


def check(file: HnswFile, dataset: Dataset, metric: Metric, progress: Progress, *, unit: bool) -> int:
    """Read all of a file, and raise BadFile when it is damaged or does not hold rows of the Dataset; how many it
    holds, without those that are marked as deleted."""
    check_graph(file, progress)
    items = file.items()
    labels = items["label"][items["mark"] & DELETED == 0]
    check_labels(file.path, labels, dataset.rows)
    for start in range(0, file.elements, BLOCK):
        progress(start / file.elements, "comparing")
        if not _same(items[start : start + BLOCK], dataset, metric, unit=unit):
            raise BadFile(file.path, f"its vectors are not those of {dataset.title} under {metric}.")
    return len(labels)


def check_graph(file: HnswFile, progress: Progress) -> None:
    """Raise BadFile when a link leads to where nothing is."""
    items, levels = file.items(), _check_above(file, progress)
    for start in range(0, file.elements, BLOCK):
        progress(0.5 + start / file.elements / 2, "checking")
        block = items[start : start + BLOCK]
        check_links(file.path, block["count"], block["links"], levels, 0)


def contents(
    file: HnswFile, width: int, progress: Progress
) -> tuple[NDArray[np.float32], NDArray[Any] | None, tuple[str, ...]]:
    """The first `width` numbers of every vector that is not deleted, by ascending label; the labels unless they are
    0 … n − 1; what to say of both. Raises BadFile when the file is damaged, or holds nothing that is not deleted."""
    check_graph(file, progress)
    items = file.items()
    there = np.flatnonzero(items["mark"] & DELETED == 0)
    deleted = file.elements - len(there)
    if not len(there):
        raise BadFile(file.path, "all its elements are marked as deleted.")
    order, labels = in_order(items["label"][there], file.path)
    vectors = items["vector"][:, :width]
    if deleted or order is not None:
        vectors = vectors[there if order is None else there[order]]
    one = "element that is marked as deleted was" if deleted == 1 else "elements that are marked as deleted were"
    notes = [f"{deleted:,} {one} left out."] if deleted else []
    return vectors, labels, tuple(notes)


def _same(items: NDArray[Any], dataset: Dataset, metric: Metric, *, unit: bool) -> bool:
    items = items[items["mark"] & DELETED == 0]
    if items.size and int(items["label"].max()) >= dataset.rows:
        return False
    vectors = np.ascontiguousarray(items["vector"][:, : dataset.dimensions])
    return same_vectors(vectors, items["label"].astype(np.int64), dataset, metric, unit=unit)


def _check_above(file: HnswFile, progress: Progress) -> NDArray[np.int64]:
    """Check the links on upper levels; the highest level of each element."""
    begin = file.start + HEAD.size + file.elements * file.element_bytes
    if (file.path.stat().st_size - begin) % 4:
        raise BadFile(file.path, "it is damaged: its last part has a wrong size.")
    words = np.asarray(np.fromfile(file.path, "<u4", offset=begin))
    levels, places = np.zeros(file.elements, np.int64), np.zeros(file.elements, np.int64)
    place, level_words = 0, 1 + file.most_above
    sizes = words.data
    for element in range(file.elements):
        if element % BLOCK == 0:
            progress(element / file.elements / 2, "checking")
        size = sizes[place] if place < len(words) else -1
        if size % (4 * level_words) or size < 0:
            raise BadFile(file.path, "it is damaged: an element's links have a wrong size.")
        levels[element], places[element] = size // (4 * level_words), place + 1
        place += 1 + size // 4
    if place != len(words) or levels[file.entry] != file.top or levels.max() > file.top:
        raise BadFile(file.path, "it is damaged: its levels do not fit together.")
    for level in range(1, file.top + 1):
        lists = places[levels >= level] + (level - 1) * level_words
        for start in range(0, len(lists), BLOCK):
            found = words[lists[start : start + BLOCK, None] + np.arange(level_words)]
            check_links(file.path, found[:, 0] & 0xFFFF, found[:, 1:], levels, level)
    return levels

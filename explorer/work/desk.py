"""The desk that a request works at: how it reports, and what stays open from one request to the next."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from explorer import encoders
from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.core.progress import Progress, silent
from explorer.core.query import Query, vector_of
from explorer.encoders.base import Encoder
from explorer.indexes import type_named
from explorer.indexes.base import IndexHandle, Searcher

MOST_OPEN = 12
"""How many opened indexes stay open; the one used longest ago is closed first."""


MOST_ENCODED = 32
"""How many texts are remembered with their vectors."""


def unheard(value: object) -> None:
    """The publisher of somebody who does not listen."""


def _written(path: Path) -> tuple[int, int]:
    """Tells one writing of a file from the next; an index whose files are gone is for its type to complain of."""
    try:
        stat = path.stat()
    except OSError:
        return (0, 0)
    return (stat.st_mtime_ns, stat.st_ino)


class _Opened(NamedTuple):
    """What tells one opened index from another."""

    dataset: Path
    path: Path
    type: str
    metric: str
    build_seconds: float
    written: tuple[int, int]


class Desk:
    """Reports through `progress` and `publish` (a value on the way to the result), and keeps indexes opened."""

    def __init__(self, progress: Progress = silent, publish: Callable[[object], None] = unheard) -> None:
        self.progress = progress
        self.publish = publish
        self._searchers: OrderedDict[_Opened, Searcher] = OrderedDict()
        self._encoder: tuple[str, Encoder] | None = None
        self._encoded: OrderedDict[tuple[str, str], NDArray[np.float32]] = OrderedDict()
        self._afterwards: list[Callable[[], object]] = []

    def searcher(self, dataset: Dataset, handle: IndexHandle) -> Searcher:
        """The opened index of a handle, opened once.

        Those of another Dataset, and those whose file is gone or was written anew, are closed first: what is mapped
        takes room on the disk for as long as it is.
        """
        self._close(lambda one: one.dataset != dataset.folder or one.written != _written(one.path))
        written = _written(handle.path)
        key = _Opened(dataset.folder, handle.path, handle.type, handle.metric, handle.build_seconds, written)
        if key not in self._searchers:
            while len(self._searchers) >= MOST_OPEN:
                self._searchers.popitem(last=False)[1].close()
            self._searchers[key] = type_named(handle.type).open(handle, dataset)
        self._searchers.move_to_end(key)
        return self._searchers[key]

    def forget(self, path: Path) -> None:
        """Close the indexes of that path, or of files below it."""
        self._close(lambda one: one.path.is_relative_to(path))

    def encoder(self, name: str) -> Encoder:
        """The text encoder of that name, loaded once; the one before it is let go."""
        if self._encoder is None or self._encoder[0] != name:
            self._encoder = (name, encoders.encoder_named(name))
        return self._encoder[1]

    def _encode(self, name: str, text: str) -> NDArray[np.float32]:
        """The vector of a text. One query is asked several times, of the index, for the truth, of the inspector; the
        encoder, which may be far away, is asked once."""
        if (name, text) not in self._encoded:
            vector = self.encoder(name).encode_query(text, self.progress)
            while len(self._encoded) >= MOST_ENCODED:
                self._encoded.popitem(last=False)
            self._encoded[name, text] = vector
        return self._encoded[name, text]

    def vector(self, dataset: Dataset, query: Query, metric: Metric) -> NDArray[np.float32]:
        """The vector (d,) of a query; free text goes through the Dataset's encoder. Raises BadQuery."""
        encode = partial(self._encode, dataset.encoder) if dataset.encoder else None
        return vector_of(query, dataset, metric, encode)

    def afterwards(self, work: Callable[[], object]) -> None:
        """Do something when the answer is on its way, so that nobody waits for it."""
        self._afterwards.append(work)

    def tidy_up(self) -> None:
        """Do what was put off until after the answer."""
        while self._afterwards:
            self._afterwards.pop(0)()

    def close(self) -> None:
        """Close every index that is open."""
        self._close(lambda one: True)

    def _close(self, unwanted: Callable[[_Opened], bool]) -> None:
        for key in [key for key in self._searchers if unwanted(key)]:
            self._searchers.pop(key).close()

"""How rows are called on a server, and which row an element is."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from explorer.core.dataset import Dataset
from explorer.core.strings import Strings
from explorer.errors import BadFile
from explorer.indexes.redis.description import Description
from explorer.servers.manifest import MARK

NUMBERED = re.compile(rb"#\d+$")


class Elements:
    """The elements of n rows, and the row of each."""

    def __init__(self, strings: Strings) -> None:
        self._strings = strings
        self._rows = {element: row for row, element in enumerate(_all(strings))}

    def __getitem__(self, row: int) -> bytes:
        return _one(self._strings, row)

    def row(self, element: bytes) -> int:
        """The row of an element; −1 when it is none of the Dataset's."""
        return self._rows.get(element, -1)


class Numbered:
    """NAME#0, NAME#1 …"""

    def __init__(self, name: str, rows: int) -> None:
        self._start, self._count = f"{name}{MARK}".encode(), rows

    def __getitem__(self, row: int) -> bytes:
        return self._start + str(row).encode()

    def row(self, element: bytes) -> int:
        """The row of an element; −1 when it is none of the Dataset's."""
        number = element.removeprefix(self._start)
        if not element.startswith(self._start) or not number.isdigit():
            return -1
        row = int(number)
        return row if row < self._count else -1


def of(description: Description, dataset: Dataset) -> Elements | Numbered:
    """The elements of a Dataset's rows. Raises BadFile when it has not what they are called by."""
    if description.called == "numbers":
        return Numbered(description.name, dataset.rows)
    if description.called == "keys":
        if (column := dataset.column("key")) is not None:
            cells = column.values if isinstance(column.values, Strings) else None
            return Elements(cells or Strings.of(column.cell(row) for row in range(dataset.rows)))
    elif description.called == "marked":
        return Elements(marked(dataset))
    elif dataset.names is not None:
        return Elements(dataset.names.strings)
    raise BadFile(dataset.path, f"its rows are not called as the elements of {description.name} are; build it again.")


def marked(dataset: Dataset) -> Strings:
    """A different element for each row: its name where no other row bears it, otherwise with the number of the row."""
    if dataset.names is None:
        return Strings.of(f"#{row}" for row in range(dataset.rows))
    names = list(_all(dataset.names.strings))
    often = Counter(names)
    alone = (bool(name) and often[name] == 1 and not NUMBERED.search(name) for name in names)
    pieces = [
        name if unique else b"%s #%d" % (name, row) if name else b"#%d" % row
        for row, (name, unique) in enumerate(zip(names, alone, strict=True))
    ]
    ends = np.cumsum([len(piece) for piece in pieces], dtype=np.int64)
    return Strings(np.frombuffer(b"".join(pieces), np.uint8), ends)


def _all(strings: Strings) -> list[bytes]:
    data, found, start = strings.data.tobytes(), [], 0
    for end in strings.ends.tolist():
        found.append(data[start:end])
        start = end
    return found


def _one(strings: Strings, row: int) -> bytes:
    start = int(strings.ends[row - 1]) if row else 0
    return strings.data[start : int(strings.ends[row])].tobytes()

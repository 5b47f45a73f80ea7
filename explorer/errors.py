"""Everything this program raises on purpose; each exception writes the sentence that people read.

ExplorerError
├── BadInput                 what was given cannot be used (exit status 2)
│   ├── BadFile              a file that cannot be read, or not as asked
│   │   ├── NoVectors        a table that holds text and no vectors
│   │   ├── Unchosen         a file of which something has to be chosen first
│   │   ├── Untold           an index file that leaves something to be told
│   │   └── Refused          a file of a kind that is not read here, and what to do with it
│   ├── BadQuery             a query that cannot be read or has no answer
│   │   └── UnknownName      no row bears that name
│   ├── BadParameter         a parameter, an option or a setting out of its range
│   └── TooLarge             work that would not fit in memory or on the disk
├── Unavailable              a library that is not here, or something that a server has not
├── ServerFailed             a server that refused, or took too long
│   ├── ServerGone           it cannot be reached, or went away
│   ├── ServerBusy           it cannot answer now: too slow, still loading, a part of it down
│   ├── PushUnfinished       it has got a part of the rows, and stopped taking more
│   ├── PasswordNeeded       it wants a password, or another one
│   └── KeyNeeded            a server of embeddings wants a key, or another one
├── TaskFailed               a child process ended before its work did
└── Cancelled                somebody said stop
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path


class ExplorerError(Exception):
    """The root: `str(error)` is one sentence for people; `exit_status` is what the command line returns."""

    exit_status = 1
    fields: tuple[str, ...] = ()
    """Attributes, plain values all of them, that cross a process border with the sentence."""


class BadInput(ExplorerError):
    """What was given cannot be used."""

    exit_status = 2


class BadFile(BadInput):
    """A file that cannot be read: names the file, what is wrong with it and, where known, what to do."""

    def __init__(self, path: Path | str, what: str) -> None:
        super().__init__(f"{path}: {what}")


class Untold(BadFile):
    """An index file that does not say all that has to be known: `readings` are what it can be, (dimensions, metric).

    Without any the file gives no vectors: they have to come from another one.
    """

    fields = ("readings",)
    readings: tuple[tuple[int, str], ...] = ()

    def __init__(self, path: Path | str, what: str, readings: Iterable[tuple[int, str]] = ()) -> None:
        super().__init__(path, what)
        self.readings = tuple(readings)


class Refused(BadFile):
    """A file of a kind that is not read here: `code` are the lines of Python that save its vectors in one that is.

    The sentence ends in them, on one line; where there is room they are shown by themselves, to be copied.
    """

    fields = ("code",)
    code: tuple[str, ...] = ()

    def __init__(self, path: Path | str, what: str, code: Iterable[str] = ()) -> None:
        self.code = tuple(code)
        super().__init__(path, f"{what}: {'; '.join(self.code)}" if self.code else f"{what.rstrip('.')}.")


class Unchosen(BadFile):
    """A file that can be read once somebody has chosen: which of its arrays, its shape, what makes the vectors.

    The sentence says which option chooses; a window asks instead.
    """


class NoVectors(BadFile):
    """A table without vectors that holds text, which can be embedded: `columns` are those of text, the likeliest
    first."""

    fields = ("columns",)
    columns: tuple[str, ...] = ()

    def __init__(self, path: Path | str, columns: Iterable[str], what: str = "") -> None:
        self.columns = tuple(columns)
        shown = ", ".join(self.columns[:12]) + (" …" if len(self.columns) > 12 else "")
        offer = (
            f"to embed a column of text, say --read embed={self.columns[0]}" if self.columns else "name another file"
        )
        what = what or "no column of this table holds numbers to be taken as the vector"
        super().__init__(path, f"{what}; {offer}{f' (columns of text: {shown})' if len(self.columns) > 1 else ''}.")


class BadQuery(BadInput):
    """A query that cannot be read, or that has no answer under the metric."""


class UnknownName(BadQuery):
    """No row bears the name; `near` are the closest names there are, `more` is another sentence about it."""

    near: tuple[str, ...] = ()

    def __init__(self, name: str, near: Iterable[str] = (), more: str = "") -> None:
        self.near = tuple(near)
        offers = [f"“{other}”" for other in self.near]
        ending = f"; did you mean {' or '.join(offers)}?" if offers else "."
        super().__init__(f"No row is called “{name}”{ending} {more}".rstrip())


class BadParameter(BadInput):
    """A parameter, option or setting that is unknown or out of its range."""


class TooLarge(BadInput):
    """Work that would not fit: says how much it needs and what would fit."""


class Unavailable(ExplorerError):
    """A library that is not here, or something that a server has not: says which, and how to get it."""

    exit_status = 2


class ServerFailed(ExplorerError):
    """A server that refused, went away or took too long: says which server, what happened and what to do."""


class ServerGone(ServerFailed):
    """The server cannot be reached, or went away meanwhile; asking again may help."""


class ServerBusy(ServerFailed):
    """The server cannot answer now; the same question may have an answer later."""


class PushUnfinished(ServerFailed):
    """A push that did not come to its end: says how far it came; pushing again goes on from there."""


class PasswordNeeded(ServerFailed):
    """The server at the URL `server` wants a password, or another than the one it was given."""

    exit_status = 2
    fields = ("server",)
    server: str = ""


class KeyNeeded(ServerFailed):
    """The server of embeddings at the URL `server` wants a key, or another than the one it was given."""

    exit_status = 2
    fields = ("server",)
    server: str = ""

    def __init__(self, sentence: str, server: str = "") -> None:
        super().__init__(sentence)
        self.server = server


class TaskFailed(ExplorerError):
    """A child process died, or something unforeseen happened in it."""


class Cancelled(ExplorerError):
    """Raised inside work by its progress callback once somebody said stop."""

    exit_status = 130


def fields_of(error: ExplorerError) -> dict[str, object]:
    """What an error says besides its sentence, as plain values."""
    return {name: getattr(error, name) for name in error.fields}


def named(name: str, sentence: str, fields: Mapping[str, object] | None = None) -> ExplorerError:
    """The exception of class `name` that says `sentence` and has these `fields`: how an error crosses a process border.

    An unknown name becomes a TaskFailed, so that nothing a child says can choose a class outside this file.
    """
    cls = globals().get(name)
    if not (isinstance(cls, type) and issubclass(cls, ExplorerError)):
        cls = TaskFailed
    error = cls.__new__(cls)
    Exception.__init__(error, sentence)
    for field in cls.fields:
        if fields and field in fields:
            setattr(error, field, fields[field])
    return error

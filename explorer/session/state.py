"""The State of the window: one frozen value. What is on the screen is a function of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from explorer.core.column import Column
from explorer.core.dataset import Dataset
from explorer.core.explanation import Explanation, Reach
from explorer.core.metric import Metric
from explorer.core.neighbours import Neighbours
from explorer.core.params import Params
from explorer.core.projection import Projection
from explorer.core.query import Query
from explorer.core.recall import Verdict
from explorer.core.structure import Difficulty, Growth, Structure
from explorer.core.trace import Trace
from explorer.formats.matching import Match
from explorer.formats.preview import Preview
from explorer.indexes import type_named
from explorer.indexes.base import IndexHandle
from explorer.measure.agreement import Agreement
from explorer.measure.coding import CodedDistances
from explorer.measure.honesty import Far
from explorer.measure.outlines import Outlines
from explorer.measure.recall import RecallResult
from explorer.measure.soundness import Soundness
from explorer.session.painting import Painting
from explorer.work.caching import Cache
from explorer.work.requests import Answer, ReadRequest
from explorer.work.serving import Connected

EXACT = "exact"
"""The index type that looks at everything."""

Place = Literal["data", "query", "map", "indexes", "server", "inspect", "cache"]
Tab = Literal["neighbours", "why", "replay", "structure", "whole"]
"""What the inspector shows: the row that is looked at, why neighbours were missed, the search step by step, what the
index is made of, or what can be said of all rows."""
Mend = Literal["", "again", "password", "key", "resume", "read"]
"""What mends a problem beside the sentence's own advice: asking again, giving the password or the key of a server,
going on with a push that has come half-way, or reading a file otherwise."""


@dataclass(frozen=True)
class Problem:
    """Something that went wrong, said where it belongs; it stays until that place succeeds or it is dismissed."""

    place: Place
    sentence: str
    mend: Mend = ""
    code: tuple[str, ...] = ()
    """The lines in which the sentence ends, for people to copy."""
    server: str = ""
    """The address that wants a key, where that is what mends it."""

    @property
    def text(self) -> str:
        """The sentence as a window shows it: such lines stand by themselves."""
        ending = "; ".join(self.code)
        if not self.code or not self.sentence.endswith(ending):
            return self.sentence
        return "\n".join((self.sentence.removesuffix(ending).rstrip(), *self.code))


@dataclass(frozen=True)
class TaskView:
    """A task under way, as it is shown. `fraction` is 0 … 1 or None; `seconds_left` None while it is not known."""

    key: str
    title: str
    note: str = ""
    fraction: float | None = None
    seconds_left: float | None = None
    cancellable: bool = True
    by_itself: bool = False
    """Whether nobody asked for it."""


@dataclass(frozen=True, eq=False)
class IndexEntry:
    """An index in the list. `given` are the search parameters that were set by hand; the rest follow from k."""

    key: str
    handle: IndexHandle
    given: Params = field(default_factory=dict)
    recall: RecallResult | None = None
    name: str = ""
    """How it is called when it was opened from or saved to a file."""
    by_hand: bool = False
    """Whether somebody asked for it to be built."""

    @property
    def is_exact(self) -> bool:
        """Whether it tells the truth."""
        return self.handle.type == EXACT

    @property
    def unsaved(self) -> bool:
        """Whether somebody would have to build it again."""
        return self.by_hand and not self.name and not self.on_server

    @property
    def on_server(self) -> bool:
        """Whether it lies on a server, and stays there."""
        return type_named(self.handle.type).on_server


@dataclass(frozen=True, eq=False)
class Build:
    """An index that was asked for: under way while a task of its key is, or `failure` says why it did not come.

    `seconds` is how long it was expected to take, None where nobody could say. With the key of an index in the list it
    is that index built anew.
    """

    key: str
    type: str
    metric: Metric
    params: Params
    seconds: float | None = None
    failure: str = ""


@dataclass(frozen=True, eq=False)
class Asked:
    """A query of the history: what was typed or clicked."""

    query: Query
    others: tuple[Query, ...] = ()
    """The other readings of the same text."""


@dataclass(frozen=True, eq=False)
class UntoldFile:
    """An index file that was to be opened, and does not say all that has to be known of it.

    `readings` are what it can be, (dimensions, metric); without any its vectors have to come from another file.
    """

    request: ReadRequest
    sentence: str
    readings: tuple[tuple[int, Metric], ...]
    remember: bool


@dataclass(frozen=True)
class QueriesFrom:
    """A file of queries that recall is measured by, `FILE` or `FILE:ARRAY`, and one of their published truth; empty
    where that stands in the same file, or nowhere."""

    source: str
    truth: str = ""


@dataclass(frozen=True, eq=False)
class Models:
    """What a server of embeddings said of its models. `failure` says why it did not; then it may want a key."""

    address: str
    names: tuple[str, ...] = ()
    looking: bool = False
    failure: str = ""
    wants_key: bool = False


@dataclass(frozen=True, eq=False)
class Draft:
    """A file that somebody looks at before it is opened: how it would be read, and what that would give.

    While `looking` the Preview is of what was asked before; `failure` says that nobody knows what the file is.
    """

    request: ReadRequest
    preview: Preview | None = None
    looking: bool = True
    failure: str = ""
    remember: bool = True


@dataclass(frozen=True, eq=False)
class Joining:
    """A table that somebody would add to the open Dataset, and how well it goes with it; `key` None while the likeliest
    way is looked for. `dropped`: it fell on the window, so that it may be meant to be opened instead."""

    table: Path
    key: str | None = None
    match: Match | None = None
    looking: bool = True
    failure: str = ""
    dropped: bool = False


@dataclass(frozen=True, eq=False)
class Replay:
    """The search that gave the answer, step by step; no `trace` where the index does not show it."""

    trace: Trace | None


@dataclass(frozen=True, eq=False)
class State:
    """Everything the views show. Arrays and values in it are never changed, only replaced."""

    opening: str = ""
    """The source that is being opened; empty when none is."""
    untold: UntoldFile | None = None
    """What has to be asked before a source can be opened."""
    draft: Draft | None = None
    """The file that is looked at before it is opened."""
    joining: Joining | None = None
    """The table that is looked at before it is added."""
    source: str = ""
    """What was opened: a path or `sample:NAME`."""
    read_by: ReadRequest | None = None
    """How that was read."""
    dataset: Dataset | None = None
    metric: Metric = "cosine"
    k: int = 10

    positions: NDArray[np.float32] | None = None
    """The positions on the map now: of `projection`, or of a frame on the way to the next."""
    projection: Projection | None = None
    laying_out: bool = False

    indexes: tuple[IndexEntry, ...] = ()
    current: str = ""
    """The key of the index that answers."""
    queries: QueriesFrom | None = None
    """Whose queries recall is measured by; None for rows of the Dataset."""
    builds: tuple[Build, ...] = ()

    asked: Asked | None = None
    answer: Answer | None = None
    truth: Neighbours | None = None
    verdict: Verdict | None = None
    exact_ms: float | None = None
    """How long exact search took for the last truth, in milliseconds."""

    against: str = ""
    """The key of a second index, B, that is asked the same; empty for none."""
    against_given: Params | None = None
    """The search parameters of B where it is the index that answers, asked once more; None where B is another one."""
    other: Answer | None = None
    """What B answered."""
    agreement: Agreement | None = None
    """What the index that answers and B find of the truth over a sample of rows."""

    focused: int = -1
    """The row that is looked at in the table and on the map; −1 for none."""
    selection: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    colour_by: str = ""
    hidden: frozenset[str] = frozenset()
    """Labels of `colour_by` that the legend has switched off."""

    tab: Tab = "neighbours"
    explanation: Explanation | None = None
    """Why the misses of the present answer were missed."""
    reach: Reach | None = None
    """What the present query finds as its search looks farther."""
    replay: Replay | None = None
    distances: NDArray[np.float64] | None = None
    """The true distances of the rows that the replay compared, in its order."""
    step: int = 0
    """The step of the replay that is looked at."""
    inside: tuple[Structure, ...] | None = None
    """What the index that answers is made of."""
    growth: Growth | None = None
    """What the trees of that index know of the true neighbours."""
    outlines: Outlines | None = None
    """Where the cells of that index lie on the map."""
    outlining: bool = True
    """Whether they are drawn there while the inspector shows them."""
    cell: int = -1
    """The cell that is looked at; −1 for none."""
    coded: CodedDistances | None = None
    """What the codes of that index make of distances to the query, and of a sample."""
    soundness: Soundness | None = None
    """How sound the graph of that index is."""
    difficulty: Difficulty | None = None
    """How hard the data is for any index."""
    seeking: frozenset[str] = frozenset()
    """Which of these are under way, by name."""
    paintings: tuple[Painting, ...] = ()
    """What can colour the map beside the columns of the Dataset, the newest last."""

    around: NDArray[np.int64] | None = None
    """The rows near the last click on the map, while it is coloured by something of which the worst rows are listed."""
    shows_far: bool = False
    """Whether lines lead from the query to its true neighbours that landed far away on the map."""
    far: Far | None = None
    """Those neighbours, while they are shown; None where the query is no row, or its truth is not there yet."""

    tasks: tuple[TaskView, ...] = ()
    problems: tuple[Problem, ...] = ()

    server: Connected | None = None
    """The server that we are connected to, as it was when it was last asked; it may have gone away since."""
    connecting: str = ""
    """The URL of the server that is being asked what it is; empty when none is."""
    can_keep: bool = False
    """Whether there is a keyring that keeps passwords."""

    cache: Cache | None = None
    """What is kept between openings, as it was when somebody last looked."""
    models: Models | None = None
    """The server of embeddings that somebody is about to name."""

    past: tuple[Asked, ...] = ()
    future: tuple[Asked, ...] = ()

    def entry(self, key: str = "") -> IndexEntry | None:
        """The index of that key, or the one that answers."""
        return next((entry for entry in self.indexes if entry.key == (key or self.current)), None)

    @property
    def exact(self) -> IndexEntry | None:
        """The exact index of the present metric, which tells the truth."""
        return next((e for e in self.indexes if e.is_exact and e.handle.metric == self.metric), None)

    def column(self, name: str) -> Column | None:
        """What colours the map under that name: a painting, or a column of the Dataset; None for neither."""
        painting = self.painting(name)
        if painting is not None:
            return painting.column
        return self.dataset.column(name) if self.dataset is not None else None

    def painting(self, name: str) -> Painting | None:
        """The painting of that name."""
        return next((one for one in self.paintings if one.column.name == name), None)

    @property
    def approximate(self) -> IndexEntry | None:
        """The index that gave the answer, where it is not exact search."""
        entry = self.entry()
        fits = entry is not None and not entry.is_exact and entry.handle.metric == self.metric
        return entry if fits else None

    @property
    def rival(self) -> IndexEntry | None:
        """The second index, B, while it can be held against the one that answers; the same one with other search
        parameters where two settings of it are compared."""
        entry, present = (self.entry(self.against) if self.against else None), self.approximate
        if entry is None or present is None or entry.handle.metric != self.metric:
            return None
        if entry.key != present.key:
            return entry
        return None if self.against_given is None else replace(entry, given=self.against_given, recall=None)

    def task(self, key: str) -> TaskView | None:
        """The task under way of that key."""
        return next((task for task in self.tasks if task.key == key), None)

    def problem(self, place: Place) -> str:
        """What is wrong at that place; empty when nothing is."""
        found = self.problem_at(place)
        return found.sentence if found else ""

    def problem_at(self, place: Place) -> Problem | None:
        """The same with what mends it; None when nothing is wrong there."""
        return next((problem for problem in self.problems if problem.place == place), None)

"""Adding a table of metadata to what is open: first how well it fits, by row or by which key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from explorer import formats
from explorer.core.dataset import Dataset
from explorer.errors import Cancelled, ExplorerError
from explorer.formats.matching import Division, Match
from explorer.session.opening import Opening
from explorer.session.session import Session
from explorer.session.state import Joining, State
from explorer.session.tasks import Tasks
from explorer.work.previewing import DivideRequest, MatchRequest

LOOK = "look"
NAMED = 4
"""So many files are named that were left."""


class Adding:
    """The verbs of the dialog that adds metadata, and of files that are dropped. What it knows is `joining`."""

    def __init__(self, session: Session, tasks: Tasks, opening: Opening) -> None:
        self._session = session
        self._tasks = tasks
        self._opening = opening
        self._pending: Division | None = None
        """What has been dropped together, until the vectors of it are open."""
        session.listen(self._follow)

    def look(self, table: Path, key: str | None = None, *, dropped: bool = False) -> None:
        """See how a table goes with what is open: by row, by a key, or as seems best."""
        if self._session.state.dataset is not None:
            self._look(Joining(table, key, dropped=dropped))

    def choose(self, key: str) -> None:
        """Join by that key, or by row."""
        joining = self._session.state.joining
        if joining is not None and key != joining.key:
            self._look(replace(joining, key=key, looking=True))

    def add(self) -> None:
        """Read what is open again, with the table beside it."""
        joining = self._session.state.joining
        if joining is None or joining.match is None or not joining.match.fits:
            return
        self.leave()
        self._opening.attach_metadata(joining.table, joining.match.key)

    def leave(self) -> None:
        """Do not add it; everything stays as it is."""
        self._tasks.cancel(LOOK)
        self._session.update(joining=None)

    def dropped(self, paths: Sequence[Path], open_these: Callable[[Path, Path | None], None]) -> None:
        """Files have been dropped: a table that belongs to what is open may be added to it, several files are one set
        and its metadata, and everything else is opened. How a table is joined that has not a record for each row is
        asked when the set is open; what is more than a set and a table is left, and said."""
        dataset = self._session.state.dataset
        self._pending = None
        if len(paths) > 1:
            self._divide(paths, open_these)
        elif dataset is not None and may_be_table(paths[0]):
            self._consider(paths[0], dataset, open_these)
        else:
            open_these(paths[0], None)

    def _follow(self, new: State, old: State) -> None:
        """The set of those that were dropped together is open: go on with the others."""
        pending = self._pending
        if pending is None or new.dataset is old.dataset or new.source != str(pending.vectors):
            return
        self._pending = None
        if pending.left:
            self._session.fail("data", _left(pending))
        if pending.table is not None and not pending.by_row:
            self.look(pending.table)

    def _look(self, joining: Joining) -> None:
        self._session.update(joining=joining)

        def done(match: Match) -> None:
            if (present := self._session.state.joining) is not None:
                found = replace(present, key=match.key, match=match, looking=False, failure="")
                self._session.update(joining=found)

        def failed(error: ExplorerError) -> None:
            if (present := self._session.state.joining) is not None and not isinstance(error, Cancelled):
                self._session.update(joining=replace(present, looking=False, failure=str(error)))

        dataset = self._session.state.dataset
        assert dataset is not None
        request = MatchRequest(dataset, joining.table, joining.key)
        self._tasks.start(LOOK, f"Looking at {joining.table.name}", request, done, failed, by_itself=True)

    def _consider(self, path: Path, dataset: Dataset, open_these: Callable[[Path, Path | None], None]) -> None:
        """Is it metadata of what is open?"""

        def done(match: Match) -> None:
            if match.belongs and self._session.state.dataset is dataset:
                self._session.update(joining=Joining(path, match.key, match, looking=False, dropped=True))
            else:
                open_these(path, None)

        def failed(error: ExplorerError) -> None:
            if not isinstance(error, Cancelled):
                open_these(path, None)

        request = MatchRequest(dataset, path, dropped=True)
        self._tasks.start(LOOK, f"Looking at {path.name}", request, done, failed, by_itself=True)

    def _divide(self, paths: Sequence[Path], open_these: Callable[[Path, Path | None], None]) -> None:
        def done(found: Division) -> None:
            self._pending = found
            open_these(found.vectors, found.table if found.by_row else None)

        def failed(error: ExplorerError) -> None:
            if not isinstance(error, Cancelled):
                open_these(paths[0], None)

        request = DivideRequest(tuple(paths))
        self._tasks.start(LOOK, "Looking at what was dropped", request, done, failed, by_itself=True)


def _left(division: Division) -> str:
    """What to say of the files that nobody opened."""
    names = [path.name for path in division.left]
    shown = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED:,} more" if len(names) > NAMED else "")
    verb = "was" if len(names) == 1 else "were"
    return f"{shown} {verb} left: one set of vectors, and one table with it, can be dropped at a time."


def may_be_table(path: Path) -> bool:
    """Whether a file is called as tables are; its content is looked at where that costs nobody any time."""
    suffixes = {suffix for kind in formats.types().values() if kind.chooses_columns for suffix in kind.suffixes}
    return path.suffix.casefold() in suffixes

"""Opening a source: read it in a child, then let it be the Dataset of the session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.errors import BadParameter, Cancelled, ExplorerError
from explorer.servers import passwords
from explorer.servers.address import is_server, named
from explorer.session.session import Session
from explorer.session.settings import Settings
from explorer.session.tasks import Tasks
from explorer.work.requests import ReadRequest

READ = "read"

_Given = tuple[dict[str, str], Metric | None]
"""The options and the metric that a source was opened with."""


class Opening:
    """The verbs that bring a Dataset in."""

    def __init__(self, session: Session, tasks: Tasks, settings: Settings) -> None:
        self._session = session
        self._tasks = tasks
        self._settings = settings
        self._given: _Given = ({}, None)
        self._remember = True
        self._again: Callable[[], None] = lambda: None

    def open(
        self,
        source: str,
        *,
        metadata: Path | None = None,
        options: Mapping[str, str] | None = None,
        metric: Metric | None = None,
        remember: bool = True,
    ) -> None:
        """Read a path, `sample:NAME` or `redis://…`. The present Dataset stays until the new one is there, and if it
        fails. A password in a URL is held, and found in no other place from then on.

        With `remember` it is among the recent files from then on.
        """
        try:
            source = without_password(source)
        except BadParameter as error:
            self._failed(error)
            return
        self._session.clear_problem("data")
        self._again = partial(self.open, source, metadata=metadata, options=options, metric=metric, remember=remember)
        self._session.update(opening=source)
        given = dict(options or {}), metric
        request = ReadRequest(source, metadata, *given)
        title = f"Opening {called(source)}"
        self._tasks.start(READ, title, request, self._opened(source, given, remember), self._failed)

    def again(self) -> None:
        """Open once more what was to be opened last."""
        self._again()

    def attach_metadata(self, metadata: Path) -> None:
        """Read the present source again with another metadata table beside it."""
        if self._session.state.dataset is not None:
            options, metric = self._given
            source, remember = self._session.state.source, self._remember
            self.open(source, metadata=metadata, options=options, metric=metric, remember=remember)

    def _opened(self, source: str, given: _Given, remember: bool) -> Callable[[Dataset], None]:
        def done(read: Dataset) -> None:
            # Another object each time: the same file opened again is a new Dataset to everybody who listens.
            dataset = replace(read)
            self._tasks.cancel_all()
            self._given, self._remember = given, remember
            colour = colour_column(dataset)
            self._session.update(
                opening="",
                source=source,
                dataset=dataset,
                metric=dataset.metric,
                positions=None,
                projection=None,
                laying_out=False,
                indexes=(),
                current="",
                asked=None,
                answer=None,
                truth=None,
                verdict=None,
                focused=-1,
                selection=np.empty(0, np.int64),
                colour_by=colour,
                hidden=frozenset(),
                problems=tuple(problem for problem in self._session.state.problems if problem.place == "server"),
                past=(),
                future=(),
            )
            if remember and not source.startswith("sample:"):
                self._settings.remember(source)

        return done

    def _failed(self, error: ExplorerError) -> None:
        self._session.update(opening="")
        if not isinstance(error, Cancelled):
            self._session.fail("data", error)


def without_password(source: str) -> str:
    """The source as it may be shown and kept: a password in a URL is held for its server. Raises BadParameter."""
    if not is_server(source):
        return source
    meant = named(source)
    if meant.password:
        passwords.hold(meant.address, meant.password)
    return meant.url


def called(source: str) -> str:
    """A source as people name it: a file's name, “digits”, “words at localhost:6379”."""
    if not is_server(source):
        return Path(source).name.removeprefix("sample:")
    try:
        meant = named(source)
    except BadParameter:
        return "from a server"
    what = meant.key or meant.index
    return f"{what} at {meant.address.place}" if what else meant.address.place


def colour_column(dataset: Dataset) -> str:
    """The column that colours the map at first: the Dataset's own, otherwise its first category of 2 to 64 labels."""
    if dataset.column(dataset.facts.get("colour", "")) is not None:
        return dataset.facts["colour"]
    fit = [c.name for c in dataset.columns if c.kind == "category" and 2 <= len(c.labels) <= 64]
    return fit[0] if fit else ""

"""Opening a source: read it in a child, then let it be the Dataset of the session."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from explorer.core.dataset import Dataset
from explorer.core.metric import Metric, metric_named
from explorer.errors import BadParameter, Cancelled, ExplorerError, Untold
from explorer.servers import passwords
from explorer.servers.address import is_server, named
from explorer.session.session import Session
from explorer.session.settings import Settings
from explorer.session.state import UntoldFile
from explorer.session.tasks import Tasks
from explorer.work.requests import ReadRequest

READ = "read"


class Opening:
    """The verbs that bring a Dataset in."""

    def __init__(self, session: Session, tasks: Tasks, settings: Settings) -> None:
        self._session = session
        self._tasks = tasks
        self._settings = settings
        self._request: ReadRequest | None = None
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
        """Read a path, `sample:NAME` or `redis://…`, see `read`."""
        self.read(ReadRequest(source, metadata, dict(options or {}), metric), remember=remember)

    def read(self, request: ReadRequest, *, remember: bool = True) -> None:
        """Read a source. The present Dataset stays until the new one is there, and if it fails. A password in a URL is
        held, and found in no other place from then on.

        With `remember` it is among the recent files from then on. An index file that does not say all that has to be
        known becomes the State's `untold`: then `tell` goes on, and `leave` does not.
        """
        try:
            request = replace(request, source=without_password(request.source))
        except BadParameter as error:
            self._failed(request, remember)(error)
            return
        self._session.clear_problem("data")
        self._again = partial(self.read, request, remember=remember)
        self._session.update(opening=request.source, untold=None)
        title = f"Opening {called(request.source)}"
        self._tasks.start(READ, title, request, self._opened(request, remember), self._failed(request, remember))

    def tell(self, *, dimensions: int | None = None, metric: Metric | None = None, vectors: Path | None = None) -> None:
        """Open the index file that was asked about, with what it does not say or with vectors from another file."""
        if (untold := self._session.state.untold) is not None:
            request = replace(untold.request, dimensions=dimensions, metric=metric, vectors=vectors)
            self.read(request, remember=untold.remember)

    def leave(self) -> None:
        """Do not open the index file that was asked about; everything stays as it is."""
        self._session.update(untold=None)

    def again(self) -> None:
        """Open once more what was to be opened last."""
        self._again()

    def attach_metadata(self, metadata: Path) -> None:
        """Read the present source again with another metadata table beside it."""
        if self._session.state.dataset is not None and self._request is not None:
            self.read(replace(self._request, metadata=metadata), remember=self._remember)

    def _opened(self, request: ReadRequest, remember: bool) -> Callable[[Dataset], None]:
        def done(read: Dataset) -> None:
            # Another object each time: the same file opened again is a new Dataset to everybody who listens.
            dataset = replace(read)
            self._tasks.cancel_all()
            self._request, self._remember = request, remember
            colour = colour_column(dataset)
            self._session.update(
                opening="",
                source=request.source,
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
            if remember and not request.source.startswith("sample:"):
                self._settings.remember(request.source)

        return done

    def _failed(self, request: ReadRequest, remember: bool) -> Callable[[ExplorerError], None]:
        def failed(error: ExplorerError) -> None:
            if isinstance(error, Untold):
                untold = UntoldFile(request, str(error), _readings(error.readings), remember)
                self._session.update(opening="", untold=untold)
                return
            self._session.update(opening="")
            if not isinstance(error, Cancelled):
                self._session.fail("data", error)

        return failed


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


def _readings(told: Iterable[tuple[int, str]]) -> tuple[tuple[int, Metric], ...]:
    """What a child said that a file can be; nothing where it makes no sense."""
    try:
        return tuple((int(dimensions), metric_named(metric)) for dimensions, metric in told)
    except (AttributeError, BadParameter, TypeError, ValueError):
        return ()


def colour_column(dataset: Dataset) -> str:
    """The column that colours the map at first: the Dataset's own, otherwise its first category of 2 to 64 labels."""
    if dataset.column(dataset.facts.get("colour", "")) is not None:
        return dataset.facts["colour"]
    fit = [c.name for c in dataset.columns if c.kind == "category" and 2 <= len(c.labels) <= 64]
    return fit[0] if fit else ""

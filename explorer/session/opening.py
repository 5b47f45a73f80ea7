"""Opening a source: read it in a child, then let it be the Dataset of the session."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from explorer.core.dataset import Dataset
from explorer.core.metric import Metric, metric_named
from explorer.errors import BadInput, BadParameter, Cancelled, ExplorerError, NoVectors, Unchosen, Untold
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
        self._last: ReadRequest | None = None
        self._remember = True
        self._again: Callable[[], None] = lambda: None
        self.when_unclear: Callable[[ReadRequest, ExplorerError], None] = lambda request, error: None
        """Called with what could not be read before somebody has chosen, and with what would have to be."""

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

    @property
    def last(self) -> ReadRequest | None:
        """What was to be opened last, whether it came or not."""
        return self._last

    @property
    def remembers(self) -> bool:
        """Whether that is among the recent files, or would be."""
        return self._remember

    def read(self, request: ReadRequest, *, remember: bool = True, plainly: bool = False) -> None:
        """Read a source. The present Dataset stays until the new one is there, and if it fails. A password in a URL is
        held, and found in no other place from then on.

        With `remember` it is among the recent files from then on. Where nothing is said of how to read it, it is read
        as somebody said the last time, unless it is to be read `plainly`; then nobody is asked either which of several
        arrays is meant. An index file that does not say all that has
        to be known becomes the State's `untold`: then `tell` goes on, and `leave` does not.
        """
        try:
            request = replace(request, source=without_password(request.source))
        except BadParameter as error:
            self._failed(request, remember)(error)
            return
        learnt = not plainly and request == ReadRequest(request.source) and not is_server(request.source)
        if learnt:
            options, metadata = self._settings.reading(request.source)
            request = replace(request, options=options, metadata=metadata)
            learnt = bool(options) or metadata is not None
        self._last, self._remember = request, remember
        self._session.clear_problem("data")
        self._again = partial(self.read, request, remember=remember)
        self._session.update(opening=request.source, untold=None, draft=None, joining=None)
        title = f"Opening {called(request.source)}"
        failed = self._failed(request, remember, learnt=learnt)
        asked = replace(request, asks=not plainly and not learnt)
        self._tasks.start(READ, title, asked, self._opened(request, remember), failed)

    def tell(self, *, dimensions: int | None = None, metric: Metric | None = None, vectors: Path | None = None) -> None:
        """Open the index file that was asked about, with what it does not say or with vectors from another file."""
        if (untold := self._session.state.untold) is not None:
            vectors = vectors or untold.request.vectors
            request = replace(untold.request, dimensions=dimensions, metric=metric, vectors=vectors)
            self.read(request, remember=untold.remember)

    def leave(self) -> None:
        """Do not open the index file that was asked about; everything stays as it is."""
        self._session.update(untold=None)

    def again(self) -> None:
        """Open once more what was to be opened last."""
        self._again()

    def attach_metadata(self, metadata: Path, key: str = "") -> None:
        """Read the present source again with another metadata table beside it, joined by row or by a key; the next
        time as well."""
        present = self._session.state.read_by
        if self._session.state.dataset is None or present is None:
            return
        options = {name: value for name, value in present.options.items() if name != "key"}
        request = replace(present, metadata=metadata, options=options | ({"key": key} if key else {}))
        if self._remember:
            self._settings.remember_reading(request.source, request.options, request.metadata)
        self.read(request, remember=self._remember)

    def _opened(self, request: ReadRequest, remember: bool) -> Callable[[Dataset], None]:
        def done(read: Dataset) -> None:
            # Another object each time: the same file opened again is a new Dataset to everybody who listens.
            dataset = replace(read)
            self._tasks.cancel_all()
            colour = colour_column(dataset)
            self._session.update(
                opening="",
                source=request.source,
                read_by=request,
                dataset=dataset,
                metric=dataset.metric,
                positions=None,
                projection=None,
                laying_out=False,
                indexes=(),
                current="",
                builds=(),
                asked=None,
                answer=None,
                truth=None,
                verdict=None,
                exact_ms=None,
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

    def _failed(self, request: ReadRequest, remember: bool, *, learnt: bool = False) -> Callable[[ExplorerError], None]:
        def failed(error: ExplorerError) -> None:
            if isinstance(error, Untold):
                untold = UntoldFile(request, str(error), _readings(error.readings), remember)
                self._session.update(opening="", untold=untold)
                return
            if learnt and isinstance(error, BadInput):
                # The file is another one by now, or the table is: it is read as it reads by itself.
                self._settings.remember_reading(request.source, {}, None)
                self.read(ReadRequest(request.source), remember=remember, plainly=True)
                return
            self._session.update(opening="")
            if isinstance(error, Unchosen | NoVectors):
                self.when_unclear(request, error)
            elif not isinstance(error, Cancelled):
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

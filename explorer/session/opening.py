"""Opening a source: read it in a child, then let it be the Dataset of the session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.errors import Cancelled, ExplorerError
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

    def open(
        self,
        source: str,
        *,
        metadata: Path | None = None,
        options: Mapping[str, str] | None = None,
        metric: Metric | None = None,
        remember: bool = True,
    ) -> None:
        """Read a path or `sample:NAME`. The present Dataset stays until the new one is there, and if it fails.

        With `remember` it is among the recent files from then on.
        """
        self._session.clear_problem("data")
        self._session.update(opening=source)
        given = dict(options or {}), metric
        request = ReadRequest(source, metadata, *given)
        title = f"Opening {source if source.startswith('sample:') else Path(source).name}"
        self._tasks.start(READ, title, request, self._opened(source, given, remember), self._failed)

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
                problems=(),
                past=(),
                future=(),
            )
            if remember and not source.startswith("sample:"):
                self._settings.remember(source)

        return done

    def _failed(self, error: ExplorerError) -> None:
        self._session.update(opening="")
        if not isinstance(error, Cancelled):
            self._session.fail("data", str(error))


def colour_column(dataset: Dataset) -> str:
    """The column that colours the map at first: the Dataset's own, otherwise its first category of 2 to 64 labels."""
    if dataset.column(dataset.facts.get("colour", "")) is not None:
        return dataset.facts["colour"]
    fit = [c.name for c in dataset.columns if c.kind == "category" and 2 <= len(c.labels) <= 64]
    return fit[0] if fit else ""

"""Looking at a file before it is opened, and correcting how it is read: the newest wish wins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from explorer.errors import Cancelled, ExplorerError, Untold
from explorer.formats.preview import Preview
from explorer.session.opening import Opening, called
from explorer.session.session import Session
from explorer.session.settings import Settings
from explorer.session.state import Draft
from explorer.work.previewing import PreviewRequest
from explorer.work.requests import ReadRequest
from explorer.work.runner import Runner, Task


class Previewing:
    """The verbs of the open dialog. What it knows is the State's `draft`."""

    def __init__(self, session: Session, runner: Runner, opening: Opening, settings: Settings) -> None:
        self._session = session
        self._runner = runner
        self._opening = opening
        self._settings = settings
        self._task: Task | None = None
        opening.when_unclear = lambda request, _: self.look(request)

    def look(self, request: ReadRequest, *, remember: bool = True) -> None:
        """Look at a file as a request would read it, or as it was read the last time where that says nothing."""
        if not request.options and request.metadata is None:
            options, metadata = self._settings.reading(request.source)
            request = replace(request, options=options, metadata=metadata)
        self._session.update(draft=Draft(request, remember=remember), untold=None)
        self._ask(request)

    def look_at(self, source: str) -> None:
        """Look at a file."""
        self.look(ReadRequest(source))

    def look_again(self) -> None:
        """Look at what is open, or at what could not be opened just now."""
        request = self._opening.last
        if request is not None:
            self.look(request, remember=self._opening.remembers)

    def correct(self, options: Mapping[str, str], metadata: Path | None = None) -> None:
        """Read it so; what was found before stays until the new Preview is there."""
        draft = self._session.state.draft
        if draft is None:
            return
        request = replace(draft.request, options=dict(options), metadata=metadata)
        if (request.options, request.metadata) == (draft.request.options, draft.request.metadata) and not draft.failure:
            return
        self._session.update(draft=replace(draft, request=request, looking=True))
        self._ask(request)

    def open(self) -> None:
        """Open it so, now and the next time."""
        draft = self._session.state.draft
        if draft is None:
            return
        self.leave()
        if draft.remember:
            self._settings.remember_reading(draft.request.source, draft.request.options, draft.request.metadata)
        self._opening.read(draft.request, remember=draft.remember, plainly=True)

    def leave(self) -> None:
        """Do not look any more; everything stays as it is."""
        self._stop()
        self._session.update(draft=None)

    def _ask(self, request: ReadRequest) -> None:
        self._stop()

        def then(tell: Callable[[Draft], Draft]) -> None:
            draft = self._session.state.draft
            if self._task is task and draft is not None:
                self._task = None
                self._session.update(draft=replace(tell(draft), looking=False))

        def done(found: Preview) -> None:
            then(lambda draft: replace(draft, preview=found, failure=""))

        def failed(error: ExplorerError) -> None:
            if isinstance(error, Untold):
                # There is another question to be asked first.
                remember = self._session.state.draft is None or self._session.state.draft.remember
                self.leave()
                self._opening.read(request, remember=remember, plainly=True)
            elif not isinstance(error, Cancelled):
                said = str(error).removeprefix(f"{request.source}: ")
                then(lambda draft: replace(draft, failure=said[:1].upper() + said[1:]))

        asked = PreviewRequest(request.source, request.metadata, request.options, request.metric, request.dimensions)
        task = self._task = Task(asked, f"Looking at {called(request.source)}", done, failed)
        self._runner.start(task)

    def _stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            self._runner.cancel(task)

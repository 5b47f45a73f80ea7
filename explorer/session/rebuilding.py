"""What a rebuild is likely to find, verified by building; and the index that was built so, put into the list."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from explorer.core.explanation import Explanation, Fix, Miss
from explorer.errors import Cancelled, ExplorerError
from explorer.indexes import type_named
from explorer.indexes.base import IndexHandle
from explorer.measure.rebuilding import Rebuilt
from explorer.session.indexing import Indexing
from explorer.session.scratch import Scratch
from explorer.session.session import Session
from explorer.session.state import State
from explorer.session.tasks import VERIFY, Tasks
from explorer.work.inspecting import VerifyRequest


class Rebuilding:
    """Indexes built to verify a fix are kept for as long as the explanation stands that they belong to."""

    def __init__(self, session: Session, tasks: Tasks, scratch: Scratch, indexing: Indexing) -> None:
        self._session, self._tasks, self._scratch, self._indexing = session, tasks, scratch, indexing
        self._told: Explanation | None = None
        self._built: dict[tuple[str, object], tuple[IndexHandle, Path]] = {}
        self._verified: set[str] = set()
        session.listen(self._react)

    def verify(self, miss: Miss) -> None:
        """Build anew what is likely to find a missed row. Afterwards its fix, and that of every other miss which the
        new index finds, is verified; where no index finds it there is none."""
        state, fix = self._session.state, miss.fix
        entry, exact, told = state.approximate, state.exact, state.explanation
        if told is None or miss not in told.misses or not can_verify(state, fix) or fix is None:
            return
        assert state.dataset is not None and state.asked is not None and entry is not None and exact is not None
        key, folder = f"{VERIFY}{miss.row}", self._scratch.new_folder(f"{entry.handle.type}-verified")

        def clean_up() -> None:
            self._scratch.remove(folder)

        def done(found: Rebuilt) -> None:
            self._verified.discard(key)
            kept = None if found.fix is None else (found.fix.param, found.fix.value)
            if found.handle is None or kept is None or kept in self._built:
                clean_up()
            else:
                self._built[kept] = (found.handle, folder)
            if (present := self._session.state.explanation) is not None:
                self._told = replace(present, misses=tuple(_better(each, miss.row, found) for each in present.misses))
                self._session.update(explanation=self._told)

        def failed(error: ExplorerError) -> None:
            self._verified.discard(key)
            clean_up()
            if not isinstance(error, Cancelled):
                self._session.fail("inspect", error)

        request = VerifyRequest(
            state.dataset,
            entry.handle,
            exact.handle,
            state.asked.query,
            state.k,
            entry.given,
            row=miss.row,
            fix=fix,
            folder=folder,
        )
        self._session.clear_problem("inspect")
        self._verified.add(key)
        title = f"Verifying {fix.param} for #{miss.row} · {type_named(entry.handle.type).title}"
        self._tasks.start(key, title, request, done, failed, unheard=clean_up)

    def stop(self, miss: Miss) -> None:
        """Verify no longer whether a rebuild finds it."""
        self._tasks.stop(f"{VERIFY}{miss.row}")

    def apply(self, fix: Fix) -> None:
        """Put the index that verified a fix into the list and let it answer, with the search parameters it had then."""
        entry = self._session.state.approximate
        built = self._built.pop((fix.param, fix.value), None)
        if built is not None and entry is not None:
            self._indexing.take(built[0], entry.given)

    def _react(self, new: State, old: State) -> None:
        if new.explanation is self._told:
            return
        self._told = new.explanation
        for key in self._verified:
            self._tasks.cancel(key)
        self._verified.clear()
        for _, folder in self._built.values():
            self._scratch.remove(folder)
        self._built.clear()


def can_verify(state: State, fix: Fix | None) -> bool:
    """Whether a fix is a rebuild that is only likely to help, and can be tried without touching a server."""
    entry = state.approximate
    return fix is not None and fix.rebuild and not fix.verified and entry is not None and not entry.on_server


def _better(miss: Miss, row: int, found: Rebuilt) -> Miss:
    """A miss with what was learnt by building for a row."""
    if miss.fix is None or not miss.fix.rebuild or miss.fix.verified:
        return miss
    if found.fix is not None and found.found is not None and miss.row in found.found:
        return replace(miss, fix=found.fix)
    if miss.row != row:
        return miss
    tried = ", ".join(f"{value:,}" for value in found.tried)
    detail = f"{miss.detail} Built anew with {miss.fix.param} = {tried} it was not found either. Exact search finds it."
    return replace(miss, detail=detail, fix=None)

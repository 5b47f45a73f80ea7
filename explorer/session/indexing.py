"""The indexes of the session: build, choose, set search parameters, save, open, remove."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from explorer.core import params as core_params
from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.core.params import Params
from explorer.errors import BadParameter, Cancelled, ExplorerError, TaskFailed
from explorer.indexes import asking, kept, type_named
from explorer.indexes.base import IndexHandle
from explorer.servers.address import address_of
from explorer.session import pushing
from explorer.session.estimating import Estimating
from explorer.session.pushing import Push, Pushing
from explorer.session.scratch import Scratch
from explorer.session.session import Session
from explorer.session.state import EXACT, Build, IndexEntry, State
from explorer.session.tasks import BUILD, SAVE, Tasks
from explorer.work.latest import ignore
from explorer.work.requests import BuildRequest, ForgetRequest, OpenIndexRequest, PrepareRequest, SaveIndexRequest
from explorer.work.runner import Runner


class Indexing:
    """Keeps an exact index for the present metric, and builds what is asked for.

    What answers by itself is the index that the vectors came with (unless `opens_own` is false), otherwise one of
    `first_type`, which is then built.
    """

    def __init__(
        self,
        session: Session,
        tasks: Tasks,
        runner: Runner,
        scratch: Scratch,
        pushes: Pushing,
        estimating: Estimating,
    ) -> None:
        self._session = session
        self._tasks = tasks
        self._runner = runner
        self._scratch = scratch
        self._pushes = pushes
        self._estimating = estimating
        self._numbers = itertools.count(1)
        self._chosen = False
        self._prepared: dict[Metric, Path] = {}
        self._unprepared: set[Metric] = set()
        self.opens_own = True
        self.first_type = "annoy"
        self.first_params: Params = {}
        self.first_search: Params = {}
        session.listen(self._react)

    def build(
        self, type_name: str, params: Params | None = None, *, replacing: str = "", by_itself: bool = False
    ) -> None:
        """Build an index with the present metric, or find the same one of an earlier opening again. The one it replaces
        stays until the new one is ready.

        The new index then answers, unless it was built `by_itself` and somebody has chosen another meanwhile.
        """
        state = self._session.state
        if state.dataset is None:
            return
        kind = type_named(type_name)
        try:
            params = pushing.given(kind, params or {}, state)
            checked = core_params.checked(kind.build_params, params, kind.name)
            if state.metric not in kind.metrics:
                raise BadParameter(f"{kind.title} knows {', '.join(kind.metrics)}, not {state.metric}.")
            if reason := kind.unavailable():
                raise BadParameter(reason)
        except BadParameter as error:
            self._session.fail("indexes", error)
            return
        self._session.clear_problem("indexes")
        key = replacing or f"{type_name}-{next(self._numbers)}"
        folder = self._scratch.new_folder(type_name)
        dataset = state.dataset
        before = state.entry(replacing) if replacing else None
        # Whoever builds the very same again wants another one, not that of an earlier opening.
        again = before is not None and before.handle.params == checked and before.handle.metric == state.metric
        request = BuildRequest(dataset, type_name, state.metric, checked, folder, fresh=again)

        def clean_up() -> None:
            # A build that was killed leaves half a file.
            self._scratch.remove(folder)

        def failed(error: ExplorerError) -> None:
            clean_up()
            if push is None:
                self._note_build(key, None if isinstance(error, Cancelled) else replace(asked, failure=str(error)))
                return
            self._note_build(key, None)
            if not self._pushes.ended(push, error):
                self._failed(error)

        name = pushing.name_on_server(checked, state.dataset)
        push = Push(type_name, checked, replacing, name) if kind.on_server else None
        ready = self._built(key, by_itself)

        def done(handle: IndexHandle) -> None:
            if not kept.is_kept(handle, dataset):
                self._estimating.learn(handle)
            self._note_build(key, None)
            ready(handle)

        title = f"Building {kind.title}"
        asked = Build(key, type_name, state.metric, checked, self._estimating.of(type_name, checked).seconds)
        self._note_build(key, asked)
        self._tasks.start(f"{BUILD}{key}", title, request, done, failed, unheard=clean_up, by_itself=by_itself)

    def resume(self) -> None:
        """Go on with a push that did not come to its end: build again with the same parameters."""
        if (push := self._pushes.unfinished) is not None:
            self.build(push.type, push.params, replacing=push.replacing)

    def stop_build(self, key: str) -> None:
        """Stop building that index."""
        self._tasks.stop(f"{BUILD}{key}")

    def retry_build(self, key: str) -> None:
        """Build once more, with the same parameters, what could not be built."""
        build = next((build for build in self._session.state.builds if build.key == key and build.failure), None)
        if build is not None:
            self.build(build.type, build.params, replacing=key)

    def dismiss_build(self, key: str) -> None:
        """Take an index that could not be built off the list."""
        if not self._tasks.running(f"{BUILD}{key}"):
            self._note_build(key, None)

    def open(self, path: Path) -> None:
        """Open a saved index over the present Dataset."""
        state = self._session.state
        if state.dataset is not None:
            self._session.clear_problem("indexes")
            self._open(state.dataset, path, None)

    def _open(self, dataset: Dataset, path: Path, metric: Metric | None) -> None:
        key = f"file-{next(self._numbers)}"
        request = OpenIndexRequest(dataset, path, metric)
        done = self._built(key, name=path.name)
        self._tasks.start(f"open {key}", f"Opening {path.name}", request, done, self._failed)

    def take(self, handle: IndexHandle, given: Params) -> None:
        """Put an index that was built for this Dataset into the list, and let it answer with those search parameters.
        It goes with the session, like all that was built in it."""
        self._estimating.learn(handle)
        self._built(f"{handle.type}-{next(self._numbers)}", set_before=given)(handle)

    def save(self, key: str, out: Path) -> None:
        """Save an index in its library's own format, with a sidecar beside it."""
        state = self._session.state
        entry = state.entry(key)
        if state.dataset is None or entry is None:
            return

        source = entry.handle.path.parent
        self._scratch.hold(source)

        def let_go() -> None:
            self._scratch.let_go(source)

        def saved(handle: IndexHandle) -> None:
            let_go()
            present = self._session.state.entry(key)
            if present is not None and present.handle is entry.handle:
                self._change(key, name=handle.path.name)

        def failed(error: ExplorerError) -> None:
            let_go()
            self._failed(error)

        request = SaveIndexRequest(state.dataset, entry.handle, out)
        self._tasks.start(f"{SAVE}{key} {out}", f"Saving {out.name}", request, saved, failed, unheard=let_go)

    def choose(self, key: str) -> None:
        """Let this index answer; if it was built with another metric, the metric follows."""
        entry = self._session.state.entry(key)
        if entry is not None:
            self._chosen = True
            self._session.update(current=key, metric=entry.handle.metric)

    def remove(self, key: str, *, on_server: bool = False) -> None:
        """Take an index off the list; exact search answers instead. A task that builds it is cancelled.

        Exact search itself stays: it costs nothing, and the others are held against it. One on a server stays there,
        unless it is to be deleted `on_server` too.
        """
        self._tasks.cancel(f"{BUILD}{key}")
        self._note_build(key, None)
        state = self._session.state
        entry = state.entry(key)
        if entry is None or entry.is_exact:
            return
        left = tuple(entry for entry in state.indexes if entry.key != key)
        exact = state.exact
        self._session.update(
            indexes=left, current=(exact.key if exact else "") if state.current == key else state.current
        )
        self._discard(entry.handle)
        if on_server and entry.on_server and state.dataset is not None:
            name = pushing.name_on_server(entry.handle.params, state.dataset)
            self._pushes.remove(name, address_of(str(entry.handle.params["server"])))

    def remove_from_server(self, name: str) -> None:
        """Delete what was pushed to the present server under that name, and take it off the list where it is there."""
        state = self._session.state
        if state.server is not None:
            for entry in pushing.entries_named(state, name, state.server.address):
                self.remove(entry.key)
            self._pushes.remove(name)

    def set_search(self, key: str, given: Params) -> None:
        """Set search parameters; they act at once, without rebuilding. What is not given follows from k."""
        entry = self._session.state.entry(key)
        if entry is None:
            return
        try:
            asking.resolved(entry.handle, given, self._session.state.k)
        except BadParameter as error:
            self._session.fail("indexes", error)
            return
        self._session.clear_problem("indexes")
        self._change(key, given=dict(given), recall=None)

    def _react(self, new: State, old: State) -> None:
        if new.dataset is not old.dataset:
            self._let_go_of(old)
        if new.dataset is None:
            return
        if new.dataset is not old.dataset:
            self._prepare_exact(new)
            if new.dataset.own_index is not None and self.opens_own:
                self._open(new.dataset, new.dataset.own_index, new.dataset.metric)
            elif self.first_type not in ("", EXACT) and new.dataset.rows > 1:
                self.build(self.first_type, self.first_params, by_itself=True)
        elif new.metric != old.metric:
            if new.exact is None:
                self._prepare_exact(new)
            elif not _fits(new):
                self._session.update(current=new.exact.key)
        elif new.asked is not old.asked and new.asked is not None and new.metric in self._unprepared:
            self._session.clear_problem("indexes")
            self._prepare_exact(new)

    def _let_go_of(self, old: State) -> None:
        """What was built or was to be prepared for a Dataset that is no longer open."""
        self._chosen = False
        for metric in self._prepared:
            self._runner.searches.forget(_preparing(metric))
        for folder in self._prepared.values():
            self._scratch.remove(folder)
        for entry in old.indexes:
            self._discard(entry.handle)
        self._prepared.clear()
        self._unprepared.clear()

    def _prepare_exact(self, state: State, *, again: bool = True) -> None:
        """Exact search is made ready by the child that searches. One that dies over it is asked once more; then
        whoever asks the next query."""
        dataset, metric = state.dataset, state.metric
        assert dataset is not None
        key = f"{EXACT}-{metric}"

        def done(handle: IndexHandle) -> None:
            present = self._session.state
            if present.dataset is dataset and present.entry(key) is None:
                entry = IndexEntry(key, handle)
                exacts = [e for e in present.indexes if e.is_exact]
                others = [e for e in present.indexes if not e.is_exact]
                answers = present.current if _fits(present) or metric != present.metric else key
                self._session.update(indexes=(*exacts, entry, *others), current=answers)
                self._warm(handle)

        def failed(error: ExplorerError) -> None:
            if self._session.state.dataset is not dataset or isinstance(error, Cancelled):
                return
            if again and isinstance(error, TaskFailed):
                self._prepare_exact(state, again=False)
            else:
                self._unprepared.add(metric)
                self._failed(error)

        self._unprepared.discard(metric)
        folder = self._prepared.setdefault(metric, self._scratch.new_folder(EXACT))
        request = BuildRequest(dataset, EXACT, metric, {}, folder)
        self._runner.searches.ask(_preparing(metric), request, done, failed)

    def _discard(self, handle: IndexHandle) -> None:
        """Remove the files of an index, and let the children that search close it: what is mapped takes room on the
        disk, and cannot be removed everywhere."""
        folder = handle.path.parent
        self._scratch.remove(folder)
        self._runner.searches.ask(
            f"forget {handle.path}", ForgetRequest(handle.path), lambda _: self._scratch.remove(folder), ignore
        )

    def _warm(self, handle: IndexHandle) -> None:
        """Open it where searches are made; whether that works is for the first search to say."""
        if (dataset := self._session.state.dataset) is not None and dataset.rows:
            self._runner.searches.ask(f"warm {handle.path}", PrepareRequest(dataset, handle), ignore, ignore)

    def _built(
        self, key: str, by_itself: bool = False, name: str = "", set_before: Params | None = None
    ) -> Callable[[IndexHandle], None]:
        first = self.first_search if by_itself else set_before or {}

        def done(handle: IndexHandle) -> None:
            state = self._session.state
            before = state.entry(key)
            given = before.given if before else first
            entry = IndexEntry(key, handle, given, name=name, by_hand=not by_itself and not name)
            if before is None:
                indexes = (*state.indexes, entry)
            else:
                indexes = tuple(entry if e.key == key else e for e in state.indexes)
                self._discard(before.handle)
            takes_over = handle.metric == state.metric and not (by_itself and self._chosen)
            self._chosen = self._chosen or not by_itself
            self._warm(handle)
            self._session.update(indexes=indexes, current=key if takes_over else state.current)

        return done

    def _note_build(self, key: str, build: Build | None) -> None:
        """What is now to be said of building that index, in its place; None for nothing."""
        builds = self._session.state.builds
        if build is not None and all(other.key != key for other in builds):
            builds = (*builds, build)
        noted = (build if other.key == key else other for other in builds)
        self._session.update(builds=tuple(each for each in noted if each is not None))

    def _failed(self, error: ExplorerError) -> None:
        if not isinstance(error, Cancelled):
            self._session.fail("indexes", error)

    def _change(self, key: str, **changes: object) -> None:
        indexes = tuple(replace(e, **changes) if e.key == key else e for e in self._session.state.indexes)  # type: ignore[arg-type]
        self._session.update(indexes=indexes)


def _fits(state: State) -> bool:
    """Whether the index that answers was built with the present metric."""
    entry = state.entry()
    return entry is not None and entry.handle.metric == state.metric


def _preparing(metric: Metric) -> str:
    """The slot among the searches in which exact search is made ready."""
    return f"prepare {EXACT}-{metric}"

"""What this program puts on a server: which server an index goes to, what is left there half, what is deleted."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.core.dataset import Dataset
from explorer.core.params import Params
from explorer.errors import BadParameter, Cancelled, ExplorerError, PushUnfinished
from explorer.indexes.base import IndexHandle, IndexType
from explorer.servers import manifest
from explorer.servers.address import Address, address_of
from explorer.session.serving import Serving
from explorer.session.session import Session
from explorer.session.state import IndexEntry, State
from explorer.session.tasks import SERVER, Tasks
from explorer.work.latest import ignore
from explorer.work.serving import RemoveRequest, SoFarRequest


@dataclass(frozen=True)
class Push:
    """A build on a server that did not come to its end: what it takes to go on, and its name there."""

    type: str
    params: Params
    replacing: str
    name: str

    @property
    def address(self) -> Address:
        """The server."""
        return address_of(str(self.params["server"]))


class Pushing:
    """Says how far a push came that was stopped, and deletes what was pushed. To go on with one is to build again."""

    def __init__(self, session: Session, tasks: Tasks, serving: Serving) -> None:
        self._session = session
        self._tasks = tasks
        self._serving = serving
        self.unfinished: Push | None = None
        """What the problem at “indexes” is about when it can be gone on with."""
        session.listen(self._react)

    def ended(self, push: Push, error: ExplorerError) -> bool:
        """A push has failed or was stopped; whether there is something to say of it only when the server has been
        asked how far it came."""
        self.unfinished = push
        if not isinstance(error, Cancelled):
            return False

        def done(far: tuple[int, int]) -> None:
            written, rows = far
            if self.unfinished is push and written:
                so_far = f"{written:,} of {rows:,} rows are on {push.address.place} as {push.name}"
                self._session.fail("indexes", PushUnfinished(f"The push was stopped: {so_far}; go on, or remove it."))

        request = SoFarRequest(str(push.params["server"]), push.name)
        title = f"Asking how far {push.name} came"
        self._tasks.start(f"{SERVER}so far", title, request, done, ignore, by_itself=True)
        return True

    def remove_unfinished(self) -> None:
        """Delete from the server what a push has left there half."""
        if (push := self.unfinished) is not None:
            self._session.clear_problem("indexes")
            self.unfinished = None
            self.remove(push.name, push.address)

    def remove(self, name: str, address: Address | None = None) -> None:
        """Delete from a server (the present one) what this program has put there under that name; then look again at
        what is left."""
        server = self._session.state.server
        where = address or (server.address if server else None)
        if where is None:
            return

        def done(_: int) -> None:
            present = self._session.state.server
            if present is not None and present.address == where:
                self._serving.refresh()

        def failed(error: ExplorerError) -> None:
            if not isinstance(error, Cancelled):
                self._session.fail("server", error)

        self._session.clear_problem("server")
        title = f"Removing {name} from {where.place}"
        self._tasks.start(f"{SERVER}remove {name}", title, RemoveRequest(where.url, name), done, failed)

    def _react(self, new: State, old: State) -> None:
        if new.dataset is not old.dataset:
            self.unfinished = None
        if new.server is not None and new.indexes is not old.indexes:
            before = [entry.handle for entry in old.indexes]
            if any(entry.on_server and entry.handle not in before for entry in new.indexes):
                self._serving.refresh()


def given(kind: IndexType, params: Params, state: State) -> Params:
    """Build parameters with the server to build on; raises BadParameter where there is none, or it cannot hold it."""
    if not kind.on_server:
        return params
    if state.server is None:
        raise BadParameter(f"{kind.title} is built on a server: connect to a Redis server first.")
    if reason := kind.refused_by(state.server.abilities):
        raise BadParameter(reason)
    return {**params, "server": state.server.abilities.url}


def name_on_server(params: Params, dataset: Dataset) -> str:
    """How an index is called on its server."""
    return manifest.called(str(params.get("prefix", "")), str(params.get("key", "")), dataset.title)


def place_of(handle: IndexHandle) -> str:
    """host:port of the server of an index."""
    return address_of(str(handle.params["server"])).place


def entries_named(state: State, name: str, address: Address) -> tuple[IndexEntry, ...]:
    """The indexes in the list that lie on a server under that name."""
    if state.dataset is None:
        return ()
    return tuple(
        entry
        for entry in state.indexes
        if entry.on_server
        and name_on_server(entry.handle.params, state.dataset) == name
        and address_of(str(entry.handle.params["server"])) == address
    )

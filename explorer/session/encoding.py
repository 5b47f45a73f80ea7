"""Servers of embeddings: which models they have, and the keys that they want."""

from __future__ import annotations

from explorer.encoders.endpoint import keys
from explorer.encoders.endpoint.place import place_of
from explorer.errors import BadParameter, Cancelled, ExplorerError, KeyNeeded
from explorer.session.session import Session
from explorer.session.state import Models
from explorer.work.encoding import ModelsRequest
from explorer.work.runner import Runner

SLOT = "models"


class Encoding:
    """The verbs of the form that names a server of embeddings. What it knows is the State's `models`."""

    def __init__(self, session: Session, runner: Runner) -> None:
        self._session = session
        self._searches = runner.searches

    def look(self, address: str, key: str = "", *, keep: bool = False) -> None:
        """Ask a server which models it has. The `key` is held for it, unless it is not accepted; with `keep` it goes
        into the system's keyring once it has been."""
        try:
            place = place_of(address)
        except BadParameter as error:
            self._session.update(models=Models(address, failure=str(error)))
            return
        before = keys.at_hand(place)
        if key:
            keys.hold(place, key)
        asked = Models(address, looking=True)
        self._session.update(models=asked)

        def done(names: tuple[str, ...]) -> None:
            if self._session.state.models is asked:
                self._session.update(models=Models(address, names))

        def failed(error: ExplorerError) -> None:
            wanted = isinstance(error, KeyNeeded)
            if key and wanted:
                keys.hold(place, before)
            if self._session.state.models is asked and not isinstance(error, Cancelled):
                self._session.update(models=Models(address, failure=str(error), wants_key=wanted))

        self._searches.ask(SLOT, ModelsRequest(place.url, keep), done, failed)

    def leave(self) -> None:
        """Nobody looks at a server any more."""
        self._searches.forget(SLOT)
        self._session.update(models=None)

"""The server: connect to it, and open what lies on it."""

from __future__ import annotations

from explorer.errors import BadParameter, Cancelled, ExplorerError, PasswordNeeded
from explorer.servers import passwords
from explorer.servers.address import Address, Named, address_of, is_server
from explorer.servers.catalogue import Holding
from explorer.session.opening import Opening
from explorer.session.session import Session
from explorer.session.settings import Settings
from explorer.session.state import State
from explorer.session.tasks import SERVER, Tasks
from explorer.work.latest import ignore
from explorer.work.runner import Runner
from explorer.work.serving import Connected, ConnectRequest, KeyringRequest

LAST = "server"
"""Under this name the last address is remembered; a password never is."""
CONNECT = f"{SERVER}connect"
WHOLE = 200_000
"""Up to so many rows are opened whole unless somebody says otherwise; of more, a sample of so many."""


class Serving:
    """One server at a time. What it said last stays when it goes away: the problem at “server” says so."""

    def __init__(self, session: Session, tasks: Tasks, runner: Runner, opening: Opening, settings: Settings) -> None:
        self._session = session
        self._tasks = tasks
        self._searches = runner.searches
        self._opening = opening
        self._settings = settings
        self._attempt: object = None
        session.listen(self._react)

    @property
    def last(self) -> Address | None:
        """The server that was connected to last, in this session or an earlier one."""
        try:
            return address_of(self._settings.get(LAST)) if self._settings.get(LAST) else None
        except BadParameter:
            return None

    def connect(self, address: Address, password: str = "", *, keep: bool = False, by_itself: bool = False) -> None:
        """Ask a server what it is. An empty password is the one that is held, or in the environment or the keyring.

        With `keep` the password goes into the system's keyring once it has let us in. The present server stays until
        the new one has answered.
        """
        before = passwords.at_hand(address)
        if password:
            passwords.hold(address, password)
        attempt = self._attempt = object()

        def done(connected: Connected) -> None:
            self._session.clear_problem("server")
            self._session.update(server=connected, connecting="")
            self._settings.set(LAST, address.url)

        def failed(error: ExplorerError) -> None:
            if password and isinstance(error, PasswordNeeded):
                # What works elsewhere in the session must not suffer from a slip of the keys.
                passwords.hold(address, before)
            self._session.update(connecting="")
            if not isinstance(error, Cancelled):
                self._session.fail("server", error)

        def unwanted() -> None:
            if self._attempt is attempt:
                self._session.update(connecting="")

        self._session.clear_problem("server")
        request, title = ConnectRequest(address.url, keep), f"Connecting to {address.place}"
        self._tasks.start(CONNECT, title, request, done, failed, unheard=unwanted, by_itself=by_itself)
        self._session.update(connecting=address.url)

    def stop(self) -> None:
        """Connect to nothing after all."""
        self._tasks.stop(CONNECT)

    def disconnect(self) -> None:
        """Know no server any more. What was opened from it stays open; what is searched on it is connected anew."""
        self._tasks.cancel(CONNECT)
        self._session.clear_problem("server")
        self._session.update(server=None, connecting="")

    def refresh(self) -> None:
        """Ask the present server again what it is and holds; after a failure, the one that failed."""
        if (server := self._session.state.server) is not None:
            self.connect(server.address)

    def open(self, holding: Holding, sample: int = 0, seed: int = 0) -> None:
        """Open what lies on the server: all of it, or a random sample of so many rows."""
        server = self._session.state.server
        if server is not None:
            options = {"sample": str(sample), "seed": str(seed)} if 0 < sample < holding.written else {}
            self._opening.open(holding.named(Named(server.address)).url, options=options)

    def look_for_keyring(self) -> None:
        """Find out whether passwords can be kept; asked where nobody waits for it."""

        def done(there: bool) -> None:
            self._session.update(can_keep=there)

        self._searches.ask("keyring", KeyringRequest(), done, ignore)

    def _react(self, new: State, old: State) -> None:
        """Who opens something from a server is connected to it."""
        if new.dataset is old.dataset or not is_server(new.source):
            return
        address = address_of(new.source)
        if new.server is None or new.server.address != address:
            self.connect(address, by_itself=True)

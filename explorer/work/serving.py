"""Requests to a server as such: what it is and holds, and removing what this program has put there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from explorer.errors import Unavailable
from explorer.servers import address as addresses
from explorer.servers import client as clients
from explorer.servers import manifest, passwords, removing
from explorer.servers.abilities import Abilities, abilities
from explorer.servers.address import Address
from explorer.servers.catalogue import Holding, holdings
from explorer.servers.client import Client
from explorer.work.desk import Desk


@dataclass(frozen=True)
class Connected:
    """A server as it was when it was last asked: what it is and can do, and what lies on it."""

    abilities: Abilities
    holdings: tuple[Holding, ...] = ()

    @property
    def address(self) -> Address:
        """Where it is. Raises BadParameter when the file of its authority is gone."""
        return addresses.address_of(self.abilities.url)

    @property
    def place(self) -> str:
        """host:port, as people name it."""
        return self.address.place

    def holding(self, kind: str, title: str) -> Holding | None:
        """What lies there under that title."""
        return next((each for each in self.holdings if (each.kind, each.title) == (kind, title)), None)


@dataclass(frozen=True)
class ConnectRequest:
    """Ask a server what it is and what lies on it. With `keep` the password that let us in goes into the system's
    keyring; both were said elsewhere, never here."""

    url: str
    keep: bool = False

    def __call__(self, desk: Desk) -> Connected:
        with _speaking(self.url) as client:
            desk.progress(None, "asking what it can do")
            able = abilities(client, desk.progress)
            desk.progress(None, "looking at what lies on it")
            found = Connected(able, holdings(client, desk.progress))
            if self.keep:
                passwords.keep(client.address, passwords.at_hand(client.address))
            return found


@dataclass(frozen=True)
class RemoveRequest:
    """Delete from a server what was pushed under a name; returns how many keys that were."""

    url: str
    name: str

    def __call__(self, desk: Desk) -> int:
        with _speaking(self.url) as client:
            return removing.removed(client, self.name, desk.progress)


@dataclass(frozen=True)
class SoFarRequest:
    """How many rows of how many a push has brought to a server; (0, 0) where there is none of that name."""

    url: str
    name: str

    def __call__(self, desk: Desk) -> tuple[int, int]:
        with _speaking(self.url) as client:
            found = manifest.read(client, self.name, desk.progress)
            return (found.written, found.rows) if found is not None else (0, 0)


@dataclass(frozen=True)
class KeyringRequest:
    """Whether the system has a keyring that would keep a password: asking it can take a while."""

    def __call__(self, desk: Desk) -> bool:
        return passwords.can_keep()


@contextmanager
def _speaking(url: str) -> Iterator[Client]:
    """A client of that server, let go of at the end."""
    if reason := clients.unavailable():
        raise Unavailable(reason)
    client = Client(addresses.address_of(url))
    try:
        yield client
    finally:
        client.close()

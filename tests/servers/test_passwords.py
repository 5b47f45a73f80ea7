from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail

from explorer.servers import passwords
from explorer.servers.address import Address, address_of

HOST = address_of("redis://ann@host:7000")


@pytest.fixture(autouse=True)
def own_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_held", {})
    monkeypatch.setattr(passwords, "_told", [])
    monkeypatch.delenv("EXPLORER_REDIS_PASSWORD", raising=False)


class Ring(KeyringBackend):
    """A keyring in memory, by keyring's own contract."""

    priority = 1.0

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self.held.pop((service, username), None)


@pytest.fixture
def ring() -> Iterator[Ring]:
    before, own = keyring.get_keyring(), Ring()
    keyring.set_keyring(own)
    yield own
    keyring.set_keyring(before)


def test_what_is_held_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert passwords.at_hand(HOST) == ""
    monkeypatch.setenv("EXPLORER_REDIS_PASSWORD", "from outside")
    assert passwords.at_hand(HOST) == "from outside"
    passwords.hold(HOST, "told")
    assert passwords.at_hand(HOST) == "told"
    assert passwords.at_hand(Address("other")) == "from outside"


def test_each_listener_hears_of_what_came_since() -> None:
    passwords.hold(HOST, "one")
    passwords.hold(HOST, "one")
    assert passwords.held_since(0) == [("ann@host:7000", "one")]
    passwords.hold(HOST, "two")
    assert passwords.held_since(1) == [("ann@host:7000", "two")]
    assert passwords.held_since(2) == []


def test_the_keyring_keeps_and_forgets(ring: Ring) -> None:
    assert passwords.can_keep()
    assert passwords.kept(HOST) == ""
    assert passwords.keep(HOST, "secret")
    assert passwords.kept(HOST) == "secret"
    assert list(ring.held) == [("ANN Explorer", "ann@host:7000")]
    assert passwords.keep(HOST, "")
    assert passwords.kept(HOST) == ""


def test_no_keyring_means_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "get_keyring", fail.Keyring)
    assert not passwords.can_keep()
    assert not passwords.keep(HOST, "secret")
    assert passwords.kept(HOST) == ""


def test_a_keyring_that_refuses_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise RuntimeError("locked")

    monkeypatch.setattr(keyring, "get_keyring", object)
    for name in ("get_password", "set_password", "delete_password"):
        monkeypatch.setattr(keyring, name, refuse)
    assert passwords.kept(HOST) == ""
    assert not passwords.keep(HOST, "secret")

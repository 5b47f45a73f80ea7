"""Passwords and keys of servers: held in memory for as long as the process lives, found in the environment or the
keyring.

They are nowhere else: not in an address, a request, a session, a log, a file of ours or a list of processes. Children
are told of those that are held over the pipe that only they read (`work.process`).
"""

from __future__ import annotations

import logging
import os
from typing import Any

from explorer.servers.address import Address

VARIABLE = "EXPLORER_REDIS_PASSWORD"
SERVICE = "ANN Explorer"

_held: dict[str, str] = {}
_told: list[tuple[str, str]] = []
"""Everything that was ever held, in order: who has heard of the first n need hear only of the rest."""
_log = logging.getLogger(__name__)


def hold(address: Address, password: str) -> None:
    """Use this password for the server from now on; an empty one is none."""
    hold_for(account(address), password)


def hold_for(name: str, password: str) -> None:
    """The same, by the name of the account: how a child hears of it."""
    if _held.get(name) != password:
        _held[name] = password
        _told.append((name, password))


def held_since(count: int) -> list[tuple[str, str]]:
    """What has been held since somebody heard of the first `count`: pairs of account and password."""
    return _told[count:]


def held(name: str) -> str:
    """The password that is held for an account; empty where there is none."""
    return _held.get(name, "")


def at_hand(address: Address) -> str:
    """The password that is held, or that of the environment; empty where there is none."""
    return held(account(address)) or os.environ.get(VARIABLE, "")


def kept(address: Address) -> str:
    """The password in the system's keyring; empty where there is none, or no keyring."""
    return kept_for(account(address))


def kept_for(name: str) -> str:
    """The same, by the name of the account."""
    keyring = _keyring()
    if keyring is None:
        return ""
    try:
        return keyring.get_password(SERVICE, name) or ""
    except Exception as error:
        # Each keyring raises what it likes: locked, refused, no session bus.
        _log.info("the keyring was not read: %s", type(error).__name__)
        return ""


def can_keep() -> bool:
    """Whether there is a keyring on this system that would keep a password."""
    return _keyring() is not None


def keep(address: Address, password: str) -> bool:
    """Put a password into the system's keyring, or take it out when it is empty; whether that was done."""
    return keep_for(account(address), password)


def keep_for(name: str, password: str) -> bool:
    """The same, by the name of the account."""
    keyring = _keyring()
    if keyring is None:
        return False
    try:
        if password:
            keyring.set_password(SERVICE, name, password)
        else:
            keyring.delete_password(SERVICE, name)
    except Exception as error:
        _log.info("the keyring was not written: %s", type(error).__name__)
        return False
    return True


def account(address: Address) -> str:
    """The name under which the password of a server is held: who, where."""
    return f"{address.user or 'default'}@{address.place}"


def _keyring() -> Any | None:
    try:
        import keyring
        from keyring.backends import fail, null
    except ImportError:
        return None
    try:
        return None if isinstance(keyring.get_keyring(), fail.Keyring | null.Keyring) else keyring
    except Exception as error:
        _log.info("there is no keyring: %s", type(error).__name__)
        return None

"""The key of a server of embeddings: held, in the environment, or in the keyring; never in an address or a setting."""

from __future__ import annotations

import os

from explorer.encoders.endpoint.place import Place
from explorer.servers import passwords

VARIABLE = "EXPLORER_EMBEDDINGS_KEY"
OPENAI, OPENAI_VARIABLE = "api.openai.com", "OPENAI_API_KEY"
"""The key of one company goes to its own server, and by TLS."""


def account(place: Place) -> str:
    """The name under which the key is held: one for each server."""
    return f"embeddings@{'https' if place.tls else 'http'}://{place.server}"


def at_hand(place: Place) -> str:
    """The key that is held, or that of the environment; empty where there is none."""
    theirs = os.environ.get(OPENAI_VARIABLE, "") if place.tls and place.host == OPENAI else ""
    return (passwords.held(account(place)) or os.environ.get(VARIABLE, "") or theirs).strip()


def hold(place: Place, key: str) -> None:
    """Use this key for the server from now on, here and in the children; an empty one is none."""
    passwords.hold_for(account(place), key.strip())


def kept(place: Place) -> str:
    """The key in the system's keyring; empty where there is none."""
    return passwords.kept_for(account(place)).strip()


def keep(place: Place) -> bool:
    """Put the key at hand into the system's keyring; whether that was done."""
    return passwords.keep_for(account(place), at_hand(place))

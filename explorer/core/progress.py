"""How long work says how far it is, and hears that it should stop."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called by work at least ten times a second where it can be; raises `errors.Cancelled` to stop it."""

    def __call__(self, fraction: float | None, note: str = "") -> None:
        """`fraction` is 0 … 1, or None where it is not known; `note` is a few words for people."""


def silent(fraction: float | None, note: str = "") -> None:
    """The Progress of somebody who does not listen and never stops."""

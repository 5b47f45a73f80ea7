"""Requests to a server of embeddings as such."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.encoders import endpoint
from explorer.encoders.endpoint import keys
from explorer.encoders.endpoint.place import place_of
from explorer.work.desk import Desk


@dataclass(frozen=True)
class ModelsRequest:
    """The names of a server's models. With `keep` the key that let us in goes into the system's keyring; both were said
    elsewhere, never here."""

    address: str
    keep: bool = False

    def __call__(self, desk: Desk) -> tuple[str, ...]:
        place = place_of(self.address)
        found = endpoint.models(place, desk.progress)
        if self.keep:
            keys.keep(place)
        return found

"""Text to vector, one file for each source."""

from __future__ import annotations

import sys
from functools import cache

from explorer import find
from explorer.encoders.base import Encoder
from explorer.errors import BadParameter, Unavailable


@cache
def types() -> dict[str, Encoder]:
    """Every text encoder by name, the ones that are unavailable here among them."""
    return find.declared(sys.modules[__name__])


def encoder_named(name: str) -> Encoder:
    """The encoder of that name. Raises BadParameter with the names there are, Unavailable when it cannot be used."""
    if name not in types():
        raise BadParameter(f"“{name}” is no text encoder; there are {', '.join(types())}.")
    encoder = types()[name]
    if reason := encoder.unavailable():
        raise Unavailable(f"The encoder “{name}” is not here: {reason}")
    return encoder

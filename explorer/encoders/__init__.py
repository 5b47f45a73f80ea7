"""Text to vector, one file for each type of encoder."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

from explorer import find
from explorer.encoders.base import Encoder, EncoderType
from explorer.errors import BadParameter, Unavailable

DEFAULT = "static"
"""The encoder that comes with the program."""


@cache
def types() -> dict[str, EncoderType]:
    """Every type of text encoder by name, those that are unavailable here among them."""
    return find.declared(sys.modules[__name__])


def encoder_named(said: str) -> Encoder:
    """The encoder that `encoder=` means: a name, a folder, or an address.

    Raises BadParameter with what there is, Unavailable when it cannot be used here, BadFile for a folder that is none.
    """
    for kind in types().values():
        if kind.takes(said):
            if reason := kind.unavailable():
                raise Unavailable(f"The encoder “{said}” cannot be used here: {reason}")
            return kind.opened(said)
    examples = ", ".join(kind.example for kind in types().values())
    path = Path(said).expanduser()
    try:
        there = path.is_dir()
    except (OSError, ValueError):
        there = False
    if there:
        raise BadParameter(f"“{said}” is a folder, but none of a text encoder; an encoder is one of: {examples}.")
    if len(path.parts) > 1:
        raise BadParameter(f"There is no folder “{said}”; an encoder is one of: {examples}.")
    raise BadParameter(f"“{said}” is no text encoder; one of: {examples}.")

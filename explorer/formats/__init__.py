"""File formats, one file for each."""

from __future__ import annotations

import sys
from functools import cache

from explorer import find
from explorer.formats.base import Format


@cache
def types() -> dict[str, Format]:
    """Every file format by name, in the order in which they are asked."""
    return find.declared(sys.modules[__name__], "explorer.formats")

"""Index types, one file or one small package for each library."""

from __future__ import annotations

import sys
from functools import cache

from explorer import find
from explorer.errors import BadParameter
from explorer.indexes.base import IndexType


@cache
def types() -> dict[str, IndexType]:
    """Every index type by name, the ones that are unavailable here among them."""
    return find.declared(sys.modules[__name__], "explorer.indexes")


def type_named(name: str) -> IndexType:
    """The index type of that name; raises BadParameter with the names there are."""
    if name not in types():
        raise BadParameter(f"“{name}” is no index type; there are {', '.join(types())}.")
    return types()[name]

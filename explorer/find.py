"""Find what a folder of the program offers: adding a file format, an index type or an encoder is adding one file."""

from __future__ import annotations

import importlib
import pkgutil
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any


def modules(package: ModuleType) -> list[str]:
    """The full names of a package's modules and sub-packages, sorted; the frozen app is told of them by this list."""
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."))


def declared(package: ModuleType, group: str = "") -> dict[str, Any]:
    """Everything that the package's modules declare in `TYPES`, and that other people's packages declare in the
    entry-point `group`, by its `name`; ours first, in the order of their `rank` where they have one."""
    found = [kind for name in modules(package) for kind in getattr(importlib.import_module(name), "TYPES", ())]
    found.sort(key=lambda kind: getattr(kind, "rank", 100))
    for entry in entry_points(group=group) if group else ():
        found.extend(entry.load().TYPES)
    return {kind.name: kind for kind in found}

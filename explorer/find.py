"""Find what a folder of the program offers: adding a file format, an index type or an encoder is adding one file."""

from __future__ import annotations

import importlib
import logging
import pkgutil
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any

_log = logging.getLogger(__name__)


def modules(package: ModuleType) -> list[str]:
    """The full names of a package's modules and sub-packages, sorted; the frozen app is told of them by this list."""
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."))


def declared(package: ModuleType, group: str = "") -> dict[str, Any]:
    """Everything that the package's modules declare in `TYPES`, and that other people's packages declare in the
    entry-point `group`, by its `name`; ours first, in the order of their `rank` where they have one.

    What cannot be loaded of other people's packages is logged and passed over, and so is what bears a name of ours.
    """
    found = [kind for name in modules(package) for kind in getattr(importlib.import_module(name), "TYPES", ())]
    found.sort(key=lambda kind: getattr(kind, "rank", 100))
    named = {kind.name: kind for kind in found}
    for entry in entry_points(group=group) if group else ():
        for name, kind in _loaded(entry).items():
            if named.setdefault(name, kind) is not kind:
                _log.warning("the plug-in “%s” (%s) declares another %s; it is passed over", entry.name, group, name)
    return named


def _loaded(entry: EntryPoint) -> dict[str, Any]:
    """What an entry point declares, by its name."""
    try:
        return {str(kind.name): kind for kind in entry.load().TYPES}
    except (Exception, SystemExit):
        _log.warning("the plug-in “%s” (%s) cannot be used; it is passed over", entry.name, entry.group, exc_info=True)
        return {}

"""What the program remembers from one start to the next: recent files, theme, how fast it builds. Never a secret."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from explorer import paths
from explorer.servers.address import is_server, named

MOST_RECENT = 10
MOST_READINGS = 100
"""Of so many files it is remembered how they were read."""
MOST_LEARNT = 5
"""So many builds of each index type are remembered; the middle one counts, so that a busy hour does little harm."""
SLOWEST = 100.0
"""No machine is taken to be more than so many times slower, or faster, than the reference."""
VERSION = 1


class Settings:
    """A small JSON file; one that cannot be read counts as empty, one that cannot be written is let be.

    Without a path nothing is read, and what is set is forgotten with the object.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._values: dict[str, Any] = {}
        self._read()

    @classmethod
    def of_user(cls) -> Settings:
        """The settings in the user's folder."""
        return cls(paths.settings_folder() / "settings.json")

    @property
    def recent(self) -> tuple[str, ...]:
        """Files opened before that are still there, and what was opened on servers, the newest first."""
        recent = self._values.get("recent", [])
        if not isinstance(recent, list):
            return ()
        return tuple(
            source
            for source in recent
            if isinstance(source, str) and (is_server(source) or os.path.exists(source))  # noqa: PTH110
        )

    def remember(self, source: str) -> None:
        """Put a file, or the URL of something on a server, (without its password) at the top of the recent ones."""
        self._read()
        kept = named(source).url if is_server(source) else str(Path(source).absolute())
        self.set("recent", [kept, *(other for other in self.recent if other != kept)][:MOST_RECENT])

    def reading(self, source: str) -> tuple[dict[str, str], Path | None]:
        """How a file was read the last time somebody said it: the options, and the metadata table if that is there."""
        found = self._readings().get(_place(source), {})
        options, table = found.get("options"), found.get("metadata")
        if not isinstance(options, dict) or not all(isinstance(value, str) for value in options.values()):
            options = {}
        there = isinstance(table, str) and bool(table)
        return dict(options), Path(str(table)) if there and Path(str(table)).is_file() else None

    def remember_reading(self, source: str, options: Mapping[str, str], metadata: Path | None) -> None:
        """Read this file so from now on; without options and table, as it reads by itself. Not of servers: what
        their addresses hold is nobody's business."""
        if is_server(source):
            return
        self._read()
        place = _place(source)
        kept = {other: how for other, how in self._readings().items() if other != place}
        if options or metadata is not None:
            table = "" if metadata is None else str(metadata.absolute())
            kept[place] = {"options": dict(options), "metadata": table}
        elif place not in self._readings():
            return
        self.set("readings", dict(list(kept.items())[-MOST_READINGS:]))

    def _readings(self) -> dict[str, dict[str, Any]]:
        found = self._values.get("readings", {})
        if not isinstance(found, dict):
            return {}
        return {place: how for place, how in found.items() if isinstance(how, dict)}

    def factor(self, type_name: str) -> float:
        """How many times longer than on the reference builds of that index type take here; 1 while none was seen."""
        ratios = self._learnt().get(type_name)
        return median(ratios) if ratios else 1.0

    def learn(self, type_name: str, ratio: float) -> None:
        """Remember that a build of that index type took `ratio` times as long as on the reference."""
        self._read()
        learnt = self._learnt()
        kept = min(SLOWEST, max(1 / SLOWEST, ratio))
        learnt[type_name] = [*learnt.get(type_name, []), round(kept, 3)][-MOST_LEARNT:]
        self.set("build_factors", learnt)

    def _learnt(self) -> dict[str, list[float]]:
        """What was learnt, without what cannot have been."""
        found = self._values.get("build_factors", {})
        if not isinstance(found, dict):
            return {}
        return {
            name: [float(r) for r in ratios if isinstance(r, int | float) and 1 / SLOWEST <= r <= SLOWEST]
            for name, ratios in found.items()
            if isinstance(ratios, list)
        }

    def get(self, key: str, default: str = "") -> str:
        value = self._values.get(key, default)
        return value if isinstance(value, str) else default

    def set(self, key: str, value: str | list[str] | Mapping[str, object]) -> None:
        """Remember a value now, beside what other windows have set; the file is written beside and renamed."""
        self._read()
        self._values = {**self._values, "version": VERSION, key: value}
        if self._path is None:
            return
        beside = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            beside.write_text(json.dumps(self._values, indent=1), "utf-8")
            beside.replace(self._path)
        except OSError:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)

    def _read(self) -> None:
        """Take what the file says now; while it says nothing, what is known stays."""
        if self._path is not None:
            with contextlib.suppress(OSError, ValueError, RecursionError):
                values = json.loads(self._path.read_text("utf-8"))
                self._values = values if isinstance(values, dict) else {}


def _place(source: str) -> str:
    """What a file is remembered by."""
    return source if source.startswith("sample:") else str(Path(source).expanduser().absolute())

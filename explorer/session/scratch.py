"""Where a session builds its indexes: a folder that goes with it."""

from __future__ import annotations

import itertools
import shutil
from collections import Counter
from pathlib import Path

from explorer import scratch


class Scratch:
    """A folder of this session, made when it is first needed."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._home: Path | None = None
        self._held: Counter[Path] = Counter()
        self._doomed: set[Path] = set()

    def new_folder(self, purpose: str) -> Path:
        """The path of a folder that is not there yet."""
        if self._home is None:
            self._home = scratch.new_folder()
        return self._home / f"{purpose}-{next(self._numbers)}"

    def remove(self, folder: Path) -> None:
        """Remove a folder, if it is one of ours; one that is held goes when it is let go."""
        if self._home is None or folder.parent != self._home:
            return
        if self._held[folder]:
            self._doomed.add(folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)

    def hold(self, folder: Path) -> None:
        """Keep a folder while somebody reads from it, whoever removes it meanwhile."""
        self._held[folder] += 1

    def let_go(self, folder: Path) -> None:
        """The end of one `hold`."""
        self._held[folder] -= 1
        if not self._held[folder] and folder in self._doomed:
            self._doomed.discard(folder)
            self.remove(folder)

    def close(self) -> None:
        """Remove everything of this session."""
        if self._home is not None:
            scratch.remove(self._home)
            self._home = None

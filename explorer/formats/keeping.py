"""Where Datasets are kept between openings: one folder each in the cache, found again by what they were read from."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explorer import budget, paths, room, unfinished
from explorer.core import dataset as datasets
from explorer.core.dataset import Dataset
from explorer.errors import BadFile
from explorer.formats.holding import Hold, unheld

LAYOUT = 6
"""Raised whenever what a folder holds, or how a file is read, changes: older folders are then not looked at."""
MARGIN_BYTES = 64 << 20
"""What is left free on the disk."""
STALE_SECONDS = 86_400.0
ROOM = "free some, or set EXPLORER_CACHE to a folder on another disk"
"""What to do when there is none left."""
PART = "part-"
"""How the names of folders begin that are in the making, or being removed."""

Stamp = tuple[str, int, int]


@dataclass(frozen=True)
class Kept:
    """A Dataset that is kept, for people: `name` is its folder's, `place` where it was read from, `bytes` all that lies
    there (converted vectors, maps, indexes), `used` when it was opened last, in seconds since 1970. `open` says that
    somebody has it open, so that it stays."""

    name: str
    title: str
    place: str
    rows: int
    dimensions: int
    bytes: int
    used: float
    open: bool


def stamp(path: Path) -> Stamp:
    """Absolute path, size and mtime_ns: what a file is known by; of a folder the sum of all sizes below it, and the
    newest time. Raises BadFile when it is not there."""
    try:
        size, changed = _tree_stamp(path) if path.is_dir() else _file_stamp(path)
    except FileNotFoundError:
        raise BadFile(path, "there is no such file.") from None
    except OSError as error:
        raise BadFile(path, f"it cannot be read: {error.strerror or error}.") from None
    return (str(path.absolute()), size, changed)


def _file_stamp(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns


def _tree_stamp(folder: Path) -> tuple[int, int]:
    """Folders count with their times, which change when something in them comes or goes."""
    size, changed = 0, folder.stat().st_mtime_ns
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            stat = Path(place, name).lstat()
            size += stat.st_size
            changed = max(changed, stat.st_mtime_ns)
    return size, changed


def key(*parts: object) -> str:
    """The name of the folder for what a Dataset is made from; `parts` are anything JSON can hold."""
    written = json.dumps([LAYOUT, *parts], sort_keys=True)
    return hashlib.blake2b(written.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def opened(folder: Path) -> Dataset:
    """The Dataset of a folder, which nobody removes while there is this object, or one that was made from it."""
    return datasets.opened(folder, Hold(folder))


def kept(name: str) -> Dataset | None:
    """The Dataset of that folder; None when there is none, or when it cannot be used any more."""
    folder = home() / name
    try:
        dataset = opened(folder)
        dataset.check_unchanged()
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, BadFile):
        shutil.rmtree(folder, ignore_errors=True)
        return None
    # What was used longest ago is removed first.
    with contextlib.suppress(OSError):
        os.utime(folder)
    return dataset


@contextlib.contextmanager
def new_folder() -> Iterator[Path]:
    """A temporary folder beside the kept ones; gone at the end unless `keep` has renamed it."""
    place = home()
    place.mkdir(parents=True, exist_ok=True)
    _sweep(place)
    trim()
    folder = place / f"{PART}{secrets.token_hex(8)}"
    with unfinished.removed_after(folder):
        folder.mkdir(mode=0o700)
        yield folder


def keep(dataset: Dataset, name: str) -> Dataset:
    """Save a Dataset that lies in a temporary folder and give it its name; whoever was first wins."""
    datasets.save(dataset)
    folder = home() / name
    # Where somebody else's folder is there already, the same Dataset lies in it.
    with contextlib.suppress(OSError):
        dataset.folder.rename(folder)
    return opened(folder)


def trim(limit: int | None = None) -> None:
    """Remove Datasets whose file is gone, and the ones used longest ago until the rest fits into the limit.

    What somebody has open stays.
    """
    if limit is None:
        limit = budget.limit()
    sizes = {folder: _size(folder) for folder in _by_last_use() if not (_orphaned(folder) and _removed(folder))}
    excess = sum(sizes.values()) - limit
    for folder, size in sizes.items():
        if excess <= 0:
            break
        if _removed(folder):
            excess -= size


def listed() -> tuple[Kept, ...]:
    """All that is kept, what was used last first."""
    return tuple(kept for folder in reversed(_by_last_use()) if (kept := _listed(folder)) is not None)


def removed(names: Iterable[str]) -> int:
    """Remove kept Datasets by name, except those that somebody has open; the number of bytes that were freed."""
    wanted = set(names)
    freed = 0
    for folder in _by_last_use():
        if folder.name in wanted:
            size = _size(folder)
            freed += size if _removed(folder) else 0
    return freed


def forget_below(place: Path) -> None:
    """Remove the Datasets of files that lay in a folder which was a temporary one."""
    for folder in _by_last_use():
        source = _source(folder)
        if source is not None and source.is_relative_to(place):
            shutil.rmtree(folder, ignore_errors=True)


def forget_url(url: str) -> None:
    """Remove the Datasets that were read from a URL, and that nobody has open."""
    for folder in _by_last_use():
        if _described(folder).get("facts", {}).get("source") == url:
            _removed(folder)


def check_room(needed: int, what: str = "Converting this file", advice: str = ROOM) -> None:
    """Raise TooLarge when `needed` bytes would not fit beside the kept Datasets, the unused of which give way."""
    for folder in _by_last_use():
        if needed + MARGIN_BYTES <= room.free_on_disk(home()):
            return
        _removed(folder)
    room.check_disk(paths.cache_folder(), needed + MARGIN_BYTES, what, advice)


def home() -> Path:
    """The folder in which all of them are; not there before the first."""
    return paths.cache_folder() / "datasets"


def _sweep(home: Path) -> None:
    """Remove what readers that were killed left behind."""
    for folder in home.glob(f"{PART}*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def _by_last_use() -> list[Path]:
    """The folders of kept Datasets, the one used longest ago first."""
    used = []
    with contextlib.suppress(OSError):
        for folder in home().iterdir():
            with contextlib.suppress(OSError):
                if not folder.name.startswith(PART) and folder.is_dir():
                    used.append((folder.stat().st_mtime_ns, folder))
    return [folder for _, folder in sorted(used)]


def _listed(folder: Path) -> Kept | None:
    """One of them for people; None where it is gone meanwhile."""
    said = _described(folder)
    try:
        used = folder.stat().st_mtime
        with unheld(folder) as free:
            taken = not free
    except OSError:
        return None

    def number(key: str) -> int:
        value = said.get(key)
        return value if isinstance(value, int) else 0

    source = said.get("facts", {}).get("source") or str(_source(folder) or "")
    title = str(said.get("title", folder.name))
    return Kept(folder.name, title, source, number("rows"), number("dimensions"), _size(folder), used, taken)


def _size(folder: Path) -> int:
    """The bytes of all files in a folder, some of which may go meanwhile."""
    total = 0
    with contextlib.suppress(OSError):
        for path in folder.rglob("*"):
            total += path.lstat().st_size
    return total


def _source(folder: Path) -> Path | None:
    """The file that a kept Dataset was read from; None where that cannot be told."""
    try:
        return folder / str(_described(folder)["path"])
    except KeyError:
        return None


def _described(folder: Path) -> dict[str, Any]:
    """What a kept Dataset says of itself; empty where that cannot be read."""
    try:
        said = json.loads((folder / "dataset.json").read_text("utf-8"))
        return said if isinstance(said, dict) else {}
    except (OSError, ValueError):
        return {}


def _orphaned(folder: Path) -> bool:
    """Whether a kept Dataset will never be asked for again: its file is gone, or newer than what was made of it.

    A file whose folder is gone too may be on a disk that is not there just now. What a URL names is read anew each
    time.
    """
    if _described(folder).get("facts", {}).get("source"):
        return True
    source = _source(folder)
    try:
        if source is None or not source.parent.is_dir():
            return False
        made = (folder / "dataset.json").stat().st_mtime
        # Some files say that they are from the future, and may have said so when they were read.
        return not source.exists() or made < source.stat().st_mtime <= time.time()
    except OSError:
        return False


def _removed(folder: Path) -> bool:
    """Remove a kept Dataset unless somebody has it open; whether it is gone."""
    doomed = folder.with_name(f"{PART}gone-{secrets.token_hex(8)}")
    try:
        with unheld(folder) as free:
            if not free:
                return False
            folder.rename(doomed)
    except OSError:
        return False
    unfinished.remove(doomed)
    return True


def same(path: Path, before: Stamp) -> bool:
    """Whether a file is still what its stamp says."""
    try:
        return stamp(path) == before
    except BadFile:
        return False

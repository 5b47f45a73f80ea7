"""Where Datasets are kept between openings: one folder each in the cache, found again by what they were read from."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from explorer import paths
from explorer.core import dataset as datasets
from explorer.core.dataset import Dataset
from explorer.errors import BadFile, TooLarge

LAYOUT = 1
"""Raised whenever what a folder holds, or how a file is read, changes: older folders are then not looked at."""
MARGIN_BYTES = 64 << 20
"""What is left free on the disk."""
STALE_SECONDS = 86_400.0

Stamp = tuple[str, int, int]


def stamp(path: Path) -> Stamp:
    """Absolute path, size and mtime_ns: what a file is known by. Raises BadFile when it is not there."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        raise BadFile(path, "there is no such file.") from None
    except OSError as error:
        raise BadFile(path, f"it cannot be read: {error.strerror or error}.") from None
    return (str(path.absolute()), stat.st_size, stat.st_mtime_ns)


def key(*parts: object) -> str:
    """The name of the folder for what a Dataset is made from; `parts` are anything JSON can hold."""
    written = json.dumps([LAYOUT, *parts], sort_keys=True)
    return hashlib.blake2b(written.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def kept(name: str) -> Dataset | None:
    """The Dataset of that folder; None when there is none, or when it cannot be used any more."""
    folder = _home() / name
    try:
        dataset = datasets.opened(folder)
        dataset.check_unchanged()
        return dataset
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, BadFile):
        shutil.rmtree(folder, ignore_errors=True)
        return None


@contextlib.contextmanager
def new_folder() -> Iterator[Path]:
    """A temporary folder beside the kept ones; gone at the end unless `keep` has renamed it."""
    home = _home()
    home.mkdir(parents=True, exist_ok=True)
    _sweep(home)
    folder = Path(tempfile.mkdtemp(prefix="part-", dir=home))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def keep(dataset: Dataset, name: str) -> Dataset:
    """Save a Dataset that lies in a temporary folder and give it its name; whoever was first wins."""
    datasets.save(dataset)
    folder = _home() / name
    # Where somebody else's folder is there already, the same Dataset lies in it.
    with contextlib.suppress(OSError):
        dataset.folder.rename(folder)
    return datasets.opened(folder)


def check_room(needed: int) -> None:
    """Raise TooLarge when `needed` bytes would not fit beside the kept Datasets."""
    home = paths.cache_folder()
    free = shutil.disk_usage(home).free
    if needed + MARGIN_BYTES > free:
        raise TooLarge(
            f"Converting this file takes {_size(needed)} in {home}, where {_size(free)} are free; "
            "free some, or set EXPLORER_CACHE to a folder on another disk."
        )


def _home() -> Path:
    return paths.cache_folder() / "datasets"


def _sweep(home: Path) -> None:
    """Remove what readers that were killed left behind."""
    for folder in home.glob("part-*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def _size(count: int) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{max(1, round(count / 1e6)):,} MB"


def same(path: Path, before: Stamp) -> bool:
    """Whether a file is still what its stamp says."""
    try:
        stat = path.stat()
    except OSError:
        return False
    return (stat.st_size, stat.st_mtime_ns) == before[1:]

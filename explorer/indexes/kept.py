"""Indexes that were built before, kept beside the Dataset they belong to."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from explorer import budget, unfinished
from explorer.core import params as core_params
from explorer.core.dataset import Dataset
from explorer.core.metric import Metric, metric_named
from explorer.errors import ExplorerError
from explorer.indexes import type_named
from explorer.indexes.base import IndexHandle

LAYOUT = 1
"""Raised whenever what is kept of an index changes."""
SHARE = 0.5
"""The indexes of one Dataset take no more than this share of what may be kept."""
YOUNG_SECONDS = 86_400.0
"""What was used since then may be open somewhere."""
ABOUT = "about.json"


def found(dataset: Dataset, type_name: str, metric: Metric, params: Mapping[str, object]) -> IndexHandle | None:
    """The index that was built before with these build parameters (checked ones), after opening it once; None where
    there is none, or where what was kept cannot be opened any more."""
    folder = _folder(dataset, type_name, metric, params)
    try:
        facts = json.loads((folder / ABOUT).read_text("utf-8"))
        handle = _handle(facts, folder)
        right = (handle.type, handle.metric, handle.rows, handle.dimensions)
        if right != (type_name, metric, dataset.rows, dataset.dimensions) or handle.params != dict(params):
            return None
        if handle.path.stat().st_size != int(facts["size"]):
            raise EOFError
        type_named(type_name).open(handle, dataset).close()
    except FileNotFoundError:
        return None
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, ExplorerError):
        # Another version of the library may write another file, and disks lose halves of files.
        shutil.rmtree(folder, ignore_errors=True)
        return None
    with contextlib.suppress(OSError):
        os.utime(folder)
    return handle


def keep(handle: IndexHandle, dataset: Dataset) -> None:
    """Keep an index that was just built, so that `found` finds it; what has no file of its own is not kept.

    Where it can, the kept file shares its bytes on the disk with the one it was made from. A full disk is no error.
    """
    kind = type_named(handle.type)
    if not kind.suffix or kind.on_server:
        return
    folder = _folder(dataset, handle.type, handle.metric, handle.params)
    with contextlib.suppress(OSError):
        if folder.exists() or not _made_room(folder.parent, handle.path.stat().st_size):
            return
        part = folder.with_name(f"part-{folder.name}-{os.getpid()}")
        with unfinished.removed_after(part):
            part.mkdir(parents=True)
            kept = part / handle.path.name
            _share(handle.path, kept)
            facts = {**dataclasses.asdict(handle), "path": kept.name, "size": kept.stat().st_size}
            (part / ABOUT).write_text(json.dumps(facts), "utf-8")
            part.rename(folder)


def is_kept(handle: IndexHandle, dataset: Dataset) -> bool:
    """Whether an index was found, and not built now."""
    return handle.path.is_relative_to(_home(dataset))


def _handle(facts: Mapping[str, Any], folder: Path) -> IndexHandle:
    """What was written, as a handle; raises what a mapping raises where it says something else."""
    name = str(facts["path"])
    if Path(name).name != name:
        raise ValueError(name)
    kind = type_named(str(facts["type"]))
    return IndexHandle(
        type=kind.name,
        metric=metric_named(str(facts["metric"])),
        params=core_params.checked(kind.build_params, facts["params"], kind.name),
        path=folder / name,
        rows=int(facts["rows"]),
        dimensions=int(facts["dimensions"]),
        bytes=int(facts["bytes"]),
        build_seconds=float(facts["build_seconds"]),
        library=str(facts["library"]),
    )


def _share(source: Path, target: Path) -> None:
    """One file under two names where the disk can do that, otherwise a copy."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _made_room(home: Path, size: int) -> bool:
    """Whether so many bytes may be kept; indexes used longest ago give way to them."""
    most = int(budget.limit() * SHARE)
    if size > most:
        return False
    home.mkdir(parents=True, exist_ok=True)
    kept = sorted((path.stat().st_mtime, path) for path in home.iterdir() if path.is_dir())
    sizes = {path: sum(file.stat().st_size for file in path.iterdir()) for _, path in kept}
    excess = sum(sizes.values()) + size - most
    for path, freed in sizes.items():
        if excess <= 0:
            break
        # One that is open on Windows cannot be removed, and one that was just found may be in use.
        if time.time() - path.stat().st_mtime > YOUNG_SECONDS:
            shutil.rmtree(path, ignore_errors=True)
            excess -= freed
    return excess <= 0


def _home(dataset: Dataset) -> Path:
    return dataset.folder / "indexes"


def _folder(dataset: Dataset, type_name: str, metric: Metric, params: Mapping[str, object]) -> Path:
    key = json.dumps([LAYOUT, type_name, metric, sorted(params.items())], default=str)
    return _home(dataset) / hashlib.blake2b(key.encode(), digest_size=12).hexdigest()

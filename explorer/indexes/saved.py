"""Indexes as files for people: the library's own format, with a sidecar that says what the library does not.

The sidecar of OUT is OUT.json: type, metric, dimensions, rows, params, library, stored (how the library sees the file),
checksum (blake2b-128 of the file), and the fingerprint of the Dataset.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from explorer import unfinished
from explorer.core import params as core_params
from explorer.core.dataset import Dataset, fingerprinted
from explorer.core.metric import Metric, metric_named
from explorer.core.params import Params
from explorer.core.progress import Progress, silent
from explorer.errors import BadFile, BadParameter, TaskFailed
from explorer.indexes import type_named, types
from explorer.indexes.base import Held, IndexHandle, IndexType
from explorer.room import check_disk

PIECE_BYTES = 16 << 20
LARGEST_SIDECAR = 1 << 20


def sidecar_of(path: Path) -> Path:
    """Where the sidecar of an index file stands."""
    return path.with_name(path.name + ".json")


def save_index(handle: IndexHandle, dataset: Dataset, out: Path, progress: Progress = silent) -> IndexHandle:
    """Copy the index's own file to `out` and describe it in `out`.json; the handle of the copy.

    Both appear complete or not at all; what stood there is replaced. Raises BadParameter for a type without files of
    its own, BadFile when `out` cannot be written, TooLarge when the disk is full.
    """
    kind = type_named(handle.type)
    if not kind.suffix:
        raise BadParameter(f"{kind.title} has no file of its own: the vectors are the index.")
    if not out.parent.is_dir():
        raise BadFile(out, f"there is no folder {out.parent}.")
    if out.is_dir():
        raise BadFile(out, "this is a folder; name a file in it.")
    check_disk(out.parent, handle.bytes, f"Saving {handle.path.name}", "make room or save elsewhere")
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    about = sidecar_of(part)
    try:
        with unfinished.removed_after(part, about):
            checksum = _copied(handle.path, part, progress)
            about.write_text(_described(handle, dataset, checksum, progress), "utf-8")
            part.replace(out)
            about.replace(sidecar_of(out))
    except OSError as error:
        raise BadFile(out, f"it cannot be written ({error.strerror or error}).") from error
    return dataclasses.replace(handle, path=out)


def open_saved(path: Path, dataset: Dataset, metric: Metric | None = None, progress: Progress = silent) -> IndexHandle:
    """The handle of a saved index, after checking that it is one, unharmed, and of this Dataset.

    Without a sidecar the file is taken for one that the library wrote elsewhere, and read by the type that its content
    names, or else its suffix; `metric` is needed where such a file does not tell. With one, another metric than the
    saved one is refused. Raises BadFile with what does not fit.
    """
    if not path.is_file():
        raise BadFile(path, "there is no such file.")
    about = sidecar_of(path)
    if not about.is_file():
        return _adopted(_told_by(path), path, dataset, metric, progress)
    handle, checksum, fingerprint = _read(about, path)
    _check_metric(handle, metric)
    if (handle.rows, handle.dimensions) != (dataset.rows, dataset.dimensions):
        theirs, ours = f"{handle.rows:,} × {handle.dimensions}", f"{dataset.rows:,} × {dataset.dimensions}"
        raise BadFile(path, f"it was built over {theirs} vectors; {dataset.title} has {ours}.")
    # Vectors that came out of the file are those that it keeps: of unit length, or decoded.
    theirs_own = dataset.own_index == path.absolute()
    if fingerprint and not theirs_own and fingerprint != fingerprinted(dataset, progress):
        raise BadFile(path, f"it was built over other vectors than those of {dataset.title}; build it again.")
    if _copied(path, None, progress) != checksum:
        raise BadFile(path, "it is damaged: its checksum is not the one in its sidecar; build it again.")
    # The checksum says that the file is what its sidecar describes, not that its maker meant well.
    adopted = _adopted(type_named(handle.type), path, dataset, handle.metric, progress)
    return dataclasses.replace(handle, bytes=adopted.bytes)


@dataclasses.dataclass(frozen=True)
class IndexFile:
    """An index file by itself: its type, and the dimensions and the metric as far as they are known beforehand."""

    path: Path
    kind: IndexType
    dimensions: int | None
    metric: Metric | None

    def contents(self, progress: Progress = silent) -> Held:
        """The vectors that it holds; raises BadFile, or Untold when there is something that it does not say."""
        return self.kind.contents(self.path, self.dimensions, self.metric, progress)


def index_file(path: Path, dimensions: int | None = None, metric: Metric | None = None) -> IndexFile | None:
    """What a file is by its sidecar, its content, or else its suffix; None when it is no index that is known here.

    `dimensions` and `metric` are what was said of it. Raises BadFile when its sidecar says something else.
    """
    about = sidecar_of(path)
    if about.is_file():
        handle, _, _ = _read(about, path)
        _check_metric(handle, metric)
        if dimensions not in (None, handle.dimensions):
            raise BadFile(path, f"it was built of {handle.dimensions} dimensions, not {dimensions}.")
        return IndexFile(path, type_named(handle.type), handle.dimensions, handle.metric)
    kind = _kind_of(path)
    return None if kind is None else IndexFile(path, kind, dimensions, metric)


def recognised(path: Path) -> bool:
    """Whether a file has a sidecar, or content that says which type of index it is of; a suffix alone says little."""
    return sidecar_of(path).is_file() or any(kind.recognises(path) for kind in types().values())


def _kind_of(path: Path) -> IndexType | None:
    """The type that recognises a file, those first whose suffix it bears; otherwise the first of these."""
    bearing = [kind for kind in types().values() if kind.suffix and path.suffix.casefold() == kind.suffix]
    others = [kind for kind in types().values() if kind not in bearing]
    recognising = (kind for kind in (*bearing, *others) if kind.recognises(path))
    return next(recognising, bearing[0] if bearing else None)


def _told_by(path: Path) -> IndexType:
    kind = _kind_of(path)
    if kind is None:
        known = ", ".join(sorted({kind.suffix for kind in types().values() if kind.suffix}))
        raise BadFile(path, f"it has no sidecar {sidecar_of(path).name} and no suffix of an index ({known}).")
    return kind


def _adopted(kind: IndexType, path: Path, dataset: Dataset, metric: Metric | None, progress: Progress) -> IndexHandle:
    if reason := kind.unavailable():
        raise BadFile(path, reason)
    return kind.adopted(path, dataset, metric, progress)


def _check_metric(handle: IndexHandle, metric: Metric | None) -> None:
    if metric not in (None, handle.metric):
        raise BadFile(handle.path, f"it was built for {handle.metric}, not {metric}; an index keeps its metric.")


def _copied(source: Path, target: Path | None, progress: Progress) -> str:
    """Copy a file, or only read it, and give its checksum."""
    digest = hashlib.blake2b(digest_size=16)
    try:
        with source.open("rb") as reading:
            whole = max(1, os.fstat(reading.fileno()).st_size)
            if target is None:
                _pass_on(reading, digest, None, whole, progress)
            else:
                with target.open("wb") as writing:
                    _pass_on(reading, digest, writing, whole, progress)
    except FileNotFoundError:
        raise TaskFailed(f"{source}: the index is no longer there; build it again.") from None
    return digest.hexdigest()


def _pass_on(reading: Any, digest: Any, writing: Any | None, whole: int, progress: Progress) -> None:
    done = 0
    while piece := reading.read(PIECE_BYTES):
        progress(done / whole, "reading" if writing is None else "writing")
        digest.update(piece)
        if writing is not None:
            writing.write(piece)
        done += len(piece)


def _described(handle: IndexHandle, dataset: Dataset, checksum: str, progress: Progress) -> str:
    facts = {
        "type": handle.type,
        "metric": handle.metric,
        "dimensions": handle.dimensions,
        "rows": handle.rows,
        "params": handle.params,
        "library": handle.library,
        "stored": type_named(handle.type).stored(handle, dataset),
        "build_seconds": round(handle.build_seconds, 3),
        "checksum": checksum,
        "fingerprint": fingerprinted(dataset, progress),
    }
    return json.dumps(facts, indent=1) + "\n"


def _read(about: Path, path: Path) -> tuple[IndexHandle, str, str]:
    """What a sidecar says, with its checksum and fingerprint; raises BadFile when it says something else."""
    if about.stat().st_size > LARGEST_SIDECAR:
        raise BadFile(about, "it is too large to be the sidecar of an index.")
    try:
        facts = json.loads(about.read_bytes())
        kind = type_named(str(facts["type"]))
        params: Params = core_params.checked(kind.build_params, facts["params"], kind.name)
        handle = IndexHandle(
            type=kind.name,
            metric=metric_named(str(facts["metric"])),
            params=params,
            path=path,
            rows=int(facts["rows"]),
            dimensions=int(facts["dimensions"]),
            bytes=path.stat().st_size,
            build_seconds=float(facts.get("build_seconds", 0.0)),
            library=str(facts.get("library", "")),
        )
        return handle, str(facts["checksum"]), str(facts.get("fingerprint", ""))
    except BadParameter as error:
        raise BadFile(about, f"it does not describe an index: {error}") from error
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise BadFile(about, "it is not the sidecar of an index; remove it to open the index without.") from error

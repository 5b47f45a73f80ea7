"""The beginning of a Faiss file: four letters for its kind, then the same few facts for every kind."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from explorer.errors import BadFile

FACTS = struct.Struct("<4siq16xBi")
INNER_PRODUCT, SQUARED_L2 = 0, 1
LARGEST_DIMENSIONS = 1 << 24

FLAT = ("IxF2", "IxFI", "IxFl")
IVF_FLAT = ("IwFl",)
IVF_PQ = ("IwPQ",)
SQ = ("IxSQ",)
HNSW_FLAT = ("IHNf",)
OTHERS = """
IHN2 IHNp IHNs IHNc IHc2 INSf INSp INSs INNf IxHE IxHe IxPQ IxPo IxPq IxRQ IxRq IxLS IxPR IxPL IxLa
IvFl IvFL IwFd IvSQ IwSQ IwSq IwLS IwRQ IwPL IwPR IvPQ IvQR IwQR IwPf IwSh IVLf IVRf NPLf NPRf ILfs
IRfs IPRf IPLf IPfs Ix2L IxPT IxMp IxM2 IxRF IRMf IRMh Imiq ImRQ Ixrq Ixrr Iwrq Iwrf Iwrr Irfn
"""
KNOWN = frozenset((*FLAT, *IVF_FLAT, *IVF_PQ, *SQ, *HNSW_FLAT, *OTHERS.split()))


@dataclass(frozen=True)
class Header:
    """`kind` is the file's four letters, `metric` Faiss's own number: 0 inner product, 1 squared L2."""

    kind: str
    dimensions: int
    rows: int
    trained: bool
    metric: int


def header_of(path: Path) -> Header | None:
    """What a file says it is; None when it is no Faiss index."""
    try:
        with path.open("rb") as file:
            begin = file.read(FACTS.size)
    except OSError:
        return None
    if len(begin) < FACTS.size:
        return None
    letters, dimensions, rows, trained, metric = FACTS.unpack(begin)
    kind = letters.decode("latin-1")
    sound = 0 < dimensions <= LARGEST_DIMENSIONS and rows >= 0 and trained in (0, 1)
    return Header(kind, dimensions, rows, bool(trained), metric) if kind in KNOWN and sound else None


def header_for(path: Path, rows: int, dimensions: int, title: str) -> Header:
    """The header of a file that should hold so many vectors; raises BadFile when it does not."""
    if not path.is_file():
        raise BadFile(path, "there is no such file.")
    found = header_of(path)
    if found is None:
        raise BadFile(path, "it is no Faiss index, or one of a kind that this program does not know.")
    if (found.rows, found.dimensions) != (rows, dimensions):
        theirs, ours = f"{found.rows:,} × {found.dimensions}", f"{rows:,} × {dimensions}"
        raise BadFile(path, f"it is a Faiss index of {theirs} vectors; {title} has {ours}.")
    if not found.trained:
        raise BadFile(path, "it is a Faiss index that was never trained.")
    if found.metric not in (INNER_PRODUCT, SQUARED_L2):
        raise BadFile(path, f"its metric is Faiss's number {found.metric}; only L2 and the inner product can be asked.")
    return found

"""Values as bytes between our own processes: msgpack, and only the value classes named here.

Not pickle: a child that was led astray by a hostile file can then send nothing but plain values.
"""

from __future__ import annotations

import struct
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import msgpack
import numpy as np

from explorer.core.dataset import Dataset
from explorer.core.explanation import Explanation, Fix, Miss, Reach
from explorer.core.metric import metric_named
from explorer.core.neighbours import Neighbours
from explorer.core.projection import Projection
from explorer.core.query import Query
from explorer.core.structure import Cells, Codes, Difficulty, Facts, Forest, ForestFigures, Growth, Layers
from explorer.core.trace import Trace
from explorer.formats import keeping
from explorer.formats.keeping import Kept
from explorer.indexes.base import IndexHandle
from explorer.measure.coding import CodedDistances
from explorer.measure.honesty import Honesty
from explorer.measure.outlines import Outlines
from explorer.measure.painting import RecallMap
from explorer.measure.published import Published
from explorer.measure.rebuilding import Rebuilt
from explorer.measure.recall import RecallResult
from explorer.measure.soundness import Soundness
from explorer.servers.abilities import Abilities
from explorer.servers.catalogue import Holding
from explorer.work import requests

_PLAIN = (Abilities, Holding, IndexHandle, Kept, Neighbours, Projection, Query)
_INSIDE = (Forest, ForestFigures, Growth, Cells, Codes, Layers, Facts, Trace, Explanation, Miss, Fix, Reach, Rebuilt)
_OF_ALL = (RecallResult, Published, RecallMap, Honesty, Difficulty)
_DRAWN = (Outlines, CodedDistances, Soundness)
CLASSES: dict[str, type[Any]] = {cls.__name__: cls for cls in (*_PLAIN, *_INSIDE, *_OF_ALL, *_DRAWN, *requests.CLASSES)}
_ARRAY, _PATH, _VALUE, _DATASET, _PACKED, _SET = 1, 2, 3, 4, 5, 6
_PLAIN_KINDS = "biufcmMSU"
"""Kinds of arrays whose bytes mean the same in another process."""
_ALIGNED = 16
"""Where an array's numbers begin: compiled loops take only aligned ones as they are."""
_LENGTH = struct.Struct("<Q")
_LARGEST = 1 << 34
_DEEPEST = 16
# File names need not be UTF-8, and people can type half a character; both have to come out as they went in.
_ERRORS = "surrogatepass"


class Packed:
    """A value that stays packed while its message is read: what is wrong with it then concerns nobody but its user."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    @classmethod
    def of(cls, value: object) -> Packed:
        """A value, packed; raises TypeError or ValueError when it does not cross process borders."""
        return cls(packed(value))

    def value(self) -> Any:
        """The value itself; raises OSError when a Dataset is gone, EOFError for nonsense."""
        return unpacked(self.body)


def send(stream: IO[bytes], message: tuple[Any, ...]) -> None:
    """Write one message of plain values, arrays, paths, Datasets and the classes above.

    Raises TypeError or ValueError, and writes nothing, for what does not cross process borders.
    """
    body = packed(message)
    stream.write(_LENGTH.pack(len(body)))
    stream.write(body)
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[Any, ...]:
    """Read one message; raises EOFError when the other side is gone or speaks nonsense."""
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    if length > _LARGEST:
        raise EOFError("not a message")
    message = unpacked(_exactly(stream, length))
    if not isinstance(message, tuple) or len(message) < 2:
        raise EOFError("not a message")
    return message


def packed(value: object) -> bytes:
    """A value as bytes; sequences become tuples, a Dataset the path of its folder, and how it was opened."""
    return bytes(msgpack.packb(value, default=_extended, unicode_errors=_ERRORS))


def unpacked(body: bytes, depth: int = 0) -> Any:
    """The value that `packed` wrote; arrays are read-only views of `body`. Raises EOFError for anything else."""
    if depth > _DEEPEST:
        raise EOFError("not a message (values within values without end)")
    try:
        return msgpack.unpackb(
            body,
            ext_hook=lambda code, inner: _restored(code, inner, depth + 1),
            use_list=False,
            strict_map_key=False,
            unicode_errors=_ERRORS,
            max_ext_len=len(body),
            max_bin_len=len(body),
        )
    except (OSError, EOFError, MemoryError):
        raise
    except Exception as error:
        raise EOFError(f"not a message ({error})") from error


def _exactly(stream: IO[bytes], size: int) -> bytes:
    body = stream.read(size)
    if len(body) != size:
        raise EOFError("the other side has closed")
    return body


def _extended(value: object) -> object:
    if isinstance(value, Packed):
        return msgpack.ExtType(_PACKED, value.body)
    if isinstance(value, Dataset):
        return msgpack.ExtType(_DATASET, packed((value.folder, value.metric, value.own_index)))
    if isinstance(value, Path):
        return msgpack.ExtType(_PATH, str(value).encode(errors=_ERRORS))
    if isinstance(value, np.ndarray) and value.dtype.kind in _PLAIN_KINDS:
        head = msgpack.packb((value.dtype.str, value.shape))
        padding = bytes(-(4 + len(head)) % _ALIGNED)
        sizes = len(head).to_bytes(2, "little") + len(padding).to_bytes(2, "little")
        return msgpack.ExtType(_ARRAY, b"".join((sizes, head, padding, value.tobytes())))
    if isinstance(value, frozenset):
        return msgpack.ExtType(_SET, packed(sorted(value)))
    if isinstance(value, np.generic) and value.dtype.kind in "biuf":
        return value.item()
    name = type(value).__name__
    if is_dataclass(value) and CLASSES.get(name) is type(value):
        return msgpack.ExtType(_VALUE, packed((name, {f.name: getattr(value, f.name) for f in fields(value)})))
    raise TypeError(f"{type(value)} does not cross process borders")


def _restored(code: int, body: bytes, depth: int) -> object:
    if code == _PACKED:
        return Packed(body)
    if code == _DATASET:
        return _dataset(*unpacked(body, depth))
    if code == _PATH:
        return Path(body.decode(errors=_ERRORS))
    if code == _ARRAY:
        end = 4 + int.from_bytes(body[:2], "little")
        start = end + int.from_bytes(body[2:4], "little")
        written, shape = msgpack.unpackb(body[4:end])
        dtype = np.dtype(written)
        if dtype.kind not in _PLAIN_KINDS:
            raise EOFError(f"no array of {dtype} was sent")
        return np.ndarray(tuple(shape), dtype, body, start)
    if code == _SET:
        return frozenset(unpacked(body, depth))
    if code == _VALUE:
        name, values = unpacked(body, depth)
        return CLASSES[name](**values)
    raise EOFError(f"no value has the code {code}")


def _dataset(folder: Path, metric: str, own_index: Path | None) -> Dataset:
    return _opened(folder, (folder / "dataset.json").stat().st_mtime_ns, metric, own_index)


@lru_cache(maxsize=2)
def _opened(folder: Path, stamp: int, metric: str, own_index: Path | None) -> Dataset:
    """One Dataset object per folder as it is now, so that its mapped vectors are mapped once; with the metric and the
    index that it was opened with, which the folder need not know."""
    return replace(keeping.opened(folder), metric=metric_named(metric), own_index=own_index)

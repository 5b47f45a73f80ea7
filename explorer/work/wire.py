"""Values as bytes between our own processes: msgpack, and only the value classes named here.

Not pickle: a child that was led astray by a hostile file can then send nothing but plain values.
"""

from __future__ import annotations

import struct
from dataclasses import fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import msgpack
import numpy as np

from explorer.core import dataset as core_dataset
from explorer.core.dataset import Dataset
from explorer.core.neighbours import Neighbours
from explorer.core.projection import Projection
from explorer.core.query import Query
from explorer.indexes.base import IndexHandle
from explorer.measure.recall import RecallResult
from explorer.work import requests

CLASSES: dict[str, type[Any]] = {
    cls.__name__: cls for cls in (IndexHandle, Neighbours, Projection, Query, RecallResult, *requests.CLASSES)
}
_ARRAY, _PATH, _VALUE, _DATASET = 1, 2, 3, 4
_LENGTH = struct.Struct("<Q")
_LARGEST = 1 << 34


def send(stream: IO[bytes], message: tuple[Any, ...]) -> None:
    """Write one message of plain values, arrays, paths, Datasets and the classes above."""
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
    assert isinstance(message, tuple)
    return message


def packed(value: object) -> bytes:
    """A value as bytes; sequences become tuples, a Dataset the path of its folder."""
    return bytes(msgpack.packb(value, default=_extended))


def unpacked(body: bytes) -> Any:
    """The value that `packed` wrote; arrays are read-only views of `body`."""
    return msgpack.unpackb(
        body, ext_hook=_restored, use_list=False, strict_map_key=False, max_ext_len=len(body), max_bin_len=len(body)
    )


def _exactly(stream: IO[bytes], size: int) -> bytes:
    body = stream.read(size)
    if len(body) != size:
        raise EOFError("the other side has closed")
    return body


def _extended(value: object) -> object:
    if isinstance(value, Dataset):
        return msgpack.ExtType(_DATASET, str(value.folder).encode())
    if isinstance(value, Path):
        return msgpack.ExtType(_PATH, str(value).encode())
    if isinstance(value, np.ndarray):
        head = msgpack.packb((value.dtype.str, value.shape))
        return msgpack.ExtType(_ARRAY, len(head).to_bytes(2, "little") + head + value.tobytes())
    if isinstance(value, np.generic):
        return value.item()
    name = type(value).__name__
    if is_dataclass(value) and CLASSES.get(name) is type(value):
        return msgpack.ExtType(_VALUE, packed((name, {f.name: getattr(value, f.name) for f in fields(value)})))
    raise TypeError(f"{type(value)} does not cross process borders")


def _restored(code: int, body: bytes) -> object:
    if code == _DATASET:
        return _opened(Path(body.decode()))
    if code == _PATH:
        return Path(body.decode())
    if code == _ARRAY:
        start = 2 + int.from_bytes(body[:2], "little")
        dtype, shape = msgpack.unpackb(body[2:start])
        return np.frombuffer(body, np.dtype(dtype), offset=start).reshape(shape)
    if code == _VALUE:
        name, values = unpacked(body)
        return CLASSES[name](**values)
    raise EOFError(f"no value has the code {code}")


@lru_cache(maxsize=8)
def _opened(folder: Path) -> Dataset:
    """One Dataset object per folder, so that its mapped vectors are mapped once."""
    return core_dataset.opened(folder)

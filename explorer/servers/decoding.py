"""Vectors as a server sends them, to float32."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.servers.client import text

STORED = {
    "FLOAT32": "float32",
    "FLOAT64": "float64",
    "FLOAT16": "float16",
    "BFLOAT16": "bfloat16",
    "INT8": "int8",
    "UINT8": "uint8",
}
"""The element types of search indexes, and as numpy would call them."""
QUANTIZED = {"f32": "float32", "int8": "int8", "bin": "bit"}
"""The element types of vector sets."""
_BYTES = {"FLOAT32": 4, "FLOAT64": 8, "FLOAT16": 2, "BFLOAT16": 2, "INT8": 1, "UINT8": 1}
_Q8 = 127
_LARGEST = 10**38


def of_set(
    replies: Sequence[Any], dimensions: int, *, lengths: bool = True
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The replies (r,) to `VEMB key element RAW` as vectors (m, dimensions), and which replies they are of.

    A reply that is none, because the element is gone, or that is of another size has no vector. Lengths are those that
    the vectors had when they were put there; of one that is stored as signs only the direction is what they leave of
    it. Without `lengths` they are about 1, as the server compares them.
    """
    first = next((reply for reply in replies if reply), None)
    kind = text(first[0]) if first else "f32"
    size = {"int8": dimensions, "bin": 8 * -(-dimensions // 64)}.get(kind, 4 * dimensions)
    there = np.array([bool(reply) and text(reply[0]) == kind and len(reply[1]) == size for reply in replies], bool)
    good = [reply for reply, ok in zip(replies, there.tolist(), strict=True) if ok]
    data = b"".join(reply[1] for reply in good)
    scale = np.array([float(reply[2]) if lengths else 1.0 for reply in good], np.float64)
    if kind == "int8":
        unit = np.frombuffer(data, np.int8).astype(np.float32)
        scale *= np.array([float(reply[3]) for reply in good], np.float64) / _Q8
    elif kind == "bin":
        bits = np.unpackbits(np.frombuffer(data, np.uint8).reshape(len(good), size), axis=1, bitorder="little")
        unit = bits[:, :dimensions].astype(np.float32) * 2 - 1
        scale /= np.sqrt(dimensions)
    else:
        unit = np.frombuffer(data, "<f4")
    # One that is not finite, or grows beyond float32, is found when the rows are cleaned.
    with np.errstate(all="ignore"):
        return unit.reshape(len(good), dimensions) * scale.astype(np.float32)[:, None], there


def of_blobs(
    blobs: Sequence[bytes | None], stored: str, dimensions: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The vector fields of documents, (r,), as vectors (m, dimensions), and which documents they are of.

    One that is missing, or has another size, has no vector.
    """
    size = _BYTES[stored] * dimensions
    there = np.array([blob is not None and len(blob) == size for blob in blobs], bool)
    data = b"".join(blob for blob, ok in zip(blobs, there.tolist(), strict=True) if ok and blob is not None)
    with np.errstate(all="ignore"):
        if stored == "BFLOAT16":
            # The upper half of a float32.
            numbers = (np.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4")
        else:
            numbers = np.frombuffer(data, np.dtype(STORED[stored]).newbyteorder("<")).astype(np.float32)
    return numbers.reshape(-1, dimensions), there


def of_lists(lists: Sequence[Any], dimensions: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Lists of numbers, as JSON documents hold them, in the same way."""
    there = np.array([_is_vector(each, dimensions) for each in lists], bool)
    good = [each for each, ok in zip(lists, there.tolist(), strict=True) if ok]
    with np.errstate(all="ignore"):
        return np.array(good, np.float64).astype(np.float32).reshape(-1, dimensions), there


def _is_vector(value: Any, dimensions: int) -> bool:
    return isinstance(value, list) and len(value) == dimensions and all(map(_is_number, value))


def _is_number(value: Any) -> bool:
    return type(value) is float or (type(value) is int and abs(value) < _LARGEST)

"""Tensors with a head in JSON: .safetensors, mapped where they lie."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from explorer.core.progress import Progress
from explorer.errors import BadFile
from explorer.formats import halves, several
from explorer.formats.base import ARRAY, Contents, Format, Part
from explorer.formats.blocks import Blocks
from explorer.formats.mapping import in_place

HEAD = 8
LONGEST_HEADER = 100_000_000
"""The library's own limit."""
BFLOAT16 = "bfloat16"
DTYPES: Mapping[str, tuple[str, str]] = {
    "F64": ("float64", "<f8"),
    "F32": ("float32", "<f4"),
    "F16": ("float16", "<f2"),
    "BF16": (BFLOAT16, "<u2"),
    "I64": ("int64", "<i8"),
    "I32": ("int32", "<i4"),
    "I16": ("int16", "<i2"),
    "I8": ("int8", "i1"),
    "U64": ("uint64", "<u8"),
    "U32": ("uint32", "<u4"),
    "U16": ("uint16", "<u2"),
    "U8": ("uint8", "u1"),
    "BOOL": ("bool", "?"),
}
"""The names of the format: what people call them, and how the bytes are read."""
AGAIN = "save it again with safetensors.numpy.save_file."


@dataclass(frozen=True)
class Tensor:
    """One tensor, and the byte of the file at which it begins; `stored` is the dtype its bytes are read as."""

    part: Part
    stored: str
    begin: int


class Safetensors(Format):
    """A uint64 length, so many bytes of JSON that say where which tensor lies, and the tensors in C order."""

    name = "safetensors"
    title = "Tensors (.safetensors)"
    suffixes = (".safetensors",)
    options = (ARRAY,)
    rank = 12

    def recognises(self, path: Path, head: bytes) -> bool:
        """By the JSON object after a length; the length itself is for the reader to check."""
        named = path.suffix.casefold() in self.suffixes
        length = int.from_bytes(head[:HEAD], "little")
        return head[HEAD : HEAD + 1] == b"{" and (named or 2 <= length <= path.stat().st_size - HEAD)

    def parts(self, path: Path) -> tuple[Part, ...]:
        """Its tensors."""
        return several.ordered([tensor.part for tensor in _tensors(path)])

    def read(self, path: Path, options: Mapping[str, str], progress: Progress) -> Contents:
        """The tensor that is asked for, or else the likeliest; those of one axis as long as it are columns."""
        progress(0.0, "reading")
        tensors = {tensor.part.name: tensor for tensor in _tensors(path)}
        parts = several.ordered([tensor.part for tensor in tensors.values()])
        part, warnings = several.chosen(path, parts, options.get(ARRAY.name))
        beside = {other.name: tensors[other.name] for other in several.beside(parts, part) if other.readable}
        columns, lost = several.those_read(
            {name: several.column_from(name, _vector(path, each)) for name, each in beside.items()}
        )
        tensor = tensors[part.name]
        contents = in_place(path, tensor.stored, (part.shape[0], part.shape[1]), tensor.begin)
        if part.dtype == BFLOAT16:
            words = contents.vectors
            blocks = Blocks(words.shape, np.float32, lambda start, stop: halves.from_bfloat16(words[start:stop]))
            contents = Contents(blocks, dtype=BFLOAT16)
        return replace(
            contents,
            columns=columns,
            warnings=(*warnings, *lost),
            facts={"array": part.name} if len(tensors) > 1 else {},
        )


def _vector(path: Path, tensor: Tensor) -> Any:
    """A tensor of one axis; bfloat16 as float32."""
    values = np.fromfile(path, tensor.stored, tensor.part.shape[0], offset=tensor.begin)
    return halves.from_bfloat16(values) if tensor.part.dtype == BFLOAT16 else values


def _tensors(path: Path) -> list[Tensor]:
    """What the head says, each checked against the size of the file. Raises BadFile."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(HEAD), "little")
        if not 2 <= length <= size - HEAD:
            raise BadFile(
                path, f"it says that its head is {length:,} bytes long, and the whole file is {size:,}; copy or {AGAIN}"
            )
        if length > LONGEST_HEADER:
            raise BadFile(path, f"its head is {length:,} bytes long, and the format allows {LONGEST_HEADER:,}; {AGAIN}")
        written = file.read(length)
    try:
        said = json.loads(written)
        if not isinstance(said, dict):
            raise ValueError
    except (ValueError, RecursionError):
        raise BadFile(path, f"its head is no JSON that can be read; {AGAIN}") from None
    named = [(name, about) for name, about in said.items() if name != "__metadata__"]
    return [_tensor(path, name, about, HEAD + length, size) for name, about in named]


def _tensor(path: Path, name: str, about: Any, data: int, size: int) -> Tensor:
    try:
        dtype, shape = str(about["dtype"]), tuple(_count(axis) for axis in about["shape"])
        begin, end = map(_count, about["data_offsets"])
    except (TypeError, KeyError, ValueError):
        raise BadFile(path, f"its head does not say where “{name}” lies; {AGAIN}") from None
    if not begin <= end <= size - data:
        raise BadFile(
            path,
            f"it is cut short: “{name}” takes the bytes {data + begin:,} to {data + end:,}, and the file ends at "
            f"{size:,}; copy it again.",
        )
    if dtype not in DTYPES:
        return Tensor(
            Part(name, shape, dtype, "a type of number that is not read here", readable=False), "u1", data + begin
        )
    called, stored = DTYPES[dtype]
    wanted = prod(shape) * np.dtype(stored).itemsize
    if wanted != end - begin:
        raise BadFile(
            path, f"“{name}” of shape {shape} takes {wanted:,} bytes as {called}, and has {end - begin:,}; {AGAIN}"
        )
    return Tensor(Part(name, shape, called), stored, data + begin)


def _count(number: Any) -> int:
    if type(number) is not int or number < 0:
        raise ValueError
    return number


TYPES = [Safetensors()]

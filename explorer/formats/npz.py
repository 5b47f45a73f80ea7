"""NumPy's .npz archives: a stored member is mapped where it lies in the archive, a compressed one read as a stream."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from explorer import room
from explorer.core.progress import Progress
from explorer.errors import BadFile
from explorer.formats import npy, several
from explorer.formats.base import ARRAY, Contents, Format, Part
from explorer.formats.blocks import Blocks
from explorer.formats.mapping import in_place
from explorer.formats.npy import Header

ENDING = ".npy"
DEFLATE = 1032
"""Deflate packs nothing into less than this part of its bytes, so that whoever promises more lies."""
LOCAL = struct.Struct("<4s5H3I2H")
"""The head of a member in a zip archive (PKWARE, APPNOTE.TXT, 4.3.7); its name and an extra field follow."""
ENCRYPTED = 0x1
SKIPPED = 4096
"""How many rows are passed over at a time."""


@dataclass(frozen=True)
class Member:
    """One array of an archive: its place in it, and what its own header says."""

    info: zipfile.ZipInfo
    header: Header

    @property
    def name(self) -> str:
        """The array's name."""
        return self.info.filename.removesuffix(ENDING)

    @property
    def part(self) -> Part:
        """It as one of several."""
        objects = self.header.dtype.hasobject
        note = several.OBJECTS if objects else ""
        return Part(self.name, self.header.shape, self.header.dtype.name, note, readable=not objects)


class Npz(Format):
    """Several arrays in a zip archive, each a .npy: one is the vectors, those as long as it are columns."""

    name = "npz"
    title = "NumPy archive"
    suffixes = (".npz",)
    options = (ARRAY,)
    rank = 11

    def recognises(self, path: Path, head: bytes) -> bool:
        """A zip archive whose first member is a .npy; an empty one by its suffix."""
        if len(head) < LOCAL.size:
            return head.startswith(b"PK\x05\x06") and path.suffix.casefold() == ".npz"
        magic, *_, name, _ = LOCAL.unpack_from(head)
        return magic == b"PK\x03\x04" and head[LOCAL.size : LOCAL.size + name].endswith(ENDING.encode())

    def parts(self, path: Path) -> tuple[Part, ...]:
        """Its arrays."""
        with _archive(path) as archive:
            return several.ordered([member.part for member in _members(path, archive)])

    def read(self, path: Path, options: Mapping[str, str], progress: Progress) -> Contents:
        """The array that is asked for, or else the likeliest; the text and numbers about its rows as columns."""
        progress(0.0, "reading")
        with _archive(path) as archive:
            members = {member.name: member for member in _members(path, archive)}
            parts = several.ordered([member.part for member in members.values()])
            part, warnings = several.chosen(path, parts, options.get(ARRAY.name))
            found = {}
            for other in several.beside(parts, part):
                progress(None, "reading columns")
                cells = _whole(path, archive, members[other.name]) if other.readable else None
                found[other.name] = None if cells is None else several.column_from(other.name, cells)
            columns, lost = several.those_read(found)
            member = members[part.name]
            npy.check_dtype(path, member.header.dtype)
            shape = npy.checked_shape(path, member.header.shape)
            contents = _vectors(path, archive, member, shape)
        return Contents(
            contents.vectors,
            columns=columns,
            warnings=(*warnings, *lost),
            mappable=contents.mappable,
            offset=contents.offset,
            facts={"array": part.name} if len(members) > 1 else {},
        )


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, RuntimeError, EOFError, ValueError, OverflowError, zlib.error, struct.error) as error:
        raise BadFile(path, f"the archive is damaged or cut short ({error}); copy or save it again.") from None


@contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    with _damage_told(path), zipfile.ZipFile(path) as archive:
        yield archive


def _members(path: Path, archive: zipfile.ZipFile) -> list[Member]:
    """The arrays of an archive. Raises BadFile for one that promises more than can be in it."""
    members = []
    for info in archive.infolist():
        if not info.filename.endswith(ENDING):
            continue
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & ENCRYPTED:
            raise BadFile(path, f"{info.filename} in it is packed in a way that is not read here; use numpy.savez.")
        with archive.open(info) as file:
            header = npy.read_header(file, path)
        _check_sizes(path, info, header)
        members.append(Member(info, header))
    return members


def _check_sizes(path: Path, info: zipfile.ZipInfo, header: Header) -> None:
    """What is promised must fit: the array into its member, and that, unpacked, to what is in the file."""
    if header.dtype.hasobject:
        return
    if info.file_size != header.length + header.bytes:
        raise BadFile(
            path,
            f"{info.filename} in it promises {header.bytes:,} bytes of numbers, and there are "
            f"{max(0, info.file_size - header.length):,}; save it again.",
        )
    most = info.compress_size * (DEFLATE if info.compress_type == zipfile.ZIP_DEFLATED else 1) + 64
    if info.file_size > most or info.compress_size > path.stat().st_size:
        raise BadFile(
            path,
            f"{info.filename} in it promises {info.file_size:,} bytes and is {info.compress_size:,} bytes long, from "
            "which no more than a thousandth of that can be unpacked; save it again.",
        )


def _vectors(path: Path, archive: zipfile.ZipFile, member: Member, shape: tuple[int, int]) -> Contents:
    header = member.header
    if member.info.compress_type == zipfile.ZIP_STORED:
        begin = _data_begin(path, member.info)
        if begin + member.info.file_size > path.stat().st_size:
            raise BadFile(path, f"the archive is cut short in {member.info.filename}; copy or save it again.")
        return in_place(path, header.dtype, shape, begin + header.length, fortran=header.fortran)
    if header.fortran:
        whole = _whole(path, archive, member)
        return Contents(whole)
    stream = _Stream(path, member)
    return Contents(Blocks(shape, header.dtype, stream.rows))


def _data_begin(path: Path, info: zipfile.ZipInfo) -> int:
    """Where the bytes of a member begin, by the head that stands before them."""
    with path.open("rb") as file:
        file.seek(info.header_offset)
        head = file.read(LOCAL.size)
    if len(head) < LOCAL.size or not head.startswith(b"PK\x03\x04"):
        raise BadFile(path, f"the archive is damaged at {info.filename}; copy or save it again.")
    *_, name, extra = LOCAL.unpack(head)
    return int(info.header_offset + LOCAL.size + name + extra)


def _whole(path: Path, archive: zipfile.ZipFile, member: Member) -> NDArray[Any]:
    """All of a member, in memory; its sizes have been checked."""
    room.check_memory(member.header.bytes, f"{member.info.filename} of {path.name}", "save it by numpy.savez")
    with archive.open(member.info) as file:
        header = npy.read_header(file, path)
        array = np.frombuffer(_exactly(file, header.bytes), header.dtype)
    return array.reshape(header.shape, order="F" if header.fortran else "C")


class _Stream:
    """The rows of a compressed member in order; it begins anew when it is asked for earlier ones."""

    def __init__(self, path: Path, member: Member) -> None:
        self._path, self._member = path, member
        self._open = ExitStack()
        self._file: IO[bytes] | None = None
        self._row = 0

    def rows(self, start: int, stop: int) -> NDArray[Any]:
        """Rows from `start` to before `stop`."""
        dtype, dimensions = self._member.header.dtype, self._member.header.shape[1]
        with _damage_told(self._path):
            if self._file is None or self._row > start:
                self._begin()
            assert self._file is not None
            for row in range(self._row, start, SKIPPED):
                _exactly(self._file, min(SKIPPED, start - row) * dimensions * dtype.itemsize)
            data = _exactly(self._file, (stop - start) * dimensions * dtype.itemsize)
            self._row = stop
            if stop == self._member.header.shape[0]:
                self._file.read(1)  # which compares the checksum
        return np.frombuffer(data, dtype).reshape(stop - start, dimensions)

    def _begin(self) -> None:
        self._open.close()
        archive = self._open.enter_context(zipfile.ZipFile(self._path))
        self._file = self._open.enter_context(archive.open(self._member.info))
        npy.read_header(self._file, self._path)
        self._row = 0


def _exactly(file: IO[bytes], size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise EOFError(f"{size - len(data):,} bytes are missing")
    return data


TYPES = [Npz()]

"""A look into archives and compressed files, never at more than their beginning: what is in there, by name."""

from __future__ import annotations

import bz2
import contextlib
import io
import lzma
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

PEEK_BYTES = 1 << 20
"""So much is unpacked at most."""
MOST_NAMES = 1000
LARGEST_DIRECTORY = 16 << 20
"""A larger list of members is not read: the library makes about ten times of it."""
ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_COMPRESSED: tuple[tuple[tuple[bytes, ...], str, str], ...] = (
    ((b"\x1f\x8b",), "gzip", "gunzip"),
    ((b"BZh",), "bzip2", "bunzip2"),
    ((b"\xfd7zXZ\0",), "xz", "unxz"),
    ((b"\x28\xb5\x2f\xfd",), "zstd", "unzstd"),
    ((b"\x04\x22\x4d\x18",), "lz4", "unlz4"),
    (ZLIB, "zlib", ""),
)


def compression(head: bytes) -> tuple[str, str]:
    """What a file that begins so is compressed by, and the command that unpacks it; ("", "") for neither."""
    for beginnings, name, command in _COMPRESSED:
        # Two letters of text would do for zlib's mark; what it says has to unpack.
        if head.startswith(beginnings) and (name != "zlib" or unpacked(head)):
            return name, command
    return "", ""


def unpacked(head: bytes, most: int = 512) -> bytes:
    """The first bytes that a compressed beginning unpacks to; empty where nothing does."""
    reader: Any
    with contextlib.suppress(zlib.error, OSError, ValueError, lzma.LZMAError, EOFError):
        if head.startswith((b"\x1f\x8b", *ZLIB)):
            # 47: gzip or zlib, whichever the head says.
            return zlib.decompressobj(47).decompress(head, most)
        if head.startswith(b"BZh"):
            reader = bz2.BZ2Decompressor()
            return bytes(reader.decompress(head, most))
        if head.startswith(b"\xfd7zXZ\0"):
            reader = lzma.LZMADecompressor(memlimit=64 << 20)
            return bytes(reader.decompress(head, most))
    return b""


def zipped(path: Path) -> list[str]:
    """The names in a zip archive, not all when there are very many; empty when it cannot be read as one."""
    try:
        with path.open("rb") as file:
            # The list stands at the end, and its own record says how long it is.
            size = file.seek(0, io.SEEK_END)
            file.seek(max(0, size - 65_557))
            tail = file.read()
            at = tail.rfind(b"PK\5\6")
            if at < 0 or int.from_bytes(tail[at + 12 : at + 16], "little") > LARGEST_DIRECTORY:
                return []
            with zipfile.ZipFile(file) as archive:
                return archive.namelist()[:MOST_NAMES]
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError):
        return []


def tarred(path: Path) -> list[str]:
    """The names at the beginning of a tar archive, also a compressed one; empty when it is none."""
    names: list[str] = []
    try:
        with path.open("rb") as file:
            head = file.read(PEEK_BYTES)
        start = unpacked(head, PEEK_BYTES) if compression(head)[0] else head
        if start[257:262] != b"ustar":
            return []
        with tarfile.open(fileobj=io.BytesIO(start), mode="r:") as archive:
            # A member that reaches beyond the beginning ends the list.
            for member in archive:
                names.append(member.name)
                if len(names) == MOST_NAMES:
                    break
    except (OSError, ValueError, tarfile.TarError, EOFError, RecursionError):
        pass
    return names

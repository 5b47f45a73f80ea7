"""A file packed by gzip, bzip2, xz or Zstandard, such as `.csv.gz`: unpacked into the cache, and read as what it is."""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from explorer.core.column import Column
from explorer.core.progress import Progress
from explorer.errors import BadFile, BadParameter
from explorer.formats import dialect, keeping, refusal
from explorer.formats.base import ARRAY, Contents, Format, Part
from explorer.formats.gathering import MOST_UNPACKED, SPARE_BYTES

_MAGIC = {b"\x1f\x8b\x08": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "Zstandard"}
BLOCK_BYTES = 1 << 20
_OWN = (*dialect.OPTIONS, ARRAY)


class Packed(Format):
    """Any other format inside. What unpacks far beyond its size is left."""

    name = "packed"
    title = "Packed file (gzip, bzip2, xz, Zstandard)"
    suffixes = (".gz", ".bz2", ".xz", ".zst")
    options = _OWN
    chooses_columns = True
    native = True
    parts_take_all = True
    rank = 5

    def recognises(self, path: Path, head: bytes) -> bool:
        """By the magic bytes; what is inside may still be something that is never read."""
        return _packing(head) is not None and not refusal.holds_foreign(head)

    def parts(self, path: Path) -> tuple[Part, ...]:
        """Those of the file inside, which has to be unpacked for that."""
        with _temporary() as folder:
            inside = _unpacked(path, folder, lambda fraction, note="": None)
            return _format_of(path, inside).parts(inside)

    def read(self, path: Path, options: Mapping[str, str], progress: Progress) -> Contents:
        """Unpack it into a temporary folder, and read it into memory."""
        with _temporary() as folder:
            return self._read(path, options, folder, None, progress)

    def read_into(self, path: Path, options: Mapping[str, str], folder: Path, progress: Progress) -> Contents:
        """Unpack it into the folder, and read it from there."""
        return self._read(path, options, folder, folder, progress)

    def records(self, path: Path, options: Mapping[str, str], progress: Progress) -> tuple[Column, ...] | None:
        """Those of the file inside."""
        with _temporary() as folder:
            inside = _unpacked(path, folder, progress)
            return _format_of(path, inside).records(inside, options, progress)

    def _read(
        self, path: Path, options: Mapping[str, str], folder: Path, into: Path | None, progress: Progress
    ) -> Contents:
        inside = _unpacked(path, folder, lambda fraction, note="": progress(fraction and fraction / 2, note))
        kind = _format_of(path, inside)
        known = {param.name for param in kind.options}
        for param in _OWN:
            if param.name in options and param.name not in known:
                raise BadParameter(f"{path.name} holds {kind.title}, which has no option “{param.name}”.")

        def second(fraction: float | None, note: str = "") -> None:
            progress(fraction and 0.5 + fraction / 2, note)

        try:
            contents = (
                kind.read(inside, options, second) if into is None else kind.read_into(inside, options, into, second)
            )
        except BadFile as error:
            raise BadFile(path, str(error).removeprefix(f"{inside}: ")) from None
        # A mapped file goes with the folder where it cannot go before.
        with suppress(OSError):
            inside.unlink()
        by = f"packed by {_packing(_head(path))}"
        format_, title = f"{kind.name}, {by}", f"{kind.title}, {by}"
        return replace(contents, mappable=False, offset=None, format=format_, title=title)


def _packing(head: bytes) -> str | None:
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(1 << 16)


@contextmanager
def _temporary() -> Iterator[Path]:
    """A folder for what is unpacked; what is mapped from it keeps its bytes until it is let go."""
    folder = Path(tempfile.mkdtemp(prefix="explorer-unpacked-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _format_of(path: Path, inside: Path) -> Format:
    from explorer.formats import reading

    head = _head(inside)
    kind = reading.format_of(inside, head)
    if isinstance(kind, Packed):
        raise BadFile(path, "it is packed twice; unpack it once.")
    if kind is None:
        what = "an archive of files; unpack it and name one of them" if head[257:262] == b"ustar" else "no vectors"
        raise BadFile(path, f"it is packed by {_packing(_head(path))}, and inside is {what}.")
    return kind


def _unpacked(path: Path, folder: Path, progress: Progress) -> Path:
    """The file inside, under its own name. Raises BadFile for what is damaged, or unpacks beyond reason."""
    inside = folder / f"unpacked{Path(path.stem).suffix}"
    size = path.stat().st_size
    most, written = MOST_UNPACKED * size + SPARE_BYTES, 0
    try:
        with path.open("rb") as packed, closing(_opened(packed)) as stream, inside.open("wb") as out:
            while block := stream.read(BLOCK_BYTES):
                written += len(block)
                if written > most:
                    raise BadFile(
                        path, f"it unpacks to more than {MOST_UNPACKED} times its size, as no vectors do; it was left."
                    )
                if written % (64 * BLOCK_BYTES) < len(block):
                    keeping.check_room(64 * BLOCK_BYTES, f"Unpacking {path.name}")
                out.write(block)
                progress(min(1.0, packed.tell() / size), "unpacking")
    except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, ValueError) as error:
        raise BadFile(path, f"it is damaged or cut short, so that it cannot be unpacked: {error}.") from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise BadFile(path, f"it is damaged or cut short, so that it cannot be unpacked: {error}.") from None
    if not written:
        raise BadFile(path, "there is nothing in it.")
    return inside


def _opened(packed: IO[bytes]) -> Any:
    """The stream inside."""
    kind = _packing(packed.read(16))
    packed.seek(0)
    if kind == "gzip":
        return gzip.GzipFile(fileobj=packed)
    if kind == "bzip2":
        return bz2.BZ2File(packed)
    if kind == "xz":
        return lzma.LZMAFile(packed)
    import pyarrow as pa

    return pa.CompressedInputStream(pa.PythonFile(packed, "r"), "zstd")


TYPES = [Packed()]

"""Read and write Faiss's own files."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from threading import Lock
from typing import Any

from explorer.errors import BadFile, TaskFailed
from explorer.indexes.faiss import header
from explorer.indexes.faiss.library import imported, translated

MAPPED = frozenset((*header.FLAT, *header.IVF_FLAT, *header.IVF_PQ, *header.SQ, *header.HNSW_FLAT))
"""Kinds that can be mapped; with some others the library crashes."""
BESIDE_BYTES = 64 << 20
"""What an index may hold in one piece that its file does not."""

_one_reads = Lock()


def read(path: Path) -> Any:
    """The index in a file, mapped where that can be done. Raises BadFile with what the library says.

    No piece of it may be larger than the file, whatever the file says.
    """
    faiss = imported()

    found = header.header_of(path)
    with _one_reads, translated(lambda said: BadFile(path, f"Faiss cannot read it: {said}.")):
        before = faiss.get_deserialization_vector_byte_limit()
        faiss.set_deserialization_vector_byte_limit(path.stat().st_size + BESIDE_BYTES)
        try:
            if sys.platform == "win32":
                # The library opens names as bytes of the local code page, and cannot map there.
                with path.open("rb") as file:
                    reader = faiss.PyCallbackIOReader(file.read)
                    return _mended(faiss.read_index(reader, faiss.IO_FLAG_SKIP_PRECOMPUTE_TABLE))
            mapped = found is not None and found.kind in MAPPED
            flags = faiss.IO_FLAG_MMAP_IFC if mapped else 0
            return _mended(faiss.read_index(str(path), flags | faiss.IO_FLAG_SKIP_PRECOMPUTE_TABLE))
        finally:
            faiss.set_deserialization_vector_byte_limit(before)


def _mended(index: Any) -> Any:
    """The same index. Of fast scans in cells Faiss 1.15 forgets, when it reads them, what decodes their codes, and ends
    the process when a vector is asked for."""
    faiss = imported()

    cells = faiss.try_extract_index_ivf(index)
    part = None if cells is None else faiss.downcast_index(cells)
    if part is not None and getattr(part, "fine_quantizer", part) is None:
        part.fine_quantizer = getattr(part, "pq", None) or part.aq
    return index


def write(index: Any, path: Path) -> None:
    """Write an index, complete or not at all. Raises TaskFailed when the disk is full."""
    faiss = imported()

    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    failed: list[OSError] = []
    try:
        with unfinished.open("wb") as file:

            def sink(piece: bytes) -> None:
                try:
                    file.write(piece)
                except OSError as error:
                    failed.append(error)
                    raise

            faiss.write_index(index, faiss.PyCallbackIOWriter(sink))
        unfinished.replace(path)
    except (OSError, RuntimeError) as error:
        why = failed[0] if failed else error
        raise TaskFailed(f"{path}: the index could not be written; is the disk full? ({why})") from error
    finally:
        unfinished.unlink(missing_ok=True)

"""What is asked of an HDF5 set before it is read: nothing outside the file, no plug-in, no more than is stored."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import h5py

MAGIC = b"\x89HDF\r\n\x1a\n"
SUFFIXES = (".hdf5", ".h5", ".hdf", ".he5")
PACKED = 1032
"""No filter that is used here packs vectors into less than this part of their bytes; whoever says so lies."""
SLACK = 1 << 20
OWN_FILTERS = frozenset({1, 2, 3, 4, 5, 6, 32000})
"""Deflate, shuffle, checksum, szip, nbit, scale-offset, and h5py's LZF. Any other is code from a plug-in."""
ELSEWHERE = "its numbers lie in other files, which are not opened"


def barred(dataset: h5py.Dataset) -> str:
    """Why a set is not read here, however large it is; empty where it can be. Its shape need not be asked for before,
    which might open another file."""
    import h5py

    plan = dataset.id.get_create_plist()
    if plan.get_layout() == h5py.h5d.VIRTUAL or plan.get_external_count():
        return ELSEWHERE
    foreign = sorted({plan.get_filter(i)[0] for i in range(plan.get_nfilters())} - OWN_FILTERS)
    return f"packed by filter {foreign[0]}, a plug-in's, which is not run here" if foreign else ""


def overstated(dataset: h5py.Dataset, file_bytes: int) -> str:
    """In what a set promises more than its stored bytes can hold, in a file of so many; empty where it does not."""
    wanted, stored = prod(dataset.shape or ()) * dataset.dtype.itemsize, dataset.id.get_storage_size()
    chunk = prod(dataset.chunks or ()) * dataset.dtype.itemsize
    most = stored * PACKED + SLACK if dataset.id.get_create_plist().get_nfilters() else stored + SLACK
    if stored > file_bytes or max(wanted, chunk) > most or (wanted and not stored):
        return f"promises {wanted:,} bytes, and {stored:,} are stored"
    return ""

"""stripped.py FOLDER: takes names for debuggers out of the shared libraries of a frozen program.

`strip` moves what some wheels have had relocated to where no loader takes it; such a library stays as it was.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

LOAD = 1
"""The kind of a segment that is loaded (ELF, program headers)."""


def loadable(path: Path) -> bool:
    """Whether every segment of a 64-bit little-endian ELF file lies in it as its alignment asks for."""
    data = path.read_bytes()[: 1 << 16]
    if data[:6] != b"\x7fELF\x02\x01":
        return False
    (start,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    for number in range(count):
        kind, _, offset, address, _, _, _, align = struct.unpack_from("<IIQQQQQQ", data, start + number * size)
        if kind == LOAD and align > 1 and offset % align != address % align:
            return False
    return True


def strip(path: Path, beside: Path) -> None:
    """Strip one library, unless that breaks it."""
    shutil.copy2(path, beside)
    done = subprocess.run(["strip", "--strip-unneeded", str(beside)], capture_output=True)
    if done.returncode == 0 and loadable(beside) and beside.stat().st_size < path.stat().st_size:
        shutil.copy2(beside, path)


def main(folder: Path) -> None:
    """All of them."""
    with tempfile.TemporaryDirectory() as place:
        for path in sorted(folder.rglob("*.so*")):
            if path.is_file() and not path.is_symlink():
                strip(path, Path(place) / "library.so")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

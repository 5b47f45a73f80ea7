"""Whether what some work needs is there, asked before it begins; and sizes as people read them."""

from __future__ import annotations

import shutil
from pathlib import Path

from explorer.errors import TooLarge


def free_on_disk(folder: Path) -> int:
    """How many bytes are left on the disk of an existing folder."""
    return shutil.disk_usage(folder).free


def free_in_memory() -> int:
    """How many bytes of memory are available."""
    import psutil

    return int(psutil.virtual_memory().available)


def memory() -> int:
    """How many bytes of memory this machine has."""
    import psutil

    return int(psutil.virtual_memory().total)


def check_disk(folder: Path, needed: int, what: str, advice: str) -> None:
    """Raise TooLarge when the disk of an existing folder has less than `needed` bytes left."""
    free = free_on_disk(folder)
    if needed > free:
        raise TooLarge(
            f"{what} needs about {readable(needed)} on the disk of {folder}, which has {readable(free)} left; {advice}."
        )


def check_memory(needed: int, what: str, advice: str) -> None:
    """Raise TooLarge when less than `needed` bytes of memory are available."""
    free = free_in_memory()
    if needed > free:
        raise TooLarge(f"{what} needs about {readable(needed)} of memory, and {readable(free)} are free; {advice}.")


def readable(size: int) -> str:
    """A number of bytes as people read it: 1.2 GB."""
    amount, unit = float(size), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.0f} {unit}" if amount >= 100 or unit == "bytes" else f"{amount:.1f} {unit}"

"""How figures are worded for people."""

from __future__ import annotations

import math
import re

_CHOOSES = re.compile(r"--read \S+ chooses another")


def without_options(sentence: str, chooses: str = "“Read differently …”") -> str:
    """A note on a file without what is meant for the command line: here a link, or a field, `chooses` another array."""
    return _CHOOSES.sub(f"{chooses} chooses another", sentence).replace("--read ", "")


def count(number: int) -> str:
    """20,000"""
    return f"{number:,}"


def size(number: float) -> str:
    """512 MB"""
    for unit, scale in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        # What would round to 1,000 of a unit is 1 of the next.
        if number >= 0.9995 * scale:
            return f"{number / scale:.3g} {unit}"
    return f"{number:.0f} B"


def about(number: float) -> str:
    """About so many bytes: 51 MB"""
    digits = len(str(int(number))) - 2
    return size(round(number, -digits)) if digits > 0 else size(number)


def duration(seconds: float) -> str:
    """Under 1 s, about 3 s, about 4 min, about 2 h."""
    if seconds < 0.75:
        return "under 1 s"
    if seconds < 90:
        return f"about {round(seconds)} s"
    if seconds < 5400:
        return f"about {round(seconds / 60)} min"
    return f"about {round(seconds / 3600):,} h"


def took(seconds: float) -> str:
    """0.3 s, 48 s, 12 min"""
    if seconds < 9.95:
        return f"{max(0.1, seconds):.1f} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def milliseconds(number: float) -> str:
    """0.04 ms, 12 ms"""
    return f"{number:.2f} ms" if number < 10 else f"{number:.0f} ms"


def distance(number: float) -> str:
    """Four figures that tell neighbours apart: 23.49, 0.1204."""
    if not math.isfinite(number):
        return "–"
    if number == 0:
        return "0"
    digits = max(0, min(6, 3 - math.floor(math.log10(abs(number)))))
    return f"{number:.{digits}f}"


def score(number: float) -> str:
    """A library's own score, as many figures as tell neighbours apart: 0.98214, 163.00; – where it gave none."""
    return f"{number:#.5g}" if math.isfinite(number) and abs(number) < 1e5 else distance(number)


def params(values: dict[str, object] | dict[str, int | float | str]) -> str:
    """50 trees · search_k 500"""
    words = []
    for name, value in values.items():
        figure = f"{value:,}" if isinstance(value, int) else str(value)
        words.append(f"{figure} trees" if name == "trees" else f"{name} {figure}")
    return " · ".join(words)

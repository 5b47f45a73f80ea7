"""How figures are worded for people."""

from __future__ import annotations

import math


def count(number: int) -> str:
    """20,000"""
    return f"{number:,}"


def size(number: float) -> str:
    """512 MB"""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= scale:
            return f"{number / scale:.3g} {unit}"
    return f"{number:.0f} B"


def duration(seconds: float) -> str:
    """About 3 s, about 4 min."""
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    return f"about {round(seconds / 60)} min"


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
    """A library's own score, as many figures as tell neighbours apart: 0.98214; – where it gave none."""
    return f"{number:.5f}" if math.isfinite(number) else "–"


def params(values: dict[str, object] | dict[str, int | float | str]) -> str:
    """50 trees · search_k 500"""
    words = []
    for name, value in values.items():
        figure = f"{value:,}" if isinstance(value, int) else str(value)
        words.append(f"{figure} trees" if name == "trees" else f"{name} {figure}")
    return " · ".join(words)

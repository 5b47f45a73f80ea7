"""Ranks as people say them."""

from __future__ import annotations

TEENS = range(11, 14)
ENDINGS = {1: "st", 2: "nd", 3: "rd"}


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 12th, 1,023rd."""
    ending = "th" if number % 100 in TEENS else ENDINGS.get(number % 10, "th")
    return f"{number:,}{ending}"

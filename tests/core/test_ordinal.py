"""Ranks in words."""

from __future__ import annotations

import pytest

from explorer.core.ordinal import ordinal


@pytest.mark.parametrize(
    ("number", "said"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (21, "21st"), (1_013, "1,013th")],
)
def test_endings(number: int, said: str) -> None:
    assert ordinal(number) == said

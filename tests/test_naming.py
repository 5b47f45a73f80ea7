from __future__ import annotations

import pytest

from explorer import naming
from explorer.core.names import Names
from explorer.core.strings import Strings
from explorer.naming import nearest_names

NAMES = Names.of(Strings.of(["king", "ring", "King", "kingdom", "queen", "ice cream", "naïve", "", "x", "queen"]))


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("kign", ["king", "King"]),
        ("KIGN", ["king", "King"]),
        ("queeen", ["queen"]),
        ("icecream", ["ice cream"]),
        ("naive", ["naïve"]),
        ("ice c", ["ice cream"]),
        ("nothing like it", []),
        ("", []),
        ("y" * 9999, []),
    ],
)
def test_nearest_names(typed: str, near: list[str]) -> None:
    assert nearest_names(typed, NAMES) == near


def test_where_many_are_possible_the_nearest_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names.of(Strings.of(f"item {i:06d}" for i in range(3000)))
    monkeypatch.setattr(naming, "MOST_COMPARED", 50)
    monkeypatch.setattr(naming, "BLOCK_ROWS", 700)
    assert "item 001234" in nearest_names("item 001234x", names)
    assert nearest_names("itme 002999", names)[0] == "item 002999"

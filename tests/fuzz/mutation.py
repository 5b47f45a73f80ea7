"""Edits of a good file, as hypothesis draws them."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

INTERESTING = (
    0,
    1,
    2,
    7,
    8,
    127,
    128,
    255,
    2**15 - 1,
    2**16 - 1,
    2**24,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**63 - 1,
    2**64 - 1,
)


@dataclass(frozen=True)
class Edit:
    """One change, at a place that is a share of the whole; most of what matters stands at the beginning or the end."""

    kind: str
    place: float
    number: int
    size: int

    def of(self, body: bytes) -> bytes:
        """The file after it."""
        at = int(self.place * max(0, len(body) - 1))
        if self.kind == "flip":
            return body[:at] + bytes([body[at] ^ (1 << self.number % 8)]) + body[at + 1 :] if body else body
        if self.kind == "number":
            return (
                body[:at] + (self.number % (1 << 8 * self.size)).to_bytes(self.size, "little") + body[at + self.size :]
            )
        if self.kind == "cut":
            return body[:at]
        if self.kind == "remove":
            return body[:at] + body[at + self.size :]
        if self.kind == "repeat":
            return body[: at + self.size] + body[at:]
        return body[:at] + bytes([self.number % 256]) * self.size + body[at:]


def edits() -> st.SearchStrategy[list[Edit]]:
    """One to four edits."""
    places = st.floats(0, 1) | st.floats(0, 0.1) | st.floats(0.9, 1)
    kinds = st.sampled_from(["flip", "flip", "number", "number", "cut", "remove", "repeat", "insert"])
    one = st.builds(Edit, kinds, places, st.sampled_from(INTERESTING), st.sampled_from([1, 2, 4, 8, 100]))
    return st.lists(one, min_size=1, max_size=4)


def mutated(body: bytes, changes: list[Edit]) -> bytes:
    """The file after all of them."""
    for change in changes:
        body = change.of(body)
    return body

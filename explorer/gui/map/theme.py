"""The colours of the map in a dark and in a light window."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MapTheme:
    """Colours as `#rrggbb`, opacities from 0 to 1.

    background   the paper
    point        points when no column is chosen
    text         labels, captions, and the ring of a hit
    halo         the edge that sets labels and marks off from the points below
    quiet        captions and the second lines of the card
    accent       the query's star and ring, the keyboard focus, the selection's frame
    miss, grey   the ring of a miss; the square of an extra
    line         from the query to what was found
    card, edge   the hover card and its border
    opacity      of one disc where points lie far apart
    """

    background: str
    point: str
    text: str
    halo: str
    quiet: str
    accent: str
    miss: str
    grey: str
    line: str
    card: str
    edge: str
    opacity: float


DARK = MapTheme(
    background="#121416",
    point="#8b97a5",
    text="#e7e9ec",
    halo="#121416",
    quiet="#9aa1a9",
    accent="#58a6ff",
    miss="#ff6b6b",
    grey="#7d858e",
    line="#7d858e",
    card="#24282d",
    edge="#363b41",
    opacity=0.72,
)

LIGHT = MapTheme(
    background="#ffffff",
    point="#7b8794",
    text="#1f2328",
    halo="#ffffff",
    quiet="#656c76",
    accent="#0b6bcb",
    miss="#d1242f",
    grey="#8b9098",
    line="#8b9098",
    card="#ffffff",
    edge="#d5d8dc",
    opacity=0.62,
)

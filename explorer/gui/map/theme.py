"""The colours of the map in a dark and in a light window."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.gui import theme as themes


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
    background=themes.DARK.window,
    point="#8b97a5",
    text=themes.DARK.text,
    halo=themes.DARK.window,
    quiet=themes.DARK.quiet,
    accent=themes.DARK.accent,
    miss=themes.DARK.miss,
    grey="#7d858e",
    line="#7d858e",
    card=themes.DARK.field,
    edge=themes.DARK.line,
    opacity=0.72,
)

LIGHT = MapTheme(
    background=themes.LIGHT.window,
    point="#7b8794",
    text=themes.LIGHT.text,
    halo=themes.LIGHT.window,
    quiet=themes.LIGHT.quiet,
    accent=themes.LIGHT.accent,
    miss=themes.LIGHT.miss,
    grey="#8b9098",
    line="#8b9098",
    card=themes.LIGHT.field,
    edge=themes.LIGHT.line,
    opacity=0.62,
)

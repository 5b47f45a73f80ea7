"""Libraries that are not always there: which extra brings one, said as it is where we are."""

from __future__ import annotations

from explorer import paths


def missing(library: str, extra: str = "") -> str:
    """The sentence that a library is not here, and how to get it; nothing can be added to the installed program."""
    wanted = f"ann-explorer[{extra or library}]"
    if paths.frozen():
        return f"The installed program does not bring {library}; with Python, “pip install {wanted}” has it."
    return f"The library {library} is not installed here; “pip install {wanted}” adds it."

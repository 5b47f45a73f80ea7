"""ANN Explorer as a library: the same thing as the program, without a window.

>>> import explorer
>>> dataset = explorer.load("sample:digits")
>>> index = explorer.build(dataset, "annoy", trees=20)
>>> index.search(dataset.vectors[0], k=3).rows[0]
np.int64(0)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from explorer.core.dataset import Dataset
    from explorer.core.neighbours import Neighbours
    from explorer.core.projection import Projection
    from explorer.library import Index, build, load, open_index, project
    from explorer.showing import Window, show

__all__ = ["Dataset", "Index", "Neighbours", "Projection", "Window", "build", "load", "open_index", "project", "show"]

_HOMES = {
    "Dataset": "explorer.core.dataset",
    "Neighbours": "explorer.core.neighbours",
    "Projection": "explorer.core.projection",
    "Window": "explorer.showing",
    "show": "explorer.showing",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for: the window and its children need none of them."""
    if name not in __all__:
        raise AttributeError(f"module 'explorer' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES.get(name, "explorer.library")), name)


def __dir__() -> list[str]:
    return __all__

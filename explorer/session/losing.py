"""What people asked for and would have to do again."""

from __future__ import annotations

from explorer.indexes import type_named
from explorer.session.state import IndexEntry, State
from explorer.session.tasks import BUILD, SAVE


def would_lose(state: State, *, closing: bool) -> tuple[str, ...]:
    """What is lost with the present Dataset, in words; and, when the window closes, what is still being saved.

    Nothing that came about by itself counts: it comes again.
    """
    ends = (BUILD, SAVE) if closing else (BUILD,)
    under_way = [task for task in state.tasks if task.key.startswith(ends) and not task.by_itself]
    return (
        *(f"{task.title}, which is under way" for task in under_way),
        *(f"{_named(entry)}, which is not saved" for entry in state.indexes if entry.unsaved),
    )


def _named(entry: IndexEntry) -> str:
    """The index and how it was built: “Annoy (trees 50)”."""
    params = ", ".join(f"{name} {value}" for name, value in entry.handle.params.items())
    title = type_named(entry.handle.type).title
    return f"{title} ({params})" if params else title

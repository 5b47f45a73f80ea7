"""What the inspector says of misses, fixes and steps, in words."""

from __future__ import annotations

from explorer.core.explanation import Fix
from explorer.gui import wording
from explorer.session.state import State


def reasons(state: State) -> dict[int, str]:
    """Why each missed row was missed and what finds it, as far as that is known."""
    told = state.explanation
    return {miss.row: miss.sentence for miss in told.misses} if told is not None else {}


def why_missed(state: State, row: int) -> str:
    """Why a row was missed; empty where it was not, or where that is not known yet."""
    return reasons(state).get(row, "")


def setting(fix: Fix) -> str:
    """search_k 1,800; nprobe 4, rerank 40"""
    return ", ".join(f"{name} {wording.count(v) if isinstance(v, int) else v}" for name, v in fix.params.items())


def offer(fix: Fix) -> str:
    """What a button that applies a fix says."""
    if not fix.rebuild:
        return f"Set {setting(fix)}"
    return f"Apply {setting(fix)}" if fix.verified else f"Rebuild with {setting(fix)} …"


def promise(fix: Fix) -> str:
    """What is known of the fix."""
    if fix.rebuild:
        return "built and tried: finds it" if fix.verified else "likely finds it"
    return "together find it" if fix.also else "finds it"

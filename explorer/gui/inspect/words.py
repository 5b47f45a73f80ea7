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
    """search_k 1,800"""
    return f"{fix.param} {wording.count(fix.value) if isinstance(fix.value, int) else fix.value}"


def offer(fix: Fix) -> str:
    """What a button that applies a fix says."""
    return f"Rebuild with {setting(fix)} …" if fix.rebuild else f"Set {setting(fix)}"


def promise(fix: Fix) -> str:
    """What is known of the fix."""
    return "finds it" if fix.verified else "likely finds it"

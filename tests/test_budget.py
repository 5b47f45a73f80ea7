"""How much of the disk may be taken, and that it is remembered."""

from __future__ import annotations

import shutil

from explorer import budget, paths


def test_unless_told_otherwise_it_is_a_share_of_the_disk() -> None:
    whole = shutil.disk_usage(paths.cache_folder()).total
    assert budget.limit() == min(budget.MOST_BYTES, int(whole * budget.MOST_SHARE))


def test_what_was_set_is_remembered_and_taken_back() -> None:
    before = budget.limit()
    budget.set_limit(3 * 10**9)
    assert budget.limit() == 3 * 10**9
    budget.set_limit(5)
    assert budget.limit() == budget.LEAST_BYTES
    (paths.cache_folder() / "limit").write_text("much", "ascii")
    assert budget.limit() == before
    budget.set_limit(None)
    assert budget.limit() == before and not (paths.cache_folder() / "limit").exists()

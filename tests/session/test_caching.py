"""Again: a file opened before shows its index from the cache, and what is kept can be seen and removed."""

from __future__ import annotations

from pathlib import Path

from explorer.indexes import kept
from tests.session.conftest import Application


def test_a_file_opened_again_has_its_index_at_once(app: Application, npy: Path) -> None:
    state = app.open(npy)
    first = state.approximate.handle
    assert not kept.is_kept(first, state.dataset)
    state = app.open(npy)
    again = state.approximate.handle
    assert kept.is_kept(again, state.dataset)
    assert (again.params, again.build_seconds) == (first.params, first.build_seconds)
    app.controller.asking.ask_row(3)
    assert app.settle().verdict is not None


def test_building_the_very_same_again_builds_another(app: Application, npy: Path) -> None:
    app.open(npy)
    state = app.open(npy)
    key, found = state.current, state.approximate.handle
    app.controller.indexing.build("annoy", {"trees": 5}, replacing=key)
    state = app.until(lambda s: s.entry(key).handle is not found and not s.tasks)
    assert not kept.is_kept(state.entry(key).handle, state.dataset)
    assert found.path.exists(), "it is for the next opening"


def test_what_is_kept_is_seen_limited_and_removed_unless_it_is_in_use(
    app: Application, npy: Path, tmp_path: Path
) -> None:
    # Each process keeps the last two at hand.
    for name in ("first", "second"):
        (tmp_path / f"{name}.npy").write_bytes(npy.read_bytes())
        app.open(tmp_path / f"{name}.npy")
    app.open(npy)
    app.controller.caching.look()
    cache = app.until(lambda s: s.cache).cache
    used = {each.title: each.open for each in cache.kept}
    assert used.keys() == {"first.npy", "second.npy", "vectors.npy"} and cache.bytes > 0
    assert used["vectors.npy"] and not used["first.npy"]
    app.controller.caching.limit(2 * 10**9)
    app.until(lambda s: s.cache.limit == 2 * 10**9)
    app.controller.caching.empty()
    left = app.until(lambda s: len(s.cache.kept) < 3).cache.kept
    assert "vectors.npy" in {each.title for each in left} and "first.npy" not in {each.title for each in left}

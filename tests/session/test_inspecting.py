"""Seeing inside: what comes by itself, what comes when it is looked at, and what is stale."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from explorer.core.structure import Forest
from explorer.session.state import State


@pytest.fixture
def missing(app: Any, npy: Any) -> Any:
    """A forest of one tree, and a query of which it misses at least two true neighbours."""
    app.controller.indexing.first_params = {"trees": 1}
    app.open(npy)
    for row in range(40):
        app.controller.asking.ask_row(row)
        if len(app.settle().verdict.misses) >= 2:
            return app
    raise AssertionError("one tree finds everything")


def calm(state: State) -> bool:
    return not state.seeking and not state.tasks and (state.asked is None or state.verdict is not None)


def test_misses_are_explained_by_themselves_and_a_fix_finds_them(missing: Any) -> None:
    state = missing.until(lambda s: s.explanation is not None)
    told = state.explanation
    assert {miss.row for miss in told.misses} == set(state.verdict.misses.tolist())
    fix = told.all_fix
    assert fix is not None and fix.param == "search_k" and fix.verified
    assert fix.value == max(miss.fix.value for miss in told.misses) and len(told.all_found) == len(told.misses)
    missing.controller.inspecting.apply(fix)
    assert missing.state.explanation is None and missing.state.answer is None
    state = missing.until(calm)
    assert len(state.verdict.misses) == 0 and state.explanation is None
    assert {miss.row for miss in told.misses} <= set(state.answer.neighbours.rows.tolist())


def test_one_fix_finds_the_row_it_was_offered_for(missing: Any) -> None:
    miss = missing.until(lambda s: s.explanation is not None).explanation.misses[0]
    missing.controller.inspecting.apply(miss.fix)
    assert miss.row in missing.until(calm).answer.neighbours.rows


def test_what_looking_farther_finds_comes_on_its_page_and_stays_while_it_is_set(missing: Any) -> None:
    missing.until(calm)
    assert missing.state.reach is None
    missing.controller.inspecting.show("why")
    reach = missing.until(lambda s: s.reach is not None).reach
    assert reach.param == "search_k" and reach.default == missing.state.answer.params["search_k"]
    now = reach.found[reach.place(reach.default)]
    assert set(reach.rows[~now].tolist()) == set(missing.state.verdict.misses.tolist()) and reach.found[-1].all()
    missing.controller.inspecting.look_as_far_as(int(reach.stops[-1]))
    state = missing.until(calm)
    assert state.reach is reach and not len(state.verdict.misses)
    missing.controller.inspecting.look_as_far_as(reach.default)
    assert missing.state.approximate.given == {} and missing.state.reach is reach
    missing.controller.asking.ask_row(299 - state.asked.query.row)
    assert missing.state.reach is None
    assert missing.until(lambda s: s.reach is not None).reach.rows.tolist() == missing.settle().truth.rows.tolist()
    missing.controller.indexing.choose(missing.state.exact.key)
    assert missing.state.reach is None


def test_what_was_explained_is_forgotten_with_the_next_query(missing: Any) -> None:
    before = missing.until(lambda s: s.explanation is not None)
    missing.controller.asking.ask_row(299 - before.asked.query.row)
    assert missing.state.explanation is None
    state = missing.until(calm)
    assert state.explanation is not before.explanation
    assert len(state.verdict.misses) == (len(state.explanation.misses) if state.explanation else 0)


def test_exact_search_has_nothing_to_explain(missing: Any) -> None:
    missing.until(lambda s: s.explanation is not None)
    missing.controller.inspecting.show("replay")
    missing.controller.indexing.choose(missing.state.exact.key)
    state = missing.until(calm)
    assert state.explanation is None and state.replay is None and state.inside is None
    missing.controller.indexing.choose(state.indexes[-1].key)
    missing.until(lambda s: s.explanation is not None and s.replay is not None)


def test_a_replay_comes_once_it_is_looked_at_and_ends_in_the_answer(missing: Any) -> None:
    missing.until(calm)
    assert missing.state.replay is None
    missing.controller.inspecting.show("replay")
    trace = missing.until(lambda s: s.replay is not None).replay.trace
    # The query is a row, which the library finds too.
    found = [row for row in trace.found.tolist() if row != missing.state.asked.query.row]
    assert found[:10] == missing.state.answer.neighbours.rows.tolist() and not trace.differs
    missing.controller.inspecting.go_to(10**6)
    assert missing.state.step == len(trace) - 1
    missing.controller.inspecting.go_to(-5)
    assert missing.state.step == 0


def test_a_replay_of_the_search_before_is_not_kept(missing: Any) -> None:
    missing.controller.inspecting.show("replay")
    before = missing.until(lambda s: s.replay is not None).replay
    missing.controller.inspecting.go_to(3)
    entry = missing.state.approximate
    missing.controller.indexing.set_search(entry.key, {"search_k": 290})
    assert missing.state.replay is None
    state = missing.until(lambda s: s.replay is not None)
    assert state.step == 0 and len(state.replay.trace.rows) > len(before.trace.rows)


def test_the_structure_comes_with_what_its_trees_know(missing: Any) -> None:
    missing.controller.inspecting.show("structure")
    state = missing.until(lambda s: s.inside is not None and s.growth is not None)
    forest = next(part for part in state.inside if isinstance(part, Forest))
    assert len(forest.roots) == 1 and forest.rows == 300 and len(state.growth.leaves) == 1


def test_branches_and_margins_colour_the_map(missing: Any) -> None:
    missing.controller.inspecting.show("structure")
    state = missing.until(lambda s: s.inside is not None)
    forest = next(part for part in state.inside if isinstance(part, Forest))
    missing.controller.inspecting.colour_by_branches(0, 1)
    state = missing.until(lambda s: s.paintings)
    column = state.column(state.colour_by)
    assert column.kind == "category" and len(column.labels) == 2
    sizes = np.bincount(column.values).tolist()
    assert sizes == forest.sizes[forest.children[forest.roots[0]]].tolist()
    missing.controller.inspecting.colour_by_margins(int(forest.roots[0]))
    state = missing.until(lambda s: len(s.paintings) == 2)
    assert state.painting(state.colour_by).diverging
    above = np.asarray(state.column(state.colour_by).values) > 0
    assert abs(int(above.sum()) - sizes[1]) <= 1
    missing.controller.inspecting.select_branch(0, 1, int(forest.children[forest.roots[0], 0]))
    assert len(missing.until(lambda s: len(s.selection)).selection) == sizes[0]


def test_recall_and_honesty_are_painted(missing: Any) -> None:
    missing.controller.inspecting.paint_recall()
    state = missing.until(lambda s: s.paintings)
    painting = state.painting(state.colour_by)
    recalls = np.asarray(painting.column.values)
    assert state.colour_by.startswith("recall@10") and not np.isnan(recalls).any()
    assert recalls[painting.worst].tolist() == sorted(recalls)[: len(painting.worst)]
    assert abs(recalls.mean() - missing.settle().approximate.recall.recall) < 1e-6
    missing.controller.inspecting.paint_honesty()
    state = missing.until(lambda s: len(s.paintings) == 2)
    shares = np.asarray(state.column(state.colour_by).values)
    assert (shares >= 0).all() and (shares <= 1).all() and shares.mean() > 0.34
    assert "trust it" in state.painting(state.colour_by).note


def test_how_hard_the_data_is(missing: Any) -> None:
    missing.controller.inspecting.measure_difficulty()
    found = missing.until(lambda s: s.difficulty is not None).difficulty
    assert found.sampled == 300 and 4 < found.dimension < 12
    missing.controller.inspecting.colour_by_hubness()
    assert missing.state.colour_by == "hubness"


def test_paintings_go_with_their_dataset(missing: Any, tmp_path: Any) -> None:
    missing.controller.inspecting.paint_recall()
    missing.until(lambda s: s.paintings)
    other = tmp_path / "other.npy"
    np.save(other, np.random.default_rng(1).normal(size=(60, 4)).astype(np.float32))
    state = missing.open(other)
    assert state.paintings == () and state.column("recall@10 · Annoy") is None


def test_without_an_approximate_index_there_is_no_recall_to_paint(missing: Any) -> None:
    missing.controller.indexing.choose(missing.state.exact.key)
    missing.controller.inspecting.paint_recall()
    assert "approximate index" in missing.state.problem("inspect") and not missing.state.paintings

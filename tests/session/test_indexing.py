"""Indexes: which one answers, what acts at once, what is measured, and what stays."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from explorer.session.state import State


@pytest.fixture
def opened(app: Any, npy: Path) -> Any:
    app.open(npy)
    return app


def annoy(state: State) -> Any:
    return next(entry for entry in state.indexes if entry.handle.type == "annoy")


def folders(app: Any, tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "cache" / "scratch").glob("*/*/*"))


def test_rebuilding_keeps_the_old_index_until_the_new_one_is_ready(opened: Any) -> None:
    opened.controller.asking.ask_row(3)
    before = annoy(opened.settle())
    seen: list[Any] = []
    opened.controller.session.listen(lambda new, old: seen.append(new.entry(before.key)))
    opened.controller.indexing.build("annoy", {"trees": 2}, replacing=before.key)
    state = opened.until(lambda s: annoy(s).handle.params["trees"] == 2)
    assert None not in seen and {entry.handle.params["trees"] for entry in seen} == {5, 2}
    assert len(state.indexes) == 2 and state.current == before.key
    assert not before.handle.path.exists()
    assert opened.settle().verdict is not None


def test_search_parameters_act_at_once_and_are_measured_again(opened: Any) -> None:
    opened.controller.asking.ask_row(3)
    entry = annoy(opened.settle())
    assert entry.given == {} and opened.state.answer.params == {"search_k": 50}
    opened.controller.indexing.set_search(entry.key, {"search_k": 1500})
    assert annoy(opened.state).recall is None and opened.state.answer is None
    state = opened.settle()
    assert state.answer.params == {"search_k": 1500} and state.verdict.recall == 1.0
    assert annoy(state).recall.recall == 1.0 and annoy(state).handle is entry.handle
    opened.controller.indexing.set_search(entry.key, {})
    assert opened.settle().answer.params == {"search_k": 50}


def test_a_parameter_out_of_its_range_is_a_problem_and_changes_nothing(opened: Any) -> None:
    entry = annoy(opened.state)
    for act in (
        lambda: opened.controller.indexing.set_search(entry.key, {"search_k": 0}),
        lambda: opened.controller.indexing.build("annoy", {"trees": -1}),
        lambda: opened.controller.indexing.build("annoy", {"branches": 1}),
    ):
        act()
        assert opened.state.problem("indexes") and annoy(opened.state) is entry and not opened.state.tasks
        opened.controller.session.clear_problem("indexes")


def test_recall_is_measured_by_itself_and_again_when_k_changes(opened: Any) -> None:
    assert annoy(opened.state).recall.k == 10
    opened.controller.asking.set_k(3)
    assert annoy(opened.state).recall is None
    opened.controller.asking.set_k(4)
    assert annoy(opened.settle()).recall.k == 4


def test_the_exact_index_answers_at_once_in_another_metric_and_the_other_index_stays(opened: Any) -> None:
    before = annoy(opened.state)
    first = opened.state.metric
    other = "dot" if first != "dot" else "cosine"
    opened.controller.asking.set_metric(other)
    state = opened.until(lambda s: s.entry().handle.metric == other)
    assert state.entry().handle.type == "exact" and annoy(state) is before
    opened.controller.indexing.choose(before.key)
    assert (opened.state.metric, opened.state.current) == (first, before.key)
    assert [e.handle.metric for e in opened.state.indexes if e.handle.type == "exact"] == [first, other]


def test_two_indexes_built_by_hand_are_both_measured_and_the_newest_answers(opened: Any) -> None:
    opened.controller.indexing.build("annoy", {"trees": 1})
    opened.controller.indexing.build("annoy", {"trees": 3})
    opened.until(lambda s: len(s.indexes) == 4)
    state = opened.settle()
    assert all(e.recall is not None for e in state.indexes if e.handle.type == "annoy")
    assert state.entry().handle.params["trees"] in (1, 3) and len({e.key for e in state.indexes}) == 4


def test_an_index_built_by_itself_does_not_take_over_from_a_chosen_one(app: Any, npy: Path) -> None:
    app.controller.indexing.first_params = {"trees": 5000}
    app.controller.opening.open(str(npy))
    state = app.until(lambda s: s.exact is not None)
    assert not any(entry.handle.type == "annoy" for entry in state.indexes)
    app.controller.indexing.choose(state.exact.key)
    app.until(lambda s: any(entry.handle.type == "annoy" for entry in s.indexes))
    assert app.settle().entry().handle.type == "exact"


def test_the_first_index_searches_as_it_was_told_to(app: Any, npy: Path) -> None:
    app.controller.indexing.first_search = {"search_k": 77}
    app.open(npy)
    app.controller.asking.ask_row(1)
    assert app.settle().answer.params == {"search_k": 77}


def test_an_index_that_is_removed_makes_way_for_exact_search_and_takes_its_files_along(
    opened: Any, tmp_path: Path
) -> None:
    opened.controller.asking.ask_row(1)
    entry = annoy(opened.settle())
    opened.controller.indexing.remove(entry.key)
    assert opened.state.current == opened.state.exact.key and not entry.handle.path.exists()
    state = opened.settle()
    assert state.verdict.recall == 1.0 and [e.handle.type for e in state.indexes] == ["exact"]


def test_exact_search_cannot_be_removed(opened: Any) -> None:
    opened.controller.indexing.remove(opened.state.exact.key)
    opened.controller.indexing.remove("nothing")
    assert opened.state.exact is not None and len(opened.state.indexes) == 2


def test_a_build_that_is_stopped_leaves_the_others_and_no_half_file(opened: Any, tmp_path: Path) -> None:
    before, files = opened.state.indexes, folders(opened, tmp_path)
    opened.controller.indexing.build("annoy", {"trees": 10_000})
    (task,) = opened.state.tasks
    opened.until(lambda s: any(t.note for t in s.tasks))
    opened.controller.tasks.stop(task.key)
    opened.until(lambda s: not s.tasks)
    assert opened.state.indexes == before and not opened.state.problems and folders(opened, tmp_path) == files
    opened.controller.indexing.build("annoy", {"trees": 10_000})
    opened.until(lambda s: any(t.note for t in s.tasks))
    opened.controller.indexing.remove(opened.state.tasks[0].key.removeprefix("build "))
    assert not opened.state.tasks
    opened.until(lambda s: folders(opened, tmp_path) == files)


def test_an_index_is_saved_and_opened_again(opened: Any, tmp_path: Path) -> None:
    entry = annoy(opened.state)
    out = tmp_path / "mine.ann"
    opened.controller.indexing.save(entry.key, out)
    state = opened.until(lambda s: annoy(s).name == "mine.ann")
    assert out.exists() and out.with_name("mine.ann.json").exists()
    opened.controller.indexing.remove(entry.key)
    opened.controller.indexing.open(out)
    state = opened.until(lambda s: s.entry().handle.type == "annoy")
    assert state.entry().name == "mine.ann" and state.entry().handle.params["trees"] == 5
    opened.controller.asking.ask_row(1)
    state = opened.settle()
    assert state.entry().recall is not None and state.verdict is not None
    opened.controller.indexing.remove(state.entry().key)
    assert out.exists()


def test_an_opened_index_of_another_metric_is_chosen_with_its_truth(opened: Any, npy: Path, tmp_path: Path) -> None:
    theirs = opened.state.metric
    opened.controller.indexing.save(annoy(opened.state).key, tmp_path / "mine.ann")
    opened.settle()
    before = opened.state.dataset
    opened.controller.indexing.first_type = ""
    opened.controller.opening.open(str(npy), metric="manhattan")
    opened.until(lambda s: s.dataset is not before)
    opened.settle()
    opened.controller.asking.ask_row(3)
    opened.controller.indexing.open(tmp_path / "mine.ann")
    entry = annoy(opened.until(lambda s: len(s.indexes) == 2))
    assert opened.settle().metric == "manhattan"
    opened.controller.indexing.choose(entry.key)
    assert (opened.state.metric, opened.state.current, opened.state.exact) == (theirs, entry.key, None)
    state = opened.settle()
    assert state.current == entry.key and state.verdict is not None and len(state.truth) == 10
    assert opened.until(lambda s: annoy(s).recall)


def test_an_index_over_other_vectors_of_the_same_shape_is_refused(opened: Any, tmp_path: Path) -> None:
    opened.controller.indexing.save(annoy(opened.state).key, tmp_path / "mine.ann")
    opened.settle()
    assert len(json.loads((tmp_path / "mine.ann.json").read_text())["fingerprint"]) == 32
    np.save(tmp_path / "other.npy", np.random.default_rng(9).normal(size=(300, 8)).astype(np.float32))
    indexes = opened.open(tmp_path / "other.npy").indexes
    opened.controller.indexing.open(tmp_path / "mine.ann")
    assert "other vectors" in opened.until(lambda s: s.problem("indexes")).problem("indexes")
    assert opened.settle().indexes == indexes


def test_an_index_that_is_rebuilt_while_it_is_saved_is_saved_as_it_was(opened: Any, tmp_path: Path) -> None:
    before = annoy(opened.state)
    opened.controller.indexing.save(before.key, tmp_path / "one.ann")
    opened.controller.indexing.save(before.key, tmp_path / "two.ann")
    opened.controller.indexing.remove(before.key)
    opened.settle()
    assert not before.handle.path.exists() and not opened.state.problems
    for name in ("one.ann", "two.ann"):
        assert (tmp_path / name).stat().st_size == before.handle.bytes


def test_the_indexes_of_the_former_dataset_leave_the_disk(opened: Any, tmp_path: Path) -> None:
    opened.controller.indexing.build("annoy", {"trees": 2})
    opened.until(lambda s: len(s.indexes) == 3)
    paths = [entry.handle.path for entry in opened.settle().indexes if not entry.is_exact]
    assert len(paths) == 2 and all(path.exists() for path in paths)
    np.save(tmp_path / "other.npy", np.random.default_rng(1).normal(size=(20, 3)).astype(np.float32))
    opened.open(tmp_path / "other.npy")
    assert not any(path.parent.exists() for path in paths)
    assert sorted(name.partition("-")[0] for name in folders(opened, tmp_path)) == ["annoy", "exact"]


def test_a_measurement_that_has_become_stale_makes_way(opened: Any) -> None:
    opened.controller.asking.set_k(3)
    stale = opened.controller.tasks._tasks["measure"]
    opened.controller.asking.set_k(4)
    assert stale.cancelled and opened.controller.tasks._tasks["measure"] is not stale
    assert annoy(opened.settle()).recall.k == 4
    opened.controller.asking.set_k(5)
    opened.controller.indexing.remove(annoy(opened.state).key)
    assert not opened.controller.tasks.running("measure")


def test_a_file_that_is_no_index_is_a_problem_and_changes_nothing(opened: Any, tmp_path: Path) -> None:
    (tmp_path / "bad.ann").write_bytes(os.urandom(1000))
    before = opened.state.indexes
    opened.controller.indexing.open(tmp_path / "bad.ann")
    assert "bad.ann" in opened.until(lambda s: s.problem("indexes")).problem("indexes")
    assert opened.settle().indexes == before


def test_a_dataset_that_cannot_be_measured_says_so_once(app: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "zeros.npy", np.zeros((20, 3), np.float32))
    app.controller.opening.open(str(tmp_path / "zeros.npy"), metric="cosine")
    app.until(lambda s: s.problem("indexes"))
    assert "zero" in app.settle().problem("indexes")
    app.controller.session.clear_problem("indexes")
    app.controller.looking.focus(1)
    app.controller.asking.set_metric("euclidean")
    app.controller.indexing.build("annoy", {"trees": 2})
    state = app.until(lambda s: any(e.recall for e in s.indexes))
    assert state.problem("indexes") == ""


def test_one_row_is_opened_without_an_index_to_measure(app: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "one.npy", np.ones((1, 3), np.float32))
    app.controller.opening.open(str(tmp_path / "one.npy"))
    app.until(lambda s: s.positions is not None and s.exact is not None)
    app.controller.asking.ask_row(0)
    state = app.settle()
    assert len(state.answer.neighbours) == 0 and state.verdict.recall == 1.0


def test_nothing_of_a_session_is_left_when_it_is_closed(opened: Any, tmp_path: Path) -> None:
    assert folders(opened, tmp_path)
    opened.controller.indexing.build("annoy", {"trees": 10_000})
    opened.until(lambda s: any(t.note for t in s.tasks))
    opened.controller.close()
    assert list((tmp_path / "cache" / "scratch").iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs /proc")
def test_no_child_keeps_hold_of_an_index_that_was_removed(opened: Any) -> None:
    """What is mapped takes room on the disk, whether it has a name or not."""
    entry = annoy(opened.settle())

    def held() -> bool:
        children = psutil.Process().children()
        return any(str(entry.handle.path) in Path(f"/proc/{child.pid}/maps").read_text() for child in children)

    opened.until(lambda s: held())
    opened.controller.indexing.remove(entry.key)
    opened.until(lambda s: not held())


def test_a_build_is_on_the_list_until_it_is_an_index(opened: Any) -> None:
    seen: list[Any] = []
    opened.controller.session.listen(lambda new, old: seen.append((len(new.builds), len(new.indexes))))
    opened.controller.indexing.build("annoy", {"trees": 3})
    (build,) = opened.state.builds
    assert (build.type, build.metric, build.params, build.failure) == ("annoy", opened.state.metric, {"trees": 3}, "")
    state = opened.until(lambda s: len(s.indexes) == 3)
    assert state.builds == () and state.entry(build.key) is not None
    assert (1, 3) not in seen


def test_a_build_that_fails_stays_with_its_reason_until_it_is_tried_again_or_dismissed(opened: Any) -> None:
    opened.controller.indexing.build("faiss-factory", {"factory": "nonsense"})
    state = opened.until(lambda s: s.builds[0].failure)
    (build,) = state.builds
    assert "Faiss cannot build “nonsense”" in build.failure and not state.tasks and not state.problems
    opened.controller.indexing.retry_build("something else")
    opened.controller.indexing.retry_build(build.key)
    (again,) = opened.state.builds
    assert (again.key, again.params, again.failure) == (build.key, build.params, "")
    opened.controller.indexing.dismiss_build(build.key)
    assert opened.state.builds == (again,)
    opened.until(lambda s: s.builds[0].failure)
    opened.controller.indexing.dismiss_build(build.key)
    assert opened.state.builds == ()


def test_a_stopped_build_leaves_the_list_and_so_do_all_with_the_dataset(opened: Any, npy: Path) -> None:
    opened.controller.indexing.build("annoy", {"trees": 10_000})
    opened.until(lambda s: any(t.note for t in s.tasks))
    opened.controller.indexing.stop_build(opened.state.builds[0].key)
    assert opened.until(lambda s: not s.builds).problems == ()
    opened.controller.indexing.build("faiss-factory", {"factory": "nonsense"})
    opened.until(lambda s: s.builds[0].failure)
    opened.controller.indexing.build("annoy", {"trees": 10_000})
    opened.controller.indexing.first_type = ""
    opened.open(npy)
    assert opened.state.builds == ()

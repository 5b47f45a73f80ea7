"""The main job in the real window, held against what is computed here independently.

Open, type or click, read the table, see the marks, and know what the index did not find.
"""

from __future__ import annotations

import csv
import random
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from annoy import AnnoyIndex
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot

from explorer import paths
from explorer.core.metric import METRICS
from explorer.gui.map.theme import DARK
from tests.gui.conftest import User, grabbed, open_window

K = 10
NEAR = 1e-5
BACKGROUND = np.array([int(DARK.background[i : i + 2], 16) for i in (1, 3, 5)])
RING = np.array([int(DARK.text[i : i + 2], 16) for i in (1, 3, 5)])


@pytest.fixture
def opened(qtbot: QtBot, tmp_path: Path) -> Iterator[list[User]]:
    """A list for the windows of a test, which are closed at its end."""
    users: list[User] = []
    yield users
    for user in users:
        user.window.close()


def wordnet_file() -> tuple[NDArray[np.float64], list[str]]:
    """The sample as it lies on the disk: vectors of unit length, and words."""
    folder = paths.resources() / "samples" / "wordnet"
    vectors = np.load(folder / "wordnet-20k.npy").astype(np.float64)
    with (folder / "wordnet-20k.tsv").open(encoding="utf-8", newline="") as table:
        words = [line["word"] for line in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE)]
    return vectors, words


def resting_picture(user: User) -> NDArray[np.int64]:
    """The map once the compiled loops have drawn it and it has been looked at more closely."""
    user.until(lambda: user.view.compiled)
    picture = grabbed(user.view)
    since = time.monotonic()
    while time.monotonic() - since < 0.5:
        user.until_still()
        now = grabbed(user.view)
        if (now != picture).any():
            picture, since = now, time.monotonic()
    return picture


def cosine_distances(vectors: NDArray[np.float64], row: int) -> NDArray[np.float64]:
    """From one row to all; infinite to itself."""
    lengths = np.sqrt((vectors**2).sum(axis=1))
    distances = 1 - vectors @ vectors[row] / (lengths * lengths[row])
    distances[row] = np.inf
    return distances


def check_table(table: list[list[str]], distances: NDArray[np.float64], words: list[str], told: str) -> None:
    """The table as it is exported against all distances: nearest rows up to ties, every distance to 1e-5."""
    head, *lines = table
    rows = [int(line[head.index("row")]) for line in lines]
    said = np.array([float(line[head.index("distance")]) for line in lines])
    farthest = np.sort(distances)[K - 1]
    assert len(set(rows)) == K, told
    assert np.abs(said - distances[rows]).max() < NEAR, told
    assert (distances[rows] <= farthest + NEAR).all(), told
    assert set(np.flatnonzero(distances < farthest - NEAR)) <= set(rows), told
    assert [line[head.index("name")] for line in lines] == [words[row] for row in rows], told
    assert [line[head.index("rank")] for line in lines] == [str(i + 1) for i in range(K)], told
    assert {line[head.index("mark")] for line in lines} == {"hit"}, told


def check_marks(user: User, rows: list[int], query: int, before: NDArray[np.int64], told: str) -> None:
    """Every row bears a mark, and nothing else on the map has changed but the star and the lines to them."""
    after = grabbed(user.view)
    changed = np.argwhere((before != after).any(axis=2))[:, ::-1] + 0.5
    star = np.array(user.view.screen_position(query).toTuple())
    places = [np.array(user.view.screen_position(row).toTuple()) for row in rows]
    explained = _apart(changed, star) < 20
    for row, place in zip(rows, places, strict=True):
        assert (_apart(changed, place) < 8).any(), f"row {row} bears no mark; {told}"
        others = [star, *(other for other in places if other is not place)]
        if min(_apart(np.array(others), place)) > 28:
            assert _ring_share(after, place) > 0.5, f"row {row} bears no ring of a hit; {told}"
        explained |= (_apart(changed, place) < 10) | (_apart_from_line(changed, star, place) < 2)
    assert explained.all(), f"something else is marked; {told}"


def _apart(points: NDArray[np.float64], place: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.hypot(*(points - place).T)


def _apart_from_line(
    points: NDArray[np.float64], one: NDArray[np.float64], other: NDArray[np.float64]
) -> NDArray[np.float64]:
    along = other - one
    share = ((points - one) @ along / max(1e-9, along @ along)).clip(0, 1)
    return np.hypot(*(points - one - share[:, None] * along).T)


def _ring_share(picture: NDArray[np.int64], place: NDArray[np.float64]) -> float:
    """How much of the circle where a hit's ring belongs has the ring's colour."""
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    x, y = (place[:, None] + 6.1 * np.array([np.cos(angles), np.sin(angles)])).astype(int)
    return float((np.abs(picture[y, x] - RING).max(axis=1) < 80).mean())


def test_twenty_random_names_give_the_table_that_brute_force_gives(opened: list[User], tmp_path: Path) -> None:
    vectors, words = wordnet_file()
    user = open_window(tmp_path, "sample:wordnet")
    opened.append(user)
    seed = random.SystemRandom().randrange(2**32)
    drawn = random.Random(seed).sample(sorted(set(words)), 20)
    before = resting_picture(user)
    for name in drawn:
        told = f"“{name}”, drawn with seed {seed}"
        user.ask(name)
        row = words.index(name)
        assert user.asked_row == row, told
        table = user.window.neighbours.model.as_rows()
        check_table(table, cosine_distances(vectors, row), words, told)
        check_marks(user, [int(line[1]) for line in table[1:]], row, before, told)


@pytest.mark.parametrize("metric", METRICS)
def test_annoy_finds_everything_when_it_may_look_at_everything(opened: list[User], tmp_path: Path, metric: str) -> None:
    user = open_window(tmp_path, "sample:digits")
    opened.append(user)
    rows, trees = user.state.dataset.rows, 5
    user.controller.asking.set_metric(metric)
    user.controller.indexing.build("annoy", {"trees": trees})
    user.until(lambda: user.state.entry() is not None and user.state.entry().handle.type == "annoy")
    user.controller.indexing.set_search(user.state.current, {"search_k": rows * trees})
    user.until(lambda: user.state.entry().given and user.state.entry().recall is not None)
    measured = user.state.entry().recall
    assert user.state.entry().handle.metric == metric
    assert (measured.recall, measured.queries) == (1.0, 1000)
    assert measured.params["search_k"] == rows * trees


@pytest.mark.parametrize(("metric", "library"), [("euclidean", "euclidean"), ("cosine", "angular"), ("manhattan",) * 2])
def test_at_its_defaults_the_answers_are_annoys_own(
    opened: list[User], tmp_path: Path, metric: str, library: str
) -> None:
    trees = 4
    user = open_window(tmp_path, "sample:digits")
    opened.append(user)
    user.controller.asking.set_metric(metric)
    user.controller.indexing.build("annoy", {"trees": trees})
    user.until(lambda: user.state.entry() is not None and user.state.entry().handle.type == "annoy")
    forest = AnnoyIndex(user.state.dataset.dimensions, library)
    forest.load(str(user.state.entry().handle.path))
    assert forest.get_n_trees() == trees
    recalls = []
    for row in range(0, user.state.dataset.rows, 150):
        user.ask(f"#{row}")
        own = [r for r in forest.get_nns_by_item(row, K + 1, search_k=K * trees) if r != row][:K]
        assert sorted(user.state.answer.neighbours.rows.tolist()) == sorted(own)
        listed = user.window.neighbours.model.lines
        assert {line.row for line in listed if line.mark != "miss"} == set(own)
        recalls.append(user.state.verdict.recall)
    assert min(recalls) < 1, "so few trees are expected to miss something"
    forest.unload()


def test_every_point_is_drawn_and_every_outlier_can_be_seen(opened: list[User], tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(60_000, 16)).astype(np.float32)
    outliers = rng.choice(len(vectors), 40, replace=False)
    away = rng.normal(size=(len(outliers), 16))
    vectors[outliers] = 60 * away / np.linalg.norm(away, axis=1, keepdims=True)
    np.save(tmp_path / "planted.npy", vectors)
    user = open_window(tmp_path, str(tmp_path / "planted.npy"))
    opened.append(user)
    assert user.view.points_drawn == len(vectors)
    lit = np.abs(grabbed(user.view) - BACKGROUND).max(axis=2) > 24
    alone = 0
    for row in outliers:
        at = user.place(int(row))
        assert lit[at.y(), at.x()], f"outlier {row} is not seen"
        alone += lit[at.y() - 12 : at.y() + 13, at.x() - 12 : at.x() + 13].mean() < 0.2
    assert alone > 20, "the outliers should lie apart from the cloud"

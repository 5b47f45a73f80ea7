"""An index file as FILE, in every command that takes one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from annoy import AnnoyIndex

from tests.cli.conftest import DIMENSIONS, ROWS, Run


def forest(path: Path, metric: Any, vectors: np.ndarray[Any, Any]) -> Path:
    """A file that the library wrote without us."""
    index = AnnoyIndex(DIMENSIONS, metric)
    for row, vector in enumerate(vectors.tolist()):
        index.add_item(row, vector)
    index.build(2)
    index.save(str(path))
    return path


@pytest.fixture
def angular(tmp_path: Path, vectors: np.ndarray[Any, Any]) -> Path:
    return forest(tmp_path / "x.ann", "angular", vectors)


def test_info_describes_what_it_holds(explorer: Run, angular: Path) -> None:
    said = explorer("info", angular, "--json").json
    assert (said["format"], said["metric"], said["rows"], said["dimensions"]) == ("annoy", "cosine", ROWS, DIMENSIONS)
    assert said["own_index"] == str(angular)


def test_it_answers_itself_unless_another_index_is_named(explorer: Run, angular: Path) -> None:
    said = explorer("query", angular, "--row", 3, "--set", "search_k=20", "--json").json
    assert (said["index"]["type"], said["index"]["params"]) == ("annoy", {"trees": 2, "search_k": 20})
    assert said["recall"] < 1
    assert len(said["truth"]) == 10
    named = explorer("query", angular, "--row", 3, "--index", "exact", "--json").json
    assert (named["index"]["type"], named["recall"]) == ("exact", 1)
    measured = explorer("recall", angular, "--queries", 30, "--set", "search_k=10", "--json").json
    assert (measured["index"], measured["metric"]) == ("annoy", "cosine")
    assert measured["recall"] < 1


def test_its_vectors_may_come_from_a_file(explorer: Run, angular: Path, named: Path) -> None:
    said = explorer("query", angular, "--vectors", named, "--name", "item 3", "--json").json
    assert (said["index"]["type"], said["query"]["row"]) == ("annoy", 3)
    assert said["neighbours"][0]["name"].startswith(("item", "twin"))


def test_what_it_does_not_say_is_asked_for_in_a_sentence(
    explorer: Run, tmp_path: Path, vectors: np.ndarray[Any, Any]
) -> None:
    path = forest(tmp_path / "l1.ann", "manhattan", vectors)
    sentence = explorer("info", path).sentence
    assert "6 dimensions under euclidean or manhattan; add “--metric euclidean” or “--metric manhattan”" in sentence
    said = explorer("query", path, "--dimensions", 6, "--metric", "manhattan", "--row", 0, "--json").json
    assert (said["index"]["type"], said["index"]["metric"]) == ("annoy", "manhattan")
    assert "it is no annoy index with 7 dimensions" in explorer("info", path, "--dimensions", 7).sentence


def test_it_can_be_laid_out_and_built_anew(explorer: Run, angular: Path, tmp_path: Path) -> None:
    explorer("project", angular, "--method", "pca", "--out", tmp_path / "xy.npy", "--json").json  # noqa: B018
    assert np.load(tmp_path / "xy.npy").shape == (ROWS, 2)
    built = explorer("build", angular, "--set", "trees=7", "--out", tmp_path / "y.ann", "--json").json
    assert built["params"]["trees"] == 7


def test_the_other_options_are_refused_for_a_file_of_vectors(explorer: Run, named: Path) -> None:
    assert "--dimensions goes with an index file" in explorer("info", named, "--dimensions", 6).sentence
    assert "--vectors goes with an index file" in explorer("info", named, "--vectors", named).sentence


def test_a_harmed_file_is_a_sentence(explorer: Run, angular: Path) -> None:
    whole = angular.read_bytes()
    for content in (whole[:-40], whole[: len(whole) // 2], bytes(len(whole)), whole[::-1]):
        angular.write_bytes(content)
        assert "x.ann: it is " in explorer("query", angular, "--row", 3).sentence


def test_the_window_shows_it_and_lets_it_answer(program: Run, angular: Path, tmp_path: Path) -> None:
    shot = tmp_path / "shot.png"
    said = program("snapshot", angular, "--method", "pca", "--out", shot, "--row", 3, "--json").json
    assert (said["index"], said["points_drawn"], said["map"]) == ("annoy", ROWS, "pca")
    assert shot.exists()

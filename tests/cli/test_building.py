"""`explorer build`, `project` and `recall`: what is made, measured, and found again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from explorer.session.settings import Settings
from tests.cli.conftest import BAD, ROWS, Run


def test_an_index_is_saved_with_its_sidecar_and_answers_the_same(explorer: Run, named: Path, tmp_path: Path) -> None:
    out = tmp_path / "my index – 雪.ann"
    given = ("--index", "annoy", "--set", "trees=6", "--set", "seed=3", "--metric", "cosine")
    said = explorer("build", named, *given, "--out", out, "--json").json
    assert (said["path"], said["type"], said["metric"]) == (str(out), "annoy", "cosine")
    assert said["params"] == {"trees": 6, "seed": 3}
    assert said["bytes"] == out.stat().st_size
    assert said["seconds"] > 0
    sidecar = json.loads(out.with_name(out.name + ".json").read_text("utf-8"))
    assert sidecar["fingerprint"] == explorer("info", named, "--json").json["fingerprint"]
    ask = ("query", named, "--row", 5, "--set", "search_k=20", "--json")
    again = explorer(*ask, "--index", out).json
    fresh = explorer(*ask, *given).json
    assert again["neighbours"] == fresh["neighbours"]
    assert (again["index"]["metric"], again["truth"]) == ("cosine", fresh["truth"])
    assert {path.name for path in tmp_path.iterdir()} >= {out.name, f"{out.name}.json"}
    assert [path for path in tmp_path.iterdir() if "part" in path.name] == []


def test_an_index_of_other_vectors_is_refused(explorer: Run, named: Path, tmp_path: Path) -> None:
    explorer("build", named, "--out", tmp_path / "x.ann")
    other = tmp_path / "other.npy"
    np.save(other, np.load(named) + 1)
    ask = ("--index", tmp_path / "x.ann", "--row", 1)
    assert "it was built over other vectors" in explorer("query", other, *ask).sentence
    assert "an index keeps its metric" in explorer("query", named, *ask, "--metric", "dot").sentence
    assert "120 × 6 vectors" in explorer("query", BAD / "plain.npy", *ask).sentence


def test_positions_have_one_line_for_each_source_row(explorer: Run, tmp_path: Path) -> None:
    source = np.load(BAD / "nan-rows.npy")
    out = tmp_path / "xy.npy"
    said = explorer("project", BAD / "nan-rows.npy", "--method", "pca", "--out", out, "--json").json
    positions = np.load(out)
    assert (positions.dtype, positions.shape, said["rows"]) == (np.float32, (50, 2), 50)
    np.testing.assert_array_equal(np.isnan(positions).any(axis=1), ~np.isfinite(source).all(axis=1))
    assert said["method"] == "pca"
    assert said["params"] == {}
    assert said["seconds"] >= sum(said["stages"].values()) > 0
    assert explorer("query", BAD / "nan-rows.npy", "--positions", out, "--row", 1).status == 0
    assert "no finite position" not in explorer("info", BAD / "nan-rows.npy", "--positions", out).err


def test_a_seeded_map_has_the_same_bytes(explorer: Run, named: Path, tmp_path: Path) -> None:
    made = []
    for name in ("one.npy", "two.npy"):
        arguments = ("--seed", 4, "--set", "n_epochs=30", "--set", "n_neighbors=7")
        said = explorer("project", named, *arguments, "--out", tmp_path / name, "--json").json
        assert said["method"] == "umap"
        assert said["params"]["n_neighbors"] == 7
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]


def test_recall_is_measured(explorer: Run, named: Path) -> None:
    arguments = ("recall", named, "--k", 5, "--queries", 40)
    exact = explorer(*arguments, "--json").json
    assert {"recall", "recall_sd", "queries", "k", "p50_ms", "p95_ms", "build_seconds", "bytes", "params"} <= set(exact)
    assert (exact["recall"], exact["recall_sd"], exact["queries"], exact["k"]) == (1.0, 0.0, 40, 5)
    assert 0 < exact["p50_ms"] <= exact["p95_ms"]
    annoy = (*arguments, "--index", "annoy", "--set", "trees=1", "--set", "seed=1", "--set", "search_k=1", "--seed", 3)
    first = explorer(*annoy, "--json").json
    assert first["recall"] < 1
    assert first["params"] == {"trees": 1, "seed": 1, "search_k": 1}
    assert explorer(*annoy, "--json").json["recall"] == first["recall"]
    assert f"recall@5  {first['recall']:.4f}" in explorer(*annoy).out


def test_recall_never_asks_more_rows_than_there_are(explorer: Run, named: Path) -> None:
    assert explorer("recall", named, "--json").json["queries"] == ROWS


def test_nothing_is_left_in_the_cache_but_what_can_be_used_again(explorer: Run, named: Path, tmp_path: Path) -> None:
    explorer("query", named, "--row", 1, "--index", "annoy")
    explorer("query", named, "--row", 1, "--index", "annoy", "--set", "search_k=x")
    assert list((tmp_path / "cache" / "scratch").iterdir()) == []


@pytest.mark.parametrize("command", ["build", "project"])
def test_the_place_to_save_is_looked_at_before_the_work(explorer: Run, named: Path, command: str) -> None:
    out = named.parent / "none" / "x"
    assert explorer(command, named.with_name("missing.npy"), "--out", out).sentence.startswith(f"{out}: ")


def test_a_dry_run_says_what_the_build_would_take_and_builds_nothing(explorer: Run, named: Path) -> None:
    arguments = ("build", named, "--index", "annoy", "--set", "trees=9", "--metric", "dot", "--dry-run")
    said = explorer(*arguments, "--json").json
    assert (said["type"], said["metric"], said["params"], said["rows"]) == ("annoy", "dot", {"trees": 9}, ROWS)
    assert 0 < said["seconds"] < 60
    assert said["memory_bytes"] > 0 and said["disk_bytes"] > 0
    Settings.of_user().learn("annoy", 20.0)
    assert explorer(*arguments, "--json").json["seconds"] == pytest.approx(20 * said["seconds"])
    assert explorer(*arguments).out.startswith("An annoy index of 9 trees over 120 rows: about ")
    assert explorer("build", named, "--index", "exact", "--dry-run", "--json").status == 2
    assert "--dry-run only says" in explorer("build", named).sentence


def test_a_build_that_would_not_fit_is_refused_in_the_same_sentence(
    explorer: Run, named: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPLORER_MATRIX_GB", "0.00001")
    arguments = ("build", named, "--index", "matrix")
    refused = explorer(*arguments, "--dry-run").sentence
    assert "of 120 rows to each other needs 106 kB (rows² · 4 bytes), and the limit is 10.0 kB" in refused
    assert explorer(*arguments, "--out", tmp_path / "x.matrix.npy").sentence == refused
    assert explorer("query", named, "--row", 1, "--index", "matrix").sentence == refused
    assert explorer("recall", named, "--index", "matrix").sentence == refused

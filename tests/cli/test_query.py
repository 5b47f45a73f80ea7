"""`explorer query`: one query, its answer, and the truth beside it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from tests.cli.conftest import BAD, ROWS, TWINS, Run

Vectors = np.ndarray[Any, np.dtype[np.float32]]
NEIGHBOUR = {"rank", "row", "source_row", "name", "distance", "hit"}


def distances(vectors: Vectors, query: Vectors, metric: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """In float64, in our definitions."""
    if metric == "dot":
        return vectors.astype(np.float64) @ query.astype(np.float64)
    names = {"cosine": "cosine", "euclidean": "euclidean", "manhattan": "cityblock"}
    return cdist(query[None].astype(np.float64), vectors.astype(np.float64), names[metric])[0]


def test_the_json_has_all_that_is_promised(explorer: Run, named: Path) -> None:
    said = explorer("query", named, "--row", 3, "--k", 5, "--json").json
    assert set(said) == {"query", "index", "neighbours", "truth", "recall", "search_ms"}
    assert said["query"] == {"kind": "row", "row": 3, "also": [], "also_total": 0, "text": "item 3"}
    assert set(said["index"]) == {"type", "metric", "params", "build_seconds", "bytes"}
    assert (said["index"]["type"], said["index"]["metric"]) == ("exact", "euclidean")
    for each in (*said["neighbours"], *said["truth"]):
        assert set(each) == NEIGHBOUR
    assert [each["rank"] for each in said["neighbours"]] == [1, 2, 3, 4, 5]
    assert said["neighbours"] == said["truth"]
    assert said["recall"] == 1.0
    assert said["search_ms"] > 0


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "dot", "manhattan"])
def test_exact_answers_are_brute_force(explorer: Run, named: Path, vectors: Vectors, metric: str) -> None:
    said = explorer("query", named, "--row", 11, "--metric", metric, "--json").json
    expected = distances(vectors, vectors[11], metric)
    order = np.argsort(-expected if metric == "dot" else expected, kind="stable")
    rows = [row for row in order.tolist() if row != 11][:10]
    assert [each["row"] for each in said["neighbours"]] == rows
    np.testing.assert_allclose([each["distance"] for each in said["neighbours"]], expected[rows], rtol=1e-9, atol=1e-9)
    assert said["index"]["metric"] == metric


def test_dropped_rows_do_not_shift_the_source_rows(explorer: Run) -> None:
    path = BAD / "nan-rows.npy"
    source = np.load(path)
    kept = np.flatnonzero(np.isfinite(source).all(axis=1))
    said = explorer("query", path, "--row", 44, "--k", 46, "--json").json
    assert len(kept) == 47
    assert {each["row"] for each in said["neighbours"]} == set(range(47)) - {44}
    for each in said["neighbours"]:
        assert each["source_row"] == kept[each["row"]]
        far = distances(source[[each["source_row"]]], source[kept[44]], "euclidean")[0]
        assert each["distance"] == pytest.approx(far, rel=1e-9)


def test_a_name_borne_by_several_means_the_lowest_row_and_lists_the_others(explorer: Run, named: Path) -> None:
    said = explorer("query", named, "--name", "twin", "--json").json
    assert said["query"]["row"] == TWINS[0]
    assert said["query"]["also"] == list(TWINS[1:])
    assert said["query"]["also_total"] == len(TWINS) - 1
    people = explorer("query", named, "--name", "twin").out
    assert "also rows 40, 90" in people


def test_a_row_number_is_a_row_number_whatever_rows_are_called(explorer: Run, tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.eye(4, dtype=np.float32))
    (tmp_path / "v.tsv").write_text("name\n#2\nb\nc\nd\n", encoding="utf-8")
    assert explorer("query", tmp_path / "v.npy", "--row", 2, "--json").json["query"]["row"] == 2
    assert explorer("query", tmp_path / "v.npy", "--name", "#2", "--json").json["query"]["row"] == 0


def test_more_neighbours_than_there_are_rows(explorer: Run, named: Path) -> None:
    said = explorer("query", named, "--row", 0, "--k", 5000, "--index", "annoy", "--json").json
    assert len(said["truth"]) == ROWS - 1
    assert len({each["row"] for each in said["neighbours"]}) == len(said["neighbours"]) <= ROWS - 1


def test_build_and_search_parameters_are_set_and_said(explorer: Run, named: Path) -> None:
    arguments = ("query", named, "--row", 1, "--index", "annoy", "--k", 4, "--set", "trees=7")
    assert explorer(*arguments, "--json").json["index"]["params"] == {"trees": 7, "search_k": 4 * 7}
    said = explorer(*arguments, "--set", "search_k=99", "--json").json
    assert said["index"]["params"] == {"trees": 7, "search_k": 99}
    assert said["index"]["bytes"] > 0


def test_what_an_index_misses_is_marked_in_the_truth(explorer: Run) -> None:
    arguments = ("query", "sample:digits", "--row", 42, "--k", 20, "--index", "annoy", "--set", "trees=1")
    said = explorer(*arguments, "--set", "seed=1", "--set", "search_k=1", "--json").json
    found = {each["row"] for each in said["neighbours"]}
    missed = [each for each in said["truth"] if not each["hit"]]
    assert missed
    assert not found & {each["row"] for each in missed}
    assert said["recall"] == pytest.approx(1 - len(missed) / 20)
    assert sum(each["hit"] for each in said["neighbours"]) == 20 - len(missed)
    people = explorer(*arguments, "--set", "seed=1", "--set", "search_k=1").out
    assert len(re.findall("missed$", people, re.MULTILINE)) == len(missed)


def test_numbers_are_a_query_even_when_the_first_is_negative(explorer: Run, named: Path, vectors: Vectors) -> None:
    numbers = "-1,30,30,30,30,30"
    said = explorer("query", named, "--vector", numbers, "--json").json
    expected = distances(vectors, np.array(numbers.split(","), np.float32), "euclidean")
    assert said["query"] == {"kind": "numbers", "row": None, "also": [], "also_total": 0, "text": numbers}
    assert said["neighbours"][0]["row"] == int(np.argmin(expected))
    assert said["neighbours"][0]["distance"] == pytest.approx(expected.min(), rel=1e-6)


def test_an_expression_leaves_its_operands_out(explorer: Run) -> None:
    said = explorer("query", "sample:words", "--expr", "king - man + woman", "--json").json
    names = [each["name"] for each in said["neighbours"]]
    assert said["query"]["kind"] == "expression"
    assert names[0] == "queen"
    assert not {"king", "man", "woman"} & set(names)


def test_free_text_goes_through_the_encoder(explorer: Run) -> None:
    said = explorer("query", "sample:wordnet", "--text", "frozen water", "--k", 3, "--json").json
    assert said["query"] == {"kind": "text", "row": None, "also": [], "also_total": 0, "text": "frozen water"}
    assert said["neighbours"][0]["name"] == "ice"


def test_a_single_row_has_no_neighbours(explorer: Run) -> None:
    said = explorer("query", BAD / "one-vector.npy", "--row", 0, "--json").json
    assert (said["neighbours"], said["truth"]) == ([], [])
    assert explorer("query", BAD / "one-vector.npy", "--row", 0).status == 0


def test_the_table_for_people(explorer: Run, named: Path) -> None:
    lines = explorer("query", named, "--row", 3, "--k", 2).out.splitlines()
    assert lines[0].split() == ["#", "row", "name", "distance"]
    assert lines[1].split()[0] == "1"
    assert lines[1].endswith("hit")
    assert lines[-1] == "item 3 · euclidean · exact · recall 1.00"

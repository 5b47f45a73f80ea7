"""`explorer explain`: the JSON that other programs rely on, and sentences for people."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from explorer.core.explanation import REASONS
from tests.cli.conftest import ROWS, Run

POOR = ("--index", "annoy", "--set", "trees=3", "--set", "seed=1")


def test_the_json_has_all_that_is_promised(explorer: Run) -> None:
    said = explorer("explain", "sample:digits", "--row", 60, *POOR, "--k", 20, "--json").json
    assert set(said) == {"query", "index", "recall", "hits", "misses", "fix_all", "visited", "total"}
    assert said["query"]["row"] == 60
    assert said["index"] == {
        "type": "annoy",
        "metric": "euclidean",
        "params": {"trees": 3, "seed": 1, "search_k": 60},
    }
    assert said["total"] == 1797 and 60 <= said["visited"] < 1797
    assert said["misses"] and len(said["hits"]) + len(said["misses"]) == 20
    assert said["recall"] == pytest.approx(len(said["hits"]) / 20)
    for miss in said["misses"]:
        assert set(miss) == {"row", "source_row", "name", "true_rank", "distance", "reason", "detail", "fix"}
        assert miss["reason"] in REASONS
        assert set(miss["fix"]) == {"param", "value", "rebuild", "verified"}


def test_it_explains_what_query_missed_and_each_fix_finds_it(explorer: Run) -> None:
    question = ("sample:digits", "--row", 60, *POOR, "--k", 20, "--json")
    answered, told = explorer("query", *question).json, explorer("explain", *question).json
    missed = [each for each in answered["truth"] if not each["hit"]]
    assert [miss["row"] for miss in told["misses"]] == [each["row"] for each in missed]
    assert [miss["true_rank"] for miss in told["misses"]] == [each["rank"] for each in missed]
    assert told["hits"] == [each["row"] for each in answered["neighbours"] if each["hit"]]
    for miss in told["misses"]:
        fix = miss["fix"]
        assert (fix["param"], fix["rebuild"], fix["verified"]) == ("search_k", False, True)
        again = explorer("query", *question, "--set", f"search_k={fix['value']}").json
        assert miss["row"] in [each["row"] for each in again["neighbours"]]


def test_the_table_and_the_sentences_for_people(explorer: Run) -> None:
    said = explorer("explain", "sample:digits", "--row", 60, *POOR, "--k", 20, "--json").json
    lines = explorer("explain", "sample:digits", "--row", 60, *POOR, "--k", 20).out.splitlines()
    assert lines[0].split() == ["true", "#", "row", "name", "distance", "reason", "what", "finds", "it"]
    count = len(said["misses"])
    for miss, line, sentence in zip(said["misses"], lines[1:], lines[count + 2 :], strict=False):
        assert line.split()[:2] == [str(miss["true_rank"]), str(miss["row"])]
        assert line.endswith(f"not opened  search_k = {miss['fix']['value']}")
        assert re.search(rf"{miss['name']}: None of its leaves was opened: .* search_k = [\d,]+ finds it\.", sentence)
    assert lines[-1].startswith("#60 · euclidean · annoy · ")
    assert lines[-1].endswith(f"{20 - count} of 20 true neighbours found · {said['visited']} of 1,797 rows compared")


def test_one_setting_for_all_finds_what_it_says(explorer: Run) -> None:
    question = ("sample:digits", "--row", 60, *POOR, "--k", 20)
    told = explorer("explain", *question, "--json").json
    fix = told["fix_all"]
    assert (fix["param"], fix["rebuild"], fix["verified"]) == ("search_k", False, True)
    assert fix["value"] == max(miss["fix"]["value"] for miss in told["misses"])
    found = explorer("query", *question, "--json", "--set", f"search_k={fix['value']}").json["neighbours"]
    assert sorted(fix["rows"]) == sorted(miss["row"] for miss in told["misses"])
    assert set(fix["rows"]) <= {each["row"] for each in found}
    count = len(told["misses"])
    assert f"search_k = {fix['value']:,} finds all {count} that are missing." in explorer("explain", *question).out


def test_two_parameters_that_are_needed_together_stand_in_the_fix(explorer: Run) -> None:
    poor = ("--index", "faiss-ivfpq", "--set", "nlist=40", "--set", "m=8", "--set", "seed=1")
    question = ("sample:digits", "--k", 10, *poor)
    for row in range(0, 750, 75):
        asked = (*question, "--row", row, "--json")
        told = explorer("explain", *asked, "--set", "nprobe=2", "--set", "rerank=12").json
        pair = next((miss for miss in told["misses"] if "also" in (miss["fix"] or {})), None)
        if pair is not None:
            break
    assert pair is not None
    fix = pair["fix"]
    both = {fix["param"]: fix["value"], **fix["also"]}
    assert set(both) == {"nprobe", "rerank"} and fix["verified"] and not fix["rebuild"]
    given = [word for name, value in both.items() for word in ("--set", f"{name}={value}")]
    assert pair["row"] in [each["row"] for each in explorer("query", *asked, *given).json["neighbours"]]


def test_nothing_was_missed(explorer: Run, named: Path) -> None:
    said = explorer("explain", named, "--row", 3, "--index", "exact", "--json").json
    assert (said["misses"], said["recall"], said["visited"], said["total"]) == ([], 1.0, ROWS, ROWS)
    lines = explorer("explain", named, "--row", 3, "--index", "exact").out.splitlines()
    assert lines == ["item 3 · euclidean · exact · 10 of 10 true neighbours found · 120 of 120 rows compared"]


def test_an_index_file_and_a_name(explorer: Run, named: Path, tmp_path: Path) -> None:
    explorer("build", named, "--index", "annoy", "--set", "trees=2", "--out", tmp_path / "i.ann")
    said = explorer("explain", named, "--name", "item 5", "--index", tmp_path / "i.ann", "--json").json
    assert said["index"]["params"]["trees"] == 2 and said["query"]["row"] == 5


def test_bad_input_is_a_sentence(explorer: Run, named: Path) -> None:
    assert "no parameter" in explorer("explain", named, "--row", 3, "--set", "nprobe=4").sentence
    assert "k is at least 1" in explorer("explain", named, "--row", 3, "--k", 0).sentence
    done = explorer("explain", named)
    assert done.status == 2 and "required" in done.err

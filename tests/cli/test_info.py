"""`explorer info`: what a file holds, whatever it is called and wherever it lies."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from explorer.formats import types
from tests.cli.conftest import BAD, DIMENSIONS, ROWS, Run

READ_HERE = {suffix for kind in types().values() for suffix in kind.suffixes}


def manifest() -> list[dict[str, str]]:
    with (BAD / "manifest.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@pytest.mark.parametrize("row", manifest(), ids=lambda row: row["file"])
def test_a_bad_file_is_one_sentence_or_what_the_manifest_says(explorer: Run, row: dict[str, str]) -> None:
    path = BAD / row["file"]
    done = explorer("info", path, "--json")
    if done.status:
        assert done.sentence.startswith(f"{path}: ")
        assert "error" in row["expect"] or path.suffix not in READ_HERE
        return
    said = done.json
    assert row["expect"] != "error"
    assert (said["rows"], said["dimensions"]) == (int(row["rows"]), int(row["dim"]))
    assert bool(said["warnings"]) or row["expect"] != "warn"
    assert said["warnings"] == [] or row["expect"] != "ok"
    if row["dropped"] != "-":
        assert said["dropped"] == int(row["dropped"]) == said["source_rows"] - said["rows"]


def test_the_json_has_all_that_is_promised(explorer: Run, named: Path) -> None:
    said = explorer("info", named, "--json").json
    assert said["path"] == str(named)
    assert (said["format"], said["rows"], said["dimensions"], said["dtype"]) == ("npy", ROWS, DIMENSIONS, "float32")
    assert said["columns"] == [{"name": "name", "kind": "text"}, {"name": "parity", "kind": "category"}]
    assert (said["warnings"], said["dropped"], said["source_rows"]) == ([], 0, ROWS)
    assert len(said["fingerprint"]) == 32
    int(said["fingerprint"], 16)


def test_the_fingerprint_is_of_the_numbers_not_of_the_file(explorer: Run, named: Path, tmp_path: Path) -> None:
    same = tmp_path / "same.npy"
    np.save(same, np.load(named).astype(np.float64))
    other = tmp_path / "other.npy"
    np.save(other, np.load(named)[::-1])
    prints = [explorer("info", path, "--json").json["fingerprint"] for path in (named, same, other)]
    assert prints[0] == prints[1] != prints[2]


def test_a_relative_path(explorer: Run, named: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(named.parent)
    assert explorer("info", named.name, "--json").json["rows"] == ROWS
    assert explorer("info", f"../{named.parent.name}/{named.name}", "--json").json["rows"] == ROWS


def test_a_table_and_the_way_to_read_are_chosen(explorer: Run, named: Path, tmp_path: Path) -> None:
    table = tmp_path / "other.csv"
    table.write_text("code,size\n" + "".join(f"c{row},{row}\n" for row in range(ROWS)), encoding="utf-8")
    said = explorer("info", named, "--metadata", table, "--read", "name=code", "--metric", "l1", "--json").json
    assert [column["name"] for column in said["columns"]] == ["code", "size"]
    assert (said["name_column"], said["metric"]) == ("code", "manhattan")


def test_people_are_told_of_what_was_dropped(explorer: Run) -> None:
    done = explorer("info", BAD / "nan-rows.npy")
    assert (done.status, done.err) == (0, "")
    assert "47 × 12" in done.out
    assert "note: Dropped 3 of 50 rows" in done.out

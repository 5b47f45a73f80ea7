"""The broken and odd files of tests/data/bad: each is a sentence or a load, as the manifest says."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from explorer.errors import BadInput
from explorer.formats import reading, types

DATA = Path(__file__).parent.parent / "data"
READ_HERE = {suffix for kind in types().values() for suffix in kind.suffixes}


def manifest() -> list[dict[str, str]]:
    with (DATA / "bad" / "manifest.tsv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file, delimiter="\t") if Path(row["file"]).suffix in READ_HERE]


@pytest.mark.parametrize("row", manifest(), ids=lambda row: row["file"])
def test_a_bad_file_is_as_the_manifest_says(row: dict[str, str]) -> None:
    path = DATA / "bad" / row["file"]
    try:
        dataset = reading.read(path)
    except BadInput as error:
        assert "error" in row["expect"]
        assert str(path) in str(error)
        assert "\n" not in str(error)
        return
    assert row["expect"] != "error"
    assert (dataset.rows, dataset.dimensions) == (int(row["rows"]), int(row["dim"]))
    assert np.isfinite(dataset.vectors).all()
    if row["dropped"] != "-":
        assert dataset.dropped == int(row["dropped"])
    if row["expect"] == "warn":
        assert dataset.warnings
    if row["expect"] == "ok":
        assert dataset.warnings == ()


def sentence(name: str) -> str:
    with pytest.raises(BadInput) as caught:
        reading.read(DATA / "bad" / name)
    return str(caught.value)


def test_the_sentences_say_what_is_wrong() -> None:
    assert "2,528 bytes" in sentence("cut-short.npy")
    assert "900" in sentence("cut-short.npy")
    assert "(10, 5, 12)" in sentence("three-axes.npy")
    assert "object" in sentence("pickled.npy")
    assert "empty" in sentence("nothing.csv")
    for unread in ("broken-header.safetensors", "no-train.hdf5", "nulls.parquet", "missing-field.jsonl"):
        assert "numpy.save" in sentence(unread)


def test_ragged_lines_are_named() -> None:
    (warning,) = reading.read(DATA / "bad" / "ragged.csv").warnings
    assert "lines 10, 28" in warning


def test_a_spreadsheet_s_text_column_names_its_rows() -> None:
    dataset = reading.read(DATA / "bad" / "spreadsheet.csv")
    assert [column.name for column in dataset.columns] == ["name"]
    assert dataset.name(7) == "item 7"
    assert dataset.vectors[0, 0] == np.float32(0.3618)


def test_formats_hold_the_same() -> None:
    datasets = [reading.read(DATA / "formats" / name) for name in ("same.npy", "same.csv", "same.tsv", "same.w2v.txt")]
    for dataset in datasets:
        assert dataset.metric == "cosine"
        assert dataset.name_column == "word"
        np.testing.assert_allclose(dataset.vectors, datasets[0].vectors, atol=1e-6)
        assert dataset.name(1) == "people"
    for dataset in datasets[:3]:
        assert [c.name for c in dataset.columns] == ["id", "word", "category", "definition"]
        assert dataset.columns[3].cell(0) == "a human being"
    assert datasets[0].vectors_path == DATA / "formats" / "same.npy"

"""The broken and odd files of tests/data/bad: each is a sentence or a load, as the manifest says."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from explorer.core.dataset import fingerprinted
from explorer.errors import BadInput
from explorer.formats import reading

DATA = Path(__file__).parent.parent / "data"


def manifest() -> list[dict[str, str]]:
    with (DATA / "bad" / "manifest.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


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
    assert "1,125,899,906,842,624 bytes" in sentence("broken-header.safetensors")
    assert "record 20" in sentence("dim-changes.fvecs")


def test_the_choice_among_several_is_told() -> None:
    (warning,) = reading.read(DATA / "bad" / "no-train.hdf5").warnings
    assert "“left”" in warning
    assert "“right”" in warning


def test_what_lacks_a_vector_is_counted_by_row_or_line() -> None:
    rows, lines = (reading.read(DATA / "bad" / name).warnings[0] for name in ("nulls.parquet", "missing-field.jsonl"))
    assert rows == "2 of 50 rows have no vector of 12 numbers in “embedding”: rows 3, 12."
    assert lines == "2 of 50 lines have no vector of 12 numbers in “embedding”: lines 7, 45."


def test_ragged_lines_are_named() -> None:
    (warning,) = reading.read(DATA / "bad" / "ragged.csv").warnings
    assert "lines 10, 28" in warning


def test_a_spreadsheet_s_text_column_names_its_rows() -> None:
    dataset = reading.read(DATA / "bad" / "spreadsheet.csv")
    assert [column.name for column in dataset.columns] == ["name"]
    assert dataset.name(7) == "item 7"
    assert dataset.vectors[0, 0] == np.float32(0.3618)


SAME = sorted(path.name for path in (DATA / "formats").glob("same.*"))
EXACT = {name for name in SAME if not name.endswith(("csv", "tsv", "txt"))}
"""Those that hold the numbers as they are, and not as text."""
ONLY_WORDS = ("same.w2v.bin", "same.w2v.txt")
"""Those that hold no column but the word, with _ for spaces."""


def test_formats_hold_the_same() -> None:
    datasets = {name: reading.read(DATA / "formats" / name) for name in SAME}
    assert len(datasets) == 11
    first = datasets["same.npy"]
    for name, dataset in datasets.items():
        assert (dataset.metric, dataset.name_column, dataset.warnings) == ("cosine", "word", ()), name
        assert (dataset.rows, dataset.dimensions, dataset.dtype) == (300, 256, "float32"), name
        if name in EXACT:
            assert fingerprinted(dataset) == fingerprinted(first), name
        np.testing.assert_allclose(dataset.vectors, first.vectors, atol=1e-6)
        words = [dataset.name(row) for row in range(300)]
        if name in ONLY_WORDS:
            assert words == [first.name(row).replace(" ", "_") for row in range(300)], name
            continue
        assert words == [first.name(row) for row in range(300)], name
        assert {c.name: c.kind for c in dataset.columns} == {c.name: c.kind for c in first.columns}, name
        for column in dataset.columns:
            assert [column.cell(row) for row in range(300)] == [first.column(column.name).cell(r) for r in range(300)]  # type: ignore[union-attr]


def test_what_can_be_mapped_is_never_copied() -> None:
    for name in ("same.npy", "same.hdf5", "same.safetensors"):
        assert reading.read(DATA / "formats" / name).vectors_path == DATA / "formats" / name

"""Files whose vectors are the columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from explorer.errors import BadParameter
from explorer.formats import reading

ARRAY = np.random.default_rng(5).normal(size=(7, 40)).astype(np.float32)


def test_the_columns_of_an_array_as_rows(tmp_path: Path) -> None:
    np.save(tmp_path / "t.npy", ARRAY)
    found = reading.read(tmp_path / "t.npy", options={"orientation": "columns"})
    np.testing.assert_array_equal(found.vectors, ARRAY.T)
    assert (found.rows, found.dimensions, found.dtype, found.source_rows) == (40, 7, "float32", 40)
    sample = reading.read(tmp_path / "t.npy", options={"orientation": "columns", "sample": "9"})
    rows = [sample.source_row(row) for row in range(9)]
    np.testing.assert_array_equal(sample.vectors, ARRAY.T[rows])


def test_the_columns_of_a_table_bear_their_names(tmp_path: Path) -> None:
    header = ",".join(["gene", *(f"cell{i}" for i in range(40))])
    lines = [",".join([f"g{i}", *(f"{x:.6f}" for x in row)]) for i, row in enumerate(ARRAY)]
    (tmp_path / "t.csv").write_text("\n".join([header, *lines]) + "\n")
    found = reading.read(tmp_path / "t.csv", options={"orientation": "columns", "rows": "30"})
    assert (found.rows, found.dimensions, found.name(0), found.name(29)) == (30, 7, "cell0", "cell29")
    np.testing.assert_allclose(found.vectors, ARRAY.T[:30], atol=1e-6)
    assert any("about single dimensions, and left out" in warning for warning in found.warnings)


def test_metadata_is_about_the_columns_then(tmp_path: Path) -> None:
    np.save(tmp_path / "t.npy", ARRAY)
    (tmp_path / "m.csv").write_text("name\n" + "".join(f"w{i}\n" for i in range(40)))
    found = reading.read(tmp_path / "t.npy", metadata=tmp_path / "m.csv", options={"orientation": "columns"})
    assert found.name(39) == "w39"


def test_orientation_is_one_of_two(tmp_path: Path) -> None:
    np.save(tmp_path / "t.npy", ARRAY)
    with pytest.raises(BadParameter, match="orientation is one of rows, columns"):
        reading.read(tmp_path / "t.npy", options={"orientation": "sideways"})

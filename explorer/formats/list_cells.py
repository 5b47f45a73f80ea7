"""Columns whose cells hold whole vectors: `[0.1, 0.2]`, `{0.1,0.2}`, `0.1 0.2`, `0.1;0.2`, or what numpy prints."""

from __future__ import annotations

import contextlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from explorer.errors import BadFile
from explorer.formats.dialect import BRACKETS, Dialect, list_parts

if TYPE_CHECKING:
    import pyarrow as pa


def dimensions_of(path: Path, dialect: Dialect, name: str) -> int:
    """How many numbers the first cells mostly hold. Raises BadFile when numpy shortened them with `...`."""
    cells = dialect.cells(dialect.columns.index(name))
    if any("..." in cell for cell in cells):
        raise BadFile(
            path,
            f"the vectors in column “{name}” were shortened with “...” when they were written; "
            "write them with array.tolist(), or save the array with numpy.save.",
        )
    return Counter(len(list_parts(cell)) for cell in cells if cell).most_common(1)[0][0]


def vectors_of_lists(cells: pa.Array, out: NDArray[np.float32]) -> None:
    """Write the lists into `out` (rows, dimensions); a row that holds no such list becomes NaN."""
    import pyarrow as pa
    import pyarrow.compute as pc

    plain = cells
    if pc.any(pc.match_substring(plain, "np.float")).as_py():  # how numpy 2 prints the numbers of a list
        plain = pc.replace_substring_regex(plain, r"np\.float\d+\(([^()]*)\)", r"\1")
    plain = pc.utf8_trim(plain, BRACKETS)
    if pc.any(pc.match_substring_regex(plain, r"[;|]")).as_py():
        plain = pc.replace_substring_regex(plain, r"\s*[;|]\s*", ",")
    if not pc.any(pc.match_substring(plain, ",")).as_py():
        plain = pc.replace_substring_regex(plain, r"\s+", ",")
    dimensions = out.shape[1]
    right = pc.equal(pc.count_substring(plain, ","), dimensions - 1).to_numpy(zero_copy_only=False)
    out[:] = np.nan
    lists = plain.filter(pa.array(right))
    try:
        out[right] = _numbers(lists.to_pylist(), dimensions)
    except pa.ArrowInvalid:
        for row, one in zip(np.flatnonzero(right), lists.to_pylist(), strict=True):
            with contextlib.suppress(pa.ArrowInvalid):
                out[row] = _numbers([one], dimensions)


def _numbers(lists: list[str], dimensions: int) -> NDArray[np.float32]:
    """Numbers with commas between, `dimensions` to a list: Arrow reads them as one long column."""
    import pyarrow as pa
    from pyarrow import csv

    if not lists:
        return np.zeros((0, dimensions), np.float32)
    # Line breaks, which numpy writes into long lists, are blanks here.
    text = ",".join(lists).replace("\n", " ").replace(",", "\n").encode()
    table = csv.read_csv(
        pa.BufferReader(text),
        csv.ReadOptions(column_names=["number"], use_threads=False),
        csv.ParseOptions(delimiter="\x1f", quote_char=False, ignore_empty_lines=False),
        csv.ConvertOptions(column_types={"number": pa.float32()}),
    )
    found: NDArray[np.float32] = table.column(0).to_numpy().astype(np.float32, copy=False)
    if len(found) != len(lists) * dimensions:
        raise pa.ArrowInvalid("a list holds no number between commas")
    return found.reshape(-1, dimensions)

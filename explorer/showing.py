"""`show`: a window over an array, from a script or a notebook, as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer import paths
from explorer.core.metric import metric_named
from explorer.errors import BadParameter


class Window:
    """A window that was opened by `show`."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self._process = process
        self._folder = folder

    def wait(self) -> NDArray[np.int64]:
        """Wait until the window is closed; returns the rows that were selected last."""
        self._process.wait()
        return self.selection

    @property
    def is_open(self) -> bool:
        return self._process.poll() is None

    @property
    def selection(self) -> NDArray[np.int64]:
        """The rows that are selected in the window now, or were when it was closed; int64, ascending."""
        try:
            return np.asarray(np.load(self._folder / "selection.npy", allow_pickle=False), np.int64)
        except (OSError, ValueError):
            return np.empty(0, np.int64)

    def close(self) -> None:
        """Close the window."""
        self._process.terminate()
        self._process.wait()


def show(
    array: ArrayLike, names: Sequence[str] | None = None, metadata: Any = None, *, metric: str | None = None
) -> Window:
    """Open a window over vectors (n, d) and return at once.

    `names` are n strings; `metadata` is a table of n rows: a dictionary of columns, or a pandas, polars or pyarrow
    table. Raises BadParameter when their lengths differ, or when there is no display.
    """
    vectors = np.ascontiguousarray(array, np.float32)
    if vectors.ndim != 2:
        raise BadParameter(f"show takes vectors as an array (n, d), not one of shape {vectors.shape}.")
    folder = Path(tempfile.mkdtemp(prefix="explorer-show-"))
    np.save(folder / "vectors.npy", vectors)
    arguments = [str(folder / "vectors.npy"), "--selection", str(folder / "selection.npy")]
    if names is not None or metadata is not None:
        _write_table(folder / "metadata.tsv", names, metadata, len(vectors))
        arguments += ["--metadata", str(folder / "metadata.tsv")]
    if metric is not None:
        arguments += ["--metric", metric_named(metric)]
    program = [sys.executable] if paths.frozen() else [sys.executable, "-m", "explorer"]
    here = str(Path(__file__).resolve().parents[1])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH", ""))))}
    return Window(subprocess.Popen([*program, "open", *arguments], env=environment), folder)


def _write_table(path: Path, names: Sequence[str] | None, metadata: Any, rows: int) -> None:
    """Names and columns as tab-separated text."""
    import pyarrow as pa
    from pyarrow import csv

    columns: dict[str, Any] = {} if names is None else {"name": pa.array([str(name) for name in names])}
    if metadata is not None:
        columns |= _columns(metadata)
    for name, column in columns.items():
        if len(column) != rows:
            raise BadParameter(f"{name} has {len(column)} entries for {rows} vectors.")
    csv.write_csv(pa.table(columns), path, csv.WriteOptions(delimiter="\t"))


def _columns(metadata: Any) -> dict[str, Any]:
    """The columns of a dictionary, or of a pandas, polars or pyarrow table."""
    import pyarrow as pa

    if isinstance(metadata, dict):
        table = pa.table({str(name): pa.array(list(column)) for name, column in metadata.items()})
    elif isinstance(metadata, pa.Table):
        table = metadata
    elif hasattr(metadata, "to_arrow"):
        table = metadata.to_arrow()
    elif hasattr(metadata, "columns"):
        table = pa.Table.from_pandas(metadata, preserve_index=False)
    else:
        raise BadParameter("metadata is a dictionary of columns, or a pandas, polars or pyarrow table.")
    return {name: table.column(name) for name in table.column_names}

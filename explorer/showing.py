"""`show`: a window over an array, from a script or a notebook, as a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer import paths
from explorer.core.metric import metric_named
from explorer.errors import BadParameter, Unavailable
from explorer.sources import memory

NAME = "name"
PATIENCE_SECONDS = 10.0
"""How long a window may take to close."""


class Window:
    """A window that was opened by `show`.

    It stays open when the script ends or this object goes, and then removes its copy of the vectors when it is closed.
    """

    def __init__(self, process: subprocess.Popen[bytes], selection: Path) -> None:
        self._process = process
        self._selection = selection
        self._end = weakref.finalize(self, shutil.rmtree, selection.parent, ignore_errors=True)

    def __repr__(self) -> str:
        return f"Window({'open' if self.is_open else 'closed'}, {len(self.selection)} selected)"

    def wait(self) -> NDArray[np.int64]:
        """Wait until the window is closed; returns the rows that were selected last. Ctrl+C closes it."""
        try:
            self._process.wait()
        except KeyboardInterrupt:
            self.close()
            raise
        return self.selection

    @property
    def is_open(self) -> bool:
        """Whether the window has not been closed yet."""
        return self._process.poll() is None

    @property
    def selection(self) -> NDArray[np.int64]:
        """The rows that are selected in the window now, or were when it was closed; int64, ascending."""
        try:
            return np.asarray(np.load(self._selection, allow_pickle=False), np.int64)
        except (OSError, ValueError):
            return np.empty(0, np.int64)

    def close(self) -> None:
        """Close the window; `selection` stays. Calling it twice does no harm."""
        self._process.terminate()
        try:
            self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def show(
    array: Any,
    names: Sequence[str] | None = None,
    metadata: Any = None,
    *,
    metric: str | None = None,
    options: Mapping[str, str] | None = None,
) -> Window:
    """Open a window over vectors and return at once.

    They are an array (n, d), or a pandas, polars or pyarrow table that holds them: in a column of lists, or in
    columns of numbers. `options` are what `--read key=value` takes, such as {"array": "embedding"}. `names` are n
    strings; `metadata` is a table of n rows: a dictionary of columns, or a table as above. Raises BadParameter when
    there are no vectors in it, no numbers (n, d), or the lengths differ, Unavailable when there is no display to open a
    window on.
    """
    from explorer.gui.display import has_display

    chosen = [] if metric is None else ["--metric", metric_named(metric)]
    folder = Path(tempfile.mkdtemp(prefix="explorer-show-"))
    try:
        arguments = written(folder, array, names, metadata, options or {})
        if not has_display():
            raise Unavailable("There is no display to open a window on; load, build and project need none.")
        selection = Path(tempfile.mkdtemp(prefix="explorer-selection-")) / "selection.npy"
        process = _started([*arguments, *chosen, "--selection", str(selection)], folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Window(process, selection)


def written(
    folder: Path, array: Any, names: Sequence[str] | None, metadata: Any, options: Mapping[str, str]
) -> list[str]:
    """Write what `show` was given into a folder; returns the file and the options that the program opens it with.

    Raises what `show` does.
    """
    table = memory.as_table(array)
    chosen = [part for key, value in options.items() for part in ("--read", f"{key}={value}")]
    chosen += ["--read", f"name={NAME}"] if names is not None else []
    if table is not None:
        _check_holds_vectors(table, options)
        columns = _all_columns(names, metadata, table.num_rows)
        _write_arrow(folder / "table.arrow", table, columns)
        return [str(folder / "table.arrow"), *chosen]
    vectors = np.ascontiguousarray(memory.as_vectors(array, "show"), np.float32)
    columns = _all_columns(names, metadata, len(vectors))
    np.save(folder / "vectors.npy", vectors)
    if columns:
        _write_table(folder / "metadata.tsv", columns)
        chosen += ["--metadata", str(folder / "metadata.tsv")]
    return [str(folder / "vectors.npy"), *chosen]


def _started(arguments: Sequence[str], folder: Path) -> subprocess.Popen[bytes]:
    """The program with a window, which removes `folder` at its end; Ctrl+C in our terminal does not reach it."""
    program = [sys.executable] if paths.frozen() else [sys.executable, "-m", "explorer"]
    here = str(Path(__file__).resolve().parents[1])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH", ""))))}
    command = [*program, "open", *arguments, "--temporary", str(folder)]
    return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True)


def _check_holds_vectors(table: Any, options: Mapping[str, str]) -> None:
    """Raise BadParameter for a table that no window could show."""
    from explorer.errors import BadFile

    try:
        memory.InMemory(table).check(options)
    except BadFile as error:
        raise BadParameter(f"show takes a table that holds vectors: {error}") from None


def _all_columns(names: Sequence[str] | None, metadata: Any, rows: int) -> dict[str, Any]:
    """Names and metadata as columns, each as long as there are vectors."""
    columns = {} if metadata is None else _columns(metadata)
    if names is not None:
        if NAME in columns:
            raise BadParameter(f"The metadata has a column “{NAME}” already; give that or names, not both.")
        columns = {NAME: [str(name) for name in names], **columns}
    for name, column in columns.items():
        if len(column) != rows:
            raise BadParameter(f"“{name}” has {len(column):,} entries for {rows:,} vectors.")
    return columns


def _write_table(path: Path, columns: Mapping[str, Any]) -> None:
    """Columns as tab-separated text."""
    import pyarrow as pa
    from pyarrow import csv

    csv.write_csv(pa.table(dict(columns)), path, csv.WriteOptions(delimiter="\t"))


def _write_arrow(path: Path, table: Any, columns: Mapping[str, Any]) -> None:
    """A table with more columns as Arrow's own file, which is mapped where it lies."""
    from pyarrow import feather

    for name, column in columns.items():
        if name in table.column_names:
            raise BadParameter(f"The table has a column “{name}” already; give that or another, not both.")
        table = table.append_column(name, column if hasattr(column, "type") else [column])
    feather.write_feather(table, str(path), compression="uncompressed")


def _columns(metadata: Any) -> dict[str, Any]:
    """The columns of a dictionary, or of a pandas, polars or pyarrow table."""
    table = memory.as_table(metadata)
    if table is None:
        raise BadParameter("metadata is a dictionary of columns, or a pandas, polars or pyarrow table.")
    return {name: table.column(name) for name in table.column_names}

"""A Lance dataset: a folder of fragments, read by its own library."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from explorer.errors import Unavailable
from explorer.formats.arrow_errors import translating
from explorer.formats.table import Columns, Records, Table
from explorer.formats.typed_columns import flattened, wanted
from explorer.formats.vector_field import LOOK, VectorField

MISSING = "Reading a Lance dataset takes the library “pylance”: pip install 'ann-explorer[lance]'."
BATCH_ROWS = 8_192


class Lance(Table):
    """The newest version of a dataset, which lies in a folder."""

    name = "lance"
    title = "Lance dataset (a folder)"
    suffixes = (".lance",)
    folder = True
    rank = 30

    def recognises(self, path: Path, head: bytes) -> bool:
        """By the folder of its versions."""
        try:
            return (path / "_versions").is_dir() and any((path / "_versions").glob("*.manifest"))
        except OSError:
            return False

    @contextmanager
    def opened(self, path: Path, options: Mapping[str, str]) -> Iterator[Records]:
        """The table of a folder. Raises Unavailable without the library."""
        if importlib.util.find_spec("lance") is None:
            raise Unavailable(MISSING)
        with translating(path, "a Lance dataset"):
            import lance

            dataset = lance.dataset(str(path))
            first = next((b for b in dataset.to_batches(limit=LOOK) if b.num_rows), None)

            def blocks(field: VectorField | None) -> Iterator[tuple[Columns, int]]:
                columns = wanted(dataset.schema, () if field is None else field.names)
                for batch in dataset.to_batches(columns=columns, batch_size=BATCH_ROWS, scan_in_order=True):
                    yield flattened(batch), batch.num_rows

            facts = {"version": str(dataset.version)}
            yield Records({} if first is None else flattened(first), dataset.count_rows(), blocks, facts=facts)


TYPES = [Lance()]

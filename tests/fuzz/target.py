"""The process that a guided fuzzer runs in: `python -m tests.fuzz.target LIBRARY FOLDER SECONDS`.

It reads mutations of the good files of one library, the first byte of an input says of which one, until the time is
over or one of them ends in anything but a Dataset or one of our errors; libFuzzer then leaves that one in FOLDER. A
library that crashes ends this process and no other.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main(library: str, folder: Path, seconds: int) -> None:
    """Fuzz what reads the good files of that library."""
    import atheris

    with atheris.instrument_imports(include=["explorer.formats", "explorer.indexes", "explorer.loading"]):
        from explorer import formats, indexes, loading

        # They are imported when they are first asked for, and only what is imported here is watched.
        formats.types(), indexes.types()
    from explorer.errors import BadInput, ExplorerError, Unavailable
    from explorer.formats import keeping
    from explorer.work import bounds
    from tests.fuzz.good import binary

    # What comes to no end is for the fuzzer to notice, which then keeps the file.
    bounds.FLOOR_SECONDS = 10_000
    kinds = binary(library)
    place, corpus = folder / "input", folder / "corpus"
    place.mkdir()
    corpus.mkdir()
    for i, good in enumerate(kinds):
        (corpus / good.name).write_bytes(bytes([i]) + good.made(place))

    def read(body: bytes) -> None:
        good = kinds[body[0] % len(kinds)] if body else kinds[0]
        path = place / good.name
        path.write_bytes(body[1:])
        try:
            with bounds.in_proportion([path]):
                dataset = loading.load(path, metric=good.metric, dimensions=good.dimensions)
            assert dataset.vectors.shape == (dataset.rows, dataset.dimensions)
            keeping.trim(0)
        except ExplorerError as error:
            if not isinstance(error, BadInput | Unavailable):
                raise

    options = [
        f"-max_total_time={seconds}",
        "-timeout=45",
        "-rss_limit_mb=2500",
        f"-seed={os.environ.get('EXPLORER_FUZZ_SEED', '1')}",
        "-max_len=20000",
    ]
    options += [f"-artifact_prefix={folder}/found-", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], read)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))

"""What people name, a file or `sample:NAME`, as a Dataset."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from explorer.core.dataset import Dataset
from explorer.core.progress import Progress, silent
from explorer.encoders import encoder_named
from explorer.errors import BadParameter
from explorer.formats import reading
from explorer.samples import sample_named

SAMPLE = "sample:"


def load(
    source: str | Path,
    *,
    metadata: str | Path | None = None,
    options: Mapping[str, str] | None = None,
    metric: str | None = None,
    progress: Progress = silent,
) -> Dataset:
    """Open a file of vectors, or a sample set as `sample:NAME`.

    `metadata` is a table with a record for each row, `options` are what `--read key=value` may say, `metric` overrules
    the Dataset's own. Raises BadFile, BadParameter or TooLarge.
    """
    table = None if metadata is None else Path(metadata)
    given = dict(options or {})
    facts: dict[str, str] = {}
    if isinstance(source, str) and source.startswith(SAMPLE):
        sample = sample_named(source.removeprefix(SAMPLE))
        path, title = sample.vectors, sample.title
        table = table or sample.metadata
        given = {**sample.options, **given}
        metric = metric or sample.metric
        said = {"sample": sample.name, "colour": sample.colour, "licence": sample.licence}
        facts = {key: value for key, value in said.items() if value}
    else:
        path, title = Path(source).expanduser(), None
    encoder = encoder_named(given["encoder"]) if "encoder" in given else None
    dataset = reading.read(
        path, metadata=table, options=given, metric=metric, title=title, facts=facts, progress=progress
    )
    if encoder is not None and encoder.dimensions != dataset.dimensions:
        raise BadParameter(
            f"encoder={encoder.name} makes {encoder.dimensions} numbers; the vectors here have {dataset.dimensions}."
        )
    return dataset

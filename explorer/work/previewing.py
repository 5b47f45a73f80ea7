"""Looking at files before they are opened, as requests: hostile bytes break nothing but the child that looks."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from explorer import loading
from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.errors import BadFile
from explorer.formats import matching
from explorer.formats.matching import Division, Match
from explorer.formats.preview import Preview
from explorer.work import bounds
from explorer.work.desk import Desk


@dataclass(frozen=True)
class PreviewRequest:
    """What a file would be opened as, from its headers and first rows."""

    source: str
    metadata: Path | None = None
    options: dict[str, str] = field(default_factory=dict)
    metric: Metric | None = None
    dimensions: int | None = None

    def __call__(self, desk: Desk) -> Preview:
        with bounds.in_proportion([path for path in (self.metadata, loading.path_of(self.source)) if path is not None]):
            return loading.previewed(
                self.source,
                metadata=self.metadata,
                options=self.options,
                metric=self.metric,
                dimensions=self.dimensions,
                progress=desk.progress,
            )

    def crashed(self, how: str) -> BadFile:
        """What to say when a library ended the process that looked at this, `how` such as “a library crashed”."""
        return loading.broke_down(self.source, how)


@dataclass(frozen=True, eq=False)
class MatchRequest:
    """How a table would go with a Dataset, by a key or as seems best. One that was `dropped` and holds vectors of its
    own fails: it is no metadata."""

    dataset: Dataset
    table: Path
    key: str | None = None
    dropped: bool = False

    def __call__(self, desk: Desk) -> Match:
        with bounds.in_proportion([self.table]):
            if self.dropped:
                matching.check_holds_no_vectors(self.table, desk.progress)
            return matching.matched(self.dataset, self.table, self.key, desk.progress)


@dataclass(frozen=True)
class DivideRequest:
    """Which of several files holds the vectors, and which the metadata."""

    paths: tuple[Path, ...]

    def __call__(self, desk: Desk) -> Division:
        with bounds.in_proportion(self.paths):
            return matching.divided(self.paths, desk.progress)

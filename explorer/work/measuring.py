"""Measuring an index as a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from explorer.core.dataset import Dataset
from explorer.core.params import Params
from explorer.formats import query_sets
from explorer.indexes import asking
from explorer.indexes.base import IndexHandle
from explorer.measure import recall
from explorer.work import bounds
from explorer.work.desk import Desk


@dataclass(frozen=True, eq=False)
class MeasureRequest:
    """Measure an index's recall and speed on a sample of rows."""

    background: ClassVar[bool] = True

    dataset: Dataset
    handle: IndexHandle
    exact: IndexHandle
    params: Params
    k: int
    queries: int
    seed: int = 0
    queries_from: str = ""
    """FILE or FILE:ARRAY that holds the queries; empty for rows of the Dataset."""
    truth: str = ""
    """The file of the truth that was published for them; empty where it stands in the same file, or nowhere."""

    def __call__(self, desk: Desk) -> recall.RecallResult:
        params = asking.resolved(self.handle, self.params, self.k)
        query_set = None
        if self.queries_from:
            with bounds.in_proportion(query_sets.named(each).path for each in (self.queries_from, self.truth) if each):
                query_set = query_sets.read(self.queries_from, self.truth or None, desk.progress)
        try:
            return recall.measured(
                self.dataset,
                self.handle,
                desk.searcher(self.dataset, self.handle),
                desk.searcher(self.dataset, self.exact),
                k=self.k,
                params=params,
                queries=self.queries,
                seed=self.seed,
                progress=desk.progress,
                query_set=query_set,
            )
        finally:
            # Where indexes are measured nobody searches: the next one may be hours away, and the file gone by then.
            desk.close()

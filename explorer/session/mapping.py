"""The map: PCA at once, then the UMAP layout, frame by frame."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.core.params import Params
from explorer.core.projection import Projection
from explorer.errors import Cancelled, ExplorerError
from explorer.session.lines import lines
from explorer.session.session import Session
from explorer.session.state import State
from explorer.session.tasks import SAVE, Tasks
from explorer.work.picturing import MapNumbersRequest
from explorer.work.requests import GivenMapRequest, PositionsRequest, ProjectRequest, SavePositionsRequest

MAP = "map"


class Mapping:
    """Makes a map whenever there is a new Dataset, and again when somebody asks for another."""

    def __init__(self, session: Session, tasks: Tasks) -> None:
        self._session = session
        self._tasks = tasks
        self.first_method = "umap"
        self.first_positions: Path | None = None
        self.seed: int | None = None
        self._under_way: ProjectRequest | None = None
        session.listen(self._react)

    def project(self, method: str, params: Params | None = None) -> None:
        """Lay the rows out anew; the present map stays until the first frame is there."""
        if self._session.state.dataset is not None:
            self._session.clear_problem("map")
            self._lay_out(method, params or {}, fresh=True)

    def open_positions(self, path: Path) -> None:
        """Take the positions of a file (float32, one line for each source row) as the map."""
        if (dataset := self._session.state.dataset) is not None:
            self._take(PositionsRequest(dataset, path))

    def show_given(self, name: str) -> None:
        """Take a map that the file itself holds, one of `Dataset.maps`."""
        if (dataset := self._session.state.dataset) is not None:
            self._take(GivenMapRequest(dataset, name))

    def save_positions(self, path: Path) -> None:
        """Write the map's positions, one line for each source row."""
        state = self._session.state
        if state.dataset is not None and state.positions is not None:
            request = SavePositionsRequest(state.dataset, state.positions, path)
            self._tasks.start(f"{SAVE}map {path}", f"Saving {path.name}", request, lambda _: None, self._not_saved)

    def save_numbers(self, path: Path) -> None:
        """Write what the map shows as CSV: places, the values that colour it, and marks, one line a row."""
        state = self._session.state
        if state.dataset is None or state.positions is None:
            return
        column = state.column(state.colour_by)
        told = lines(state.answer.neighbours if state.answer is not None else None, state.truth, state.verdict)
        marks: dict[int, str] = {line.row: line.mark for line in told}
        if state.asked is not None and state.asked.query.row is not None:
            marks[state.asked.query.row] = "query"
        coloured = column is not None and column.kind != "text"
        request = MapNumbersRequest(
            state.dataset,
            state.positions,
            path,
            column.name if column is not None and coloured else "",
            column.values if column is not None and coloured else None,
            column.labels if column is not None and coloured else (),
            np.array(list(marks), np.int64),
            tuple(marks.values()),
        )
        self._tasks.start(f"{SAVE}map {path}", f"Saving {path.name}", request, lambda _: None, self._not_saved)

    def stop(self) -> None:
        """Stop the layout; its last frame stays."""
        self._tasks.stop(MAP)

    def _react(self, new: State, old: State) -> None:
        if new.dataset is old.dataset or new.dataset is None:
            return
        if self.first_positions is not None:
            path, self.first_positions = self.first_positions, None
            self.open_positions(path)
        elif new.dataset.maps:
            self.show_given(new.dataset.maps[0])
        else:
            self._first_map(new.dataset, new.metric)

    def _take(self, request: PositionsRequest | GivenMapRequest) -> None:
        """Positions that are there already."""
        self._session.clear_problem("map")
        self._session.update(laying_out=True)
        self._under_way = None
        self._tasks.start(MAP, "Reading positions", request, self._done(), self._failed)

    def _first_map(self, dataset: Dataset, metric: Metric) -> None:
        """PCA, and then what was chosen to follow it; both are found again where they have been made before."""
        self._session.update(laying_out=True)
        then = (lambda: self._lay_out(self.first_method, {}, fresh=False)) if self.first_method != "pca" else None
        self._under_way = request = ProjectRequest(dataset, metric, "pca", {}, self.seed, fresh=False)
        self._tasks.start(MAP, "First map · PCA", request, self._done(then), self._failed, by_itself=True)

    def _lay_out(self, method: str, params: Params, *, fresh: bool) -> None:
        """What is said on the map stays: it may be why this layout is made."""
        state = self._session.state
        assert state.dataset is not None
        self._session.update(laying_out=True)
        self._under_way = request = ProjectRequest(state.dataset, state.metric, method, params, self.seed, fresh)
        title = f"Projecting · {method.upper()}"
        self._tasks.start(MAP, title, request, self._done(), self._failed, self._frame, by_itself=not fresh)

    def _frame(self, positions: NDArray[np.float32]) -> None:
        self._session.update(positions=positions)

    def _done(self, then: Callable[[], None] | None = None) -> Callable[[Projection], None]:
        def done(projection: Projection) -> None:
            self._session.update(positions=projection.positions, projection=projection, laying_out=False)
            if then is not None:
                then()

        return done

    def _failed(self, error: ExplorerError) -> None:
        """What is on the map stays: the last frame, or the map before. Without any there is still PCA to show."""
        self._session.update(laying_out=False)
        if not isinstance(error, Cancelled):
            self._session.fail("map", error)
        state, request = self._session.state, self._under_way
        if state.positions is None:
            was_pca = request is not None and request.method == "pca"
            if state.dataset is not None and not was_pca and not isinstance(error, Cancelled):
                self._first_map(state.dataset, state.metric)
        elif request is not None and (state.projection is None or state.positions is not state.projection.positions):
            metric: Metric = "cosine" if request.metric == "dot" else request.metric
            last = Projection(state.positions, request.method, metric, request.params, self.seed, stopped=True)
            self._session.update(projection=last)

    def _not_saved(self, error: ExplorerError) -> None:
        if not isinstance(error, Cancelled):
            self._session.fail("map", error)

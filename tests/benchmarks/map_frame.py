"""What the map costs: prints JSON of milliseconds a frame, beside pyqtgraph's ScatterPlotItem in the same run.

Run it with `python -m tests.benchmarks.map_frame [--rows 1000000] [--size 1000x800] [--no-peer]`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from explorer.gui import palette
from explorer.gui.map import kernel, picking
from explorer.gui.map.marks import Marks
from explorer.gui.map.view import MapView

HEARTBEAT_MS = 5


def main(arguments: list[str]) -> dict[str, Any]:
    """Measure everything once and return the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--size", default="1000x800")
    parser.add_argument("--no-peer", action="store_true", help="leave ScatterPlotItem out")
    given = parser.parse_args(arguments)
    width, height = map(int, given.size.split("x"))
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    positions, codes = clusters(given.rows)
    view = MapView(smooth=False)
    view.resize(width, height)
    view.show()
    figures: dict[str, Any] = {"rows": given.rows, "width": width, "height": height}
    figures["stall_while_warming_up_ms"], figures["warm_up_ms"] = warm_up_stall(app, view, positions, codes)
    figures["first_picture_numpy_ms"] = first_picture(app, positions, codes, width, height, compiled=False)
    figures["first_picture_ms"] = first_picture(app, positions, codes, width, height, compiled=True)
    figures["pan_frame_ms"] = median(lambda: pan(view), 30)
    figures["points_drawn"] = view.points_drawn
    figures["hover_frame_ms"] = median(lambda: mark(view), 30)
    steps = [1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5]
    figures["zoom_frames_ms"] = [median(lambda: pan(view), 7) for step in steps if zoomed(view, step)]
    view.fit()
    app.processEvents()
    figures.update(picks(view))
    if not given.no_peer:
        figures.update(beside_peer(app, view, positions, width, height))
    view.close()
    return figures


def clusters(n: int) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Positions (n, 2) in forty clusters of unlike size, rows sorted by cluster, and ten colours."""
    rng = np.random.default_rng(0)
    group = np.sort(rng.integers(0, 40, n))
    centre, spread = rng.normal(0, 8, (40, 2)), rng.uniform(0.3, 1.6, 40)
    positions = centre[group] + rng.normal(0, 1, (n, 2)) * spread[group][:, None]
    return positions.astype(np.float32), (group % 10).astype(np.uint8)


def fill(view: MapView, positions: NDArray[np.float32], codes: NDArray[np.uint8]) -> None:
    """Give the map its points."""
    view.set_positions(positions)
    view.set_colours(codes, palette.CATEGORY_COLOURS[:10])


def warm_up_stall(
    app: QApplication, view: MapView, positions: NDArray[np.float32], codes: NDArray[np.uint8]
) -> tuple[float, float]:
    """The longest gap between two turns of the event loop while numba comes, and how long it takes to come."""
    fill(view, positions, codes)
    view.repaint()
    app.processEvents()
    beats: list[float] = []
    timer = QTimer(interval=HEARTBEAT_MS)
    timer.timeout.connect(lambda: beats.append(time.perf_counter()))
    loop = QEventLoop()
    timer.timeout.connect(lambda: loop.quit() if view.compiled else None)
    timer.start()
    started = time.perf_counter()
    view.start_warm_up()
    loop.exec()
    ended = time.perf_counter()
    app.processEvents()
    timer.stop()
    gaps = np.diff([started, *beats])
    return round(float(gaps.max()) * 1e3, 1), round((ended - started) * 1e3)


def first_picture(
    app: QApplication,
    positions: NDArray[np.float32],
    codes: NDArray[np.uint8],
    width: int,
    height: int,
    *,
    compiled: bool,
) -> float:
    """From positions to the picture of them."""
    view = MapView(smooth=False)
    if compiled:
        view.set_kernels(kernel.compiled())
    view.resize(width, height)
    view.show()
    app.processEvents()
    started = time.perf_counter()
    fill(view, positions, codes)
    view.repaint()
    passed = time.perf_counter() - started
    view.close()
    return round(passed * 1e3, 1)


def pan(view: MapView) -> None:
    """One frame of a drag."""
    view._camera.pan(3.0, 1.0, at_once=True)
    view.repaint()


def mark(view: MapView) -> None:
    """One frame in which only marks differ."""
    rows = np.arange(1, 11, dtype=np.int64)
    view.set_marks(Marks(query_row=0, hits=rows))
    view.repaint()


def zoomed(view: MapView, factor: float) -> bool:
    """Zoom in a step."""
    view.zoom_by(factor)
    return True


def picks(view: MapView) -> dict[str, float]:
    """Hover, box and lasso over all points."""
    cloud = view._points.cloud()
    assert cloud is not None
    viewport = view.viewport
    angle = np.linspace(0, 2 * np.pi, 240)
    radius = 0.4 * viewport.height * (1 + 0.2 * np.sin(7 * angle))
    lasso = np.stack(
        [viewport.width / 2 + radius * np.cos(angle), viewport.height / 2 + radius * np.sin(angle)], axis=1
    )  # fmt: skip
    rng = np.random.default_rng(1)
    places = rng.uniform((0, 0), (viewport.width, viewport.height), (50, 2)).tolist()
    right, bottom = viewport.width - 200, viewport.height - 200
    return {
        "nearest_ms": median(lambda: picking.nearest(cloud, viewport, *places.pop()), 25),
        "box_ms": median(lambda: picking.in_box(cloud, viewport, 200, 200, right, bottom), 9),
        "lasso_ms": median(lambda: picking.in_lasso(cloud, viewport, lasso, kernel.compiled()), 9),
    }


def beside_peer(
    app: QApplication, view: MapView, positions: NDArray[np.float32], width: int, height: int
) -> dict[str, Any]:  # fmt: skip
    """The same points in ScatterPlotItem, without outlines, four pixels across; frames of both by turns."""
    import pyqtgraph

    widget = pyqtgraph.PlotWidget()
    widget.resize(width, height)
    item = pyqtgraph.ScatterPlotItem(pen=None, size=4, brush=pyqtgraph.mkBrush(120, 140, 160, 160))
    widget.addItem(item)
    widget.show()
    app.processEvents()
    started = time.perf_counter()
    item.setData(x=positions[:, 0], y=positions[:, 1])
    widget.grab()
    first = time.perf_counter() - started
    box = widget.getViewBox()
    taken: dict[str, list[float]] = {"ours": [], "theirs": []}
    for _ in range(9):
        started = time.perf_counter()
        pan(view)
        taken["ours"].append(time.perf_counter() - started)
        started = time.perf_counter()
        box.translateBy(x=0.05)
        widget.grab()
        taken["theirs"].append(time.perf_counter() - started)
    widget.close()
    ours, theirs = (float(np.median(taken[name])) for name in ("ours", "theirs"))
    return {
        "by_turns": {"map_ms": round(ours * 1e3, 2), "scatter_plot_item_ms": round(theirs * 1e3, 1)},
        "scatter_plot_item_first_picture_ms": round(first * 1e3, 1),
        "times_faster_panning": round(theirs / ours, 1),
    }


def median(call: Callable[[], object], times: int) -> float:
    """The median of so many calls in milliseconds."""
    call()
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return round(float(np.median(taken)) * 1e3, 2)


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1:]), indent=2))

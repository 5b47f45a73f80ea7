"""How each stage of a map grows with the rows: `python -m tests.benchmarks.growth --rows 10000 30000 100000 …`.

Prints a table to standard error and JSON to standard output. Seconds are the processor's, of all threads, for clusters
in 128 dimensions; `grows`, in brackets in the table, is the exponent from the size before: 1 is linear.
"""

from __future__ import annotations

import argparse
import json
import sys
from math import log
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.metric import METRICS
from explorer.core.progress import silent
from explorer.indexes.exact.searcher import ExactSearcher
from explorer.projection.fuzzy import curve, fuzzy_edges
from explorer.projection.graph import neighbour_graph
from explorer.projection.layout import Layout
from explorer.projection.pca import principal
from explorer.projection.umap import EPOCHS, warm_up
from tests.benchmarks.umap_layout import made_up

STAGES = ("pca", "graph", "weights", "layout", "search")


def stages(x: NDArray[np.float32]) -> dict[str, float]:
    """Seconds of each stage: the PCA map, the neighbour graph, its weights, EPOCHS of layout, one exact search."""
    taken: dict[str, float] = {}
    began = process_time()

    def lap(name: str) -> None:
        nonlocal began
        taken[name], began = process_time() - began, process_time()

    positions = principal(x, "euclidean", silent)
    lap("pca")
    graph = neighbour_graph(x, "euclidean", 15, silent)
    lap("graph")
    edges = fuzzy_edges(graph, EPOCHS)
    lap("weights")
    Layout(positions, edges, *curve(1.0, 0.1), EPOCHS, 0).run(lambda _, __: None)
    lap("layout")
    searcher = ExactSearcher(x, METRICS[1])
    searcher.search(x[:1], 10, {})
    began = process_time()
    searcher.search(x[1:2], 10, {})
    lap("search")
    return taken


def main() -> None:
    """Measure each size in turn, the smallest first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 30_000, 100_000, 300_000, 1_000_000])
    parser.add_argument("--dimensions", type=int, default=128)
    given = parser.parse_args()
    warm_up()
    found: list[dict[str, Any]] = []
    print("| rows | " + " | ".join(STAGES) + " |\n| --- |" + " --- |" * len(STAGES), file=sys.stderr)
    for n in sorted(given.rows):
        taken = stages(made_up("clusters", n, given.dimensions))
        line: dict[str, Any] = {"rows": n, "seconds": taken}
        if found:
            before = found[-1]
            ratio = log(n / before["rows"]) if n > before["rows"] else 1.0
            line["grows"] = {
                name: round(log(max(taken[name], 1e-9) / max(before["seconds"][name], 1e-9)) / ratio, 2)
                for name in STAGES
            }  # fmt: skip
        found.append(line)
        cells = [
            f"{taken[name]:.3g} s" + (f" ({line['grows'][name]:g})" if "grows" in line else "") for name in STAGES
        ]  # fmt: skip
        print(f"| {n:,} | " + " | ".join(cells) + " |", file=sys.stderr, flush=True)
    print(json.dumps({"dimensions": given.dimensions, "sizes": found}, indent=1))


if __name__ == "__main__":
    main()

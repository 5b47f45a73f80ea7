"""`build` and `project`: make an index or a map, and write it."""

from __future__ import annotations

import argparse
from pathlib import Path

from explorer import indexes, projection
from explorer.cli.answering import built
from explorer.cli.arguments import Command, add_index, add_json, add_source, metric_of, pairs, read_request, worker
from explorer.cli.output import say, say_json
from explorer.core.dataset import Dataset
from explorer.core.projection import Projection
from explorer.errors import BadParameter
from explorer.indexes.base import IndexHandle
from explorer.work.requests import ProjectRequest, SaveIndexRequest, SavePositionsRequest


def _build(arguments: argparse.Namespace) -> int:
    with worker() as work, built(arguments, work) as found:
        if not indexes.type_named(found.handle.type).suffix:
            raise BadParameter(f"{found.handle.type} has no file of its own, so there is nothing to save.")
        handle: IndexHandle = work.ask(SaveIndexRequest(found.dataset, found.handle, arguments.out))
    said = {
        "path": handle.path,
        "type": handle.type,
        "metric": handle.metric,
        "params": handle.params,
        "bytes": handle.bytes,
        "seconds": handle.build_seconds,
    }
    if arguments.json:
        say_json(said)
    else:
        took = f"built in {handle.build_seconds:.2f} s"
        say(f"{handle.path}: {handle.type}, {handle.metric}, {handle.bytes:,} bytes, {took}")
    return 0


def _project(arguments: argparse.Namespace) -> int:
    method = projection.types()[arguments.method]
    with worker() as work:
        dataset: Dataset = work.ask(read_request(arguments))
        metric = metric_of(arguments) or dataset.metric
        request = ProjectRequest(dataset, metric, method.name, dict(pairs(arguments.set, "--set")), arguments.seed)
        made: Projection = work.ask(request)
        work.ask(SavePositionsRequest(dataset, made.positions, arguments.out))
    said = {
        "path": arguments.out,
        "rows": dataset.source_rows,
        "seconds": made.seconds,
        "stages": made.stages,
        "method": made.method,
        "params": made.params,
        "metric": made.metric,
        "note": made.note,
    }
    if arguments.json:
        say_json(said)
    else:
        stages = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in made.stages.items())
        say(f"{arguments.out}: {dataset.source_rows:,} positions by {method.title} in {made.seconds:.1f} s ({stages})")
    return 0


def _declare_build(parser: argparse.ArgumentParser) -> None:
    add_source(parser)
    add_index(parser, default="annoy")
    parser.add_argument("--out", type=Path, required=True, metavar="PATH", help="where the index is saved")
    add_json(parser)


def _declare_project(parser: argparse.ArgumentParser) -> None:
    add_source(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="XY.npy", help="where the positions are saved")
    parser.add_argument("--method", choices=tuple(projection.types()), default="umap", help="umap or pca (umap)")
    parser.add_argument("--set", action="append", default=[], metavar="P=V", help="such as n_neighbors=15")
    parser.add_argument("--seed", type=int, help="the same bytes each time; slower")
    add_json(parser)


COMMANDS = (
    Command(
        "build",
        "build an index and save it in its library's own format",
        "explorer build sample:wordnet --index annoy --set trees=20 --out wordnet.ann",
        _declare_build,
        _build,
    ),
    Command(
        "project",
        "lay all rows out in two dimensions and save the positions",
        "explorer project sample:digits --out digits-map.npy --seed 1",
        _declare_project,
        _project,
    ),
)

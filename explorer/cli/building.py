"""`build` and `project`: make an index or a map, and write it."""

from __future__ import annotations

import argparse
from pathlib import Path

from explorer import indexes, projection
from explorer.cli.answering import built
from explorer.cli.arguments import (
    Command,
    add_index,
    add_json,
    add_source,
    check_out,
    check_seed,
    metric_of,
    pairs,
    read,
    worker,
)
from explorer.cli.output import say, say_json
from explorer.core import params as core_params
from explorer.core.projection import Projection
from explorer.errors import BadParameter
from explorer.indexes import saved
from explorer.projection import positions_file
from explorer.work.requests import FingerprintRequest, ProjectRequest


def _build(arguments: argparse.Namespace) -> int:
    kind = indexes.types().get(arguments.index)
    if kind is not None and not kind.suffix:
        raise BadParameter(f"--index {kind.name} has no file of its own, so there is nothing to save.")
    check_out(arguments.out)
    with built(arguments) as found:
        # The sidecar then says over which vectors it was built.
        found.work.ask(FingerprintRequest(found.dataset))
        # Saved from here and not by the child, which is killed without notice when somebody interrupts.
        handle = saved.save_index(found.handle, found.dataset, arguments.out)
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
    params = core_params.checked(method.params, pairs(arguments.set, "--set"), method.name)
    check_seed(arguments)
    check_out(arguments.out)
    with worker() as work:
        dataset = read(arguments, work)
        metric = metric_of(arguments) or dataset.metric
        made: Projection = work.ask(ProjectRequest(dataset, metric, method.name, params, arguments.seed))
        positions_file.write(arguments.out, made.positions, dataset)
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
    add_index(parser, "annoy", own=False)
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
        "explorer build sample:digits --index annoy --set trees=20 --out digits.ann",
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

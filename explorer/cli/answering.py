"""`query` and `recall`: ask an index, and measure it."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explorer import indexes, paths
from explorer.cli.arguments import (
    Command,
    Worker,
    add_index,
    add_json,
    add_query,
    add_source,
    checked_k,
    metric_of,
    pairs,
    query_of,
    read_request,
    worker,
)
from explorer.cli.output import say, say_json, table
from explorer.core.dataset import Dataset
from explorer.core.neighbours import Neighbours
from explorer.core.params import Params
from explorer.core.query import Query
from explorer.core.recall import judged
from explorer.errors import BadParameter
from explorer.indexes.base import IndexHandle
from explorer.measure.recall import RecallResult
from explorer.work.requests import Answer, BuildRequest, MeasureRequest, OpenIndexRequest, SearchRequest


@dataclass(frozen=True, eq=False)
class Built:
    """A Dataset with the index that was asked for, the exact one beside it, and the search parameters given."""

    dataset: Dataset
    handle: IndexHandle
    exact: IndexHandle
    search: Params


@contextmanager
def built(arguments: argparse.Namespace, work: Worker) -> Iterator[Built]:
    """Read FILE and build or open the index that `--index` names; what was built is removed with the block."""
    dataset: Dataset = work.ask(read_request(arguments))
    metric = metric_of(arguments) or dataset.metric
    given: dict[str, Any] = pairs(arguments.set, "--set")
    folder = Path(tempfile.mkdtemp(prefix="build-", dir=paths.cache_folder()))
    try:
        if arguments.index in indexes.types():
            kind = indexes.type_named(arguments.index)
            search = _taken(given, [param.name for param in kind.search_params])
            handle = work.ask(BuildRequest(dataset, kind.name, metric, given, folder / kind.name))
        elif Path(arguments.index).exists():
            handle = work.ask(OpenIndexRequest(dataset, Path(arguments.index), metric_of(arguments)))
            search = given
        else:
            known = ", ".join(indexes.types())
            raise BadParameter(f"{arguments.index}: is neither an index type ({known}) nor a file that is there.")
        if handle.type == "exact":
            exact = handle
        else:
            exact = work.ask(BuildRequest(dataset, "exact", handle.metric, {}, folder / "truth"))
        yield Built(dataset, handle, exact, search)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def answered(found: Built, query: Query, answer: Answer, truth: Neighbours) -> dict[str, Any]:
    """One answer as the JSON of `query`."""
    verdict = judged(answer.neighbours, truth, found.handle.metric)
    dataset, handle = found.dataset, found.handle
    listed = rows_of(answer.neighbours, dataset)
    for row, hit in zip(listed, verdict.hit.tolist(), strict=True):
        row["hit"] = hit
    return {
        "query": {"kind": query.kind, "row": query.row, "also": query.also, "text": query.text},
        "index": {
            "type": handle.type,
            "metric": handle.metric,
            "params": {**handle.params, **answer.params},
            "build_seconds": handle.build_seconds,
            "bytes": handle.bytes,
        },
        "neighbours": listed,
        "truth": rows_of(truth, dataset),
        "recall": verdict.recall,
        "search_ms": answer.search_ms,
    }


def rows_of(neighbours: Neighbours, dataset: Dataset) -> list[dict[str, Any]]:
    """Neighbours as a list of objects, nearest first."""
    return [
        {
            "rank": i + 1,
            "row": int(row),
            "source_row": dataset.source_row(int(row)),
            "name": dataset.name(int(row)),
            "distance": float(distance),
        }
        for i, (row, distance) in enumerate(zip(neighbours.rows, neighbours.distances, strict=True))
    ]


def neighbours_table(found: dict[str, Any]) -> str:
    """The answer for people: missed true neighbours stand below it."""
    rows = [["#", "row", "name", "distance", ""]]
    for each in found["neighbours"]:
        mark = "hit" if each["hit"] else "extra"
        rows.append([str(each["rank"]), str(each["row"]), each["name"], f"{each['distance']:.6g}", mark])
    answered_rows = {each["row"] for each in found["neighbours"]}
    missing = [each for each in found["truth"] if each["row"] not in answered_rows]
    misses = round(len(found["truth"]) * (1 - found["recall"]))
    rows += [["", str(m["row"]), m["name"], f"{m['distance']:.6g}", "missed"] for m in missing[:misses]]
    return table(rows, right=frozenset((0, 1, 3)))


def _query(arguments: argparse.Namespace) -> int:
    k = checked_k(arguments)
    with worker() as work, built(arguments, work) as found:
        query = query_of(arguments, found.dataset, work)
        answer: Answer = work.ask(SearchRequest(found.dataset, found.handle, query, k, found.search))
        truth = answer.neighbours
        if found.handle.type != "exact":
            truth = work.ask(SearchRequest(found.dataset, found.exact, query, k)).neighbours
        said = answered(found, query, answer, truth)
    if arguments.json:
        say_json(said)
        return 0
    say(neighbours_table(said))
    say()
    also = f" · also rows {', '.join(map(str, query.also[:10]))}" if query.also else ""
    say(f"{query.text}{also} · {found.handle.metric} · {said['index']['type']} · recall {said['recall']:.2f}")
    return 0


def _recall(arguments: argparse.Namespace) -> int:
    k = checked_k(arguments)
    if arguments.queries < 1:
        raise BadParameter(f"--queries is at least 1, not {arguments.queries}.")
    with worker() as work, built(arguments, work) as found:
        queries = min(arguments.queries, found.dataset.rows)
        request = MeasureRequest(found.dataset, found.handle, found.exact, found.search, k, queries, arguments.seed)
        measured: RecallResult = work.ask(request)
        said = {
            "index": found.handle.type,
            "metric": found.handle.metric,
            **{name: getattr(measured, name) for name in ("recall", "recall_sd", "queries", "k", "p50_ms", "p95_ms")},
            "build_seconds": found.handle.build_seconds,
            "bytes": found.handle.bytes,
            "params": {**found.handle.params, **measured.params},
        }
    if arguments.json:
        say_json(said)
    else:
        say(f"recall@{k}  {measured.recall:.4f} ± {measured.recall_sd:.4f} over {measured.queries} rows")
        say(f"search     {measured.p50_ms:.3f} ms (p95 {measured.p95_ms:.3f} ms)")
        say(f"build      {found.handle.build_seconds:.2f} s, {found.handle.bytes:,} bytes")
    return 0


def _taken(given: dict[str, Any], names: list[str]) -> Params:
    """Take the named entries out of `given`."""
    return {name: given.pop(name) for name in names if name in given}


def _declare_query(parser: argparse.ArgumentParser) -> None:
    add_source(parser)
    add_index(parser)
    add_query(parser, required=True)
    add_json(parser)


def _declare_recall(parser: argparse.ArgumentParser) -> None:
    add_source(parser)
    add_index(parser)
    parser.add_argument("--queries", type=int, default=1000, help="how many rows are asked (1000)")
    parser.add_argument("--seed", type=int, default=0, help="which rows are drawn (0)")
    add_json(parser)


COMMANDS = (
    Command(
        "query",
        "answer one query",
        'explorer query sample:wordnet --name "guitar" --index annoy',
        _declare_query,
        _query,
    ),
    Command(
        "recall",
        "measure how much of the truth an index finds",
        "explorer recall sample:wordnet --index annoy --set trees=10 --queries 200",
        _declare_recall,
        _recall,
    ),
)

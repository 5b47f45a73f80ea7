"""`query` and `recall`: ask an index, and measure it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explorer import indexes, scratch
from explorer.cli.arguments import (
    Command,
    Worker,
    add_index,
    add_json,
    add_query,
    add_source,
    check_seed,
    checked_k,
    metric_of,
    query_of,
    read,
    settings_of,
    worker,
)
from explorer.cli.output import say, say_json, table
from explorer.core import params as core_params
from explorer.core.dataset import Dataset
from explorer.core.neighbours import Neighbours
from explorer.core.params import Params
from explorer.core.query import Query
from explorer.core.recall import judged
from explorer.errors import BadParameter
from explorer.indexes.base import IndexHandle, IndexType
from explorer.measure.recall import RecallResult
from explorer.work.measuring import MeasureRequest
from explorer.work.requests import (
    Answer,
    BuildRequest,
    DiscardRequest,
    FingerprintRequest,
    OpenIndexRequest,
    SearchRequest,
)

DEFAULT = "exact"
"""The index type that answers when none is named, and FILE is none itself."""


@dataclass(frozen=True, eq=False)
class Built:
    """A Dataset with the index that was asked for, the exact one beside it, the search parameters given, and the child
    that made them."""

    work: Worker
    dataset: Dataset
    handle: IndexHandle
    exact: IndexHandle
    search: Params


@contextmanager
def built(arguments: argparse.Namespace, *, keep: bool = False) -> Iterator[Built]:
    """Read FILE and build or open the index that `--index` names, or else the one that FILE is; what was built is
    removed with the block, from a server too unless it is to `keep` it."""
    given = settings_of(arguments)
    with _scratch() as folder, worker() as work:
        dataset: Dataset
        handle: IndexHandle
        search: Params
        if arguments.index is None and (dataset := read(arguments, work)).own_index is not None:
            search = dict(given)
            handle = work.ask(OpenIndexRequest(dataset, dataset.own_index, dataset.metric))
        elif arguments.index is None or arguments.index in indexes.types():
            kind = indexes.type_named(arguments.index or DEFAULT)
            build, search = sorted_out(kind, given)
            dataset = dataset if arguments.index is None else read(arguments, work)
            metric = metric_of(arguments) or dataset.metric
            handle = work.ask(BuildRequest(dataset, kind.name, metric, build, folder / kind.name))
        elif Path(arguments.index).exists():
            dataset, search = read(arguments, work), dict(given)
            # Known before it is opened, so that an index of other vectors is told by theirs.
            work.ask(FingerprintRequest(dataset))
            handle = work.ask(OpenIndexRequest(dataset, Path(arguments.index), metric_of(arguments)))
        else:
            known = ", ".join(indexes.types())
            raise BadParameter(f"--index {arguments.index} is no index type ({known}) and no file that is there.")
        exact = handle
        if handle.type != "exact":
            exact = work.ask(BuildRequest(dataset, "exact", handle.metric, {}, folder / "truth"))
        try:
            yield Built(work, dataset, handle, exact, search)
        finally:
            if handle.path.is_relative_to(folder) and indexes.type_named(handle.type).on_server and not keep:
                work.ask(DiscardRequest(handle))


def answered(found: Built, query: Query, answer: Answer, truth: Neighbours) -> dict[str, Any]:
    """One answer as the JSON of `query`."""
    verdict = judged(answer.neighbours, truth, found.handle.metric)
    dataset, handle = found.dataset, found.handle
    listed = rows_of(answer.neighbours, dataset)
    for line, hit in zip(listed, verdict.hit.tolist(), strict=True):
        line["hit"] = hit
    missed = set(verdict.misses.tolist())
    true = rows_of(truth, dataset)
    for line in true:
        line["hit"] = line["row"] not in missed
    return {
        "query": {
            "kind": query.kind,
            "row": query.row,
            "also": query.also,
            "also_total": query.also_total,
            "text": query.text,
        },
        "index": {
            "type": handle.type,
            "metric": handle.metric,
            "params": {**handle.params, **answer.params},
            "build_seconds": handle.build_seconds,
            "bytes": handle.bytes,
        },
        "neighbours": listed,
        "truth": true,
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
    misses = [each for each in found["truth"] if not each["hit"]]
    rows += [["", str(miss["row"]), miss["name"], f"{miss['distance']:.6g}", "missed"] for miss in misses]
    return table(rows, right=frozenset((0, 1, 3)))


def _query(arguments: argparse.Namespace) -> int:
    k = checked_k(arguments)
    with built(arguments) as found:
        query = query_of(arguments, found.dataset, found.work)
        answer: Answer = found.work.ask(SearchRequest(found.dataset, found.handle, query, k, found.search))
        truth = answer.neighbours
        if found.handle.type != "exact":
            truth = found.work.ask(SearchRequest(found.dataset, found.exact, query, k)).neighbours
        said = answered(found, query, answer, truth)
    if arguments.json:
        say_json(said)
        return 0
    say(neighbours_table(said))
    say()
    also = f" · also rows {', '.join(map(str, query.also[:10]))}" if query.also else ""
    also += f" and {query.also_total - 10:,} more" if query.also_total > 10 else ""
    by = f" ({answer.params['answered by']})" if "answered by" in answer.params else ""
    say(f"{query.text}{also} · {found.handle.metric} · {said['index']['type']}{by} · recall {said['recall']:.2f}")
    return 0


def _recall(arguments: argparse.Namespace) -> int:
    k = checked_k(arguments)
    if arguments.queries < 1:
        raise BadParameter(f"--queries is at least 1, not {arguments.queries}.")
    check_seed(arguments)
    source, truth = arguments.queries_from or "", arguments.truth or ""
    if truth and not source:
        raise BadParameter("--truth goes with --queries-from, the queries that it is of.")
    with built(arguments) as found:
        queries = arguments.queries if source else min(arguments.queries, found.dataset.rows)
        request = MeasureRequest(
            found.dataset, found.handle, found.exact, found.search, k, queries, arguments.seed, source, truth
        )
        measured: RecallResult = found.work.ask(request)
        said = {
            "index": found.handle.type,
            "metric": found.handle.metric,
            **{name: getattr(measured, name) for name in ("recall", "recall_sd", "queries", "k", "p50_ms", "p95_ms")},
            "build_seconds": found.handle.build_seconds,
            "bytes": found.handle.bytes,
            "params": {**found.handle.params, **measured.params},
            "queries_from": measured.source or None,
            "published": None if measured.published is None else vars(measured.published),
        }
    if arguments.json:
        say_json(said)
    else:
        of = f"queries of {measured.source}" if measured.source else "rows"
        say(f"recall@{k}  {measured.recall:.4f} ± {measured.recall_sd:.4f} over {measured.queries} {of}")
        say(f"search     {measured.p50_ms:.3f} ms (p95 {measured.p95_ms:.3f} ms)")
        say(f"build      {found.handle.build_seconds:.2f} s, {found.handle.bytes:,} bytes")
        if measured.published is not None:
            say(f"truth      {measured.published.sentence}")
    return 0


@contextmanager
def _scratch() -> Iterator[Path]:
    """A folder that goes with the block, whatever ends it."""
    folder = scratch.new_folder()
    try:
        yield folder
    finally:
        scratch.remove(folder)


def sorted_out(kind: IndexType, given: Mapping[str, str]) -> tuple[Params, Params]:
    """Build and search parameters apart, both checked before there is work to lose; those not given are left out."""
    checked = core_params.checked((*kind.build_params, *kind.search_params), given, kind.name)
    build = {param.name for param in kind.build_params}
    return (
        {name: checked[name] for name in given if name in build},
        {name: checked[name] for name in given if name not in build},
    )


def _declare_query(parser: argparse.ArgumentParser) -> None:
    add_source(parser)
    add_index(parser, DEFAULT)
    add_query(parser, required=True)
    add_json(parser)


def _declare_recall(parser: argparse.ArgumentParser) -> None:
    add_source(parser)
    add_index(parser, DEFAULT)
    parser.add_argument(
        "--queries", type=int, default=1000, help="how many rows, or queries of a file, are asked (1000)"
    )
    parser.add_argument(
        "--queries-from",
        metavar="FILE[:ARRAY]",
        help="ask the queries of this file, such as a file of ann-benchmarks, and hold its truth against ours",
    )
    parser.add_argument("--truth", metavar="FILE[:ARRAY]", help="the true neighbours that were published for them")
    parser.add_argument("--seed", type=int, default=0, help="which rows are drawn (0)")
    add_json(parser)


COMMANDS = (
    Command(
        "query",
        "answer one query",
        'explorer query sample:words --expr "king - man + woman" --index annoy --set trees=20',
        _declare_query,
        _query,
    ),
    Command(
        "recall",
        "measure how much of the truth an index finds",
        "explorer recall sample:digits --index annoy --set trees=10 --queries 200",
        _declare_recall,
        _recall,
    ),
)

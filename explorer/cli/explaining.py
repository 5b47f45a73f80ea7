"""`explain`: why each true neighbour was missed, and what finds it."""

from __future__ import annotations

import argparse
from typing import Any

from explorer.cli.answering import Built, built
from explorer.cli.arguments import Command, add_index, add_json, add_query, add_source, checked_k, query_of
from explorer.cli.output import say, say_json, table
from explorer.core.explanation import Explanation, Fix, Miss
from explorer.core.query import Query
from explorer.work.inspecting import ExplainRequest


def explained(found: Built, query: Query, told: Explanation) -> dict[str, Any]:
    """One explanation as the JSON of `explain`."""
    handle = found.handle
    return {
        "query": {"kind": query.kind, "row": query.row, "also": query.also, "text": query.text},
        "index": {"type": handle.type, "metric": handle.metric, "params": {**handle.params, **told.params}},
        "recall": told.recall,
        "hits": told.hits,
        "misses": [_miss(found, miss) for miss in told.misses],
        "fix_all": told.all_fix and {**_fix(told.all_fix), "rows": told.all_found},
        "visited": told.visited,
        "total": told.total,
    }


def _miss(found: Built, miss: Miss) -> dict[str, Any]:
    return {
        "row": miss.row,
        "source_row": found.dataset.source_row(miss.row),
        "name": found.dataset.name(miss.row),
        "true_rank": miss.true_rank,
        "distance": miss.distance,
        "reason": miss.reason,
        "detail": miss.detail,
        "fix": miss.fix and _fix(miss.fix),
    }


def _fix(fix: Fix) -> dict[str, Any]:
    """param, value, rebuild, verified; and `also`, the other search parameters that are needed with it, if any are."""
    told = {"param": fix.param, "value": fix.value, "rebuild": fix.rebuild, "verified": fix.verified}
    return {**told, "also": fix.also} if fix.also else told


def _explain(arguments: argparse.Namespace) -> int:
    k = checked_k(arguments)
    with built(arguments) as found:
        query = query_of(arguments, found.dataset, found.work)
        request = ExplainRequest(found.dataset, found.handle, found.exact, query, k, found.search)
        told: Explanation = found.work.ask(request)
        if arguments.json:
            say_json(explained(found, query, told))
            return 0
        _say_it(found, query, told)
    return 0


def _say_it(found: Built, query: Query, told: Explanation) -> None:
    """A line for each miss, and below it a sentence for each."""
    if told.misses:
        rows = [["true #", "row", "name", "distance", "reason", "what finds it"]]
        rows += [
            [
                str(miss.true_rank),
                str(miss.row),
                found.dataset.name(miss.row),
                f"{miss.distance:.6g}",
                miss.reason.replace("_", " "),
                _short(miss),
            ]
            for miss in told.misses
        ]
        say(table(rows, right=frozenset((0, 1, 3))))
        say()
        for miss in told.misses:
            say(f"{found.dataset.name(miss.row)}: {miss.sentence}")
        if told.all_fix is not None:
            values = " and ".join(f"{name} = {value:,}" for name, value in told.all_fix.params.items())
            count, missed = len(told.all_found), len(told.misses)
            say(f"{values} finds {f'all {count}' if count == missed else f'{count} of the {missed}'} that are missing.")
        say()
    true = len(told.hits) + len(told.misses)
    looked = "" if told.visited is None else f" · {told.visited:,} of {told.total:,} rows compared"
    handle = found.handle
    say(f"{query.text} · {handle.metric} · {handle.type} · {len(told.hits)} of {true} true neighbours found{looked}")


def _short(miss: Miss) -> str:
    if miss.fix is None:
        return "exact search"
    how = "rebuild: " if miss.fix.rebuild else ""
    values = " and ".join(f"{name} = {value}" for name, value in miss.fix.params.items())
    return f"{how}{values}{'' if miss.fix.verified else ' (likely)'}"


def _declare(parser: argparse.ArgumentParser) -> None:
    add_source(parser)
    add_index(parser, default="annoy")
    add_query(parser, required=True)
    add_json(parser)


COMMANDS = (
    Command(
        "explain",
        "say why each true neighbour was missed, and what finds it",
        "explorer explain sample:wordnet --name guitar --index annoy --set trees=10",
        _declare,
        _explain,
    ),
)

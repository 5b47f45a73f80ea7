"""`info`, `indexes` and `--version`: say what is there."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from explorer import indexes, versions
from explorer.cli.arguments import Command, add_json, add_redis, add_source, read, worker
from explorer.cli.output import say, say_json
from explorer.indexes.base import IndexType
from explorer.servers.abilities import Abilities
from explorer.work.requests import FingerprintRequest
from explorer.work.serving import Connected, ConnectRequest

NO_SERVER = "It lies on a server; say which: --redis redis://localhost:6379."


class Version(argparse.Action):
    """Prints versions and system, to paste into a bug report."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        for line in versions.lines():
            say(line)
        parser.exit()


def _info(arguments: argparse.Namespace) -> int:
    with worker() as work:
        dataset = read(arguments, work)
        fingerprint: str = work.ask(FingerprintRequest(dataset))
    said = {
        "path": dataset.place,
        "title": dataset.title,
        "format": dataset.format,
        "rows": dataset.rows,
        "dimensions": dataset.dimensions,
        "dtype": dataset.dtype,
        "metric": dataset.metric,
        "columns": [{"name": column.name, "kind": column.kind} for column in dataset.columns],
        "name_column": dataset.name_column,
        "warnings": dataset.warnings,
        "dropped": dataset.dropped,
        "source_rows": dataset.source_rows,
        "left_out": dataset.left_out,
        "mapped": dataset.place == str(dataset.vectors_path),
        "encoder": dataset.encoder,
        "own_index": dataset.own_index,
        "fingerprint": fingerprint,
    }
    if arguments.json:
        say_json(said)
        return 0
    say(
        f"{dataset.place}: {dataset.format}, {dataset.rows:,} × {dataset.dimensions}, {dataset.dtype}, {dataset.metric}"
    )
    if dataset.columns:
        say("columns: " + ", ".join(f"{column.name} ({column.kind})" for column in dataset.columns))
    if arguments.read or arguments.metadata:
        with_table = [f"metadata={arguments.metadata}"] if arguments.metadata else []
        say("read with: " + ", ".join([*arguments.read, *with_table]))
    if (chosen := dataset.facts.get("vector columns")) is not None:
        say(f"vector: {chosen}")
    if dataset.name_column:
        say(f"names: {dataset.name_column}")
    if dataset.maps:
        say("maps: " + ", ".join(dataset.maps))
    if dataset.images_path is not None or dataset.thumbnails_path is not None:
        say(f"pictures: {dataset.facts.get('pictures', 'of every row')}")
    for warning in dataset.warnings:
        say(f"note: {warning}")
    say(f"fingerprint: {fingerprint}")
    return 0


def _indexes(arguments: argparse.Namespace) -> int:
    server: Abilities | None = None
    if arguments.redis is not None:
        with worker() as work:
            connected: Connected = work.ask(ConnectRequest(arguments.redis))
            server = connected.abilities
    said = []
    for kind in indexes.types().values():
        reason = kind.unavailable() or _on_server(kind, server)
        said.append(
            {
                "name": kind.name,
                "title": kind.title,
                "available": reason is None,
                "reason": reason,
                "metrics": kind.metrics,
                "lossless": kind.lossless,
                "build_params": [vars(param) for param in kind.build_params],
                "search_params": [vars(param) for param in kind.search_params],
            }
        )
    if arguments.json:
        say_json({"types": said})
        return 0
    for each, kind in zip(said, indexes.types().values(), strict=True):
        say(f"{kind.name}: {each['reason'] or kind.about}")
        say(f"    metrics {', '.join(kind.metrics)}")
        for param in (*kind.build_params, *kind.search_params):
            left_out = " (from k)" if param in kind.search_params else ""
            default = left_out if param.default is None else f" ({param.default})"
            say(f"    {param.name}{default}: {param.help}")
    return 0


def _on_server(kind: IndexType, server: Abilities | None) -> str | None:
    """Why a type that lies on a server cannot be had without one, or on this one; None when it can."""
    if not kind.on_server:
        return None
    return NO_SERVER if server is None else kind.refused_by(server)


def _declare_info(parser: argparse.ArgumentParser) -> None:
    add_source(parser)
    add_json(parser)


def _declare_indexes(parser: argparse.ArgumentParser) -> None:
    add_redis(parser, "that some types lie on")
    add_json(parser)


COMMANDS = (
    Command("info", "describe a file", "explorer info sample:digits --json", _declare_info, _info),
    Command(
        "indexes",
        "list the index types, and why one is not here",
        "explorer indexes --json",
        _declare_indexes,
        _indexes,
    ),
)

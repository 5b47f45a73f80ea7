"""What commands have in common: FILE and how it is read, the index, the query."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explorer import indexes
from explorer.cli.meter import Meter
from explorer.core.dataset import Dataset
from explorer.core.metric import Metric, metric_named
from explorer.core.query import Query, row_query
from explorer.errors import BadFile, BadParameter, PasswordNeeded
from explorer.servers import passwords
from explorer.servers.address import address_of, is_server, named
from explorer.session.opening import without_password
from explorer.work.children import Children
from explorer.work.requests import PositionsRequest, ReadingsRequest, ReadRequest, Request

PASSWORD_ATTEMPTS = 3
"""How often somebody is asked for the password of a server."""


@dataclass(frozen=True)
class Command:
    """A command of the program: `declare` adds its options, `run` carries it out and returns the exit status."""

    name: str
    about: str
    example: str
    declare: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


class Worker:
    """Child processes for the work of one command; a hostile file can then break nothing but the child."""

    def __init__(self, children: Children) -> None:
        self._children = children

    def ask(self, request: Request) -> Any:
        """Carry out a request; raises what it raised. A server that wants a password gets one from whoever sits there,
        the third time at the latest."""
        for left in reversed(range(PASSWORD_ATTEMPTS + 1)):
            try:
                with Meter() as meter:
                    return self._children.ask(request, meter.show, lambda _: None)
            except PasswordNeeded as error:
                if not left or not _was_told(error):
                    raise
        raise AssertionError("the last attempt returns or raises")


def _was_told(error: PasswordNeeded) -> bool:
    """Whether there is somebody to ask for a password, and they gave one; it is held then."""
    if not (error.server and sys.stdin is not None and sys.stdin.isatty()):
        return False
    address = address_of(error.server)
    sys.stderr.write(f"explorer: {error}\n")
    try:
        password = getpass.getpass(f"Password of {passwords.account(address)}: ")
    except EOFError:
        return False
    passwords.hold(address, password)
    return bool(password)


@contextmanager
def worker() -> Iterator[Worker]:
    """Children that end with the block, one for each family of libraries that the command needs."""
    children = Children()
    try:
        yield Worker(children)
    finally:
        children.close()


def add_source(parser: argparse.ArgumentParser, *, many: bool = False, optional: bool = False) -> None:
    """FILE and the options that say how it is read."""
    parser.add_argument(
        "file",
        metavar="FILE",
        help="a file of vectors, an index file, sample:NAME, or redis://HOST/0?key=NAME",
        nargs="*" if many else "?" if optional else None,
    )
    parser.add_argument("--metric", help="cosine, euclidean, dot or manhattan (default: the file's own, or guessed)")
    parser.add_argument("--dimensions", type=int, metavar="D", help="of an index file that does not say them itself")
    parser.add_argument("--vectors", type=Path, metavar="FILE", help="the vectors that an index file was built of")
    parser.add_argument(
        "--metadata",
        type=Path,
        metavar="FILE",
        help="a table about the rows: a record for each, or joined by --read key=COLUMN",
    )
    parser.add_argument("--positions", type=Path, metavar="XY.npy", help="use these positions as the map")
    parser.add_argument(
        "--read",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="how to read the file, such as vectors=p*, or sample=100000",
    )


def add_index(parser: argparse.ArgumentParser, default: str, *, own: bool = True) -> None:
    """Which index answers, and its parameters. With `own` it is left open (None) unless it is named: an index file
    then answers itself."""
    said = f"{default}, or FILE itself if it is an index" if own else default
    parser.add_argument(
        "--index",
        default=None if own else default,
        metavar="TYPE|PATH",
        help=f"index type, or a saved index ({said})",
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="P=V", help="a build or search parameter, such as trees=50"
    )
    add_redis(parser, "on which an index of a type that lies on a server is built")
    parser.add_argument("--k", type=int, default=10, help="how many neighbours (10)")


def add_redis(parser: argparse.ArgumentParser, what: str) -> None:
    """--redis"""
    parser.add_argument("--redis", metavar="URL", help=f"the server {what}, such as redis://localhost:6379/0")


def settings_of(arguments: argparse.Namespace) -> dict[str, str]:
    """What `--set` says of the index, and `--redis` as the server of a type that lies on one.

    Raises BadParameter for `--redis` with anything else.
    """
    given = pairs(arguments.set, "--set")
    if arguments.redis is None:
        return given
    kind = indexes.types().get(arguments.index or "")
    if kind is None or not kind.on_server:
        on_server = " or ".join(each.name for each in indexes.types().values() if each.on_server)
        named_one = f", not with {arguments.index}" if arguments.index else ""
        raise BadParameter(f"--redis goes with --index {on_server}{named_one}.")
    return {"server": arguments.redis, **given}


def add_query(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """One query."""
    group = parser.add_mutually_exclusive_group(required=required)
    group.add_argument("--row", type=int, metavar="N", help="the row of that number")
    group.add_argument("--name", metavar="TEXT", help="the row of that name")
    group.add_argument("--vector", metavar="NUMBERS", help='numbers, such as "[0.1, 0.2, …]"')
    group.add_argument("--expr", metavar="TEXT", help='an expression over names, such as "king - man + woman"')
    group.add_argument("--text", metavar="TEXT", help="free text, through the encoder that made the vectors")


def withhold_passwords(arguments: argparse.Namespace) -> None:
    """Take the passwords out of the addresses of servers: they are held for whoever connects, and stand in no message,
    no file and no child's arguments from here on. Says where else they can be seen. Raises BadParameter."""
    for option in ("file", "redis"):
        given = getattr(arguments, option, None)
        if isinstance(given, list):
            setattr(arguments, option, [_withheld(each) for each in given])
        elif isinstance(given, str):
            setattr(arguments, option, _withheld(given))


def _withheld(source: str) -> str:
    if is_server(source) and named(source).password:
        sys.stderr.write(
            "explorer: a password in an address can be seen in the list of processes and in the shell's history; "
            f"better give it in {passwords.VARIABLE}, or when you are asked.\n"
        )
    return without_password(source)


def add_json(parser: argparse.ArgumentParser) -> None:
    """--json"""
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output, nothing else")


def pairs(given: Sequence[str], option: str) -> dict[str, str]:
    """key=value arguments as a dictionary; raises BadParameter for one without an equals sign."""
    found = {}
    for pair in given:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise BadParameter(f"{option} takes KEY=VALUE, not “{pair}”.")
        found[key.strip()] = value.strip()
    return found


def metric_of(arguments: argparse.Namespace) -> Metric | None:
    """The metric that was asked for, if any."""
    return metric_named(arguments.metric) if arguments.metric else None


def read_request(arguments: argparse.Namespace, source: str) -> ReadRequest:
    """How a FILE is to be read; raises BadParameter."""
    options = pairs(arguments.read, "--read")
    metric, vectors, dimensions = metric_of(arguments), arguments.vectors, arguments.dimensions
    return ReadRequest(source, arguments.metadata, options, metric, vectors, dimensions)


def read(arguments: argparse.Namespace, work: Worker) -> Dataset:
    """Read FILE, and see whether the positions that go with it fit; raises BadFile or BadParameter."""
    dataset: Dataset = work.ask(read_request(arguments, arguments.file))
    if arguments.positions is not None:
        work.ask(PositionsRequest(dataset, arguments.positions))
    return dataset


def check_out(out: Path) -> None:
    """Raise BadFile when a file cannot be made at `out`: said before the work rather than after it."""
    if not out.parent.is_dir():
        raise BadFile(out, f"there is no folder {out.parent}; make it, or save elsewhere.")
    if out.is_dir():
        raise BadFile(out, "this is a folder; name a file in it.")
    if not os.access(out.parent, os.W_OK):
        raise BadFile(out, f"the folder {out.parent} cannot be written to; save elsewhere.")


def check_seed(arguments: argparse.Namespace) -> None:
    """Raise BadParameter for a seed that no generator takes."""
    if arguments.seed is not None and not 0 <= arguments.seed < 2**32:
        raise BadParameter(f"--seed is 0 to {2**32 - 1}, not {arguments.seed}.")


def checked_k(arguments: argparse.Namespace) -> int:
    """k, at least 1."""
    if arguments.k < 1:
        raise BadParameter(f"--k is at least 1, not {arguments.k}.")
    return int(arguments.k)


def query_text(arguments: argparse.Namespace) -> tuple[str, str]:
    """(kind, text) of the query that was given; ("", "") when none was."""
    if arguments.row is not None:
        return "row", f"#{arguments.row}"
    for option, kind in (("name", "row"), ("vector", "numbers"), ("expr", "expression"), ("text", "text")):
        if (value := getattr(arguments, option)) is not None:
            return kind, value
    return "", ""


def query_of(arguments: argparse.Namespace, dataset: Dataset, work: Worker) -> Query:
    """The query that was given, read as the kind that its option names; raises BadQuery."""
    if arguments.row is not None:
        return row_query(arguments.row, dataset)
    kind, text = query_text(arguments)
    readings: tuple[Query, ...] = work.ask(ReadingsRequest(dataset, text, kind))
    return readings[0]

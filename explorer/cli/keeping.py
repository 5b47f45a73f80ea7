"""`cache`: what is kept between openings, how much it may be, and removing it."""

from __future__ import annotations

import argparse
import re
import time

from explorer.cli.arguments import Command, add_json, worker
from explorer.cli.output import say, say_json, table
from explorer.errors import BadParameter
from explorer.room import readable
from explorer.work.caching import Cache, CacheRequest

UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


def _cache(arguments: argparse.Namespace) -> int:
    limit = None if arguments.limit is None else _bytes(arguments.limit)
    with worker() as work:
        cache: Cache = work.ask(CacheRequest(limit=limit))
        if arguments.empty:
            cache = work.ask(CacheRequest(tuple(each.name for each in cache.kept)))
    if arguments.json:
        say_json({"bytes": cache.bytes, "limit": cache.limit, "kept": [vars(each) for each in cache.kept]})
        return 0
    if cache.kept:
        lines = [("name", "rows", "dimensions", "size", "opened last")]
        for each in cache.kept:
            used = "in use now" if each.open else time.strftime("%Y-%m-%d %H:%M", time.localtime(each.used))
            lines.append((each.title, f"{each.rows:,}", str(each.dimensions), readable(each.bytes), used))
        say(table(lines, frozenset((1, 2, 3))))
    say(f"{readable(cache.bytes)} kept; no more than {readable(cache.limit)} will be.")
    return 0


def _bytes(text: str) -> int:
    """20GB as bytes, 0 for “auto”; raises BadParameter."""
    if text.casefold() == "auto":
        return 0
    said = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)b?\s*", text, re.IGNORECASE)
    if said is None:
        raise BadParameter(f"--limit is a size such as 20GB, or auto, not “{text}”.")
    return max(1, int(float(said[1]) * UNITS[said[2].casefold()]))


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--empty", action="store_true", help="remove all that nobody uses")
    parser.add_argument("--limit", metavar="SIZE", help="keep no more than this from now on, such as 20GB, or auto")
    add_json(parser)


COMMANDS = (
    Command(
        "cache", "show what is kept between openings, limit it, empty it", "explorer cache --empty", _declare, _cache
    ),
)

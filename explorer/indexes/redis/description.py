"""The file of an index that lies on a server: a small JSON that says where, and how its elements are called.

    {"program": "ANN Explorer", "type": "redis-vset", "url": "redis://localhost:6379/0", "name": "words", …}

There is no password in it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from explorer import unfinished
from explorer.core.metric import METRICS, Metric
from explorer.core.params import Params
from explorer.errors import BadFile, BadParameter
from explorer.servers.address import address_of

PROGRAM = "ANN Explorer"
SUFFIX = ".redis"
LARGEST = 1 << 20

Called = Literal["marked", "names", "numbers", "keys"]
"""How rows are called on the server.

marked     by their names, those that are not unique with the number of the row behind it (`elements.marked`)
names      by their names exactly, which are unique
numbers    NAME#row
keys       by the text column `key`
"""


@dataclass(frozen=True)
class Description:
    """An index on a server. `keys` are its vector sets, `field` the vector field of a search index; `made_here` says
    that the build which wrote this has put it there, and it was not there before."""

    type: str
    url: str
    name: str
    keys: tuple[str, ...]
    rows: int
    dimensions: int
    metric: Metric
    called: Called
    params: Params
    field: str = ""
    fingerprint: str = ""
    bytes: int = 0
    made_here: bool = False


def write(path: Path, description: Description) -> None:
    """Write the file, complete or not at all. Raises OSError."""
    with unfinished.beside(path) as beside:
        beside.write_text(json.dumps({"program": PROGRAM, **asdict(description)}, indent=1) + "\n", "utf-8")


def is_one(path: Path) -> bool:
    """Whether a file begins as a description does; never raises."""
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError:
        return False
    return head.lstrip().startswith(b"{") and b'"program"' in head and PROGRAM.encode() in head


def read(path: Path) -> Description:
    """What a file says. Raises BadFile when it is gone, damaged, or something else."""
    try:
        if path.stat().st_size > LARGEST:
            raise BadFile(path, "it is too large to say where an index on a server is.")
        said = json.loads(path.read_bytes())
        if said["program"] != PROGRAM or said["metric"] not in METRICS or said["called"] not in get_args(Called):
            raise ValueError
        return Description(
            type=str(said["type"]),
            url=address_of(str(said["url"])).url,
            name=str(said["name"]),
            keys=tuple(str(key) for key in said["keys"]),
            rows=int(said["rows"]),
            dimensions=int(said["dimensions"]),
            metric=cast(Metric, said["metric"]),
            called=cast(Called, said["called"]),
            params={str(name): value for name, value in said["params"].items() if isinstance(value, int | float | str)},
            field=str(said.get("field", "")),
            fingerprint=str(said.get("fingerprint", "")),
            bytes=int(said.get("bytes", 0)),
            made_here=said.get("made_here") is True,
        )
    except OSError as error:
        raise BadFile(path, f"it cannot be read ({error.strerror or error}).") from None
    except BadParameter as error:
        raise BadFile(path, f"it does not say where an index is: {error}") from None
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        raise BadFile(path, "it does not say where an index on a server is, or is damaged.") from None

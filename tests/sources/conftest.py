"""Something to read on a real server."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from explorer import loading
from explorer.core.dataset import Dataset
from explorer.core.progress import Progress, silent
from tests.redis_servers import RedisServer

Vectors = NDArray[np.float32]
Load = Callable[..., Dataset]


@pytest.fixture
def vectors() -> Vectors:
    """Of different lengths, far from the unit sphere."""
    return (np.random.default_rng(2).normal(size=(60, 20)) * 3 + 1).astype(np.float32)


def push(
    client: Any,
    key: str,
    vectors: Vectors,
    *how: str | int,
    names: Sequence[bytes] = (),
    attributes: Mapping[int, object] | None = None,
    reduce: int = 0,
) -> None:
    """VADD each vector as element e00, e01 … or by its name; attributes are JSON, or text as it is."""
    pipeline = client.pipeline(transaction=False)
    for row, vector in enumerate(vectors):
        said = (attributes or {}).get(row)
        words = () if said is None else ("SETATTR", said if isinstance(said, str) else json.dumps(said))
        projected = ("REDUCE", reduce) if reduce else ()
        name = names[row] if names else f"e{row:02}".encode()
        pipeline.execute_command("VADD", key, *projected, "FP32", vector.tobytes(), name, *how, *words)
    pipeline.execute()


def index(client: Any, name: str, documents: Mapping[bytes, Mapping[str, Any]], *schema: str | int) -> None:
    """FT.CREATE over hashes NAME:… with those fields, waiting until it has looked at all of them."""
    client.execute_command("FT.CREATE", name, "ON", "HASH", "PREFIX", 1, f"{name}:", "SCHEMA", *schema)
    for key, fields in documents.items():
        client.hset(key, mapping=dict(fields))
    settle(client, name)


def settle(client: Any, name: str) -> None:
    """Wait until an index has looked at everything."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        said = client.execute_command("FT.INFO", name)
        if float(dict(zip(said[::2], said[1::2], strict=True))[b"percent_indexed"]) >= 1:
            return
        time.sleep(0.02)
    raise AssertionError(f"{name} is not indexed")


def vector_field(dimensions: int, kind: str = "FLOAT32", metric: str = "COSINE") -> tuple[str | int, ...]:
    return ("v", "VECTOR", "FLAT", 6, "TYPE", kind, "DIM", dimensions, "DISTANCE_METRIC", metric)


@pytest.fixture
def load(redis_server: RedisServer) -> Load:
    """load("key=words", sample=5) → the Dataset, as `explorer.load` gives it."""

    def from_server(what: str, progress: Progress = silent, **options: object) -> Dataset:
        given = {name: str(value) for name, value in options.items()}
        return loading.load(f"{redis_server.url}/0?{what}", options=given, progress=progress)

    return from_server

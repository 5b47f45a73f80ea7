"""Vectors as servers send them."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.servers import decoding
from tests.redis_servers import RedisServer
from tests.sources.conftest import Vectors, push


@pytest.fixture
def vectors() -> Vectors:
    """Of different lengths, far from the unit sphere."""
    return (np.random.default_rng(2).normal(size=(60, 20)) * 3 + 1).astype(np.float32)


@pytest.mark.parametrize("quantization", ["NOQUANT", "Q8", "BIN"])
@pytest.mark.parametrize("reduce", [0, 12])
def test_they_are_what_the_server_itself_makes_of_them(
    redis_server: RedisServer, vectors: Vectors, quantization: str, reduce: int
) -> None:
    with redis_server.client(protocol=2) as client:
        push(client, "set", vectors, quantization, reduce=reduce)
        names = [f"e{row:02}" for row in range(len(vectors))]
        raw = [client.execute_command("VEMB", "set", name, "RAW") for name in names]
        plain = np.array([client.execute_command("VEMB", "set", name) for name in names], np.float64)
    found, there = decoding.of_set(raw, reduce or vectors.shape[1])
    assert there.all() and found.dtype == np.float32
    if quantization == "BIN":
        # Its own are of length √d, whatever they were when they were put there.
        assert np.array_equal(np.sign(found), plain)
        if not reduce:
            assert np.linalg.norm(found, axis=1) == pytest.approx(np.linalg.norm(vectors, axis=1), rel=1e-5)
    else:
        assert found == pytest.approx(plain, rel=1e-5, abs=1e-5)
    if quantization == "NOQUANT" and not reduce:
        assert found == pytest.approx(vectors, rel=1e-5)


def test_what_is_gone_or_has_another_size_has_no_vector(redis_server: RedisServer, vectors: Vectors) -> None:
    with redis_server.client(protocol=2) as client:
        push(client, "set", vectors[:3], "Q8")
        push(client, "other", vectors[:1, :7], "Q8")
        asked = (("set", "e00"), ("set", "none"), ("other", "e00"), ("set", "e02"))
        raw = [client.execute_command("VEMB", key, name, "RAW") for key, name in asked]
    found, there = decoding.of_set(raw, 20)
    assert there.tolist() == [True, False, False, True] and found.shape == (2, 20)
    none, nowhere = decoding.of_set([None, None], 20)
    assert none.shape == (0, 20) and not nowhere.any()


@pytest.mark.parametrize(
    ("stored", "kind"), [("FLOAT32", "<f4"), ("FLOAT64", "<f8"), ("FLOAT16", "<f2"), ("INT8", "i1"), ("UINT8", "u1")]
)
def test_the_fields_of_documents(stored: str, kind: str) -> None:
    wanted = np.arange(12).reshape(3, 4).astype(kind)
    blobs = [wanted[0].tobytes(), None, wanted[1].tobytes()[:-1], b"", wanted[2].tobytes()]
    found, there = decoding.of_blobs(blobs, stored, 4)
    assert there.tolist() == [True, False, False, False, True]
    assert np.array_equal(found, wanted[[0, 2]].astype(np.float32)) and found.dtype == np.float32


def test_bfloat16_is_the_upper_half_of_float32() -> None:
    wanted = np.array([[1.5, -2, 0.15625, 3e38], [0, np.inf, -1e-30, 7]], np.float32)
    halves = (wanted.view(np.uint32) >> 16).astype("<u2")
    found, there = decoding.of_blobs([row.tobytes() for row in halves], "BFLOAT16", 4)
    assert there.all() and found == pytest.approx(wanted, rel=2**-7)


def test_numbers_beyond_float32_become_infinite_and_are_found_later() -> None:
    found, there = decoding.of_blobs([np.array([1e300, 1], "<f8").tobytes()], "FLOAT64", 2)
    assert there.all() and np.isinf(found[0, 0])


def test_lists_of_json_documents() -> None:
    lists = [[1, 2.5], None, [1], "ab", [1, "2"], [True, 1], [10**400, 1], [float("nan"), 1], [3, 4]]
    found, there = decoding.of_lists(lists, 2)
    assert there.tolist() == [True, False, False, False, False, False, False, True, True]
    assert found[0].tolist() == [1, 2.5] and np.isnan(found[1, 0])

"""An OpenAI-compatible address as an encoder, over real sockets."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explorer.core.progress import silent
from explorer.encoders import encoder_named, endpoint
from explorer.encoders.endpoint import asking, keys, link, models
from explorer.encoders.endpoint.place import place_of
from explorer.errors import BadParameter, Cancelled, ExplorerError, KeyNeeded, ServerBusy, ServerFailed, ServerGone
from tests.embeddings_server import DIMENSIONS, Handler, Server, answer, vector
from tests.redis_servers import tls

Body = dict[str, Any]
TEXTS = [f"text {i}" for i in range(150)]
EXPECTED = np.stack([vector(text) for text in TEXTS])


def test_batches_come_in_the_order_of_the_texts(server: Server) -> None:
    encoder = encoder_named(f"{server.url}#tiny")
    assert (encoder.name, encoder.dimensions) == (f"{server.url}#tiny", None)
    shares: list[float | None] = []
    np.testing.assert_array_equal(encoder.encode(TEXTS, lambda share, note="": shares.append(share)), EXPECTED)
    assert [len(body["input"]) for body in server.seen] == [64, 64, 22]
    assert {(body["model"], body["encoding_format"]) for body in server.seen} == {("tiny", "float")}
    assert [share for share in shares if share is not None] == [0, 64 / 150, 128 / 150]
    assert encoder.dimensions == DIMENSIONS
    np.testing.assert_array_equal(encoder.encode_query("text 3"), EXPECTED[3])
    assert encoder.encode(["\ud800"]).shape == (1, DIMENSIONS)
    assert encoder.encode([]).shape == (0, DIMENSIONS)


def test_base64_is_read_too(server: Server) -> None:
    server.behave = lambda handler, body: answer(handler, body, coded=True)
    np.testing.assert_array_equal(encoder_named(f"{server.url}#tiny").encode(TEXTS[:3]), EXPECTED[:3])


def test_long_texts_travel_in_smaller_batches(server: Server) -> None:
    encoder_named(f"{server.url}#tiny").encode(["x" * 90_000] * 5)
    assert [len(body["input"]) for body in server.seen] == [2, 2, 1]


def test_a_server_that_takes_fewer_is_sent_fewer(server: Server) -> None:
    def few(handler: Handler, body: Body) -> None:
        answer(handler, body) if len(body["input"]) <= 20 else handler.say(413, {"error": "batch too large"})

    server.behave = few
    np.testing.assert_array_equal(encoder_named(f"{server.url}#tiny").encode(TEXTS), EXPECTED)
    assert [len(body["input"]) for body in server.seen][:3] == [64, 32, 16]
    server.behave = lambda handler, body: handler.say(400, {"error": {"message": "input is too long."}})
    with pytest.raises(ServerFailed, match=r"refuses \(400\): input is too long\."):
        encoder_named(f"{server.url}#tiny").encode(TEXTS[:2])


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(server: Server, status: int) -> None:
    def busy(handler: Handler, body: Body) -> None:
        handler.say(status, {}, Retry_After="0.05") if len(server.seen) < 3 else answer(handler, body)

    server.behave = busy
    began = time.monotonic()
    np.testing.assert_array_equal(encoder_named(f"{server.url}#tiny").encode(TEXTS[:2]), EXPECTED[:2])
    assert len(server.seen) == 3
    assert time.monotonic() - began >= 0.1


def test_and_not_for_ever(server: Server) -> None:
    server.behave = lambda handler, body: handler.say(429, {"error": {"message": "Rate limit."}})
    with pytest.raises(ServerBusy, match=r"\(429\): Rate limit; ask again later. It was asked 5 times"):
        encoder_named(f"{server.url}#tiny").encode(["a"])
    assert len(server.seen) == asking.ATTEMPTS
    with pytest.raises(ServerBusy):
        encoder_named(f"{server.url}#tiny").encode_query("a")
    assert len(server.seen) == asking.ATTEMPTS + endpoint.QUERY_ATTEMPTS


def test_a_reply_that_breaks_off_is_asked_for_again(server: Server) -> None:
    def drops(handler: Handler, body: Body) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "5000")
        handler.end_headers()
        handler.wfile.write(b'{"data": [')
        handler.wfile.flush()
        handler.connection.shutdown(socket.SHUT_RDWR)

    server.behave = lambda handler, body: (drops if len(server.seen) < 2 else answer)(handler, body)
    np.testing.assert_array_equal(encoder_named(f"{server.url}#tiny").encode(["text 1"]), EXPECTED[1:2])
    server.behave = drops
    with pytest.raises(ServerGone, match="in the middle of an answer"):
        encoder_named(f"{server.url}#tiny").encode(["text 1"])


def wrong_dimensions(handler: Handler, body: Body) -> None:
    longer = 2 if len(handler.server.seen) > 1 else 0
    handler.say(200, {"data": [{"embedding": [0.5] * (4 + longer)} for _ in body["input"]]})


@pytest.mark.parametrize(
    ("behave", "what"),
    [
        (wrong_dimensions, "6 numbers a text after 4 before"),
        (lambda h, b: h.say(200, {"data": [{"embedding": [1.0]}]}), "1 vectors for 64 texts"),
        (lambda h, b: h.say(200, {"data": [{"index": 0, "embedding": [1.0]} for _ in b["input"]]}), "1 vectors for"),
        (lambda h, b: h.say(200, {"data": [{"embedding": [1.0] * (1 + i % 2)} for i, _ in enumerate(b["input"])]}), "of different lengths"),  # noqa: E501
        (lambda h, b: h.say(200, {"data": [{"embedding": ["a"]} for _ in b["input"]]}), "something else than"),
        (lambda h, b: h.say(200, {"data": [{"embedding": "%%%"} for _ in b["input"]]}), "something else than"),
        (lambda h, b: h.say(200, {"data": [{"embedding": []} for _ in b["input"]]}), "something else than|lengths"),
        (lambda h, b: h.say(200, ["embeddings"]), "something else than embeddings"),
        (lambda h, b: h.say(200, b"<!DOCTYPE html><html>Welcome</html>"), "answers with a web page"),
        (lambda h, b: h.say(200, b"\xff\xfe"), "no JSON"),
        (lambda h, b: h.say(404, {"error": {"message": "model “tiny” not found"}}), "no model “tiny”.*not found"),
        (lambda h, b: h.say(302, b"", Location="http://127.0.0.1:9/"), "points elsewhere"),
        (lambda h, b: h.wfile.write(b"SSH-2.0-OpenSSH\r\n"), "does not speak HTTP"),
    ],
)  # fmt: skip
def test_an_answer_that_makes_no_sense_is_a_sentence(server: Server, behave: Any, what: str) -> None:
    server.behave = behave
    with pytest.raises(ServerFailed, match=what) as told:
        encoder_named(f"{server.url}#tiny").encode(TEXTS)
    assert "\n" not in str(told.value)


def test_the_key_goes_with_the_question_and_nowhere_else(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def guarded(handler: Handler, body: Body) -> None:
        wrong = handler.headers.get("Authorization") != "Bearer sk-secret"
        handler.say(401, {"error": {"message": "bad sk-wrong"}}) if wrong else answer(handler, body)

    server.behave = guarded
    encoder = encoder_named(f"{server.url}#tiny")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    with pytest.raises(KeyNeeded, match="wants a key") as told:
        encoder.encode(["a"])
    assert told.value.server == server.url
    assert server.keys == [None]
    monkeypatch.setenv("EXPLORER_EMBEDDINGS_KEY", "sk-wrong")
    with pytest.raises(KeyNeeded, match="does not accept the key") as told:
        encoder.encode(["a"])
    assert "sk-" not in str(told.value)
    monkeypatch.setenv("EXPLORER_EMBEDDINGS_KEY", " sk-secret\n")
    assert encoder.encode(["a"]).shape == (1, DIMENSIONS)
    monkeypatch.setenv("EXPLORER_EMBEDDINGS_KEY", "two\r\nlines")
    with pytest.raises(ServerFailed, match="holds characters"):
        encoder.encode(["a"])
    keys.hold(place_of(server.url), "sk-secret")
    assert encoder.encode(["a"]).shape == (1, DIMENSIONS)


def test_a_key_that_the_server_repeats_is_not_shown(server: Server) -> None:
    keys.hold(place_of(server.url), "sk-secret")
    server.behave = lambda handler, body: handler.say(422, {"detail": "not with sk-secret, or so"})
    with pytest.raises(ServerFailed, match="not with …, or so"):
        encoder_named(f"{server.url}#tiny").encode(["a"])


def test_the_keyring_is_asked_when_a_key_is_wanted(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.behave = lambda h, b: answer(h, b) if h.headers.get("Authorization") == "Bearer kept" else h.say(401, {})
    monkeypatch.setattr(keys, "kept", lambda place: "kept")
    assert encoder_named(f"{server.url}#tiny").encode(["a"]).shape == (1, DIMENSIONS)
    assert keys.at_hand(place_of(server.url)) == "kept"


def test_openais_key_goes_to_openai_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EXPLORER_EMBEDDINGS_KEY", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    assert keys.at_hand(place_of("https://api.openai.com/v1#m")) == "sk-1"
    for other in ("http://api.openai.com/v1#m", "https://api.openai.com.evil.net/v1#m", "https://evil.net/v1#m"):
        assert keys.at_hand(place_of(other)) == ""


def stops_after(seconds: float) -> Any:
    began = time.monotonic()

    def progress(share: float | None, note: str = "") -> None:
        if time.monotonic() - began > seconds:
            raise Cancelled("stopped")

    return progress


def hangs(handler: Handler, body: Body) -> None:
    handler.server.released.wait(30)


def hangs_in_the_middle(handler: Handler, body: Body) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "5000")
    handler.end_headers()
    handler.wfile.write(b'{"data": [')
    handler.wfile.flush()
    handler.server.released.wait(30)


def asks_to_wait(handler: Handler, body: Body) -> None:
    handler.say(429, {}, Retry_After="50")


@pytest.mark.parametrize("behave", [hangs, hangs_in_the_middle, asks_to_wait])
def test_whoever_says_stop_is_heard_at_once(server: Server, behave: Any) -> None:
    server.behave = behave
    began = time.monotonic()
    with pytest.raises(Cancelled):
        encoder_named(f"{server.url}#tiny").encode(["a"], stops_after(0.2))
    assert time.monotonic() - began < 5  # it is 0.1 s where nothing else keeps the machine


def test_no_answer_in_time_is_a_sentence(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.behave = hangs
    monkeypatch.setattr(endpoint, "QUERY_SECONDS", 0.2)
    with pytest.raises(ServerBusy, match="did not answer within"):
        encoder_named(f"{server.url}#tiny").encode_query("a")
    assert len(server.seen) == endpoint.QUERY_ATTEMPTS


def test_a_reply_without_end_is_not_read(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "LARGEST_REPLY", 1000)
    server.behave = lambda handler, body: handler.say(200, b" " * 5000)
    with pytest.raises(ServerFailed, match="more than was asked for"):
        encoder_named(f"{server.url}#tiny").encode(["a"])


def test_nobody_there_and_no_tls_are_sentences(server: Server) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(ServerGone, match="nothing listens there"):
            encoder_named(f"http://127.0.0.1:{free.getsockname()[1]}/v1#m").encode(["a"])
    with pytest.raises(ServerFailed, match="does not speak TLS"):
        encoder_named(f"{server.url}#m".replace("http", "https")).encode(["a"])
    with pytest.raises(ServerFailed, match="no host of that name"):
        encoder_named("http://no-such-host.invalid/v1#m").encode(["a"])


def test_by_tls(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate is checked, by the authorities that the system trusts."""
    _authority_and_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    address = f"{server.url}#tiny".replace("http", "https")
    with pytest.raises(ServerFailed, match="certificate that is not trusted"):
        encoder_named(address).encode(["a"])
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    np.testing.assert_array_equal(encoder_named(address).encode(TEXTS), EXPECTED)


def _authority_and_certificate(folder: Path) -> None:
    key, made = tls._authority(folder / "ca.pem", "nobody")
    tls._certificate(folder / "server.pem", key, made, ["localhost"], ["127.0.0.1"])


def test_an_unused_thread_of_the_search_for_a_host_ends(server: Server) -> None:
    encoder_named(f"{server.url}#tiny").encode(["a"])
    assert "host" not in [thread.name for thread in threading.enumerate()]


def test_without_a_model_the_only_one_is_taken(server: Server) -> None:
    assert models(place_of(server.url), silent) == ("tiny", "small")
    with pytest.raises(BadParameter, match=r"#MODEL \(it has tiny, small\)"):
        encoder_named(server.url)
    server.behave = lambda handler, body: handler.say(200, {"object": "list", "data": [{"id": "only"}]})
    assert encoder_named(server.url).name == f"{server.url}#only"
    server.behave = lambda handler, body: handler.say(200, {"models": []})
    with pytest.raises(ServerFailed, match="does not say which models"):
        encoder_named(server.url)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("http://localhost:11434#a", "http://localhost:11434/v1#a"),
        ("HTTPS://Example.org/v1/embeddings#org/model:latest", "https://example.org:443/v1#org/model:latest"),
        ("http://[::1]:80/api/v1/#m", "http://[::1]:80/api/v1#m"),
    ],
)
def test_addresses(said: str, name: str) -> None:
    assert place_of(said).name == name
    assert place_of(name) == place_of(said)


@pytest.mark.parametrize(
    "said", ["http://#m", "http://a:99999#m", "http://me:sk-1@host/v1#m", "http://host/v1?key=sk-1#m", "http://h/a b#m"]
)
def test_what_is_no_address_is_told_without_its_key(said: str) -> None:
    with pytest.raises(ExplorerError) as told:
        place_of(said)
    assert isinstance(told.value, BadParameter)
    assert "sk-1" not in str(told.value)

"""A real server of embeddings on this machine, which misbehaves as it is told."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from explorer.encoders.endpoint import asking
from explorer.servers import passwords

DIMENSIONS = 6


def vector(text: str) -> np.ndarray:
    """What the server makes of a text."""
    return np.random.default_rng(sum(text.encode())).normal(size=DIMENSIONS).astype("f4")


class Server(ThreadingHTTPServer):
    """`behave(handler, body)` answers each question; `seen` are the bodies, `keys` the headers that came with them."""

    daemon_threads = True

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.behave: Callable[[Handler, dict[str, Any]], None] = answer
        self.released = threading.Event()
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever is cut off is not complained of."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self._do({})

    def do_POST(self) -> None:
        self._do(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _do(self, body: dict[str, Any]) -> None:
        self.server.seen.append(body)
        self.server.keys.append(self.headers.get("Authorization"))
        self.server.behave(self, body)

    def say(self, status: int, content: object, **headers: str) -> None:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: object) -> None:
        pass


def answer(handler: Handler, body: dict[str, Any], *, coded: bool = False) -> None:
    """As it should be; the vectors come in the wrong order, and say so."""
    if handler.path.endswith("/models"):
        handler.say(200, {"data": [{"id": "tiny"}, {"id": "small"}]})
        return
    vectors = [vector(text) for text in body["input"]]
    said = [base64.b64encode(v.tobytes()).decode() if coded else v.tolist() for v in vectors]
    handler.say(200, {"data": [{"index": i, "embedding": e} for i, e in reversed(list(enumerate(said)))]})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for variable in ("EXPLORER_EMBEDDINGS_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(asking, "BACKOFF_SECONDS", 0.01)
    monkeypatch.setattr(passwords, "_keyring", lambda: None)
    monkeypatch.setattr(passwords, "_held", {})
    monkeypatch.setattr(passwords, "_told", [])
    made = Server()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.released.set()
    made.shutdown()
    thread.join()
    made.server_close()

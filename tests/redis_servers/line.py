"""A bad line to a good server."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time

from tests.redis_servers.program import HOST
from tests.redis_servers.server import RedisServer

AT_ONCE = struct.pack("ii", 1, 0)
"""For SO_LINGER: closing resets the connection."""


class Line:
    """Another port of a server. What a test sets holds from the next piece of an answer on.

    `delay` is waited, in seconds, before each piece of at most `piece` bytes of an answer is passed on. `cut_after`
    bytes of answers, over all connections together, every connection is broken, and each new one as soon as an answer
    is on its way; None means never. While `refusing`, new connections are closed at once.
    """

    def __init__(self, server: RedisServer) -> None:
        self.delay = 0.0
        self.piece = 65_536
        self.cut_after: int | None = None
        self.refusing = False
        self.connections = 0
        self.host = HOST
        self._server = server
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listening = socket.create_server((HOST, 0))
        self.port = self._listening.getsockname()[1]
        self._closing = False
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://{self.host}:{self.port}"

    def cut(self) -> None:
        """Break every connection now."""
        with self._lock:
            broken, self._open = self._open, set()
        for one in broken:
            with contextlib.suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                one.shutdown(socket.SHUT_RD)  # wakes the thread that reads from it
            one.close()

    def close(self) -> None:
        """End it."""
        self._closing = True
        with contextlib.suppress(OSError), socket.create_connection((HOST, self.port), 5):
            pass  # wakes the thread that waits for connections
        self._accepting.join(30)
        self._listening.close()
        self.cut()

    def _accept(self) -> None:
        while not self._closing:
            near, _ = self._listening.accept()
            if self._closing or self.refusing:
                near.close()
                continue
            try:
                far = socket.create_connection((self._server.host, self._server.port), 5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            self.connections += 1
            for one in (near, far):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open |= {near, far}
            threading.Thread(target=self._ask, args=(near, far), daemon=True).start()
            threading.Thread(target=self._answer, args=(far, near), daemon=True).start()

    def _ask(self, near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := near.recv(65_536):
                far.sendall(data)
            far.shutdown(socket.SHUT_WR)

    def _answer(self, far: socket.socket, near: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := far.recv(self.piece):
                if self.delay:
                    time.sleep(self.delay)
                with self._lock:
                    allowed = len(data) if self.cut_after is None else min(len(data), self.cut_after)
                    if self.cut_after is not None:
                        self.cut_after -= allowed
                near.sendall(data[:allowed])
                if allowed < len(data):
                    self.cut()
                    return
            near.shutdown(socket.SHUT_WR)
        with self._lock:
            self._open -= {far, near}
        far.close()
        near.close()

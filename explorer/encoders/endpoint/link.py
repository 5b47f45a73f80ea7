"""One HTTP exchange that can be given up at any time: every wait asks `progress`, and ends after a time limit."""

from __future__ import annotations

import contextlib
import http.client
import io
import os
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from explorer.core.progress import Progress
from explorer.encoders.endpoint.place import Place

LOOK_SECONDS = 0.1
"""How often a wait asks whether it should go on."""
CONNECT_SECONDS = 10.0
LARGEST_REPLY = 256 << 20


class TooMuch(Exception):
    """The reply is longer than any that was asked for."""


@dataclass(frozen=True)
class Reply:
    """What the server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def exchanged(
    place: Place, verb: str, path: str, headers: Mapping[str, str], body: bytes, seconds: float, progress: Progress
) -> Reply:
    """One question over a connection of its own. Redirections are not followed, so that a key goes nowhere else.

    Raises OSError, http.client.HTTPException or TooMuch; Cancelled when `progress` says stop.
    """
    look = _watch(seconds, progress)
    with contextlib.closing(_connected(place, progress)) as link:
        connection = http.client.HTTPConnection(place.host, place.port)
        connection.sock = _Patient(link, look)
        connection.request(verb, path, body, {**headers, "Host": place.server, "Connection": "close"})
        with contextlib.closing(connection.getresponse()) as response:
            content = response.read(LARGEST_REPLY + 1)
            if len(content) > LARGEST_REPLY:
                raise TooMuch
            # A reply of a stated length that ends early is noticed only by its last read.
            if response.length:
                raise http.client.IncompleteRead(content, response.length)
            return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, content)


def _watch(seconds: float, progress: Progress) -> Callable[[], None]:
    """What a wait calls each time it looks up."""
    end = time.monotonic() + seconds

    def look() -> None:
        progress(None)
        if time.monotonic() > end:
            raise TimeoutError

    return look


def _connected(place: Place, progress: Progress) -> socket.socket:
    """A connection, by TLS where the place says so."""
    look = _watch(CONNECT_SECONDS, progress)
    failure: OSError | None = None
    for family, address in _addresses(place, look):
        link = socket.socket(family, socket.SOCK_STREAM)
        try:
            _connect(link, address, look)
            link.settimeout(LOOK_SECONDS)
            return _secured(link, place, look) if place.tls else link
        except ssl.SSLError:
            link.close()
            raise
        except OSError as error:
            link.close()
            failure = failure or error
        except BaseException:
            link.close()
            raise
    raise failure or OSError("no address")


def _addresses(place: Place, look: Callable[[], None]) -> list[tuple[int, Any]]:
    """The addresses of the host. The system's own search cannot be stopped, so it runs beside."""
    found: list[Any] = []

    def search() -> None:
        try:
            found.append(socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            found.append(error)

    thread = threading.Thread(target=search, name="host", daemon=True)
    thread.start()
    thread.join(LOOK_SECONDS)
    while thread.is_alive():
        look()
        thread.join(LOOK_SECONDS)
    if isinstance(found[0], Exception):
        raise found[0] if isinstance(found[0], OSError) else socket.gaierror(str(found[0]))
    return [(family, address) for family, _, _, _, address in found[0]]


def _connect(link: socket.socket, address: Any, look: Callable[[], None]) -> None:
    link.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        link.connect(address)
    while not any(select.select([], [link], [link], LOOK_SECONDS)[1:]):
        look()
    if number := link.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        raise OSError(number, os.strerror(number))


def _secured(link: socket.socket, place: Place, look: Callable[[], None]) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    secured = context.wrap_socket(link, server_hostname=place.host, do_handshake_on_connect=False)
    try:
        for _ in _until(look):
            with contextlib.suppress(TimeoutError):
                secured.do_handshake()
                break
    except BaseException:
        secured.close()
        raise
    return secured


def _until(look: Callable[[], None]) -> Iterator[None]:
    """Again and again, with a look in between."""
    while True:
        yield
        look()


class _Patient:
    """As much of a socket as http.client needs."""

    def __init__(self, link: socket.socket, look: Callable[[], None]) -> None:
        self._link, self._look = link, look

    def sendall(self, data: Any) -> None:
        rest = memoryview(bytes(data))
        while rest:
            with contextlib.suppress(TimeoutError):
                rest = rest[self._link.send(rest) :]
            self._look()

    def makefile(self, mode: str, *args: Any, **kwargs: Any) -> io.BufferedReader:
        return io.BufferedReader(_Inbound(self._link, self._look))

    def close(self) -> None:
        """http.client lets go of it as soon as it has read the head of the answer; the rest is still to come."""


class _Inbound(io.RawIOBase):
    """What comes in, read with a look up whenever nothing does."""

    def __init__(self, link: socket.socket, look: Callable[[], None]) -> None:
        self._link, self._look = link, look

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        for _ in _until(self._look):
            try:
                return self._link.recv_into(buffer)
            except TimeoutError:
                continue
        raise AssertionError

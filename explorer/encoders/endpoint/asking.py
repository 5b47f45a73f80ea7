"""Questions to a server of embeddings: asked again while it is busy, and what goes wrong as sentences."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
from typing import Any

from explorer.core.progress import Progress
from explorer.encoders.endpoint import keys
from explorer.encoders.endpoint.link import LOOK_SECONDS, Reply, TooMuch, exchanged
from explorer.encoders.endpoint.place import EXAMPLE, Place
from explorer.errors import ExplorerError, KeyNeeded, ServerBusy, ServerFailed, ServerGone

ATTEMPTS = 5
"""How often a question is put to a server that is busy, fails, or drops it."""
BACKOFF_SECONDS = 0.5
"""What is waited before the second attempt; twice as long before each one after it."""
LONGEST_WAIT = 60.0
LONGEST_SAID = 200
FOR_NOW = (408, 409, 425, 429, 500, 502, 503, 504, 529)


class Refused(ServerFailed):
    """The server does not take what it was asked: `status` is why; fewer texts at once may be taken."""

    status = 0


def asked(place: Place, what: str, body: object, seconds: float, progress: Progress, attempts: int = ATTEMPTS) -> Any:
    """The JSON that the server answers; `body` is what is posted, None asks without. Each attempt may take `seconds`.

    Raises KeyNeeded, ServerBusy, ServerGone or ServerFailed (Refused), each in one sentence; Cancelled.
    """
    looked = False
    attempt = 1
    while True:
        wait = BACKOFF_SECONDS * 2 ** (attempt - 1)
        try:
            reply = _exchanged(place, what, body, seconds, progress)
        except (OSError, http.client.HTTPException, TooMuch, ValueError) as error:
            failure = _about_connection(error, place, seconds)
        else:
            if reply.status == 200:
                return _json(reply, place)
            if reply.status in (401, 403) and not looked and not keys.at_hand(place) and (key := keys.kept(place)):
                looked = True
                keys.hold(place, key)
                continue
            failure = _about_status(reply, place, attempt)
            wait = max(wait, _told_to_wait(reply))
        if not isinstance(failure, ServerBusy | ServerGone) or attempt >= attempts or _hopeless(failure):
            raise failure
        attempt += 1
        _rest(min(wait, LONGEST_WAIT), progress)


def _exchanged(place: Place, what: str, body: object, seconds: float, progress: Progress) -> Reply:
    headers = {"Accept": "application/json", "User-Agent": "ann-explorer"}
    if key := keys.at_hand(place):
        headers["Authorization"] = f"Bearer {key}"
    content = b""
    if body is not None:
        content = json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
    return exchanged(place, "GET" if body is None else "POST", place.path + what, headers, content, seconds, progress)


def _json(reply: Reply, place: Place) -> Any:
    try:
        return json.loads(reply.body)
    except (ValueError, RecursionError):
        page = reply.body.lstrip()[:1] == b"<"
        looks = "a web page" if page else "something that is no JSON"
        raise ServerFailed(
            f"{place.url} answers with {looks}; give the address of an OpenAI-compatible server, such as {EXAMPLE}."
        ) from None


def _about_status(reply: Reply, place: Place, attempt: int) -> ExplorerError:
    """What a status other than 200 means."""
    status, said = reply.status, _said(reply, place)
    words = f": {said}" if said else ""
    if status in (401, 403):
        wants = "does not accept the key" if keys.at_hand(place) else "wants a key"
        return KeyNeeded(f"{place.server} {wants} ({status}); give it in {keys.VARIABLE} or in the window.", place.url)
    if status == 404:
        return ServerFailed(
            f"{place.url} has no embeddings, or no model “{place.model}” (404){words}; an address is {EXAMPLE}."
        )
    times = f" It was asked {attempt} times." if attempt > 1 else ""
    if status == 429:
        return ServerBusy(f"{place.server} takes no more questions for now (429){words}; ask again later.{times}")
    if status in FOR_NOW:
        return ServerBusy(f"{place.server} fails ({status}){words}; ask again later, or see its log.{times}")
    if 300 <= status < 400:
        return ServerFailed(f"{place.url} points elsewhere ({status}); give the address that it has now.")
    refused = Refused(f"{place.server} refuses ({status}){words}.")
    refused.status = status
    return refused


def _said(reply: Reply, place: Place) -> str:
    """What the server says of it, on one line, and never a key."""
    try:
        said = json.loads(reply.body)
        error = said.get("error", said.get("detail", said.get("message", "")))
        text = error.get("message", "") if isinstance(error, dict) else error
    except (ValueError, RecursionError, AttributeError):
        return ""
    plain = " ".join(str(text).split()) if isinstance(text, str) else ""
    if key := keys.at_hand(place):
        plain = plain.replace(key, "…")
    return plain.rstrip(".")[:LONGEST_SAID]


def _told_to_wait(reply: Reply) -> float:
    """The seconds of Retry-After; 0 where it says none."""
    try:
        return max(0.0, float(reply.headers.get("retry-after", "0")))
    except ValueError:
        return 0.0


def _about_connection(error: Exception, place: Place, seconds: float) -> ExplorerError:
    """There was no answer, or no whole one."""
    where = place.server
    if isinstance(error, TooMuch):
        return ServerFailed(f"{where} answers with more than was asked for; is it a server of embeddings?")
    if isinstance(error, ssl.SSLCertVerificationError):
        return ServerFailed(f"{where} shows a certificate that is not trusted here ({error.verify_message}).")
    if isinstance(error, ssl.SSLError):
        return ServerFailed(f"{where} does not speak TLS; try http:// instead of https://.")
    if isinstance(error, TimeoutError):
        return ServerBusy(f"{where} did not answer within {seconds:.0f} s; it may be loading the model. Ask again.")
    if isinstance(error, socket.gaierror):
        return ServerFailed(f"{where} cannot be found: there is no host of that name.")
    if isinstance(error, ConnectionRefusedError):
        return ServerGone(f"{where} refuses the connection: nothing listens there. Is the server running?")
    if isinstance(error, http.client.IncompleteRead | http.client.RemoteDisconnected | ConnectionError):
        return ServerGone(f"{where} closed the connection in the middle of an answer; ask again, or see its log.")
    if isinstance(error, http.client.HTTPException):
        return ServerFailed(f"{where} does not speak HTTP; give the address of a server such as {EXAMPLE}.")
    if isinstance(error, ValueError):
        return ServerFailed(f"The key for {where} holds characters that no key has; give it again.")
    return ServerGone(f"{where} cannot be reached ({getattr(error, 'strerror', None) or error}).")


def _hopeless(failure: ExplorerError) -> bool:
    """Whether asking again at once cannot help: nothing listens there."""
    return "nothing listens" in str(failure)


def _rest(seconds: float, progress: Progress) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        progress(None, "waiting for the server")
        time.sleep(min(LOOK_SECONDS, left))

"""What goes wrong between us and a server, as sentences: which server, what happened, what to do."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from explorer.errors import ExplorerError, PasswordNeeded, ServerBusy, ServerFailed, ServerGone, Unavailable
from explorer.servers.address import Address
from explorer.servers.passwords import VARIABLE

LONGEST_SAID = 200
NOT_CONFIGURED = "without any password configured"

_BY_CODE = {
    "OOM": "its memory is full; raise its maxmemory, remove something, or push fewer or shorter vectors",
    "LOADING": "it is still loading its data; ask again in a while",
    "READONLY": "it is a replica that takes no changes; connect to its master",
    "MISCONF": "it takes no changes, since it cannot write to its own disk; see its log",
    "NOREPLICAS": "it takes no changes while too few of its replicas are there",
    "CLUSTERDOWN": "a part of the cluster is down; ask again when it is back",
    "MASTERDOWN": "its master is down; ask again when it is back",
    "TRYAGAIN": "the cluster is moving this key; ask again in a while",
    "CROSSSLOT": "it is a cluster, and these keys lie on different nodes of it",
    "BUSY": "it is busy with a script; ask again in a while",
    "WRONGTYPE": "this key holds something of another kind",
}

_FOR_NOW = ("LOADING", "CLUSTERDOWN", "MASTERDOWN", "TRYAGAIN", "BUSY")


@contextmanager
def translated(address: Address, *, node: str = "") -> Iterator[None]:
    """What the client library or a socket raises becomes one of our errors; `node` is the one asked, in a cluster."""
    from redis.exceptions import RedisClusterException, RedisError

    try:
        yield
    except (RedisError, RedisClusterException, OSError, UnicodeError) as error:
        raise as_failure(error, address, node=node) from error


def as_failure(error: BaseException, address: Address, *, node: str = "") -> ExplorerError:
    """One error of the client library as one of ours."""
    from redis import exceptions as theirs

    where = node or address.place
    if isinstance(error, theirs.AuthenticationError):
        return _about_password(error, address, where)
    if isinstance(error, theirs.ResponseError | theirs.BusyLoadingError | theirs.RedisClusterException):
        return _refusal(error, where)
    if isinstance(error, theirs.TimeoutError | TimeoutError):
        tls = " Does it speak TLS there?" if address.tls else ""
        return ServerBusy(f"{where} did not answer in time; it may be busy, or behind a firewall. Ask again.{tls}")
    return ServerGone(f"{where} {_about_connection(_causes(error), address)}")


def _about_password(error: BaseException, address: Address, where: str) -> PasswordNeeded:
    who = f"the user {address.user}" if address.user else "the default user"
    if "invalid" in str(error).casefold() or "wrongpass" in str(error).casefold():
        said = f"{where} does not accept the password of {who}; give another in {VARIABLE} or in the window."
    else:
        said = f"{where} wants a password for {who}; give it in {VARIABLE} or in the window."
    needed = PasswordNeeded(said)
    needed.server = address.url
    return needed


def _refusal(error: BaseException, where: str) -> ExplorerError:
    """The server has answered, and its answer was no."""
    code = str(getattr(error, "status_code", "") or str(error).partition(" ")[0])
    said = " ".join(str(error).split()).rstrip(".")[:LONGEST_SAID]
    if code in _BY_CODE:
        return (ServerBusy if code in _FOR_NOW else ServerFailed)(f"{where} refuses: {_BY_CODE[code]}.")
    if code == "NOPERM" or "NOPERM" in said or "no permissions" in said:
        return ServerFailed(f"{where} refuses: {said.removeprefix('NOPERM ')}; ask its owner for that permission.")
    if "unknown command" in said:
        command = said.partition("'")[2].partition("'")[0].upper() or "this command"
        return Unavailable(f"{where} does not know {command}; it is too old, or lacks the module for it.")
    return ServerFailed(f"{where} answers: {said.removeprefix('ERR ')}.")


def _about_connection(causes: list[BaseException], address: Address) -> str:
    """There is no connection, or none any more."""
    for error in causes:
        if isinstance(error, ssl.SSLCertVerificationError):
            if "mismatch" in str(error.verify_message or error).casefold():
                return f"shows a certificate for another name than {address.host}; connect by the name that it is for."
            return (
                "shows a certificate that is signed by no authority we trust; name the file of its own authority "
                "(ca=… in the address)."
            )
        if isinstance(error, ssl.SSLError):
            return "does not speak TLS here, or not ours; try redis:// instead of rediss://, or another port."
        if isinstance(error, ConnectionRefusedError):
            return "refuses the connection: nothing listens there. Is the server running, and the port right?"
        if isinstance(error, socket.gaierror):
            return "cannot be found: there is no host of that name."
    said = " ".join(str(causes[0]).split()).casefold()
    if "max number of clients" in said:
        return "has as many clients as it takes; close some, or ask again later."
    if any(isinstance(error, ConnectionError) for error in causes) or "closed" in said or "reset" in said:
        hint = "" if address.tls else " If it expects TLS, write rediss:// for redis://."
        return f"has closed the connection. Is it still running?{hint}"
    return f"cannot be reached ({' '.join(str(causes[0]).split())[:LONGEST_SAID]})."


def _causes(error: BaseException) -> list[BaseException]:
    """An error and what led to it."""
    found: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in found:
        found.append(at)
        at = at.__cause__ or at.__context__
    return found

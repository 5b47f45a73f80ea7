"""Asking a server: one that stands alone, or all masters of a cluster side by side.

On the connections of redis-py, one for each node. Its own clients wait for a reply whatever happens meanwhile; here
every wait calls `progress`, so that a newer query can stop an older one, and ends after a time limit.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from explorer import extras
from explorer.core.progress import Progress, silent
from explorer.errors import ExplorerError, PasswordNeeded, ServerBusy, ServerFailed, ServerGone, Unavailable
from explorer.servers import passwords
from explorer.servers.address import Address
from explorer.servers.failures import NOT_CONFIGURED, as_failure, translated

LIMIT_SECONDS = 5.0
"""How long a reply may take unless somebody says otherwise, however often the question is put."""
LOOK_SECONDS = 0.02
"""How often a wait asks whether it should go on."""
ATTEMPTS = 3
"""How often a question is put whose connection is lost, or whose key the cluster has moved."""
SETTLE_SECONDS = 0.2
"""What a cluster that is changing is given before it is asked again."""

Word = str | bytes | int | float
Command = tuple[Word, ...]
Node = tuple[str, int]
Target = str | bytes | Node | None
"""Whom a command is for: the node of a key, a node itself, or the one that the address names."""


def unavailable() -> str | None:
    """Why no server can be spoken to from here, or None."""
    from importlib.util import find_spec

    if find_spec("redis") is None:
        return extras.missing("redis")
    return None


class Client:
    """Connections to a server; made by the first question, made anew when one is lost. Used from one thread.

    What is asked here may be asked twice: a question whose connection is lost is put once more. Raises PasswordNeeded,
    ServerFailed or Unavailable in sentences, Cancelled when `progress` says stop.
    """

    def __init__(self, address: Address, limit: float = LIMIT_SECONDS) -> None:
        self.address = address
        self.limit = limit
        self._links: dict[Node, Any] = {}
        self._slots: list[tuple[int, int, Node]] | None = None

    @property
    def alone(self) -> Node:
        """The node that the address names."""
        return (self.address.host, self.address.port)

    def nodes(self, progress: Progress = silent) -> tuple[Node, ...]:
        """All masters, in the order of their slots; only the one that the address names where there is no cluster."""
        slots = self._topology(progress, self._until(None))
        return tuple(dict.fromkeys(node for _, _, node in slots)) if slots else (self.alone,)

    def is_cluster(self, progress: Progress = silent) -> bool:
        """Whether the server is a node of one."""
        return bool(self._topology(progress, self._until(None)))

    def node_of(self, key: str | bytes, progress: Progress = silent) -> Node:
        """The node on which a key lies."""
        return self._node_of(key, progress, self._until(None))

    def _node_of(self, key: str | bytes, progress: Progress, until: float) -> Node:
        from redis.crc import key_slot

        if not (slots := self._topology(progress, until)):
            return self.alone
        slot = key_slot(key.encode() if isinstance(key, str) else key)
        for first, last, node in slots:
            if first <= slot <= last:
                return node
        raise ServerFailed(
            f"{self.address.place}: no node of the cluster serves the slot of “{text(key)}”; ask again later."
        )

    def ask(
        self,
        *command: Word,
        key: str | bytes | None = None,
        progress: Progress = silent,
        limit: float | None = None,
    ) -> Any:
        """The reply to one command by the node of `key`, or the one that the address names: bytes, numbers or lists."""
        return self.gather([command], [key], progress, limit)[0]

    def everywhere(self, *command: Word, progress: Progress = silent, limit: float | None = None) -> dict[Node, Any]:
        """The reply of each master to one command."""
        until = self._until(limit)
        replies = self._exchange({node: [command] for node in self.nodes(progress)}, progress, until)
        return {node: self._good(found[0], node) for node, found in replies.items()}

    def on(self, node: Node, *command: Word, progress: Progress = silent, limit: float | None = None) -> Any:
        """The reply of one node."""
        return self._good(self._exchange({node: [command]}, progress, self._until(limit))[node][0], node)

    def gather(
        self,
        commands: Sequence[Command],
        targets: Sequence[Target],
        progress: Progress = silent,
        limit: float | None = None,
    ) -> list[Any]:
        """The replies to many commands, in their order: those of one node in one piece, the nodes side by side.

        What a server refuses is raised when all else has been carried out.
        """
        replies = self.attempted(commands, targets, progress, limit)
        for reply in replies:
            if isinstance(reply, ExplorerError):
                raise reply
        return replies

    def attempted(
        self,
        commands: Sequence[Command],
        targets: Sequence[Target],
        progress: Progress = silent,
        limit: float | None = None,
    ) -> list[Any]:
        """The same, and what a server refuses is the error, in our words, in the reply's place."""
        until = self._until(limit)
        for left in reversed(range(ATTEMPTS)):
            nodes = [self._node(target, progress, until) for target in targets]
            asked: dict[Node, list[Command]] = {}
            for node, command in zip(nodes, commands, strict=True):
                asked.setdefault(node, []).append(command)
            try:
                replies = {node: iter(found) for node, found in self._exchange(asked, progress, until).items()}
            except ServerGone:
                # The connection may have been lost long ago; and a node that is gone may have been replaced.
                if not left or time.monotonic() > until:
                    raise
                self._slots = None
                continue
            found = [next(replies[node]) for node in nodes]
            if left and any(map(_moving, found)) and time.monotonic() + SETTLE_SECONDS < until:
                self._slots = None
                self._wait(SETTLE_SECONDS, progress)
                continue
            return [self._worded(reply, node) for reply, node in zip(found, nodes, strict=True)]
        raise AssertionError("the last attempt returns or raises")

    def _until(self, limit: float | None) -> float:
        """When a question that is put now has to be answered."""
        return time.monotonic() + (self.limit if limit is None else limit)

    def _node(self, target: Target, progress: Progress, until: float) -> Node:
        if target is None:
            return self.alone
        return target if isinstance(target, tuple) else self._node_of(target, progress, until)

    def close(self) -> None:
        """Let go of all connections; the next question makes new ones."""
        for node in list(self._links):
            self._drop(node)
        self._slots = None

    def _topology(self, progress: Progress, until: float) -> list[tuple[int, int, Node]]:
        """Which node serves which slots: (first, last, node); empty where there is no cluster."""
        if self._slots is None:
            self._slots = self._read_topology(progress, until)
        return self._slots

    def _read_topology(self, progress: Progress, until: float) -> list[tuple[int, int, Node]]:
        """What the first node says that answers, the one that the address names before all others."""
        failure = ServerGone(f"{self.address.place} cannot be reached.")
        for node in dict.fromkeys((self.alone, *self._links)):
            try:
                said = self._exchange({node: [("CLUSTER", "SLOTS")]}, progress, until)[node][0]
            except ServerGone as error:
                failure = error
                continue
            if isinstance(said, Exception):
                # It is no cluster, or keeps that from this user.
                return []
            return sorted(
                (int(first), int(last), (text(master[0]) or node[0], int(master[1])))
                for first, last, master, *_ in said
            )
        raise failure

    def _exchange(
        self, asked: Mapping[Node, Sequence[Command]], progress: Progress, until: float
    ) -> dict[Node, list[Any]]:
        """Send everything, then read all replies; what a server refuses is the exception in the reply's place."""
        unread, found = set(asked), {}
        node = self.alone
        try:
            for node, commands in asked.items():
                with translated(self.address, node=place(node)):
                    link = self._link(node, progress, until)
                    link.send_packed_command(link.pack_commands(commands), check_health=False)
            for node, commands in asked.items():
                with translated(self.address, node=place(node)):
                    found[node] = [_reply(self._links[node], until, progress) for _ in commands]
                unread.discard(node)
            return found
        finally:
            # Replies that nobody has read would be taken for those to the next question.
            for each in unread:
                self._drop(each)

    def _link(self, node: Node, progress: Progress, until: float) -> Any:
        """The connection to a node, made and let in."""
        if node not in self._links:
            password = passwords.at_hand(self.address)
            try:
                self._links[node] = self._connected(node, password, progress, until)
            except PasswordNeeded:
                other = passwords.kept(self.address)
                if not other or other == password:
                    raise
                self._links[node] = self._connected(node, other, progress, until)
                passwords.hold(self.address, other)
        return self._links[node]

    def _connected(self, node: Node, password: str, progress: Progress, until: float) -> Any:
        from redis.exceptions import AuthenticationError

        with translated(self.address, node=place(node)):
            until = min(until, time.monotonic() + self.limit)
            link = _new_link(self.address, node, self.limit, max(LOOK_SECONDS, until - time.monotonic()))
            try:
                link.connect()
                # By hand: what redis-py says on connecting, nobody could stop while the server is silent.
                for words in _greetings(self.address, password):
                    link.send_command(*words, check_health=False)
                    if isinstance(refused := _reply(link, until, progress), Exception):
                        raise refused
                return link
            except AuthenticationError as error:
                link.disconnect()
                if not password or NOT_CONFIGURED not in str(error):
                    raise
            except BaseException:
                link.disconnect()
                raise
        # It wants none, whatever the environment says.
        return self._connected(node, "", progress, until)

    def _good(self, reply: Any, node: Node) -> Any:
        """A reply; raises what the server refused."""
        worded = self._worded(reply, node)
        if isinstance(worded, ExplorerError):
            raise worded
        return worded

    def _worded(self, reply: Any, node: Node) -> Any:
        """A reply; what the server refused in our words."""
        if not isinstance(reply, Exception):
            return reply
        failure = as_failure(reply, self.address, node=place(node))
        failure.__cause__ = reply
        return failure

    def _drop(self, node: Node) -> None:
        if (link := self._links.pop(node, None)) is not None:
            link.disconnect()

    def _wait(self, seconds: float, progress: Progress) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            progress(None)
            time.sleep(LOOK_SECONDS)


def permitted(
    client: Client, *command: Word, key: str | bytes | None = None, progress: Progress = silent
) -> Any | None:
    """The reply, or None where the server does not know the command, or keeps it from this user.

    Raises what says nothing about that: PasswordNeeded, ServerGone, and ServerBusy where it is too slow to ask.
    """
    return all_permitted(client, [command], [key], progress)[0]


def all_permitted(
    client: Client, commands: Sequence[Command], targets: Sequence[Target], progress: Progress = silent
) -> list[Any]:
    """The replies to many commands, sent together; None for each that `permitted` would have none for."""
    replies = client.attempted(commands, targets, progress)
    for reply in replies:
        if isinstance(reply, PasswordNeeded | ServerBusy | ServerGone):
            raise reply
    return [None if isinstance(reply, ServerFailed | Unavailable) else reply for reply in replies]


def text(reply: Any) -> str:
    """What a server says as text; what is not UTF-8 in it becomes question marks."""
    return reply.decode("utf-8", "replace") if isinstance(reply, bytes) else str(reply)


def pairs(reply: Any) -> dict[str, Any]:
    """A flat list of names and values as a dictionary."""
    return {text(reply[i]): reply[i + 1] for i in range(0, len(reply) - 1, 2)}


def place(node: Node) -> str:
    """host:port, as people name it."""
    return Address(*node).place


def _reply(link: Any, until: float, progress: Progress) -> Any:
    from redis.exceptions import ResponseError

    while not link.can_read(LOOK_SECONDS):
        progress(None)
        if time.monotonic() > until:
            raise TimeoutError
    try:
        return link.read_response(disable_decoding=True)
    except ResponseError as refused:
        return refused


def _moving(reply: Any) -> bool:
    """Whether the cluster has put the key elsewhere, or is about to."""
    from redis import exceptions as theirs

    return isinstance(reply, theirs.AskError | theirs.TryAgainError | theirs.ClusterDownError)


def _greetings(address: Address, password: str) -> Iterator[Command]:
    """What is said first; the last of it shows whether we were let in."""
    if password:
        yield ("AUTH", address.user, password) if address.user else ("AUTH", password)
    if address.database:
        yield ("SELECT", address.database)
    yield ("PING",)


def _new_link(address: Address, node: Node, limit: float, connecting: float) -> Any:
    from redis.backoff import NoBackoff
    from redis.connection import Connection, SSLConnection
    from redis.retry import Retry

    options: dict[str, Any] = {
        "host": node[0],
        "port": node[1],
        "protocol": 2,
        "socket_timeout": limit,
        "socket_connect_timeout": connecting,
        "retry": Retry(NoBackoff(), 0),
        "driver_info": None,
    }
    if not address.tls:
        return Connection(**options)
    return SSLConnection(**options, ssl_ca_certs=str(address.ca) if address.ca else None)

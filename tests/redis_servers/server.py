"""One Redis server."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.redis_servers import wheels
from tests.redis_servers.keeper import Keeper
from tests.redis_servers.program import HOST, Program, free_port, said

if TYPE_CHECKING:
    import redis


@dataclass(frozen=True)
class RedisServer:
    """A Redis server on the loopback, always on the same port."""

    port: int
    folder: Path
    password: str | None
    program: Program = field(repr=False)
    host: str = HOST

    @property
    def url(self) -> str:
        """Its address, without the password."""
        return f"redis://{self.host}:{self.port}"

    @property
    def runs(self) -> bool:
        return self.program.runs

    @property
    def pid(self) -> int:
        return self.program.pid

    def client(self, **options: Any) -> redis.Redis:
        """A client of redis-py, as the default user unless `options` say another; it never tries twice."""
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        given = {"host": self.host, "port": self.port, "password": self.password, "retry": Retry(NoBackoff(), 0)}
        return redis.Redis(**{**given, **options})

    def start(self, *, seconds_a_key: float = 0) -> None:
        """Start it. With `seconds_a_key` it is left loading the keys that were saved, of some kB each, so slowly."""
        if seconds_a_key:
            slowly = ["--key-load-delay", str(int(seconds_a_key * 1e6))]
            slowly += ["--loading-process-events-interval-bytes", "1024"]  # it answers between the keys
            self.program.start(lambda: said(self.port, b"PING\r\n").startswith(b"-LOADING"), *slowly)
        else:
            self.program.start(lambda: said(self.port, b"PING\r\n").startswith((b"+PONG", b"-NOAUTH")))

    def stop(self, *, keep: bool = False) -> None:
        """End it at once; with `keep`, what it holds is saved first."""
        if keep:
            with self.client(socket_timeout=60) as client:
                client.save()
        self.program.kill()

    def restart(self, *, keep: bool = False) -> None:
        """Stop it and start it."""
        self.stop(keep=keep)
        self.start()

    def pause(self) -> None:
        """Let it answer nothing until `resume`; its connections stay open, and new ones are accepted by the system."""
        self.program.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it answer what has come in meanwhile."""
        self.program.signal(signal.SIGCONT)


def make(
    keeper: Keeper,
    folder: Path,
    *,
    modules: bool = True,
    without: Sequence[str] = (),
    old: bool = False,
    **options: object,
) -> RedisServer:
    """A server in a folder of its own, started. `options` are lines of redis.conf, - written as _."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    given: dict[str, object] = {"bind": HOST, "port": port, "dir": f'"{folder}"', "save": '""', "appendonly": "no"}
    if modules and not old:
        given["loadmodule"] = f'"{wheels.search_module()}"'
    lines = [f"{name.replace('_', '-')} {value}\n" for name, value in {**given, **options}.items()]
    lines += [f'rename-command {command} ""\n' for command in without]
    (folder / "redis.conf").write_text("".join(lines), encoding="utf-8")
    program = Program(
        keeper,
        ["redis-server", str(folder / "redis.conf")],
        folder / "log",
        executable=wheels.old_server() if old else wheels.server(),
    )
    password = options.get("requirepass")
    made = RedisServer(port, folder, None if password is None else str(password), program)
    made.start()
    return made


def settings_of(server: RedisServer) -> dict[str, str]:
    """What its configuration is now."""
    with server.client(decode_responses=True) as client:
        return dict(client.config_get("*"))


def reset(server: RedisServer, settings: dict[str, str]) -> None:
    """Have it run, empty and with these settings, whatever a test did to it."""
    from redis.exceptions import RedisError

    (server.folder / "dump.rdb").unlink(missing_ok=True)
    if server.runs:
        server.resume()
        try:
            _clean(server, settings)
        except RedisError:  # such as a password that only the test knew
            server.stop()
    if not server.runs:
        server.start()


def _clean(server: RedisServer, settings: dict[str, str]) -> None:
    with server.client(decode_responses=True) as client:
        for user in set(client.acl_users()) - {"default"}:
            client.acl_deluser(user)
        client.execute_command("ACL", "SETUSER", "default", "reset", "on", "nopass", "~*", "&*", "+@all")
        for name, value in client.config_get("*").items():
            if settings[name] != value:
                client.config_set(name, settings[name])
        client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        client.flushall()
        client.config_resetstat()

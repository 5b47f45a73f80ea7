"""Real Redis servers on the loopback, for tests in any folder: name a fixture as a parameter; types are to be had here.

==================  ==================================================================================================
``redis_server``    `RedisServer`: Redis 8.2 with vector sets and the search module, empty before each test
``own_redis``       ``own_redis(requirepass="x") -> RedisServer``: one of the test's own, with any line of redis.conf
``old_redis``       `RedisServer`: the system's Redis before 8, which has neither vector sets nor search
``redis_cluster``   `Cluster` of three masters without replicas, each with a third of the slots, empty before each test
``slow_line``       ``slow_line(server) -> Line``: another port of a server, which delays, cuts and refuses as told
``tls``             `Tls`: ``redis_server`` behind stunnel; certificates right and wrong
==================  ==================================================================================================

**A server** has ``host port url password pid`` and ``client(**options)``, a plain `redis.Redis` that never tries twice.
``stop()`` kills it, as a crash would; ``stop(keep=True)`` saves first, and ``start()`` brings the data back.
``pause()`` makes it silent without closing anything until ``resume()``; ``restart(keep=…)`` is stop and start, on the
same port. ``start(seconds_a_key=0.1)`` leaves the server loading its saved keys that slowly (LOADING); it looks up from
that once in a kB, so let them hold some kB each that do not compress.
A test may leave ``redis_server`` and ``redis_cluster`` as it likes, stopped or reconfigured: before the next test they
run, are empty, and have their users, settings and counters of commands (``INFO commandstats``) back.

Out of memory: ``client.config_set("maxmemory", 1)`` on any server: writes fail, reads and deletions do not.
Less rights: ``own_redis(user="ann on >secret ~ann:* +@read +@connection")``. Commands of Redis itself taken away:
``own_redis(without=["CONFIG", "DEBUG"])``. Vector sets without search: ``own_redis(modules=False)``.

**A cluster** has ``nodes`` (servers), ``url`` (of the first), ``holding(key)`` (the node that has that key's slot),
``wait_until(state)`` (ok or fail, as all living nodes see it) and ``client()``. The search module answers in each node
for that node's own keys alone, as it does where nothing coordinates it.

**A line** has ``host port url connections`` and what a test changes while it is used: ``delay`` in seconds before each
piece of an answer, ``piece`` in bytes, ``cut_after`` in bytes of answers still let through, ``refusing``; ``cut()``
breaks all connections now.

**Tls** has ``url`` (rediss), ``other_url`` (a certificate in another host's name, from the right authority), ``ca`` and
``wrong_ca`` (paths of PEM files), and ``server``.

Everything is killed when the tests end, however they end, and nothing is a child of their process. Where a wheel exists
for this system (the markers in pyproject.toml say) a missing one is a failure; elsewhere the tests are skipped.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.redis_servers.cluster import Cluster
from tests.redis_servers.line import Line
from tests.redis_servers.server import RedisServer
from tests.redis_servers.tls import Tls

__all__ = ["Cluster", "Line", "OwnRedis", "RedisServer", "SlowLine", "Tls"]

OwnRedis = Callable[..., RedisServer]
SlowLine = Callable[[RedisServer], Line]

"""Redis: vector sets and search indexes, on a server or a cluster (redis.io)."""

from __future__ import annotations

from explorer.indexes.redis.search import RedisSearch
from explorer.indexes.redis.vset import RedisVset

TYPES = (RedisVset(), RedisSearch())

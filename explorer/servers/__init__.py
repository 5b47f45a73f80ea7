"""Servers that hold vectors: Redis and what speaks like it. Connecting, what a server can do, what lies on it."""

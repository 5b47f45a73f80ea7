"""The server that everything here is asked of."""

from tests.embeddings_server import server

__all__ = ["server"]

"""Datasets that are no file: what lies on a Redis server."""

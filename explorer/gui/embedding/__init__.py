"""Choosing a text encoder: the built-in one, a folder, or a server."""

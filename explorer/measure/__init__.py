"""Recall of an index on the user's own data."""

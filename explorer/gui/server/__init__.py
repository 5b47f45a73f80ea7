"""The dialog of a server: where it is, what it can do, what lies on it."""

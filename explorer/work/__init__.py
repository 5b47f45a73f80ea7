"""Where slow work runs: requests as values, child processes that carry them out. No Qt."""

"""Values and pure functions: numpy only, nothing of ours but `errors`."""

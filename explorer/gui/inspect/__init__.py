"""The inspector: why neighbours were missed, a search step by step, and one drawing for each kind of structure."""

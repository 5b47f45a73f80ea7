"""The observable application: one State, and the verbs that change it. No Qt."""

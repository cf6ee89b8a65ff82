"""Whether a running service keeps its promises, asked from outside."""

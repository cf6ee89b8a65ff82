"""Search: from a graph to ranked, explained hits."""

"""Reconciliation: from a column of other people's words to entities of the graph."""

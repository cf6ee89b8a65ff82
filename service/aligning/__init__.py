"""Proposing mappings: learnt from the adjudicated ones, with evidence."""

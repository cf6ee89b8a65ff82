"""The graph: read into memory, asked, described and written out."""

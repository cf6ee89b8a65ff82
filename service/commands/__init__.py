"""Commands that need no loaders: one file each; `service/__main__.py` puts them together."""

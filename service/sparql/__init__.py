"""SPARQL over HTTP: the protocol, the guard and the processes that evaluate."""

"""Triples as values, of RDF 1.2; imports next to nothing, for query workers start in no time."""

from collections.abc import Iterable, Iterator
from typing import Any

import pyoxigraph as ox

from service.graph.xml_text import UnwritableError

Statements = Iterable[ox.Triple] | Iterable[ox.Quad]


def without(statements: Statements) -> Iterator[Any]:
    """The same statements for JSON-LD 1.1, whose engine knows no triple as a value of another.

    Raises `UnwritableError` at the first one.
    """
    for statement in statements:
        if isinstance(statement.object, ox.Triple):
            raise UnwritableError(f"<<( {statement.object} )>>")
        yield statement

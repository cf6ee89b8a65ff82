"""Triples into text: the one place that maps a format's short name to a serialiser."""

from collections.abc import Iterable, Mapping
from typing import Final

from pyoxigraph import Quad, RdfFormat, Triple, serialize

from ontology.terms import VOID, Names

FORMATS: Final[Mapping[str, RdfFormat]] = {
    "ttl": RdfFormat.TURTLE,
    "nt": RdfFormat.N_TRIPLES,
    "jsonld": RdfFormat.JSON_LD,
    "rdf": RdfFormat.RDF_XML,
    "trig": RdfFormat.TRIG,
    "nq": RdfFormat.N_QUADS,
}
#: vocabularies that only descriptions of the service use
_EXTRA: Final = {
    "void": VOID,
    "dcat": "http://www.w3.org/ns/dcat#",
    "foaf": "http://xmlns.com/foaf/0.1/",
}


def serialized(statements: Iterable[Triple] | Iterable[Quad], name: str, names: Names) -> bytes:
    """Triples or quads in the format of this short name, with our prefixes.

    Raises `KeyError` on an unknown name and `TypeError` where triples meet a format of quads or
    the reverse.
    """
    found = serialize(statements, format=FORMATS[name], prefixes={**names.prefixes, **_EXTRA})
    assert found is not None
    return found

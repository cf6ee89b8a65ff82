"""Triples into text: the one place that maps a format's short name to a serialiser."""

from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Final, cast

from pyoxigraph import Quad, RdfFormat, Triple, serialize

from ontology.terms import SD, VOID, Names
from service.errors import NotAcceptable
from service.graph import triple_terms
from service.graph.xml_text import UnwritableError, WellFormed, well_formed
from service.http.negotiation import GRAPH_OFFERS, JSON_LD, RDF_XML, Offer
from service.http.workshop import Target

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
    "sd": SD,
    "dcat": "http://www.w3.org/ns/dcat#",
    "foaf": "http://xmlns.com/foaf/0.1/",
}


def serialized(statements: Iterable[Triple] | Iterable[Quad], name: str, names: Names) -> bytes:
    """Triples or quads in the format of this short name, with our prefixes.

    Raises `KeyError` on an unknown name, `TypeError` where triples meet a format of quads or the
    reverse, and `NotAcceptable` where XML or JSON-LD cannot say it.
    """
    try:
        if name == JSON_LD.name:
            statements = list(triple_terms.without(statements))
        found = serialize(statements, format=FORMATS[name], prefixes={**names.prefixes, **_EXTRA})
        assert found is not None
        return well_formed(found) if name == RDF_XML.name else found
    except UnwritableError as error:
        raise unsayable(error.what, name, GRAPH_OFFERS) from None


class _File:
    """A target as the engine wants it."""

    def __init__(self, target: Target) -> None:
        self.write = target.write

    def flush(self) -> None:
        """Nothing is held back."""


def write(
    statements: Iterable[Triple] | Iterable[Quad], name: str, names: Names, target: Target
) -> None:
    """The same bytes, written as they are made; what cannot be said is found out in the midst.

    Raises what `serialized` does, and what the target does.
    """
    prefixes = {**names.prefixes, **_EXTRA}
    checked = WellFormed(target) if name == RDF_XML.name else None
    if name == JSON_LD.name:
        statements = triple_terms.without(statements)
    try:
        file = cast(IO[bytes], _File(checked or target))
        serialize(statements, file, format=FORMATS[name], prefixes=prefixes)
        if checked:
            checked.finish()
    except UnwritableError as error:
        raise unsayable(error.what, name, GRAPH_OFFERS) from None


def unsayable(what: str, name: str, offers: Sequence[Offer]) -> NotAcceptable:
    """The problem of an answer with something that the format of this short name cannot say.

    `offers` is all there is.
    """
    form, ending = ("JSON-LD", "+json") if name == JSON_LD.name else ("XML", "+xml")
    names = [offer.type for offer in offers if not offer.type.endswith(ending)]
    others = ", ".join(names)
    return NotAcceptable(
        f"{form} では書けないもの（{what}）が答えにあります。別の形式で取ってください: {others}",
        f"The answer holds what {form} cannot say ({what}); take another format: {others}",
        offers=names,
    )

"""Six shapes of query, and graphs to ask them of: ours and copies of it enlarged."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

PREFIXES = (
    "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
    "PREFIX cco: <https://w3id.org/ccgraph/ontology#> "
)
ROWS = "application/sparql-results+json"
TRIPLES = "text/turtle"
#: what a shape is called, the query with `%s` for an entity, what it accepts
SHAPES: Mapping[str, tuple[str, str]] = {
    "look-up": ("SELECT ?label { %s skos:prefLabel ?label }", ROWS),
    "star": ("SELECT ?p ?o { %s ?p ?o }", ROWS),
    "join": (
        "SELECT ?task ?label ?other { %s skos:broader ?area . ?other skos:broader ?area ."
        " ?task cco:requires ?other ; skos:prefLabel ?label FILTER(LANG(?label) = 'ja') }",
        ROWS,
    ),
    "text": ("SELECT ?s ?l { ?s skos:prefLabel ?l FILTER(CONTAINS(?l, 'コーチング')) } # %s", ROWS),
    "aggregate": ("SELECT ?t (COUNT(?s) AS ?n) { ?s a ?t } GROUP BY ?t ORDER BY ?n ?t # %s", ROWS),
    "construct": (
        "CONSTRUCT { %s ?p ?o . ?s ?q %s } WHERE { { %s ?p ?o } UNION { ?s ?q %s } }",
        TRIPLES,
    ),
}
_ENTITY = re.compile(r"<https://w3id\.org/ccgraph/id/cmbok2\.[A-Z]+-\d+>")
_OURS = re.compile(r"(?<=<https://w3id\.org/ccgraph/id/)([^>]*)(?=>)")


def entities(graph: Path, most: int = 200) -> list[str]:
    """Competencies of a graph, as they stand in a query."""
    found = _ENTITY.findall(graph.read_text(encoding="utf-8"))
    return sorted(set(found))[:most]


def addresses(shape: str, path: str, named: Sequence[str]) -> list[str]:
    """The addresses that ask this shape of each entity."""
    query, _ = SHAPES[shape]
    few = named[:5] if "# %s" in query else named  # they differ by nothing but the comment
    texts = (PREFIXES + query.replace("%s", each) for each in few)
    return [f"{path}?query={quote(text, safe='')}" for text in texts]


def enlarged(graph: Path, times: int, folder: Path) -> Path:
    """A file with the graph and so many copies of it, all entities of a copy renamed."""
    if times == 1:
        return graph
    made = folder / f"graph-{times}.nq"
    if not made.exists():
        text = graph.read_text(encoding="utf-8")
        parts = _OURS.split(text)
        with made.open("w", encoding="utf-8") as file:
            file.write(text)
            for copy in range(1, times):
                renamed = (f"{part}.x{copy}" if i % 2 else part for i, part in enumerate(parts))
                file.write("".join(renamed))
    return made

"""What is wrong with a graph: the SHACL shapes over rdflib, the qSKOS checks over pyoxigraph.

Shapes state what a graph of ours must be (`ontology/shapes.ttl`); checks are SPARQL files that
look for what is doubtful in any SKOS vocabulary (`ontology/checks/*.rq`, after the catalogue of
qSKOS). A check is added by adding a file.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast, get_args

import pyshacl
from pyoxigraph import (
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    QuerySolutions,
    RdfFormat,
    Store,
    parse,
)
from rdflib import SH, Dataset, Graph, URIRef
from rdflib import Literal as Text
from rdflib.term import Node

from loaders.records import Severity
from ontology.terms import HOME, PROPOSALS_GRAPH, Names

#: the shapes, written for the default base
SHAPES = HOME / "shapes.ttl"
#: the folder of checks, one SPARQL SELECT a file
CHECKS = HOME / "checks"

_SEVERITIES: dict[Node | None, Severity] = {SH.Warning: "warning", SH.Info: "info"}
_RANKS = {severity: rank for rank, severity in enumerate(get_args(Severity))}


class CheckError(ValueError):
    """A check file whose header an editor has to mend; the message names the file."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, where, and what to do about it.

    `check` is the local name of a shape or the name of a check file; `entity` the local id, or
    the IRI of what is not ours; `detail` the property or value that is wrong.
    """

    severity: Severity
    check: str
    entity: str
    detail: str
    ja: str
    en: str


@dataclass(frozen=True, slots=True)
class Check:
    """A query that finds faults: columns `?entity` and, optional, `?detail`."""

    name: str
    severity: Severity
    ja: str
    en: str
    query: str


def validate(graph: Graph, names: Names) -> list[Fault]:
    """Hold a graph, of a dataset the union of its graphs, against the shapes, worst first.

    An unbroken graph gives an empty list. Takes seconds for tens of thousands of triples.
    """
    _, report, _ = pyshacl.validate(_union(graph), shacl_graph=_shapes(names), inplace=True)
    found = cast(Graph, report)
    return ordered(_violation(found, result, names) for result in found.objects(None, SH.result))


def inspect(nquads: bytes | Path, names: Names) -> list[Fault]:
    """Run every check over the default graph: the union of all named graphs but proposals.

    Raises `OSError` where the file cannot be read, `SyntaxError` where it is no N-Quads.
    """
    store = _store(nquads, NamedNode(names.graph(PROPOSALS_GRAPH)))
    return ordered(fault for check in load_checks() for fault in _findings(store, check, names))


def check_file(path: Path, names: Names) -> list[Fault]:
    """Every fault of a graph in an N-Quads file: shapes and checks.

    Raises `OSError` where the file cannot be read, rdflib's `ParserError` where it is no N-Quads.
    """
    dataset = Dataset(default_union=True)
    dataset.parse(data=path.read_bytes(), format="nquads")
    return ordered([*validate(dataset, names), *inspect(path, names)])


def ordered(faults: Iterable[Fault]) -> list[Fault]:
    """Errors first, then warnings, then the rest; by check, entity and detail within them."""
    return sorted(
        set(faults),
        key=lambda fault: (_RANKS[fault.severity], fault.check, fault.entity, fault.detail),
    )


@cache
def load_checks(folder: Path = CHECKS) -> tuple[Check, ...]:
    """Read the checks of a folder, by name; raises `CheckError` on a bad header."""
    return tuple(
        read_check(path.stem, path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.rq"))
    )


def read_check(name: str, text: str) -> Check:
    """A check from its text; the header lines are `#+ key: value`.

    >>> head = "#+ severity: info\\n#+ title: 題\\n#+ title_en: Title\\n"
    >>> read_check("x", head + "#+ remedy: 直す。\\n#+ remedy_en: Mend it.\\nSELECT ...").en
    'Title. Mend it.'
    """
    header = dict(_header(name, text))
    missing = {"severity", "title", "title_en", "remedy", "remedy_en"} - header.keys()
    if missing:
        raise CheckError(f"{name}.rq: {sorted(missing)} がありません / missing in the header")
    if header["severity"] not in _RANKS:
        raise CheckError(
            f"{name}.rq: severity は {list(_RANKS)} のどれかです / must be one of these"
        )
    return Check(
        name=name,
        severity=cast(Severity, header["severity"]),
        ja=f"{header['title']}。{header['remedy']}",
        en=f"{header['title_en']}. {header['remedy_en']}",
        query=text,
    )


def _header(name: str, text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        if line.startswith("#+"):
            key, colon, value = line[2:].partition(":")
            if not colon:
                raise CheckError(f"{name}.rq: `#+ key: value` ではありません / is not: {line}")
            yield key.strip(), value.strip()


def _union(graph: Graph) -> Graph:
    """One plain graph: the union view of a dataset is several times slower to look things up."""
    if not isinstance(graph, Dataset):
        return graph
    union = Graph()
    for subject, predicate, value, _ in graph.quads():
        union.add((subject, predicate, value))
    return union


def _shapes(names: Names) -> Graph:
    return Graph().parse(data=names.rebased(SHAPES.read_text(encoding="utf-8")), format="turtle")


def _violation(report: Graph, result: Node, names: Names) -> Fault:
    said = {
        text.language: str(text)
        for text in report.objects(result, SH.resultMessage)
        if isinstance(text, Text)
    }
    shape = str(report.value(result, SH.sourceShape))
    return Fault(
        severity=_SEVERITIES.get(report.value(result, SH.resultSeverity), "error"),
        check=shape.rpartition("#")[2],
        entity=_short(str(report.value(result, SH.focusNode)), names),
        detail=" ".join(_details(report, result, names)),
        ja=said.get("ja", ""),
        en=said.get("en", ""),
    )


def _details(report: Graph, result: Node, names: Names) -> Iterator[str]:
    for predicate in (SH.resultPath, SH.value):
        found = report.value(result, predicate)
        if isinstance(found, URIRef | Text):
            yield _short(str(found), names)


def _short(term: str, names: Names) -> str:
    """A local id or prefixed name where there is one.

    >>> _short("http://www.w3.org/2004/02/skos/core#broader", Names())
    'skos:broader'
    """
    local = names.local(term)
    if local:
        return local
    for prefix, namespace in names.prefixes.items():
        if term.startswith(namespace) and term != namespace:
            return f"{prefix}:{term.removeprefix(namespace)}"
    return term


def _store(nquads: bytes | Path, left_out: NamedNode) -> Store:
    """Everything in the default graph, for queries over one graph are the fastest."""
    quads = (
        parse(path=nquads, format=RdfFormat.N_QUADS)
        if isinstance(nquads, Path)
        else parse(nquads, format=RdfFormat.N_QUADS)
    )
    store = Store()
    store.bulk_extend(
        Quad(quad.subject, quad.predicate, quad.object, DefaultGraph())
        for quad in quads
        if quad.graph_name != left_out
    )
    return store


def _findings(store: Store, check: Check, names: Names) -> Iterator[Fault]:
    rows = cast(QuerySolutions, store.query(names.rebased(check.query)))
    has_detail = any(variable.value == "detail" for variable in rows.variables)
    for row in rows:
        detail = row["detail"] if has_detail else None
        yield Fault(
            check.severity,
            check.name,
            _term(row["entity"], names),
            "" if detail is None else _term(detail, names),
            check.ja,
            check.en,
        )


def _term(term: object, names: Names) -> str:
    if isinstance(term, Literal):
        return term.value.replace(names.entity(""), "")
    return _short(term.value, names) if isinstance(term, NamedNode) else str(term)

"""Machine proposals enter a build: mapping resources in a graph of their own, no statement.

The build that is current is written again with them, under the version that its graph then has.
Whoever builds from documents again starts without proposals; their file is what lasts.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import TypeAdapter
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, parse
from rdflib import Graph

from loaders.artefact import Finish, publish
from loaders.build import Build, version_of
from loaders.check import validate
from loaders.registry import load_registry
from loaders.report import Report
from loaders.vocabulary import load_vocabulary
from ontology.artefact import GRAPH
from ontology.mapping_sets import MappingFileError
from ontology.terms import PROPOSALS_GRAPH, RDF, SSSOM, XSD, Names, mapping_id

if TYPE_CHECKING:
    from ontology.sssom import Row

_IRIS: Final = ("subject_id", "predicate_id", "object_id", "mapping_justification")
_TEXTS: Final = ("subject_label", "mapping_tool", "mapping_tool_version", "similarity_measure")
_NUMBERS: Final = ("confidence", "similarity_score")
_Pair = tuple[str, str]


def publish_proposals(
    data: Path, build: Path, text: str, registry: Path, *, names: Names, finish: Finish
) -> Path:
    """Publish the build in a folder again, its proposals replaced by those of an SSSOM text.

    Raises `MappingFileError` where a row is no mapping, repeats what editors have judged, maps
    to what the graph does not have or breaks a shape. No rows take all proposals away.
    """
    from ontology.sssom import read_set

    rows = read_set(text, "proposals")[1] if text.strip() else []
    kept = _without_proposals(build / GRAPH, names)
    added = list(state_proposals(rows, kept, names))
    _refuse_broken(added, names)
    nquads = "\n".join([*sorted({f"{quad} ." for quad in (*kept, *added)}), ""]).encode()
    report = TypeAdapter(Report).validate_json((build / "report.json").read_bytes())
    report = replace(report, graph=version_of(nquads), changes=())
    edition = load_vocabulary().editions[report.edition]
    made = Build(nquads, report.graph, edition, report, load_registry(registry))
    return publish(made, data, registry, finish)


def state_proposals(rows: "Iterable[Row]", graph: Iterable[Quad], names: Names) -> Iterator[Quad]:
    """The mapping resources of proposals, checked against the graph that they are for."""
    known, curated = _known(graph)
    for row in rows:
        record = row.record
        subject, target = _expanded(record.subject_id, names), _expanded(record.object_id, names)
        if target not in known or (names.local(subject) and subject not in known):
            raise _fault(row.line, "グラフにないものを指しています", "an end is not in the graph")
        if (subject, target) in curated:
            raise _fault(row.line, "編集者が判断した対です", "editors have judged this pair")
        yield from _resource(row, names)


def _without_proposals(path: Path, names: Names) -> list[Quad]:
    proposals = NamedNode(names.graph(PROPOSALS_GRAPH))
    quads = parse(path=path, format=RdfFormat.N_QUADS)
    return [quad for quad in quads if quad.graph_name != proposals]


def _known(graph: Iterable[Quad]) -> tuple[set[str], set[_Pair]]:
    """What is typed in the graph, and the pairs that its mappings join."""
    known, ends = set[str](), dict[str, dict[str, str]]()
    for quad in graph:
        predicate = quad.predicate.value
        if predicate == f"{RDF}type":
            known.add(_value(quad.subject))
        elif predicate in (f"{SSSOM}subject_id", f"{SSSOM}object_id"):
            ends.setdefault(_value(quad.subject), {})[predicate] = _value(quad.object)
    return known, {
        (pair[f"{SSSOM}subject_id"], pair[f"{SSSOM}object_id"])
        for pair in ends.values()
        if len(pair) == 2
    }


def _resource(row: "Row", names: Names) -> Iterator[Quad]:
    record = row.record
    local = mapping_id(PROPOSALS_GRAPH, record.subject_id, record.predicate_id, record.object_id)
    node, graph = NamedNode(names.entity(local)), NamedNode(names.graph(PROPOSALS_GRAPH))
    yield Quad(node, NamedNode(f"{RDF}type"), NamedNode(f"{SSSOM}Mapping"), graph)
    for slot, value in _slots(row, names):
        yield Quad(node, NamedNode(SSSOM + slot), value, graph)


def _slots(row: "Row", names: Names) -> Iterator[tuple[str, NamedNode | Literal]]:
    record = row.record
    for slot in _IRIS:
        yield slot, NamedNode(_expanded(getattr(record, slot), names))
    for slot in _TEXTS:
        if said := getattr(record, slot):
            yield slot, Literal(said)
    for slot in _NUMBERS:
        if (number := getattr(record, slot)) is not None:
            yield slot, Literal(_decimal(number), datatype=NamedNode(f"{XSD}decimal"))
    if record.mapping_date:
        day = record.mapping_date.isoformat()
        yield "mapping_date", Literal(day, datatype=NamedNode(f"{XSD}date"))
    if record.comment:
        yield "comment", Literal(record.comment, language="ja")


def _decimal(number: float) -> str:
    """The canonical form, as a store writes it back: the version depends on it.

    >>> _decimal(1.0), _decimal(0.00001)
    ('1', '0.00001')
    """
    return f"{Decimal(str(number)).normalize():f}"


def _refuse_broken(quads: Iterable[Quad], names: Names) -> None:
    """Hold the resources against the shapes; names the first that is broken."""
    lines = "\n".join(f"{quad.triple} ." for quad in quads)
    if faults := validate(Graph().parse(data=lines, format="nt"), names):
        first = faults[0]
        raise MappingFileError(f"proposals: {first.entity} {first.detail}: {first.ja} / {first.en}")


def _expanded(curie: str, names: Names) -> str:
    return names.expanded(curie) or curie


def _value(term: object) -> str:
    return str(getattr(term, "value", term))


def _fault(line: int, ja: str, en: str) -> MappingFileError:
    return MappingFileError(f"proposals:{line}: {ja} / {en}")

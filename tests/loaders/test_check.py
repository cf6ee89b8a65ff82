"""The checks of ontology/checks find what they are for, and nothing in a sound graph."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from rdflib import Dataset, Graph

from loaders.check import CheckError, Fault, inspect, load_checks, ordered, read_check, validate
from ontology.terms import DEFAULT_BASE, PROPOSALS_GRAPH, Names

ENTITIES = Path(__file__).parents[1] / "ontology" / "entities.ttl"
NAMES = Names()
GAPS = {
    "disconnected-clusters",
    "language-coverage",
    "missing-in-links",
    "missing-out-links",
    "undocumented-concepts",
}

#: check, the entity it names, and the SPARQL Update that spoils the graph
SPOILED = [
    ("ambiguous-notations", "cmbok2.HR", 'INSERT DATA { ccg:cmbok2.QX skos:notation "HR" }'),
    ("broken-links", "task.T01", "INSERT DATA { ccg:task.T01 skos:related ccg:task.T99 }"),
    ("disconnected-clusters", "cmbok2.QX", ""),
    ("disjoint-classes", "task", "INSERT DATA { ccg:task a skos:Concept }"),
    ("disjoint-labels", "task.T01", 'INSERT DATA { ccg:task.T01 skos:altLabel "育成"@ja }'),
    (
        "disjoint-labels",
        "cmbok2.HR-5",
        'INSERT DATA { ccg:cmbok2.HR-5 skos:hiddenLabel "部下育成"@ja }',
    ),
    ("empty-labels", "task.T01", 'INSERT DATA { ccg:task.T01 cco:gloss "　"@ja }'),
    ("hierarchical-cycles", "task.A01", "INSERT DATA { ccg:task.A01 skos:broader ccg:task.E001 }"),
    ("hierarchical-cycles", "task.T01", "INSERT DATA { ccg:task.T01 skos:narrower ccg:task.T01 }"),
    (
        "hierarchical-redundancy",
        "task.E001",
        "INSERT DATA { ccg:task.E001 skos:broader ccg:task.A01 }",
    ),
    ("http-uris", "urn:x", "INSERT DATA { <urn:x> a skos:Concept }"),
    (
        "inconsistent-labels",
        "cmbok2.HR-5",
        'INSERT DATA { ccg:cmbok2.HR-5 skos:prefLabel "1on1"@en }',
    ),
    ("language-coverage", "cmbok2", ""),
    ("language-tags", "task.T01", 'INSERT DATA { ccg:task.T01 skos:definition "育てる" }'),
    (
        "mapping-clashes",
        "cmbok1.HR-5",
        "INSERT DATA { ccg:cmbok1.HR-5 skos:broadMatch ccg:cmbok2.HR-5 }",
    ),
    (
        "levels-apart",
        "task.E001",
        "INSERT DATA { ccg:task.E001 cco:atSkillLevel ccg:sfia9.CSMG-5 ."
        " ccg:sfia9.CSMG-5 skos:broader ccg:sfia9.CSMG ; cco:atResponsibilityLevel ccg:sfia9.L5 ."
        ' ccg:sfia9.L5 skos:notation "5" }',
    ),
    (
        "levels-beside-no-term",
        "task.T01",
        "INSERT DATA { ccg:task.T01 cco:atSkillLevel ccg:sfia9.CSMG-3 }",
    ),
    ("mapping-misuse", "task.T01", "INSERT DATA { ccg:task.T01 skos:closeMatch ccg:task.E001 }"),
    (
        "mappings-without-statement",
        "map.0000000000000003",
        "DELETE DATA { ccg:task.E001 cco:atSkillLevel ccg:sfia9.CSMG-3 }",
    ),
    ("missing-in-links", "guide", ""),
    ("missing-labels", "task.T01", "DELETE WHERE { ccg:task.T01 skos:prefLabel ?label }"),
    ("missing-labels", "guide", "DELETE WHERE { ccg:guide skos:prefLabel ?label }"),
    ("missing-out-links", "cmbok2", ""),
    (
        "no-common-language",
        "guide",
        "DELETE { ccg:guide.G01 skos:prefLabel ?label }"
        ' INSERT { ccg:guide.G01 skos:prefLabel "Growing"@en }'
        " WHERE { ccg:guide.G01 skos:prefLabel ?label }",
    ),
    (
        "omitted-top-concepts",
        "guide",
        "DELETE { ?s ?p ?o } WHERE { VALUES ?p { skos:hasTopConcept skos:topConceptOf } ?s ?p ?o }",
    ),
    ("omitted-top-concepts", "task.E001", "DELETE WHERE { ccg:task.E001 skos:broader ?above }"),
    ("orphan-concepts", "task.E001", "DELETE WHERE { ccg:task.E001 skos:broader ?above }"),
    ("overlapping-labels", "task.A01", 'INSERT DATA { ccg:task.T01 skos:altLabel "窓口"@ja }'),
    ("overlapping-labels", "task.A01", 'INSERT DATA { ccg:task.T01 skos:hiddenLabel "窓口"@ja }'),
    ("reflexive-relations", "task.T01", "INSERT DATA { ccg:task.T01 skos:related ccg:task.T01 }"),
    ("relation-clashes", "task.E001", "INSERT DATA { ccg:task.E001 skos:related ccg:task.A01 }"),
    (
        "several-matches",
        "cmbok1.HR-5",
        "INSERT DATA { ccg:cmbok1.HR-5 skos:closeMatch ccg:cmbok2.HR-5 }",
    ),
    (
        "solely-transitive",
        "task.E001",
        "INSERT DATA { ccg:task.E001 skos:broaderTransitive ccg:sfia9.CSMG }",
    ),
    (
        "source-places",
        "task.T01",
        "INSERT DATA { ccg:task.T01 prov:wasDerivedFrom"
        " <https://w3id.org/ccgraph/source/0123456789abcdef#char=110,9> }",
    ),
    (
        "source-places",
        "task.T01",
        "INSERT DATA { ccg:task.T01 prov:wasDerivedFrom"
        " <https://w3id.org/ccgraph/source/ffffffffffffffff#char=1,2> }",
    ),
    (
        "statements-without-mapping",
        "cmbok1.HR-5",
        "DELETE WHERE { ?map sssom:subject_id ccg:cmbok1.HR-5 }",
    ),
    (
        "statements-without-mapping",
        "task.T01",
        "DELETE WHERE { ?map sssom:subject_id ccg:task.T01 }",
    ),
    (
        "top-concepts-with-broader",
        "task.A01",
        "INSERT DATA { ccg:task.A01 skos:broader ccg:task.E001 }",
    ),
    (
        "undefined-skos-resources",
        "skos:subject",
        "INSERT DATA { ccg:task.T01 skos:subject <urn:x> }",
    ),
    ("undocumented-concepts", "task.T01", ""),
    (
        "unidirectional-relations",
        "guide.G01",
        "DELETE DATA { ccg:guide skos:hasTopConcept ccg:guide.G01 }",
    ),
    (
        "unidirectional-relations",
        "task.E001",
        "INSERT DATA { ccg:task.E001 skos:related ccg:guide.G01 }",
    ),
    (
        "unprintable-characters",
        "task.T01",
        'INSERT DATA { ccg:task.T01 skos:altLabel "育\\u200B成"@ja }',
    ),
    (
        "valueless-associations",
        "cmbok2.HR-11",
        "INSERT DATA { ccg:cmbok2.HR-11 skos:related ccg:cmbok2.HR-5 }",
    ),
]


def spoiled(update: str) -> bytes:
    graph = Graph().parse(ENTITIES)
    if update:
        graph.update(update, initNs=NAMES.prefixes)
    return graph.serialize(format="nt", encoding="utf-8")


def of(check: str, faults: list[Fault]) -> Iterator[str]:
    return (fault.entity for fault in faults if fault.check == check)


def test_a_sound_graph_has_gaps_at_most() -> None:
    faults = inspect(spoiled(""), NAMES)
    assert {fault.check for fault in faults} == GAPS
    assert {fault.severity for fault in faults} == {"info"}


@pytest.mark.parametrize(("check", "entity", "update"), SPOILED)
def test_a_check_finds_what_it_is_for(check: str, entity: str, update: str) -> None:
    assert entity in set(of(check, inspect(spoiled(update), NAMES)))


def test_every_check_is_tried_here() -> None:
    assert {check.name for check in load_checks()} == {check for check, _, _ in SPOILED}


def test_every_check_speaks_japanese_and_english() -> None:
    for check in load_checks():
        assert check.en.isascii(), check.name
        assert not check.ja.isascii(), check.name


def test_a_file_and_its_bytes_give_the_same(tmp_path: Path) -> None:
    path = tmp_path / "graph.nq"
    path.write_bytes(spoiled(""))
    assert inspect(path, NAMES) == inspect(path.read_bytes(), NAMES)


@pytest.mark.parametrize(("graph", "found"), [("map-item-cmbok2", 2), (PROPOSALS_GRAPH, 0)])
def test_proposals_need_no_plain_statement(graph: str, found: int) -> None:
    triples = spoiled("DELETE WHERE { ?subject cco:describes ?object }")
    quads = triples.replace(b" .\n", f" <{NAMES.graph(graph)}> .\n".encode())
    assert len(set(of("mappings-without-statement", inspect(quads, NAMES)))) == found


def test_a_dataset_is_held_against_the_shapes_as_one_graph() -> None:
    dataset = Dataset()
    for index, (subject, predicate, value) in enumerate(sorted(Graph().parse(ENTITIES))):
        dataset.graph(NAMES.graph(f"g{index % 3}")).add((subject, predicate, value))
    assert validate(dataset, NAMES) == []


def test_another_base_has_the_same_checks() -> None:
    names = Names("https://example.org/skills/")
    nquads = spoiled("INSERT DATA { ccg:task.T01 skos:related ccg:task.T99 }")
    moved = nquads.replace(DEFAULT_BASE.encode(), names.base.encode())
    assert inspect(moved, names) == inspect(nquads, NAMES)


def test_details_are_short() -> None:
    faults = inspect(spoiled("INSERT DATA { ccg:task.T01 skos:related ccg:task.T99 }"), NAMES)
    assert [fault.detail for fault in faults if fault.check == "broken-links"] == ["task.T99"]


def test_what_is_worst_stands_first() -> None:
    mild = Fault("info", "a", "x", "", "", "")
    grave = Fault("error", "z", "x", "", "", "")
    assert ordered([mild, grave, mild]) == [grave, mild]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SELECT * {}", "severity"),
        ("#+ severity info\n", "key: value"),
        (
            "#+ severity: bad\n#+ title: 題\n#+ title_en: t\n#+ remedy: 直\n#+ remedy_en: r\n",
            "error",
        ),
    ],
)
def test_a_bad_header_is_refused(text: str, said: str) -> None:
    with pytest.raises(CheckError, match=said):
        read_check("x", text)


def test_a_graph_that_is_no_nquads_is_refused() -> None:
    with pytest.raises(SyntaxError):
        inspect(b"<a> <b>", NAMES)

import re
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontology.terms import Names
from service.graph.links import link_of, natural, root_of, span_of
from service.graph.store import Graph, load_graph
from service.pages.concept_model import Concept
from service.pages.concepts import concept

NAMES = Names()
SMALL = Path(__file__).with_name("small.trig")
FOREIGN = """
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix ex: <http://example.org/> .
ex:s a skos:ConceptScheme ; skos:prefLabel "Animals"@en .
ex:animal a skos:Concept ; skos:prefLabel "Tier"@de, "animal"@en ;
  skos:narrower ex:cat ; skos:topConceptOf ex:s .
ex:cat a skos:Concept ; skos:prefLabel "Katze"@de ; skos:related ex:dog ; skos:broader ex:pet .
ex:pet a skos:Concept ; skos:prefLabel "pet"@en ;
  skos:broader ex:animal, ex:cat ; skos:inScheme ex:s .
ex:dog a skos:Concept ; skos:prefLabel "dog"@en ; ex:weight 12 .
"""


@pytest.fixture(scope="module")
def graph() -> Graph:
    return load_graph(SMALL, NAMES)


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    path = tmp_path_factory.mktemp("foreign") / "animals.ttl"
    path.write_text(FOREIGN, encoding="utf-8")
    return load_graph(path, NAMES)


def found(graph: Graph, local: str) -> Concept:
    concept_found = concept(graph, NAMES.entity(local))
    assert concept_found is not None
    return concept_found


def test_a_competency_with_its_place_and_words(graph: Graph) -> None:
    coaching = found(graph, "cmbok2.HR-5")
    assert (coaching.id, coaching.label, coaching.notation) == ("cmbok2.HR-5", "コーチング", "HR-5")
    assert coaching.kind is not None and coaching.kind.ja == "コンピテンシー"
    assert [each.id for each in coaching.path] == ["cmbok2.D-operation", "cmbok2.HR"]
    assert coaching.scheme is not None and coaching.scheme.label == "CMBOK 2.0"
    assert [text.value for text in coaching.gloss] == [
        "部下の話を聴き、自分で答えを見つけられるように支える。"
    ]
    assert {text.value for text in coaching.names} >= {"Coaching", "1on1", "部下育成", "コーチンク"}
    assert coaching.superseded_by is None and coaching.tombstone is None


def test_links_come_from_both_ways_with_reasons(graph: Graph) -> None:
    coaching = found(graph, "cmbok2.HR-5")
    links = {each.word.name: each for each in coaching.relations if each.incoming}
    assert set(links) == {"requiresAlso", "describes", "isReplacedBy"}
    target = links["requiresAlso"].targets[0]
    assert target.link.id == "task.E071"
    assert target.reason is not None and target.reason.confidence == "0.7"
    item = found(graph, "task.E071")
    outgoing = {each.word.name: [to.link.id for to in each.targets] for each in item.relations}
    assert outgoing == {
        "requiresPrimarily": ["cmbok2.HR-10"],
        "requiresAlso": ["cmbok2.HR-5"],
        "atSkillLevel": ["sfia9.CSMG-3"],
    }


def test_children_are_grouped_by_class_and_counted_in_order(graph: Graph) -> None:
    area = found(graph, "cmbok2.HR")
    groups = {group.kind.name: group.links for group in area.children if group.kind}
    assert [each.id for each in groups["Competency"]] == [
        "cmbok2.HR-2",
        "cmbok2.HR-5",
        "cmbok2.HR-10",
    ]
    assert [each.id for each in groups["ScopeStatement"]] == ["cmbok2.HR-s1"]


def test_a_scheme_shows_its_top_concepts(graph: Graph) -> None:
    scheme = found(graph, "cmbok2")
    assert scheme.kind is not None and scheme.kind.name == "ConceptScheme"
    assert [each.label for each in scheme.children[0].links] == ["ベース", "運営"]


def test_a_source_passage_has_the_documents_name(graph: Graph) -> None:
    passage = found(graph, "cmbok2.HR-5").passages[0]
    assert (passage.document, passage.start, passage.end) == ("codes & <names>.txt", 2211, 2216)


def test_what_is_superseded_says_by_what(graph: Graph) -> None:
    old = found(graph, "cmbok1.HR-5")
    assert old.superseded_by is not None and old.superseded_by.id == "cmbok2"
    scheme = found(graph, "cmbok1")
    assert scheme.superseded_by is not None and scheme.superseded_by.id == "cmbok2"


def test_a_tombstone_tells_when_why_and_what_followed(graph: Graph) -> None:
    gone = found(graph, "cmbok2.HR-s9").tombstone
    assert gone is not None and gone.date == "2026-11-23" and "文書から消えた" in gone.note
    assert [each.id for each in gone.successors] == ["cmbok2.HR-s1"]


def test_an_outside_match_is_marked_as_outside(graph: Graph) -> None:
    relation = found(graph, "sfia9.CSMG").relations[0]
    assert relation.word.name == "exactMatch" and not relation.targets[0].link.inside


def test_a_mapping_has_a_page_too(graph: Graph) -> None:
    mapping = found(graph, "map.9f86d081884c7d65")
    assert {each.word.name for each in mapping.facts} >= {"comment", "confidence"}


def test_nothing_is_said_of_the_unknown(graph: Graph) -> None:
    assert concept(graph, NAMES.entity("cmbok2.HR-99")) is None
    with pytest.raises(ValueError):
        concept(graph, "no iri")


def test_any_skos_graph_serves(foreign: Graph) -> None:
    animal = concept(foreign, "http://example.org/animal")
    assert animal is not None and animal.id == animal.uri and animal.label == "animal"
    assert [each.label for each in animal.children[0].links] == ["Katze", "pet"]
    dog = concept(foreign, "http://example.org/dog")
    assert dog is not None and [fact.value for fact in dog.facts] == ["12"]


def test_a_cycle_in_the_hierarchy_ends(foreign: Graph) -> None:
    cat = concept(foreign, "http://example.org/cat")
    assert cat is not None and [each.label for each in cat.path] == ["animal"]


@given(st.lists(st.text("ab-_.", min_size=1), max_size=4))
def test_root_undoes_a_path(parts: list[str]) -> None:
    path = "/" + "/".join(parts)
    assert root_of(path).count("../") == max(len(parts) - 1, 0)


@given(st.text(), st.integers(0, 9999), st.integers(0, 9999))
def test_spans_are_read_as_they_are_written(digest: str, start: int, end: int) -> None:
    clean = digest.replace("#", "")
    uri = NAMES.span(clean, start, end)
    assert span_of(uri) == (NAMES.source(clean), start, end)


@given(st.text(max_size=20), st.text(max_size=20))
def test_natural_order_is_total(one: str, other: str) -> None:
    assert isinstance(natural(one) < natural(other), bool)


@given(st.text("ABCabc019._-", min_size=1))
def test_ids_need_no_quoting(local: str) -> None:
    assert link_of(NAMES, NAMES.entity(local)) == f"page/{local}"


@pytest.mark.parametrize("id", ["cmbok2.AU-2", "task.M02", "task.E071", "sfia9.CSMG-3"])
def test_what_is_similar_is_not_on_the_page_already(open_root: str, id: str) -> None:
    page = httpx.get(f"{open_root}page/{id}", headers={"Accept": "text/html"}).text
    before, _, rest = page.partition('<h2 id="similar">')
    shown = set(re.findall(r'href="(\.\./page/[^"]+)"', rest.partition("</section>")[0]))
    assert shown
    assert not shown & set(re.findall(r'href="(\.\./page/[^"]+)"', before))

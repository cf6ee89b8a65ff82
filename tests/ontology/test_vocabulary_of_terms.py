"""The Turtle vocabulary and ontology/terms.py say the same."""

import pytest
from rdflib import OWL, RDF, RDFS, SKOS, BNode, Graph, Literal, URIRef
from rdflib.namespace import DCTERMS

from ontology.terms import CLASSES, FUNCTIONS, HOME, SCHEMA, Names

NAMES = Names()
ONTOLOGY = URIRef(f"{NAMES.base}ontology")
PROPERTIES = {
    "requires",
    "requiresPrimarily",
    "requiresAlso",
    "atSkillLevel",
    "atResponsibilityLevel",
    "describes",
    "gloss",
    "utterance",
    "edition",
}


@pytest.fixture(scope="module")
def vocabulary() -> Graph:
    return Graph().parse(HOME / "ccgraph.ttl")


def term(name: str) -> URIRef:
    return URIRef(NAMES.term(name))


def test_the_header_says_what_it_is(vocabulary: Graph) -> None:
    assert (ONTOLOGY, RDF.type, OWL.Ontology) in vocabulary
    languages = {
        title.language
        for title in vocabulary.objects(ONTOLOGY, DCTERMS.title)
        if isinstance(title, Literal)
    }
    assert languages == {"ja", "en"}
    assert vocabulary.value(ONTOLOGY, OWL.versionInfo)
    assert "apache" in str(vocabulary.value(ONTOLOGY, DCTERMS.license))


def test_it_defines_just_the_terms_of_the_contract(vocabulary: Graph) -> None:
    defined = set(vocabulary.subjects(RDFS.isDefinedBy, ONTOLOGY))
    assert defined == {term(name) for name in {*CLASSES, "SourceDocument", *PROPERTIES, *FUNCTIONS}}


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_has_the_labels_of_terms_and_is_a_concept(vocabulary: Graph, name: str) -> None:
    labels = set(vocabulary.objects(term(name), RDFS.label))
    assert labels == {Literal(CLASSES[name].ja, "ja"), Literal(CLASSES[name].en, "en")}
    assert (term(name), RDFS.subClassOf, SKOS.Concept) in vocabulary


@pytest.mark.parametrize("said", [RDFS.label, RDFS.comment])
def test_every_term_speaks_japanese_and_english(vocabulary: Graph, said: URIRef) -> None:
    for each in vocabulary.subjects(RDFS.isDefinedBy, ONTOLOGY):
        texts = [text for text in vocabulary.objects(each, said) if isinstance(text, Literal)]
        assert sorted(str(text.language) for text in texts) == ["en", "ja"], each


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        (term("requiresPrimarily"), term("requires")),
        (term("requiresAlso"), term("requires")),
        (term("gloss"), SKOS.scopeNote),
        (term("utterance"), SKOS.example),
    ],
)
def test_sub_properties(vocabulary: Graph, narrow: URIRef, wide: URIRef) -> None:
    assert (narrow, RDFS.subPropertyOf, wide) in vocabulary


def test_domains_and_ranges_are_terms_that_exist(vocabulary: Graph) -> None:
    named = (RDFS.domain, RDFS.range, URIRef(f"{SCHEMA}domainIncludes"))
    ours = {
        value
        for predicate in named
        for value in vocabulary.objects(None, predicate)
        if str(value).startswith(NAMES.base)
    }
    assert ours and all((each, RDF.type, OWL.Class) in vocabulary for each in ours)


def test_it_has_no_blank_nodes(vocabulary: Graph) -> None:
    assert not [node for node in vocabulary.all_nodes() if isinstance(node, BNode)]

"""The census that the engine makes equals a plain count of statements."""

from collections import Counter
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Store, Triple

from ontology.terms import PROPOSALS_GRAPH, RDF, Names
from service.graph.census import Census, Survey
from service.graph.store import Graph

NAMES = Names()
TYPE = NamedNode(RDF + "type")
PROPOSALS = NamedNode(NAMES.graph(PROPOSALS_GRAPH))
OURS = [NamedNode(NAMES.entity(local)) for local in ("", "a", "b")]
OTHERS = [NamedNode("http://example.org/a"), NamedNode("http://example.org/b")]
NODES = st.sampled_from([*OURS, *OTHERS, BlankNode("x")])
PREDICATES = st.sampled_from([TYPE, NamedNode("http://example.org/p"), OTHERS[0]])
OBJECTS = NODES | st.sampled_from([Literal("a"), Literal("a", language="ja"), Literal("1")])
PLACES = st.sampled_from(
    [DefaultGraph(), PROPOSALS, NamedNode(NAMES.graph("a")), NamedNode("http://example.org/g")]
)
QUADS = st.lists(st.builds(Quad, NODES, PREDICATES, OBJECTS, PLACES), max_size=20)


def counted(quads: Iterable[Quad]) -> Census:
    """What a census says, one statement at a time."""
    triples: set[Triple] = {quad.triple for quad in quads}
    subjects = {triple.subject for triple in triples}
    kinds = (t.object for t in triples if t.predicate == TYPE)
    return Census(
        triples=len(triples),
        entities=sum(each in OURS[1:] for each in subjects),
        subjects=len(subjects),
        objects=len({triple.object for triple in triples}),
        classes=ranked(kind.value for kind in kinds if isinstance(kind, NamedNode)),
        properties=ranked(triple.predicate.value for triple in triples),
    )


def ranked(names: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(names).items(), key=lambda each: (-each[1], each[0])))


@given(QUADS)
def test_every_graph_is_counted(quads: list[Quad]) -> None:
    store = Store()
    store.extend(quads)
    survey = Survey(Graph.merged(store, NAMES, ""))
    assert survey.whole == counted(q for q in quads if q.graph_name != PROPOSALS)
    named = {q.graph_name for q in quads if isinstance(q.graph_name, NamedNode)}
    assert survey.parts == {
        name.value: counted(q for q in quads if q.graph_name == name) for name in named
    }

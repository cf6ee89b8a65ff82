"""What the benchmark asks can be asked, and a graph enlarged is that many graphs."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from pyoxigraph import RdfFormat, serialize

from benchmarks.sparql_shapes import SHAPES, addresses, enlarged, entities
from ontology.terms import Names
from service.graph.store import Graph, load_graph
from service.settings import Settings
from service.sparql.lexer import examine


@pytest.fixture(scope="module")
def quads(graph_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small graph, as N-Quads."""
    made = tmp_path_factory.mktemp("quads") / "small.nq"
    with made.open("wb") as file:
        serialize(_opened(graph_path).quads(), file, RdfFormat.N_QUADS)
    return made


def _opened(path: Path) -> Graph:
    return load_graph(path, Names(Settings().base))


def test_there_are_entities_to_ask_of(quads: Path) -> None:
    assert "<https://w3id.org/ccgraph/id/cmbok2.HR-5>" in entities(quads)
    assert len(entities(quads, most=3)) == 3


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_a_query(quads: Path, shape: str) -> None:
    graph, named = _opened(quads), entities(quads)
    asked = addresses(shape, "/sparql", named)
    assert len(set(asked)) == len(asked) > 0
    text = parse_qs(urlsplit(asked[0]).query)["query"][0]
    assert examine(text).form == ("CONSTRUCT" if shape == "construct" else "SELECT")
    graph.store.query(text)  # raises where it is none


def test_copies_have_entities_of_their_own(quads: Path, tmp_path: Path) -> None:
    one, three = _opened(quads), _opened(enlarged(quads, 3, tmp_path))
    ids = "SELECT DISTINCT ?s { ?s a ?t FILTER(CONTAINS(STR(?s), '/id/')) }"
    assert len(three.rows(ids)) == 3 * len(one.rows(ids))
    assert enlarged(quads, 1, tmp_path) == quads

"""What a graph is called, whoever loads it."""

from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, Store

from ontology.terms import Names
from service.graph.store import graph_version, load_graph

PLAIN = "<http://x/a> <http://x/p> 1 . <http://x/b> <http://x/p> 2 ."


@pytest.mark.parametrize("text", [PLAIN, "_:a <http://x/p> [ <http://x/q> 1 ] .", "[] a [] ."])
def test_all_who_load_a_file_call_its_graph_the_same(tmp_path: Path, text: str) -> None:
    """Server processes load it each for itself, and blank nodes get other names each time."""
    path = tmp_path / "graph.ttl"
    path.write_text(text, encoding="utf-8")
    first, again = (load_graph(path, Names()) for _ in range(2))
    assert first.version == again.version
    path.write_text(text + " <http://x/c> <http://x/p> 3 .", encoding="utf-8")
    assert load_graph(path, Names()).version != first.version


def test_without_blank_nodes_the_layout_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "graph.ttl"
    path.write_text("# a comment\n" + PLAIN, encoding="utf-8")
    store = Store()
    store.load(PLAIN, RdfFormat.TURTLE)
    assert load_graph(path, Names()).version == graph_version(store)

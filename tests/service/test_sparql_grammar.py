"""Where a query goes wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Store

from service.sparql.grammar import fault_of, undeclared
from service.sparql.lexer import position

WRONG = [
    ("SELECT * { ?s ?p }", (1, 18), "?variable"),
    ("SELECT * {\n ?s ?p 'あああ' zz }", (2, 14), "."),
    ("SELECT (BIND AS ?x) {}", (1, 9), "?variable"),
    ("SELECT ?x { ?x ?p 'あ' }}", (1, 24), "end of query"),
    ("SELECT * WHERE {\n  ?s ?p ?o .\n  FILTER(?o > )\n}\n", (3, 15), "number"),
    ("SELECT ?s WHERE { ?s ?p ?o ORDER BY ?s", (1, 28), "}"),
    ("SELECT * { ?s ?p ?o } LIMIT many", (1, 29), "number"),
    ("SELECT * {", (1, 11), "}"),
    ("PREFIX a <b> ASK {}", (1, 8), "prefix:"),
    ("SELECT * { ?s ?p ?o . . }", (1, 23), "}"),
]
RIGHT = [
    "SELECT*{?s?p?o.?s<http://a>?b}",
    "CONSTRUCT { ?s ?p ?o } WHERE { [] a () . [ <x:a> 1 ] . (1) <x:a> 2 ; ; <x:b> 3 ;. }",
    "CONSTRUCT FROM <x:g> WHERE { ?s ?p ?o }",
    "DESCRIBE <x:a> ?b FROM NAMED <x:g> { ?b a ?c } LIMIT 1 OFFSET 2",
    "ASK { ?s <x:a>/<x:b>*|^<x:c>|!(a|^<x:d>)? ?o ; a [ <x:x> 'y'@ja, -1.5 ] , (1 2) }",
    "ASK { FILTER(?x NOT IN (1, 2) && !BOUND(?y) || -?z < 3 && regex(?x, 'a', 'i')) }",
    "ASK { FILTER NOT EXISTS { ?a ?b true } BIND(IF(?a = 1, 'x'^^<x:t>, UUID()) AS ?c) }",
    "SELECT (GROUP_CONCAT(DISTINCT ?x; SEPARATOR = ',') AS ?y) { } GROUP BY (STR(?x) AS ?x)",
    "SELECT DISTINCT ?x { { SELECT (COUNT(*) AS ?x) {} HAVING(COUNT(*) > 1) } UNION {} MINUS {} }",
    "SELECT ?x { GRAPH ?g { OPTIONAL {} } VALUES ?x { 1 UNDEF } } ORDER BY DESC(?x) VALUES () {}",
]


@pytest.mark.parametrize(("query", "where", "expected"), WRONG)
def test_the_first_wrong_word_is_found(query: str, where: tuple[int, int], expected: str) -> None:
    found = fault_of(query)
    assert found
    assert position(query, found.offset) == where
    assert expected in found.expected


@pytest.mark.parametrize("query", RIGHT)
def test_what_the_engine_takes_the_grammar_takes(query: str) -> None:
    Store().query(query)
    assert fault_of(query) is None


@given(st.sampled_from(RIGHT), st.data())
def test_what_the_grammar_takes_with_a_word_less_the_engine_takes(
    query: str, data: st.DataObject
) -> None:
    words = query.split(" ")
    del words[data.draw(st.integers(0, len(words) - 1))]
    try:
        Store().query(" ".join(words))
    except SyntaxError:
        return
    assert fault_of(" ".join(words)) is None


def test_nesting_beyond_reach_is_left_to_the_engine() -> None:
    assert fault_of("ASK { FILTER(" + "(" * 5000 + " }") is None


def test_an_undeclared_prefix_is_found() -> None:
    found = undeclared("PREFIX a: <x:> ASK { a:b ?p 'c:d' . ?x foaf:name ?y }")
    assert found and found.text == "foaf:name"

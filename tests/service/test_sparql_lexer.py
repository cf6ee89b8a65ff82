"""What is refused before an engine sees it, and what is not."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import Forbidden, QuerySyntax
from service.sparql.lexer import MAX_DEPTH, decode, examine
from service.sparql.tokens import Token, tokens

REFUSED = [
    "SELECT * { SERVICE <http://x/> { ?s ?p ?o } }",
    "SELECT * { service silent <http://x/> { ?s ?p ?o } }",
    "SELECT * { SERVICESILENT<http://x/>{} }",
    "SELECT * { ?s ?p true SERVICE?x{} }",
    "SELECT * { ?s ?p trueSERVICE<http://x/>{} }",
    "PREFIX : <http://x/> SELECT * { SERVICE:a { ?s ?p ?o } }",
    "PREFIX : <http://x/> SELECT * { GRAPH ?g { } SERVICE:a { ?s ?p ?o } }",
    "PREFIX : <http://x/> SELECT * { ?s ?p ?o SERVICE:a { ?s ?p ?o } }",
    'VERSION "1.2" LOAD <http://x/>',
    r"SELECT * { \u0053ERVICE <http://x/> { ?s ?p ?o } }",
    r"SELECT * { SERV\U00000049CE <http://x/> { ?s ?p ?o } }",
    "SELECT * { # '\n SERVICE # x\n <http://x/> {} }",
    "SELECT * { ?s ?p '''a'b''' . SERVICE <http://x/> {} }",
    "LOAD <http://x/>",
    "BASE <http://x/> PREFIX a: <b> INSERT DATA { <a> <b> 1 }",
    "delete where { ?s ?p ?o }",
    "# c\nDROP ALL",
    "WITH <g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
    "CLEAR ALL",
]
ALLOWED = [
    ("PREFIX ex: <http://x/> SELECT * { ?s ex:service ?o }", "SELECT"),
    ("PREFIX service: <http://x/> SELECT * { ?s service:a ?o }", "SELECT"),
    ("ASK { ?service ?p 'SERVICE <http://x/>' } # SERVICE", "ASK"),
    ('ASK { ?s ?p """a "SERVICE" \\""" """ }', "ASK"),
    ("ASK { ?s <http://x/SERVICE> ?o }", "ASK"),
    ("ASK { ?s <http://x/#SERVICE> ?o }", "ASK"),
    ("PREFIX insert: <http://x/> CONSTRUCT WHERE { ?s insert:load ?o }", "CONSTRUCT"),
    ("base <http://x/> describe <SERVICE>", "DESCRIBE"),
    ("PREFIX : <http://x/> ASK { :drop :a\\-service _:service }", "ASK"),
    ("SELECT(COUNT(*)AS?n){?s?p'x'@service}", "SELECT"),
    ("PREFIX service: <http://x/> SELECT * { GRAPH service:g { ?s ?p ?o } }", "SELECT"),
    ("PREFIX service: <http://x/> ASK FROM service:a FROM NAMED service:b { ?s ?p ?o }", "ASK"),
    ("PREFIX service: <http://x/> DESCRIBE service:a { }", "DESCRIBE"),
    ("VERSION \"1.2\" PREFIX a: <http://x/> VERSION '1.2' ASK { ?s a:b ?o }", "ASK"),
]


@pytest.mark.parametrize("query", REFUSED)
def test_refused(query: str) -> None:
    with pytest.raises(Forbidden):
        examine(query)


@pytest.mark.parametrize(("query", "form"), ALLOWED)
def test_allowed(query: str, form: str) -> None:
    assert examine(query).form == form


@pytest.mark.parametrize("query", ["", "# nothing", "SELEC * {}", "PREFIX a: <b>", "42"])
def test_no_form(query: str) -> None:
    with pytest.raises(QuerySyntax) as caught:
        examine(query)
    assert caught.value.members["line"] == 1


def test_depth_is_limited() -> None:
    with pytest.raises(QuerySyntax, match="nest"):
        examine("ASK " + "{" * (MAX_DEPTH + 1))


def test_layout_does_not_tell_queries_apart() -> None:
    one = examine("SELECT  *\n{ ?s ?p ?o } # all")
    assert one.normal == examine("SELECT * { ?s ?p ?o }").normal
    assert one.normal != examine("SELECT * { ?s ?p 'o  o' }").normal


@pytest.mark.parametrize("clause", ["FROM <g>", "FROM NAMED <g>", "from<g>"])
def test_a_dataset_clause_is_seen(clause: str) -> None:
    assert examine(f"SELECT * {clause} {{ ?s ?p ?o }}").dataset
    assert not examine("SELECT ?from { ?s ?p 'FROM' }").dataset


def test_a_query_that_changes_is_seen() -> None:
    assert examine("SELECT (NOW() AS ?t) {}").volatile
    assert not examine("SELECT ?now {}").volatile


def test_escaped_quotes_stay() -> None:
    assert decode(r"'\u0027' \u0041") == r"'\u0027' A"


@given(st.text())
def test_between_words_are_only_spaces_and_comments(text: str) -> None:
    end = 0
    for token in [*tokens(text), Token("end", "", len(text))]:
        assert re.fullmatch(r"(\s|#[^\n\r]*)*", text[end : token.start])
        assert text.startswith(token.text, token.start)
        end = token.start + len(token.text)


@given(st.text(alphabet="{}()[]<>'\"\\#?:aSERVICEu0053 \n"))
def test_any_text_is_examined_or_refused(text: str) -> None:
    try:
        examine("ASK " + text)
    except (Forbidden, QuerySyntax):
        return


@pytest.mark.parametrize("text", ['"', "'a", '"""a""', "'''\\'''", '"a\nb"', '"""a"'])
def test_a_string_must_end(text: str) -> None:
    with pytest.raises(QuerySyntax, match="no end of string"):
        examine(f"ASK {{ ?s ?p {text} }}")

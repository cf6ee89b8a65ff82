"""What real clients send, and what they get."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.http.negotiation import (
    ASK_OFFERS,
    GRAPH_OFFERS,
    PAGE_OFFERS,
    PROBLEM_OFFERS,
    SELECT_OFFERS,
    negotiate,
    negotiate_form,
)

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
WRAPPER_JSON = (
    "application/sparql-results+json,application/json,text/javascript,application/javascript"
)
RDFLIB_PARSE = (
    "application/rdf+xml, text/n3, text/turtle, application/n-triples, application/ld+json, "
    "application/n-quads, application/trix, application/trig"
)
JSON, XML = "application/sparql-results+json", "application/sparql-results+xml"


@pytest.mark.parametrize(
    ("accept", "formats", "expected"),
    [
        (None, [], JSON),
        ("", [], JSON),
        ("*/*", [], JSON),
        ("*/*", ["csv"], "text/csv"),
        ("*/*", ["nonsense", "tsv"], "text/tab-separated-values"),
        ("*/*", ["application/sparql-results xml"], XML),
        (WRAPPER_JSON, ["json", "json", "json"], JSON),
        ("application/x-sparqlstar-results+json," + WRAPPER_JSON, [], JSON),
        (XML, ["json"], XML),
        ("text/csv", ["csv"], "text/csv"),
        ("application/rdf+xml, application/sparql-results+xml", [], XML),
        ("application/sparql-results+xml, application/rdf+xml", [], XML),
        ("application/sparql-results+json,*/*;q=0.9", [], JSON),
        ("application/n-triples,*/*;q=0.9", [], JSON),
        ("application/json", [], "application/json"),
        ("text/json", [], "text/json"),
        ("text/javascript", [], JSON),
        ("application/sparql-results+json;q=0, */*", [], XML),
        ("application/*", [], JSON),
        ("text/*", [], "text/csv"),
        (BROWSER, [], "text/html"),
        (BROWSER, ["csv"], "text/csv"),
        ("application/xml", [], XML),
        ("text/turtle", [], JSON),
        ("TEXT/CSV ; Q=0.3, text/html;q=0.2", [], "text/csv"),
        ("text/csv;q=0.4, application/sparql-results+json;q=0.6", [], JSON),
        ("image/png", [], None),
        ("image/png, */*;q=0", [], None),
    ],
)
def test_select(accept: str | None, formats: list[str], expected: str | None) -> None:
    found = negotiate_form(accept, formats, SELECT_OFFERS)
    assert (found and found.type) == expected


def test_ask_as_any_text() -> None:
    found = negotiate_form("text/*", [], ASK_OFFERS)
    assert found and (found.name, found.type) == ("json", "text/json")


@pytest.mark.parametrize("accept", ["text/csv", "text/tab-separated-values", "*/*", None])
def test_ask_falls_back_to_json(accept: str | None) -> None:
    found = negotiate_form(accept, [], ASK_OFFERS)
    assert found and found.type == JSON


@pytest.mark.parametrize(
    ("accept", "formats", "expected"),
    [
        (None, [], "text/turtle"),
        ("application/turtle,text/turtle", ["turtle"], "text/turtle"),
        ("text/n3", [], "text/turtle"),
        ("application/ld+json,application/x-json+ld", [], "application/ld+json"),
        ("application/x-json+ld", [], "application/ld+json"),
        ("application/rdf+xml", ["json"], "application/rdf+xml"),
        ("application/n-triples,*/*;q=0.9", [], "application/n-triples"),
        ("application/sparql-results+json,*/*;q=0.9", [], "text/turtle"),
        (JSON, [], "text/turtle"),
        (WRAPPER_JSON, ["json"], "application/ld+json"),
        ("text/plain", [], "application/n-triples"),
        ("*/*", ["rdfxml"], "application/rdf+xml"),
        ("*/*", ["json-ld"], "application/ld+json"),
        ("*/*", ["trig"], "application/trig"),
        (BROWSER, [], "text/turtle"),
        ("text/html", [], "text/turtle"),
        ("image/png", [], None),
    ],
)
def test_graph(accept: str | None, formats: list[str], expected: str | None) -> None:
    found = negotiate_form(accept, formats, GRAPH_OFFERS)
    assert (found and found.type) == expected


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "ttl"),
        ("*/*", "ttl"),
        (RDFLIB_PARSE, "ttl"),
        (BROWSER, "html"),
        ("text/turtle;q=0.9, text/html", "html"),
        ("text/turtle, text/html;q=0.9", "ttl"),
        ("application/ld+json", "jsonld"),
        ("application/json", "jsonld"),
        ("image/png", None),
    ],
)
def test_page(accept: str | None, expected: str | None) -> None:
    found = negotiate(accept, PAGE_OFFERS)
    assert (found and found.name) == expected


@pytest.mark.parametrize(
    ("accept", "expected"),
    [(None, "problem"), ("*/*", "problem"), (BROWSER, "html"), ("text/plain", "text")],
)
def test_problem(accept: str | None, expected: str) -> None:
    found = negotiate(accept, PROBLEM_OFFERS)
    assert found and found.name == expected


@given(st.text(), st.sampled_from([SELECT_OFFERS, GRAPH_OFFERS, PAGE_OFFERS]))
def test_any_header_is_understood(accept: str, offers: tuple[object, ...]) -> None:
    found = negotiate(accept, offers)  # type: ignore[arg-type]
    assert found is None or found.name in {offer.name for offer in offers}  # type: ignore[attr-defined]


@given(st.sampled_from(PAGE_OFFERS))
def test_what_is_named_alone_is_given(offer: object) -> None:
    found = negotiate(offer.type, PAGE_OFFERS)  # type: ignore[attr-defined]
    assert found == offer

"""Names and what they lead to."""

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import RdfFormat, parse

from service.graph.notations import fold

BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"
HR5 = "https://w3id.org/ccgraph/id/cmbok2.HR-5"
SKOS = "http://www.w3.org/2004/02/skos/core#"
TYPES = {
    "ttl": "text/turtle",
    "jsonld": "application/ld+json",
    "rdf": "application/rdf+xml",
    "nt": "application/n-triples",
}


def triples(answer: object) -> set[tuple[str, str, str]]:
    kind = RdfFormat.from_media_type(answer.headers["content-type"].partition(";")[0])  # type: ignore[attr-defined]
    assert kind is not None
    found = parse(answer.content, kind)  # type: ignore[attr-defined]
    return {(str(q.subject)[1:-1], q.predicate.value, str(q.object)) for q in found}


@pytest.mark.parametrize(
    ("accept", "target"),
    [
        ("*/*", "/data/cmbok2.HR-5.ttl"),
        (BROWSER, "/page/cmbok2.HR-5"),
        ("application/ld+json", "/data/cmbok2.HR-5.jsonld"),
        ("application/rdf+xml", "/data/cmbok2.HR-5.rdf"),
        ("application/n-triples", "/data/cmbok2.HR-5.nt"),
    ],
)
def test_a_name_leads_to_its_document(client: TestClient, accept: str, target: str) -> None:
    found = client.get("/id/cmbok2.HR-5", headers={"Accept": accept})
    assert found.status_code == 303
    assert found.headers["location"] == ".." + target
    assert "Accept" in found.headers["vary"]
    assert client.get(target).status_code == 200


@pytest.mark.parametrize("path", ["/id/", "/page/", "/data/"])
@pytest.mark.parametrize("name", ["cmbok2.HR-99", "あ", "a b"])
def test_an_unknown_name_is_404(client: TestClient, path: str, name: str) -> None:
    found = client.get(path + name)
    assert found.status_code == 404
    assert found.headers["content-type"] == "application/problem+json"


def test_what_cannot_be_accepted_is_406(client: TestClient) -> None:
    found = client.get("/id/cmbok2.HR-5", headers={"Accept": "image/png"})
    assert found.status_code == 406
    assert "text/turtle" in found.json()["offers"]


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("path", ["/id/cmbok2.HR-s3", "/data/cmbok2.HR-s3"])
def test_a_retired_name_is_410_in_the_form_asked_for(
    client: TestClient, path: str, name: str
) -> None:
    found = client.get(path, headers={"Accept": TYPES[name]})
    assert found.status_code == 410
    assert found.headers["content-type"].startswith(TYPES[name])
    said = {predicate.rpartition("/")[2].rpartition("#")[2] for _, predicate, _ in triples(found)}
    assert {"deprecated", "isReplacedBy", "changeNote"} <= said


def test_a_retired_name_has_a_page(client: TestClient) -> None:
    found = client.get("/page/cmbok2.HR-s3")
    assert found.status_code == 410
    assert found.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("name", TYPES)
def test_data_in_every_form(client: TestClient, name: str) -> None:
    by_ending = client.get(f"/data/cmbok2.HR-5.{name}", headers={"Accept": "image/png"})
    by_accept = client.get("/data/cmbok2.HR-5", headers={"Accept": TYPES[name]})
    assert by_ending.headers["content-type"].startswith(TYPES[name])
    assert triples(by_ending) == triples(by_accept)
    assert (HR5, SKOS + "notation", '"HR-5"') in triples(by_ending)
    assert by_accept.headers["content-location"].endswith(f"/data/cmbok2.HR-5.{name}")


def test_data_holds_mappings_and_what_points_here(client: TestClient) -> None:
    subjects = {subject for subject, _, _ in triples(client.get("/data/cmbok2.HR-5"))}
    base = "https://w3id.org/ccgraph/id/"
    assert {base + "task.T12", base + "map.9f86d081884c7d65"} <= subjects
    assert base + "map.0000000000000001" not in subjects


def test_data_holds_labels_unless_told_otherwise(client: TestClient) -> None:
    def labelled(path: str) -> set[str]:
        return {s for s, p, _ in triples(client.get(path)) if p.endswith(("abel", "/name"))}

    with_labels = labelled("/data/cmbok2.HR-5")
    assert {"https://w3id.org/ccgraph/id/task.T12", HR5} <= with_labels
    assert "https://w3id.org/ccgraph/ontology#Competency" in with_labels
    assert "https://w3id.org/ccgraph/source/0123456789abcdef" in with_labels
    assert labelled("/data/cmbok2.HR-5?labels=0") == {HR5}


def test_headers_of_a_document(client: TestClient) -> None:
    found = client.get("/data/cmbok2.HR-5.ttl")
    assert found.headers["content-language"] == "ja"
    for relation in ("about", "canonical", "alternate", "describedby", "license", "type"):
        assert f'rel="{relation}"' in found.headers["link"]
    again = client.get("/data/cmbok2.HR-5.ttl", headers={"If-None-Match": found.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    scheme = client.get("/data/cmbok1")
    assert '<https://w3id.org/ccgraph/id/cmbok2>; rel="successor-version"' in scheme.headers["link"]
    head = client.head("/data/cmbok2.HR-5.ttl")
    assert (head.status_code, head.content) == (200, b"")


def test_a_foreign_iri(client: TestClient) -> None:
    uri = "https://w3id.org/ccgraph/source/0123456789abcdef"
    assert client.get("/page", params={"uri": uri}).status_code == 200
    assert client.get("/data", params={"uri": uri}).status_code == 200
    assert client.get("/page", params={"uri": "http://example.org/あ"}).status_code == 404
    for params in ({}, {"uri": "no iri"}):
        found = client.get("/page", params=params)
        assert (found.status_code, found.json()["parameter"]) == (400, "uri")


@pytest.mark.parametrize("code", ["HR-2", "hr2", "ＨＲ－２", "HR‐2", "hr 2", "HRー2"])
def test_a_code_in_any_spelling(client: TestClient, code: str) -> None:
    found = client.get(f"/code/{code}")
    assert (found.status_code, found.headers["location"]) == (303, "../id/cmbok2.HR-2")


@pytest.mark.parametrize("code", ["HR-5", "CS-4"])
def test_a_code_whose_label_stayed_leads_to_the_newest(client: TestClient, code: str) -> None:
    found = client.get(f"/code/{code}")
    assert (found.status_code, found.headers["location"]) == (303, f"../id/cmbok2.{code}")


def test_a_code_that_changed_its_meaning_is_300(client: TestClient) -> None:
    found = client.get("/code/op11")
    assert found.status_code == 300
    assert [each["id"] for each in found.json()["items"]] == ["cmbok2.OP-11", "cmbok1.OP-11"]
    assert [each["superseded"] for each in found.json()["items"]] == [False, True]
    page = client.get("/code/op11", headers={"Accept": BROWSER})
    assert page.headers["content-type"].startswith("text/html")


def test_an_unknown_code_is_404(client: TestClient) -> None:
    assert client.get("/code/ZZ-99").status_code == 404


@pytest.mark.parametrize(
    "path", ["/ontology", "/source/0123456789abcdef", "/graph/cmbok2", "/.well-known/void"]
)
def test_our_other_names(client: TestClient, path: str) -> None:
    for kind in TYPES.values():
        found = client.get(path, headers={"Accept": kind})
        assert found.status_code == 200
        assert len(triples(found)) > 2
    assert client.get(path, headers={"Accept": BROWSER}).status_code == 200


@pytest.mark.parametrize("path", ["/source/ffff", "/graph/nope", "/graph/a%20b"])
def test_unknown_resources(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


@given(st.from_regex(r"[A-Z]{2,4}-[0-9]{1,2}", fullmatch=True), st.sampled_from("-‐–—－ー "))
def test_folding_knows_no_hyphens(code: str, hyphen: str) -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) if c.isalnum() else hyphen for c in code.lower())
    assert fold(wide) == fold(code) == fold(fold(code))

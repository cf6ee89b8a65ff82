"""What became of things: diffs of versions, changes of builds, codes, and other tongues."""

import csv
import io
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from rdflib import Graph, URIRef
from rdflib.compare import isomorphic
from rdflib.namespace import DCTERMS, OWL, SKOS

from loaders.artefact import exclusive, publish
from loaders.build import OPEN_EDITION, build
from loaders.registry import load_registry
from ontology.artefact import CURRENT, GRAPH
from ontology.terms import Names
from service.app import create_app
from service.boot import open_state
from service.http.languages import LANGUAGES, preferred
from service.settings import Settings

#: rdflib's own JSON-LD parser uses a class that rdflib deprecates
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")

NAMES = Names()
TABLE = Path(__file__).parents[1] / "documents" / "cmbok_3.txt"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
ATOM = "{http://www.w3.org/2005/Atom}"
FORMS = {
    "ttl": "text/turtle",
    "json-ld": "application/ld+json",
    "xml": "application/rdf+xml",
    "nt": "application/n-triples",
}
TASKS = """タスク一覧
タスク大分類 タスク中分類 タスク小分類
窓口 受付業務 来客受付評価項目を表示

▼評価項目

名札を渡す

傘を預かる

行き先まで案内する
"""


def published(data: Path, *documents: Path, day: date = date(2026, 11, 23)) -> Path:
    """Build documents into a data folder as the command does; the graph's file."""
    registry = data / "registry.csv"
    found = build(list(documents), load_registry(registry), NAMES, today=day)
    with exclusive(data, registry):
        return publish(found, data, registry, lambda _: {}) / GRAPH


def asking(path: Path) -> TestClient:
    """A client of the service over the graph in a file, that follows no redirection."""
    folder = path.resolve().parents[2]
    built = (folder / CURRENT).exists()
    given = {"data": folder} if built else {"graph": path, "data": path.parent / "data"}
    state = open_state(Settings.read({}, encoder="ngram", **given))
    return TestClient(create_app(state), follow_redirects=False)


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of a service over three versions of the code table."""
    data = tmp_path_factory.mktemp("three")
    with asking(published(data, OPEN_EDITION / "cmbok_codes.txt", TABLE)) as found:
        yield found


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with two builds: the second day's document lost one sentence, won another."""
    data = tmp_path_factory.mktemp("builds")
    document = data / "tasks.txt"
    document.write_text(TASKS, encoding="utf-8")
    published(data, document, day=date(2026, 11, 22))
    later = TASKS.replace("傘を預かる", "濡れた上着を掛ける")
    document.write_text(later, encoding="utf-8")
    published(data, document)
    return data


@pytest.fixture(scope="module")
def root(builds: Path, serve: Callable[..., AbstractContextManager[str]]) -> Iterator[str]:
    """A real server over the newer of two builds."""
    with serve(builds / CURRENT / GRAPH) as found:
        yield found


@pytest.fixture(scope="module")
def client(builds: Path) -> Iterator[TestClient]:
    with asking(builds / CURRENT / GRAPH) as found:
        yield found


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def reused(client: TestClient, code: str) -> bool:
    return client.get(f"/code/{code}").status_code == 300


class TestCodes:
    def test_23_of_57_codes_mean_something_else(self, tmp_path: Path) -> None:
        self.count(published(tmp_path, OPEN_EDITION / "cmbok_codes.txt"))

    def test_in_the_official_edition_too(self, tmp_path: Path, official: Path) -> None:
        self.count(published(tmp_path, official))

    def count(self, path: Path) -> None:
        with asking(path) as client:
            items = client.get("/diff/cmbok1/cmbok2").json()["items"]
            older = [each["before"]["notation"] for each in items if each["before"]]
            codes = [code for code in older if code and "-" in code]
            assert (len(codes), sum(reused(client, code) for code in codes)) == (57, 23)
            assert client.get("/diff/cmbok1/cmbok2").json()["codes_reused"] == 23

    def test_what_became_of_each_meaning(self, three: TestClient) -> None:
        items = {each["id"]: each for each in three.get("/code/ＯＰ－５").json()["items"]}
        assert [s["id"] for s in items["cmbok1.OP-5"]["replaced_by"]] == ["cmbok2.OP-6"]
        assert [s["id"] for s in items["cmbok2.OP-5"]["replaces"]] == ["cmbok1.OP-4"]
        assert items["cmbok2.OP-5"]["replaces"][0]["relation"] == "exactMatch"
        page = three.get("/code/op5", headers=BROWSER)
        assert (page.status_code, "同じ意味で続く" in page.text) == (300, True)
        assert 'href="../page/cmbok2.OP-6"' in page.text

    def test_a_code_of_three_versions(self, three: TestClient) -> None:
        found = three.get("/code/hr5")
        assert (found.status_code, found.headers["location"]) == (303, "../id/cmbok3.HR-5")
        items = three.get("/code/HR-6").json()["items"]
        assert [each["id"] for each in items] == ["cmbok3.HR-6", "cmbok2.HR-6", "cmbok1.HR-6"]
        assert [each["superseded"] for each in items] == [False, False, True]


class TestDiff:
    def test_two_versions_that_mappings_join(self, three: TestClient) -> None:
        found = three.get("/diff/cmbok1/cmbok2").json()
        items = {e["before"]["id"]: e for e in found["items"] if e["before"]}
        assert items["cmbok1.HR-6"]["change"] == "renumbered"
        assert items["cmbok1.HR-6"]["code_reused_by"]["id"] == "cmbok2.HR-6"
        assert items["cmbok1.HR-5"]["change"] == "unchanged"
        assert items["cmbok1.AR"]["change"] == "renamed"
        assert items["cmbok1.OP-8"]["change"] == "merged"
        assert items["cmbok1.IC-1"]["change"] == "split"
        assert len(items["cmbok1.IC-1"]["after"]) > 1
        assert items["cmbok1.IC-1"]["after"][0]["reason"]
        new = {e["after"][0]["id"] for e in found["items"] if e["change"] == "new"}
        assert {"cmbok2.LF-1", "cmbok2.CS-1"} <= new

    def test_two_versions_that_nothing_joins_are_compared_by_label(self, three: TestClient) -> None:
        found = three.get("/diff/cmbok2/cmbok3").json()
        items = {e["before"]["id"]: e for e in found["items"] if e["before"]}
        assert items["cmbok2.HR-5"]["change"] == "unchanged"
        assert items["cmbok2.HR-9"]["change"] == "moved"
        assert items["cmbok2.HR-8"]["change"] == "renumbered"
        assert items["cmbok2.HR-3"]["change"] == "gone"
        assert items["cmbok2.HR-3"]["code_reused_by"]["id"] == "cmbok3.HR-3"

    def test_every_entity_is_there_once(self, three: TestClient) -> None:
        items = three.get("/diff/cmbok2/cmbok3").json()["items"]
        older = [e["before"]["id"] for e in items if e["before"]]
        newer = [step["id"] for e in items for step in e["after"]]
        assert len(older) == len(set(older)) == 7 + 12 + 93
        assert len(newer) == len(set(newer)) == 3 + 4 + 17

    @pytest.mark.parametrize("change", ["split", "reused", "new"])
    def test_it_can_be_narrowed(self, three: TestClient, change: str) -> None:
        every = three.get("/diff/cmbok1/cmbok2").json()
        some = three.get(f"/diff/cmbok1/cmbok2?change={change}").json()
        expected = every["codes_reused"] if change == "reused" else every["counts"][change]
        assert some["total"] == len(some["items"]) == expected

    def test_as_a_table(self, three: TestClient) -> None:
        found = rows(three.get("/diff/cmbok1/cmbok2?format=csv").text)
        moved = [each for each in found if each["before"] == "cmbok1.HR-6"]
        assert [(each["after"], each["relation"]) for each in moved] == [
            ("cmbok2.HR-10", "exactMatch")
        ]

    @pytest.mark.parametrize("form", FORMS)
    def test_as_rdf(self, three: TestClient, form: str) -> None:
        answer = three.get("/diff/cmbok1/cmbok2", headers={"Accept": FORMS[form]})
        graph = Graph().parse(data=answer.content, format=form)
        older, newer = (URIRef(NAMES.entity(each)) for each in ("cmbok1.HR-6", "cmbok2.HR-10"))
        assert (older, SKOS.exactMatch, newer) in graph
        notes = {str(note) for note in graph.objects(older, SKOS.changeNote)}
        assert any("cmbok2.HR-6" in note for note in notes)

    def test_as_a_page(self, three: TestClient) -> None:
        page = three.get("/diff/cmbok1/cmbok2", headers=BROWSER)
        assert page.headers["content-type"].startswith("text/html")
        assert "コードが変わった" in page.text and "../../page/cmbok2.HR-10" in page.text

    @pytest.mark.parametrize(
        ("path", "status"),
        [("/diff/cmbok1/nope", 404), ("/diff/cmbok1.HR-5/cmbok2", 404),
         ("/diff/cmbok1/cmbok2?change=x", 400)],
    )  # fmt: skip
    def test_what_cannot_be_compared(self, three: TestClient, path: str, status: int) -> None:
        found = three.get(path)
        assert found.status_code == status
        assert found.headers["content-type"] == "application/problem+json"


class TestBuilds:
    def test_each_build_tells_what_it_did(self, client: TestClient) -> None:
        newest, first = client.get("/changes").json()["items"]
        assert (newest["current"], first["current"]) == (True, False)
        assert {e["event"]: e["id"] for e in newest["changes"]}.keys() == {"added", "retired"}
        assert first["tally"] == {"added": 6}

    def test_as_page_and_table(self, client: TestClient) -> None:
        page = client.get("/changes", headers=BROWSER).text
        assert "廃止" in page and "濡れた上着を掛ける" in page and 'href="./changes.atom"' in page
        assert len(rows(client.get("/changes?format=csv").text)) == 8

    def test_the_feed_is_atom(self, client: TestClient) -> None:
        answer = client.get("/changes.atom")
        assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
        feed = ET.fromstring(answer.text)
        assert feed.tag == f"{ATOM}feed"
        entries = feed.findall(f"{ATOM}entry")
        assert len(entries) == 2
        for each in (feed, *entries):
            assert all(each.findtext(ATOM + name) for name in ("id", "title", "updated"))
            assert datetime.fromisoformat(str(each.findtext(f"{ATOM}updated"))).tzinfo
        assert len({each.findtext(f"{ATOM}id") for each in (feed, *entries)}) == 3
        links = {each.get("rel"): each.get("href") for each in feed.findall(f"{ATOM}link")}
        assert str(links["self"]).endswith("/changes.atom")
        items = entries[0].findall(f"{ATOM}content//{{http://www.w3.org/1999/xhtml}}li")
        assert len(items) == 2
        again = client.get("/changes.atom", headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304

    def test_two_builds_side_by_side(self, client: TestClient) -> None:
        newest, first = (each["graph"] for each in client.get("/changes").json()["items"])
        found = client.get(f"/diff/{first}/{newest}").json()
        assert found["graphs"][0]["graph"] == "task"
        said = {(each["property"], each["before"], each["after"]) for each in found["items"]}
        assert ("prefLabel", "傘を預かる", "") in said
        assert ("prefLabel", "", "濡れた上着を掛ける") in said
        assert client.get(f"/diff/{first}/{newest}", headers=BROWSER).status_code == 200
        assert len(rows(client.get(f"/diff/{first}/{newest}?format=csv").text)) == len(
            found["items"]
        )

    def test_a_dump_of_an_older_build_stays_what_it_is(self, client: TestClient) -> None:
        newest, first = (each["graph"] for each in client.get("/changes").json()["items"])
        old = client.get(f"/dump/{first}/all.nt")
        assert "immutable" in old.headers["cache-control"]
        assert "傘を預かる" in old.text and first in old.headers["content-disposition"]
        assert "傘を預かる" not in client.get(f"/dump/{newest}/all.nt").text
        assert client.get("/dump/0000000000000000/all.nt").status_code == 404

    def test_a_graph_without_builds_has_no_changes(self, builds: Path, tmp_path: Path) -> None:
        path = tmp_path / GRAPH
        shutil.copy(builds / CURRENT / GRAPH, path)
        with asking(path) as alone:
            assert alone.get("/changes").json() == {"total": 0, "items": []}
            assert alone.get("/changes.atom").status_code == 200
            assert "記録がありません" in alone.get("/changes", headers=BROWSER).text


class TestRetired:
    @pytest.fixture
    def gone(self, client: TestClient) -> str:
        newest = client.get("/changes").json()["items"][0]
        return next(each["id"] for each in newest["changes"] if each["event"] == "retired")

    @pytest.mark.parametrize("form", FORMS)
    def test_its_name_answers_410_with_when_and_why(
        self, client: TestClient, gone: str, form: str
    ) -> None:
        answer = client.get(f"/id/{gone}", headers={"Accept": FORMS[form]})
        assert answer.status_code == 410
        graph, entity = Graph().parse(data=answer.content, format=form), URIRef(NAMES.entity(gone))
        assert str(graph.value(entity, OWL.deprecated)) == "true"
        assert str(graph.value(entity, DCTERMS.modified)) == "2026-11-23"
        assert {n.language for n in graph.objects(entity, SKOS.changeNote)} == {"ja", "en"}  # type: ignore[attr-defined]

    def test_it_has_a_page(self, client: TestClient, gone: str) -> None:
        page = client.get(f"/id/{gone}", headers=BROWSER)
        assert (page.status_code, "2026-11-23" in page.text) == (410, True)
        english = client.get(f"/page/{gone}?lang=en", headers=BROWSER)
        assert "was retired on 2026-11-23" in english.text

    def test_others_keep_their_names(self, client: TestClient) -> None:
        first = client.get("/changes").json()["items"][1]
        ids = [each["id"] for each in first["changes"]]
        answers = [client.get(f"/id/{each}").status_code for each in ids]
        assert sorted(answers) == [303] * (len(ids) - 1) + [410]


class TestLinkedData:
    def test_rdflib_reads_every_form_from_the_name_alone(self, root: str) -> None:
        known = [Graph().parse(f"{root}data/task.T5001.{end}") for end in ("ttl", "nt", "rdf")]
        known.append(Graph().parse(f"{root}data/task.T5001.jsonld", format="json-ld"))
        assert len(known[0]) > 10
        assert all(isomorphic(each, known[0]) for each in known)
        assert isomorphic(Graph().parse(f"{root}id/task.T5001"), known[0])

    def test_json_ld_is_compact_and_carries_its_context(self, client: TestClient) -> None:
        document = client.get("/data/task.T5001.jsonld").json()
        node = next(each for each in document["@graph"] if each["id"] == "ccg:task.T5001")
        assert node["prefLabel"] == {"ja": "来客受付"}
        assert set(node["type"]) == {"cco:Task", "skos:Concept"}
        context = client.get("/context.jsonld")
        assert context.headers["content-type"] == "application/ld+json"
        assert "max-age" in context.headers["cache-control"]
        assert document["@context"].items() <= context.json()["@context"].items()
        again = client.get("/context.jsonld", headers={"If-None-Match": context.headers["etag"]})
        assert again.status_code == 304

    def test_terms_lead_to_their_place_in_the_vocabulary(self, client: TestClient) -> None:
        found = client.get("/ontology/Competency")
        assert (found.status_code, found.headers["location"]) == (303, "../ontology#Competency")
        assert client.get("/ontology/Nothing").status_code == 404
        page = client.get("/ontology", headers=BROWSER).text
        assert 'id="Competency"' in page and "schema.org" not in page.partition("<main")[0]
        assert "SELECT ?thing" in page

    def test_versions_are_linked_in_headers(self, three: TestClient) -> None:
        found = three.get("/id/cmbok1.HR-5").headers["link"]
        assert f'<{NAMES.entity("cmbok2.HR-5")}>; rel="successor-version"' in found
        found = three.get("/data/cmbok2.HR-5").headers["link"]
        assert f'<{NAMES.entity("cmbok1.HR-5")}>; rel="predecessor-version"' in found
        assert '<../data/cmbok2.HR-5.jsonld>; rel="alternate"; type="application/ld+json"' in found


class TestDescription:
    def test_counts_rights_and_links_of_each_graph(self, three: TestClient) -> None:
        asked = """
          PREFIX void: <http://rdfs.org/ns/void#> PREFIX dcterms: <http://purl.org/dc/terms/>
          SELECT ?graph ?triples ?members WHERE {
            ?graph void:triples ?triples ; dcterms:rights ?rights ; void:classPartition ?part .
            ?part void:class <https://w3id.org/ccgraph/ontology#Competency> ;
              void:entities ?members
            FILTER(LANG(?rights) = "en" && CONTAINS(STR(?graph), "/graph/"))
          }"""
        graph = Graph().parse(data=three.get("/void.ttl").content, format="turtle")
        found = {str(row[0]).rpartition("/graph/")[2]: int(row[2]) for row in graph.query(asked)}  # type: ignore[index]
        assert found == {"cmbok1": 57, "cmbok2": 93, "cmbok3": 17}
        links = "ASK { ?l a void:Linkset ; void:linkPredicate skos:exactMatch ; void:triples 51 }"
        spaces = {"void": "http://rdfs.org/ns/void#", "skos": str(SKOS)}
        assert graph.query(links, initNs=spaces).askAnswer

    def test_every_dump_it_names_is_there(self, three: TestClient) -> None:
        graph = Graph().parse(data=three.get("/void.ttl").content, format="turtle")
        named = {
            str(each) for each in graph.objects(None, URIRef("http://rdfs.org/ns/void#dataDump"))
        }
        assert len(named) > 50
        for each in sorted(named)[::17]:
            assert three.get("/dump/" + each.partition("/dump/")[2]).status_code == 200


class TestTongues:
    @pytest.mark.parametrize(
        ("accept", "query", "language"),
        [("en-US,en;q=0.9", "", "en"), ("ja,en;q=0.5", "", "ja"), ("fr", "", "ja"),
         ("en", "?lang=ja", "ja"), ("ja", "?lang=en", "en"), ("en", "?lang=xx", "en")],
    )  # fmt: skip
    @pytest.mark.parametrize("path", ["/", "/page/task.T5001", "/ontology", "/changes"])
    def test_a_page_speaks_the_language_asked_for(
        self, client: TestClient, path: str, accept: str, query: str, language: str
    ) -> None:
        answer = client.get(path + query, headers={**BROWSER, "Accept-Language": accept})
        assert f'<html lang="{language}">' in answer.text
        assert answer.headers["content-language"] == language
        assert "Accept-Language" in answer.headers["vary"]

    def test_the_choice_goes_along_and_the_other_is_offered(self, client: TestClient) -> None:
        page = client.get("/page/task.T5001?lang=en", headers=BROWSER).text
        assert 'href="../changes?lang=en"' in page and 'name="lang" value="en"' in page
        assert 'href="?lang=ja"' in page
        found = client.get("/id/task.T5001?lang=en", headers=BROWSER)
        assert found.headers["location"] == "../page/task.T5001?lang=en"
        plain = client.get("/page/task.T5001", headers=BROWSER).text
        assert 'href="../changes"' in plain

    def test_a_page_is_not_taken_for_the_other(self, client: TestClient) -> None:
        tags = {
            client.get("/page/task.T5001", headers={"Accept-Language": each}).headers["etag"]
            for each in LANGUAGES
        }
        assert len(tags) == 2

    @given(st.text(max_size=40))
    def test_any_header_gives_a_language(self, header: str) -> None:
        assert preferred(header) in LANGUAGES

    @given(st.floats(0, 1), st.floats(0, 1))
    def test_the_heavier_wins(self, ja: float, en: float) -> None:
        wanted = "en" if en > ja else "ja"
        assert preferred(f"ja;q={ja:f}, en;q={en:f}") == (
            wanted if f"{ja:f}" != f"{en:f}" else "ja"
        )

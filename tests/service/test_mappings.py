"""`/mappings` in all its forms, the page of a mapping, and what concept pages tell of it."""

import csv
import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest
import sssom_pydantic
from fastapi.testclient import TestClient
from pyoxigraph import RdfFormat, parse

from loaders.build import Build, build
from loaders.mappings import load_mappings
from loaders.registry import load_registry
from ontology.terms import NO_TERM, SSSOM, Names, mapping_id
from service.app import create_app
from service.graph.mappings import SLOTS
from service.graph.questions import load_questions
from service.graph.store import load_graph
from service.pages.rendering import make_pages
from service.settings import Settings
from service.state import Manifest, State

NAMES = Names()
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
CURATED = load_mappings()
LEVEL = next(each for each in CURATED if each.predicate == "cco:atSkillLevel")
NOTHING = next(each for each in CURATED if each.target == NAMES.curie(NO_TERM))
COACHING = [each for each in CURATED if each.target == "ccg:cmbok2.HR-5"]


def state_of(path: Path) -> State:
    graph, questions = load_graph(path, NAMES), load_questions()
    return State(
        settings=Settings.read({}, encoder="ngram"),
        graph=graph,
        graph_path=path,
        pages=make_pages(graph, {}, questions),
        manifest=Manifest(edition="open"),
        questions=questions,
    )


@pytest.fixture(scope="module")
def built() -> Build:
    return build([], load_registry(), NAMES, today=date(2026, 11, 23))


@pytest.fixture(scope="module")
def client(built: Build, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    path = tmp_path_factory.mktemp("graph") / "graph.nq"
    path.write_bytes(built.nquads)
    with TestClient(create_app(state_of(path)), follow_redirects=False) as client:
        yield client


def ids(client: TestClient, **params: object) -> list[str]:
    given = {name: str(value) for name, value in params.items()}
    answer = client.get("/mappings", params={"limit": "1000", **given})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert list(found) == ["total", "items"]
    return [each["record_id"] for each in found["items"]]


class TestList:
    def test_a_row_has_the_slot_names_of_sssom(self, client: TestClient) -> None:
        for each in client.get("/mappings").json()["items"]:
            assert set(each) <= set(SLOTS)
            assert each["author_label"] == ["ccgraph editors"]
            assert each["mapping_justification"] == "semapv:ManualMappingCuration"
            assert 0 < each["confidence"] <= 1 and each["comment"]

    def test_total_counts_before_the_limit(self, client: TestClient) -> None:
        found = client.get("/mappings?limit=3").json()
        assert (found["total"], len(found["items"])) == (len(list(CURATED)), 3)

    def test_parts_make_the_whole(self, client: TestClient) -> None:
        whole = ids(client, object="HR-5")
        parts = [ids(client, object="HR-5", limit=2, offset=at) for at in range(0, len(whole), 2)]
        assert [each for part in parts for each in part] == whole

    @pytest.mark.parametrize(
        "name",
        ["HR-5", "ｈｒ５", "cmbok2.HR-5", "ccg:cmbok2.HR-5", NAMES.entity("cmbok2.HR-5")],
    )
    def test_an_end_is_a_code_an_id_a_curie_or_a_uri(self, client: TestClient, name: str) -> None:
        assert len(ids(client, object=name)) == len(COACHING)

    @pytest.mark.parametrize(
        "name", ["requires", "cco:requires", NAMES.term("requires"), "requiresAlso"]
    )
    def test_a_predicate_stands_for_what_refines_it(self, client: TestClient, name: str) -> None:
        wanted = {"cco:requiresAlso"} if name == "requiresAlso" else {
            "cco:requiresAlso", "cco:requiresPrimarily"
        }  # fmt: skip
        assert len(ids(client, predicate=name)) == sum(each.predicate in wanted for each in CURATED)

    def test_a_code_means_every_version(self, client: TestClient) -> None:
        items = client.get("/mappings?subject=PE-5").json()["items"]
        assert {each["subject_id"] for each in items} == {"ccg:cmbok1.PE-5"}

    @pytest.mark.parametrize("name", ["sssom:NoTermFound", "NoTermFound", NO_TERM])
    def test_what_has_no_level(self, client: TestClient, name: str) -> None:
        wanted = sum(each.target == "sssom:NoTermFound" for each in CURATED)
        assert len(ids(client, object=name)) == wanted

    def test_an_unknown_iri_is_the_end_of_nothing(self, client: TestClient) -> None:
        assert ids(client, object="http://example.org/x") == []

    @pytest.mark.parametrize("query", ["subject=QQ-99", "object=誰", "predicate=loves"])
    def test_what_names_nothing_is_refused(self, client: TestClient, query: str) -> None:
        answer = client.get(f"/mappings?{query}")
        assert answer.status_code == 400
        assert answer.json()["parameter"] == query.partition("=")[0]

    def test_csv_has_the_same_rows(self, client: TestClient) -> None:
        text = client.get("/mappings?object=HR-5", headers={"Accept": "text/csv"}).text
        rows = list(csv.DictReader(io.StringIO(text)))
        assert [row["record_id"] for row in rows] == ids(client, object="HR-5")
        assert {row["author_label"] for row in rows} == {"ccgraph editors"}

    def test_html_links_to_each_mapping(self, client: TestClient) -> None:
        page = client.get("/mappings?object=HR-5", headers=BROWSER).text
        for each in ids(client, object="HR-5"):
            assert f'href="./page/{each.removeprefix("ccg:")}"' in page

    def test_proposals_are_left_out(self, tmp_path: Path) -> None:
        row = ("ccg:task.E071", "cco:requiresAlso", "ccg:cmbok2.HR-5")
        names = ("subject_id", "predicate_id", "object_id")
        mapping = NAMES.entity("map.0000000000000001")
        graph = NAMES.graph("proposals")
        path = tmp_path / "proposals.nq"
        path.write_text(
            "".join(
                f"<{mapping}> <{SSSOM}{name}> <{NAMES.expanded(end)}> <{graph}> .\n"
                for name, end in zip(names, row, strict=True)
            )
        )
        with TestClient(create_app(state_of(path))) as client:
            assert client.get("/mappings").json() == {"total": 0, "items": []}


class TestFiles:
    def test_the_library_reads_the_whole_back(self, client: TestClient) -> None:
        answer = client.get("/mappings.sssom.tsv")
        assert answer.headers["content-type"] == "text/tab-separated-values; charset=utf-8"
        rows, _, head, errors = sssom_pydantic.read(io.StringIO(answer.text), return_errors=True)
        assert not errors
        assert str(head.id) == "https://w3id.org/ccgraph/mappings.sssom.tsv"
        spokes = {(e.subject.curie, e.predicate.curie, e.object.curie) for e in rows}
        assert spokes == {(each.subject, each.predicate, each.target) for each in CURATED}
        sources = {each.source.identifier for each in rows if each.source}
        assert sources == {each.mapping_set for each in CURATED}

    def test_turtle_has_resources_and_statements(self, client: TestClient) -> None:
        answer = client.get("/mappings.ttl")
        assert answer.headers["content-type"] == "text/turtle; charset=utf-8"
        quads = list(parse(answer.content, format=RdfFormat.TURTLE))
        comments = [quad for quad in quads if quad.predicate.value == f"{SSSOM}comment"]
        assert len(comments) == len(list(CURATED))
        assert sum(quad.predicate.value == NAMES.term("describes") for quad in quads) == sum(
            each.predicate == "cco:describes" for each in CURATED
        )

    @pytest.mark.parametrize("path", ["/mappings.sssom.tsv", "/mappings.ttl"])
    def test_who_has_it_needs_no_other(self, client: TestClient, path: str) -> None:
        etag = client.get(path).headers["etag"]
        assert client.get(path, headers={"If-None-Match": etag}).status_code == 304


class TestPages:
    def page(self, client: TestClient, local: str) -> str:
        answer = client.get(f"/page/{local}", headers=BROWSER)
        assert answer.status_code == 200, local
        return answer.text

    def test_every_mapping_has_one(self, client: TestClient) -> None:
        for name, rows in CURATED.sets.items():
            each = rows[0]
            local = mapping_id(name, each.subject, each.predicate, each.target)
            page = self.page(client, local)
            for said in (each.comment, str(each.confidence), each.author, str(each.day), name):
                assert said in page
            for end in (each.subject, each.target):
                assert end == "sssom:NoTermFound" or end.removeprefix("ccg:") in page

    def test_it_is_named_and_has_data(self, client: TestClient) -> None:
        local = ids(client, object="HR-5")[0].removeprefix("ccg:")
        assert client.get(f"/id/{local}", headers=BROWSER).headers["location"] == f"../page/{local}"
        data = client.get(f"/data/{local}.ttl")
        assert data.status_code == 200 and "subject_id" in data.text

    def test_it_shows_both_texts(self, client: TestClient) -> None:
        item = client.get("/mappings?predicate=requiresAlso&object=HR-5").json()["items"][0]
        page = self.page(client, item["record_id"].removeprefix("ccg:"))
        gloss = client.get("/page/cmbok2.HR-5", headers=BROWSER).text
        shared = gloss.partition('<section class="gloss"')[2].partition("<p>")[2].partition("</p>")
        assert item["subject_label"] in page and shared[0] in page

    def test_a_level_that_does_not_exist_is_said_in_words(self, client: TestClient) -> None:
        local = mapping_id(
            *(NOTHING.mapping_set, NOTHING.subject, NOTHING.predicate, NOTHING.target)
        )
        assert "当たるスキルレベルはありません" in self.page(client, local)

    def test_the_competency_lists_what_needs_it(self, client: TestClient) -> None:
        page = self.page(client, "cmbok2.HR-5")
        for each in COACHING:
            local = mapping_id(each.mapping_set, each.subject, each.predicate, each.target)
            assert each.comment in page and f'href="../page/{local}"' in page
        assert "これをあわせて必要とする仕事" in page

    def test_the_item_lists_what_it_needs_primary_first(self, client: TestClient) -> None:
        subject = next(each.subject for each in CURATED if each.predicate == "cco:requiresAlso")
        page = self.page(client, subject.removeprefix("ccg:"))
        assert page.index("主に必要とする") < page.index("あわせて必要とする")

    def test_the_item_says_that_no_level_covers_it(self, client: TestClient) -> None:
        page = self.page(client, NOTHING.subject.removeprefix("ccg:"))
        assert "該当する項目なし" in page and NOTHING.comment in page

    def test_the_older_version_says_what_became_of_it(self, client: TestClient) -> None:
        page = self.page(client, "cmbok1.PE-5")
        assert "後継" in page and "../page/cmbok2.PE-12" in page

    def test_the_newer_version_says_where_it_comes_from(self, client: TestClient) -> None:
        assert "../page/cmbok1.PE-5" in self.page(client, "cmbok2.PE-12")

    def test_a_succession_is_told_once(self, client: TestClient) -> None:
        page = self.page(client, "cmbok2.PE-12")
        assert "置き換えた旧版" in page and "これに置き換わった旧版" not in page


def test_a_mapping_that_says_no_justification_is_unspecified(root: str) -> None:
    table = httpx.get(root + "mappings.sssom.tsv")
    assert table.status_code == 200
    assert "semapv:UnspecifiedMatching" in table.text

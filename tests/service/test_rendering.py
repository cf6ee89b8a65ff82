import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontology.terms import Names
from service.graph.questions import ask, load_questions
from service.graph.store import load_graph
from service.pages.page import FOLDER
from service.pages.rendering import MOST, Pages, make_pages
from service.pages.views import pieces
from service.quality import Quality
from service.retrieval.explain import Match
from service.retrieval.facets import FacetCount
from service.retrieval.search import Asked, Hit, Results
from service.state import Meaning

NAMES = Names()
RIGHTS = {
    "ja": "公開版",
    "en": "open edition",
    "rights_ja": "文は編集者による。",
    "rights_en": "Sentences are ours.",
    "licence": "https://example.org/licence",
}
VOID = {"meta", "link", "input", "br", "img", "hr", "path", "circle"}


class Reader(HTMLParser):
    """Checks nesting and collects what the tests look at."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture(scope="module")
def pages() -> Pages:
    graph = load_graph(Path(__file__).with_name("small.trig"), NAMES)
    return make_pages(graph, RIGHTS, load_questions())


def hit(label: str, *matched: Match) -> Hit:
    path = ("運営", "ヒューマンリソースマネジメント")
    uri = NAMES.entity("cmbok2.HR-5")
    return Hit("cmbok2.HR-5", uri, "Competency", "cmbok2", "HR-5", label, path, 0.9, matched)


def results(*hits: Hit, total: int | None = None) -> Results:
    total = len(hits) if total is None else total
    facets = {
        "kind": (FacetCount("Competency", "コンピテンシー", total),),
        "scheme": (FacetCount("cmbok2", "CMBOK 2.0", total),),
    }
    return Results("q", total, 1.5, hits, facets)


def everything(pages: Pages) -> dict[str, str]:
    """One page of each sort, by its path."""
    question = pages.questions["tasks-for-competency"]
    asked = Asked(text="<b>コーチング</b>", kinds=frozenset({"Competency"}), offset=10)
    found = results(hit("コーチング", Match("label", "コーチング", ((0, 3),))), total=30)
    openapi = {"paths": {"/search": {"get": {"summary": "探す", "parameters": []}}}}
    bindings = [{"a": {"type": "uri", "value": NAMES.entity("cmbok2.HR-5")}, "b": LITERAL}]
    table = {"head": {"vars": ["a", "b", "c"]}, "results": {"bindings": bindings}}
    meanings = [Meaning("cmbok1.PE-5", NAMES.entity("cmbok1.PE-5"), "業務の達成", "cmbok1", True)]
    source = NAMES.source("0123456789abcdef")
    made = {
        "/": pages.render_start("/"),
        "/search": pages.render_results("/search", asked, found),
        "/page/cmbok2.HR-5": pages.render_concept("/page/cmbok2.HR-5", NAMES.entity("cmbok2.HR-5")),
        "/page/cmbok2.HR": pages.render_concept("/page/cmbok2.HR", NAMES.entity("cmbok2.HR")),
        "/page/cmbok1.HR-5": pages.render_concept("/page/x", NAMES.entity("cmbok1.HR-5")),
        "/page/task.E072": pages.render_concept("/page/x", NAMES.entity("task.E072")),
        "/page/cmbok2.HR-s9": pages.render_gone("/page/x", NAMES.entity("cmbok2.HR-s9")),
        "/queries": pages.render_queries("/queries"),
        "/queries/x": pages.render_query("/queries/x", question, ask(question, pages.graph, {})),
        "/sparql": pages.render_editor("/sparql"),
        "/sparql/": pages.render_table("/sparql/", "SELECT <x>", table),
        "/docs": pages.render_docs("/docs", openapi),
        "/ontology": pages.render_ontology("/ontology"),
        "/quality": pages.render_quality("/quality", Quality(pages.graph, "test")),
        "/source/0123456789abcdef": pages.render_source("/source/0123456789abcdef", source),
        "/graph/cmbok2": pages.render_graph("/graph/cmbok2", NAMES.graph("cmbok2")),
        "/code/PE-5": pages.render_choice("/code/PE-5", "PE-5", meanings),
        "/nowhere/at/all": pages.render_problem("/nowhere/at/all", PROBLEM),
    }
    return {path: page for path, page in made.items() if page is not None}


LITERAL = {"type": "literal", "value": "<script>alert(1)</script>", "xml:lang": "en"}
PROBLEM = {"type": "t", "title": "<i>", "status": 400, "detail": "だめ / no", "line": 3}
PATHS = [
    "/", "/search", "/page/cmbok2.HR-5", "/page/cmbok2.HR", "/page/cmbok1.HR-5", "/page/task.E072",
    "/page/cmbok2.HR-s9", "/queries", "/queries/x", "/sparql", "/sparql/", "/docs", "/ontology",
    "/quality", "/source/0123456789abcdef", "/graph/cmbok2", "/code/PE-5", "/nowhere/at/all",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
class TestEveryPage:
    def test_is_well_formed_and_has_its_landmarks(self, pages: Pages, path: str) -> None:
        reader = Reader(everything(pages)[path])
        assert reader.all("html")[0]["lang"] == "ja"
        assert len(reader.all("main")) == len(reader.all("h1")) == len(reader.all("footer")) == 1
        assert reader.all("a")[0] == {"class": "skip", "href": "#main"}

    def test_says_edition_version_and_rights(self, pages: Pages, path: str) -> None:
        text = Reader(everything(pages)[path]).text
        for said in ("公開版", "open edition", pages.graph.version, "文は編集者による。"):
            assert said in text

    def test_links_stay_within_any_prefix(self, pages: Pages, path: str) -> None:
        reader = Reader(everything(pages)[path])
        links = [each["href"] for each in (*reader.all("a"), *reader.all("link"))]
        links += [each["action"] for each in reader.all("form")]
        for link in links:
            if not urlsplit(link).scheme:
                assert urljoin(f"http://host/some/prefix{path}", link).startswith(
                    "http://host/some/prefix/"
                )

    def test_asks_nothing_of_other_hosts(self, pages: Pages, path: str) -> None:
        reader = Reader(everything(pages)[path])
        loaded = [each["href"] for each in reader.all("link") if each["rel"] != "alternate"]
        loaded += [each.get("src", "") for each in reader.all("script")]
        assert not [link for link in loaded if link.startswith(("http:", "https:", "//"))]
        assert not re.search(r"\son[a-z]+=|javascript:", everything(pages)[path])

    def test_labels_every_field_and_repeats_no_id(self, pages: Pages, path: str) -> None:
        reader = Reader(everything(pages)[path])
        fields = [*reader.all("input"), *reader.all("select"), *reader.all("textarea")]
        labelled = {each["for"] for each in reader.all("label")}
        assert {each["id"] for each in fields if each.get("type") != "hidden"} <= labelled
        ids = [attrs["id"] for _, attrs in reader.tags if "id" in attrs]
        assert len(ids) == len(set(ids))


def test_the_concept_page_tells_all(pages: Pages) -> None:
    page = everything(pages)["/page/cmbok2.HR-5"]
    text = Reader(page).text
    for said in (
        "運営",
        "Coaching",
        "1on1",
        "道筋を描く対話は",
        "codes & <names>.txt",
        "2211–2216",
    ):
        assert said in text
    assert 'href="../data/cmbok2.HR-5.ttl"' in page
    assert 'href="../source/0123456789abcdef#char=2211,2216"' in page


def test_the_concept_is_a_defined_term(pages: Pages) -> None:
    page = everything(pages)["/page/cmbok2.HR-5"]
    script = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert script is not None
    term = json.loads(script[1])
    assert (term["@type"], term["termCode"]) == ("DefinedTerm", "HR-5")
    assert term["inDefinedTermSet"]["name"] == "CMBOK 2.0"


def test_texts_are_escaped(pages: Pages) -> None:
    made = everything(pages)
    assert "研修の効き目を&lt;確かめる&gt;" in made["/page/task.E072"]
    assert "<script>alert" not in made["/sparql/"] and "<b>" not in made["/search"]


def test_superseded_and_gone_say_so(pages: Pages) -> None:
    made = everything(pages)
    assert "旧版です" in made["/page/cmbok1.HR-5"]
    assert "2026-11-23" in made["/page/cmbok2.HR-s9"] and "HR-s1" in made["/page/cmbok2.HR-s9"]


def test_results_are_highlighted_narrowed_and_paged(pages: Pages) -> None:
    page = everything(pages)["/search"]
    assert "<mark>コーチ</mark>ング" in page
    assert 'aria-current="true"' in page
    assert "offset=11" in page and 'rel="prev"' in page
    nothing = pages.render_results("/search", Asked(text="zzz"), results())
    assert "近いものは見つかりませんでした" in nothing


def test_after_the_last_page_there_is_a_way_back(pages: Pages) -> None:
    asked = Asked(text="研修", kinds=frozenset({"Task"}), offset=500)
    page = pages.render_results("/search", asked, results(total=30))
    assert "この先に結果はありません" in page and "501" not in page
    assert "絞り込みをすべて外す" in page and "30 件" in page


def test_the_chance_of_a_hit_and_every_reason_are_shown(pages: Pages) -> None:
    meaning = Match("meaning", "コーチング")
    page = pages.render_results("/search", Asked(text="x"), results(hit("コーチング", meaning)))
    assert "90 %" in page and "意味が近い" in page


def test_unsafe_iris_are_no_links(pages: Pages) -> None:
    row = {"a": {"type": "uri", "value": "javascript:alert(1)"}}
    table = {"head": {"vars": ["a"]}, "results": {"bindings": [row]}}
    assert 'href="javascript' not in pages.render_table("/sparql", "q", table)


def test_an_answer_stands_once_on_its_page(pages: Pages) -> None:
    """The form below it is the same as without an answer."""
    row = {"a": {"type": "literal", "value": "唯一の値", "xml:lang": "ja"}, "b": {}}
    row["b"] = {"type": "literal", "value": "a text of some length", "xml:lang": "en"}
    table = {"head": {"vars": ["a", "b", "c"]}, "results": {"bindings": [row]}}
    page = pages.render_table("/sparql", "q", table)
    assert page.count("唯一の値") == 1
    assert 'rows="10"' in page
    assert '<td>唯一の値</td><td lang="en" class="long">a text of some length</td>' in page
    assert '<td><span class="none">–</span></td>' in page


def test_an_ask_answers_yes_or_no(pages: Pages) -> None:
    page = pages.render_table("/sparql", "ASK {}", {"head": {}, "boolean": True})
    assert "はい (true)" in page


def test_what_the_graph_does_not_know_has_no_page(pages: Pages) -> None:
    assert pages.render_concept("/page/x", NAMES.entity("x")) is None
    assert pages.render_source("/source/x", NAMES.source("ffff")) is None
    assert pages.render_graph("/graph/x", NAMES.graph("x")) is None


def test_every_operation_has_an_example(pages: Pages) -> None:
    parameter = {"name": "local", "in": "path", "required": True, "schema": {"examples": ["a.b"]}}
    openapi = {"paths": {"/id/{local}": {"get": {"parameters": [parameter]}}}}
    assert 'href="./id/a.b"' in pages.render_docs("/docs", openapi)


def test_a_foreign_graph_says_so(pages: Pages) -> None:
    assert "外部のグラフ" in make_pages(pages.graph, {}, {}).render_start("/")


def test_a_graph_of_other_things_is_not_asked_our_questions(tmp_path: Path) -> None:
    path = tmp_path / "animals.ttl"
    path.write_text(
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix ex: <http://example.org/> ."
        ' ex:s a skos:ConceptScheme ; skos:prefLabel "Animals"@en .'
        ' ex:a a skos:Concept ; skos:inScheme ex:s ; skos:prefLabel "ape"@en .',
        encoding="utf-8",
    )
    foreign = make_pages(load_graph(path, NAMES), {}, load_questions())
    page = foreign.render_start("/")
    assert "Animals" in page and "よくある問い" not in page
    assert 'href="./page?uri=http%3A%2F%2Fexample.org%2Fs"' in page
    concept_page = foreign.render_concept("/page", "http://example.org/a")
    assert concept_page is not None and 'href="./data?uri=' in concept_page


def test_long_lists_are_cut_and_say_so(tmp_path: Path) -> None:
    path = tmp_path / "many.ttl"
    concepts = (
        f'ex:c{number} a skos:Concept ; skos:inScheme ex:s ; skos:prefLabel "{number}"@en .'
        for number in range(MOST + 7)
    )
    head = (
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix ex: <http://example.org/> ."
    )
    path.write_text(head + "ex:s a skos:ConceptScheme ." + "".join(concepts), encoding="utf-8")
    page = make_pages(load_graph(path, NAMES), {}, {}).render_concept(
        "/page", "http://example.org/s"
    )
    assert page is not None and "ほか 7 件" in page


def test_contrast_is_aa() -> None:
    css = (FOLDER / "style.css").read_text(encoding="utf-8")
    for block in re.findall(r":root \{(.*?)\}", css, re.DOTALL)[:2]:
        colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))
        for front, back in (
            ("ink", "paper"), ("soft", "paper"), ("accent", "paper"), ("soft", "card"),
            ("accent", "accent-soft"), ("on-accent", "accent"), ("ink", "mark"), ("ink", "warn"),
        ):  # fmt: skip
            assert contrast(colours[front], colours[back]) >= 4.5, (front, back)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@given(st.text(), st.lists(st.tuples(st.integers(-3, 20), st.integers(-3, 20)), max_size=4))
def test_pieces_put_together_are_the_text(text: str, spans: list[tuple[int, int]]) -> None:
    found = pieces(text, spans)
    assert "".join(piece for piece, _ in found) == text
    assert all(one[1] != other[1] for one, other in pairwise(found))

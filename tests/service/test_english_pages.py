"""An English page speaks English as far as our own words go; what is Japanese says so."""

import re
from html.parser import HTMLParser

import httpx
import pytest

from service.graph.questions import load_questions

ENGLISH = {"Accept": "text/html", "Accept-Language": "en-GB,en;q=0.9,ja;q=0.5"}
JAPANESE = re.compile("[\u3041-\u30ff\u3400-\u9fff]")
#: elements without an end, and those whose text nobody reads
VOID = {"meta", "link", "input", "br", "img", "hr", "path", "circle"}
CODE = {"script", "style", "code", "pre", "textarea"}


class Foreign(HTMLParser):
    """Collects Japanese text that no element of the page calls Japanese."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[tuple[str, str]] = []
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        outer = self.open[-1][1] if self.open else ""
        if tag not in VOID:
            self.open.append((tag, dict(attrs).get("lang") or outer))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        language = self.open[-1][1] if self.open else ""
        if (
            JAPANESE.search(data)
            and language[:2] != "ja"
            and not CODE & {each for each, _ in self.open}
        ):
            self.found.append(data.strip())


def english(root: str, path: str) -> str:
    answer = httpx.get(root + path, headers=ENGLISH)
    assert answer.headers["content-language"] == "en"
    return answer.text


@pytest.mark.parametrize(
    "path",
    [
        "", "queries", "docs", "quality", "ontology", "changes", "reconcile/list",
        "page/cmbok2", "page/task", "page/guide", "page/cmbok2.HR-5", "page/cmbok1.PE-5",
        "search?q=HR-5&limit=50", "search?q=CSMG&limit=50", "code/OP-5", "diff/cmbok1/cmbok2",
        "mappings?limit=1000",
        *(f"queries/{name}" for name in load_questions() if name != "mentions"),
        "queries/mentions?word=SLA",
        "page/nothing", "no/such/path", "search?limit=x", "queries/level-profile?level=x",
        "code/ZZ-9", "sparql?query=SELECT", "search?q=a&kind=x",
    ],
)  # fmt: skip
def test_japanese_is_marked_as_such(open_root: str, path: str) -> None:
    assert Foreign(english(open_root, path)).found == []


def test_a_question_is_asked_and_answered_in_english(open_root: str) -> None:
    page = english(open_root, "queries/tasks-for-competency?competency=HR-5")
    assert "Work mapped to HR-5 Coaching: 5 (also: 5)." in page
    assert '<th scope="col">How needed</th>' in page and "<td>also</td>" in page
    assert "HR-5 Coaching (cmbok2.HR-5)</option>" in page
    assert ">Evaluation item</td>" in page


def test_schemes_are_called_in_english(open_root: str) -> None:
    assert "Call centre task list <span" in english(open_root, "search?q=研修")
    assert ">Call centre task list<" in english(open_root, "queries/coverage")
    assert "Call centre task list</label>" in english(open_root, "reconcile/list")


def test_a_hit_has_its_english_name_above_the_japanese_one(open_root: str) -> None:
    page = english(open_root, "search?q=コーチング&limit=1")
    assert re.search("<h2>.*Coaching</a></h2>\\s*<p class=.why.><span lang=.ja.><mark>", page)


def test_the_list_of_questions_has_both_languages(open_root: str) -> None:
    first = httpx.get(f"{open_root}queries").json()["items"][0]
    assert first["columns"]["grade"] == "必要の度合い" and first["columns_en"]["grade"]
    assert JAPANESE.search(first["description"]) and not JAPANESE.search(first["description_en"])
    assert first["params"][0]["label_en"] == "competency"


def test_data_is_the_same_whatever_the_reader_speaks(open_root: str) -> None:
    path = f"{open_root}queries/tasks-for-competency"
    said = [httpx.get(path, headers={"Accept-Language": each}).json() for each in ("ja", "en")]
    assert said[0] == said[1]


def test_a_problem_page_speaks_the_readers_language_alone(open_root: str) -> None:
    def told(language: str, accept: str = "text/html") -> httpx.Response:
        headers = {"Accept": accept, "Accept-Language": language}
        return httpx.get(f"{open_root}queries/nothing", headers=headers)

    assert "There is no question nothing" in told("en").text
    assert "という問いはありません" not in told("en").text and "Not found" in told("en").text
    assert "という問いはありません" in told("ja").text
    assert "There is no question" not in told("ja").text and "Not found" not in told("ja").text
    for accept in ("application/json", "text/plain"):
        both = told("en", accept).text
        assert "There is no question" in both and "という問いはありません" in both

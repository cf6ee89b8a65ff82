"""The page リストを照合 over a real server, without a script: paste, choose, download."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
from sssom_pydantic import read

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


class Boxes(HTMLParser):
    """What the form of the page would send: hidden lines, ticked choices, chosen relations."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, list[str]] = {"line": [], "choice": [], "relation": []}
        self.offered: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        value = found.get("value") or ""
        if tag == "input" and found.get("name") == "line":
            self.fields["line"].append(value)
        if tag == "input" and found.get("name") == "choice":
            self.offered.append(value)
            if "checked" in found:
                self.fields["choice"].append(value)
        if tag == "option" and "selected" in found:
            self.fields["relation"].append(value)


def boxes(page: str) -> Boxes:
    parser = Boxes()
    parser.feed(page)
    return parser


@pytest.fixture(scope="module")
def http(open_root: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=open_root, timeout=60, headers=BROWSER) as client:
        yield client


def listed(http: httpx.Client, lines: str, **more: Any) -> str:
    answer = http.post("reconcile/list", data={"lines": lines, **more})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.text


def test_every_page_leads_there(http: httpx.Client) -> None:
    assert 'href="./reconcile/list"' in http.get("").text
    assert "リストを照合" in http.get("reconcile/list").text


def test_the_page_says_that_nothing_is_kept(http: httpx.Client) -> None:
    assert "サーバーには残しません" in http.get("reconcile/list").text


def test_the_page_stands_without_a_search(client: Any) -> None:
    assert "リストを照合" in client.get("/reconcile/list").text
    assert client.post("/reconcile/list", data={"lines": "採用"}).status_code == 404


def test_safe_lines_are_ticked_and_the_others_left_to_choose(http: httpx.Client) -> None:
    found = boxes(listed(http, "コーチング\r\nシフト作成\r\n\r\nHR-5 コーチング"))
    assert found.fields["line"] == ["コーチング", "シフト作成", "HR-5 コーチング"]
    ticked = [each.split("|")[:2] for each in found.fields["choice"]]
    assert ticked == [["1", "cmbok2.HR-5"], ["3", "cmbok2.HR-5"]]
    assert found.fields["relation"] == ["exactMatch", "closeMatch", "exactMatch"]
    ids = [each.split("|")[1] for each in found.offered if each.startswith("2|")]
    assert {"cmbok2.OP-3", "task.T06"} <= set(ids)


def test_each_candidate_says_why(http: httpx.Client) -> None:
    page = listed(http, "コーチング\nシフト作成\nHR-5")
    for said in ("名称が一致", "別名が一致", "コードが一致"):
        assert said in page


def test_kinds_and_schemes_narrow(http: httpx.Client) -> None:
    tasks = boxes(listed(http, "シフト", kind="Task"))
    assert tasks.offered and all("|task.T" in each for each in tasks.offered)
    old = boxes(listed(http, "コーチング", scheme="cmbok1", kind="Competency"))
    assert old.fields["choice"][0].startswith("1|cmbok1.HR-5|")


def test_what_is_pasted_is_text_and_nothing_else(http: httpx.Client) -> None:
    nasty = "\"><script>alert(1)</script> & 'x'"
    page = listed(http, nasty)
    assert "<script>alert" not in page
    assert boxes(page).fields["line"] == [nasty]


def test_a_part_is_the_rows_alone_and_counts_on(http: httpx.Client) -> None:
    rows = listed(http, "採用\n研修", part="1", first="41")
    assert rows.strip().startswith("<tr>") and "<html" not in rows
    assert re.findall(r'<td class="number">(\d+)<', rows) == ["41", "42"]
    assert '<td class="number">1<' in listed(http, "採用", part="1", first="9" * 5000)


def test_csv_has_every_line(http: httpx.Client) -> None:
    page = boxes(listed(http, "コーチング\n=1+2 寿司"))
    answer = http.post("reconcile/list.csv", data=page.fields)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="reconciled.csv"' in answer.headers["content-disposition"]
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["text"], row["id"], row["relation"]) for row in rows] == [
        ("コーチング", "cmbok2.HR-5", "exactMatch"),
        ("=1+2 寿司", "", ""),
    ]
    assert rows[0]["uri"] == "https://w3id.org/ccgraph/id/cmbok2.HR-5"


def test_sssom_is_read_by_its_library(http: httpx.Client, tmp_path: Path) -> None:
    page = boxes(listed(http, "コーチング\nシフト作成\n寿司"))
    fields = {
        **page.fields,
        "choice": [*page.fields["choice"], *(c for c in page.offered if "|task.T06|" in c)],
        "relation": ["exactMatch", "broadMatch", "closeMatch"],
        "author": "教育課",
    }
    answer = http.post("reconcile/list.sssom.tsv", data=fields)
    assert answer.headers["content-type"] == "text/tab-separated-values; charset=utf-8"
    file = tmp_path / "reconciled.sssom.tsv"
    file.write_bytes(answer.content)
    mappings, _, head = read(file)
    first, second = mappings
    assert head.title and "unspecified" in str(head.license)
    assert (first.subject.name, second.subject.name) == ("コーチング", "シフト作成")
    assert second.subject.curie == "list:2"
    assert (first.predicate.curie, second.predicate.curie) == ("skos:exactMatch", "skos:broadMatch")
    assert (first.object.curie, second.object.curie) == ("ccg:cmbok2.HR-5", "ccg:task.T06")
    assert first.justification.curie == "semapv:ManualMappingCuration"
    assert first.mapping_tool and first.mapping_date is not None
    assert abs((first.mapping_date - date.today()).days) <= 1
    assert "教育課" in answer.text


def test_without_a_choice_there_is_no_mapping(http: httpx.Client) -> None:
    answer = http.post("reconcile/list.sssom.tsv", data={"line": "x", "relation": "closeMatch"})
    assert answer.status_code == 400 and "印" in answer.text


@pytest.mark.parametrize(
    "choice",
    ["", "1", "0|cmbok2.HR-5|1|", "2|cmbok2.HR-5|1|", "1|nobody|1|", "1|cmbok2.HR-5|x|",
     "1|cmbok2.HR-5|101|", "²|cmbok2.HR-5|1|", "9" * 5000],
)  # fmt: skip
def test_a_choice_that_cannot_be_is_refused(http: httpx.Client, choice: str) -> None:
    fields = {"line": "x", "relation": "closeMatch", "choice": choice}
    for file in ("list.csv", "list.sssom.tsv"):
        answer = http.post(f"reconcile/{file}", data=fields, headers={"Accept": "*/*"})
        assert answer.status_code == 400, answer.text
    relation = {"line": "x", "relation": "sameAs", "choice": "1|cmbok2.HR-5|1|"}
    assert http.post("reconcile/list.csv", data=relation).status_code == 400


def test_too_many_lines_and_none(http: httpx.Client) -> None:
    assert http.post("reconcile/list", data={"lines": "x\n" * 1001}).status_code == 413
    empty = http.post("reconcile/list", data={"lines": " "})
    assert empty.status_code == 400 and "一行に一つ" in empty.text


def test_a_thousand_choices_come_back_as_a_table(http: httpx.Client) -> None:
    fields = {
        "line": [f"求人のことば {n}" for n in range(1000)],
        "relation": ["closeMatch"] * 1000,
        "choice": [f"{n}|cmbok2.HR-5|50.00|別名「1on1」" for n in range(1, 1001)],
    }
    answer = http.post("reconcile/list.csv", data=fields)
    assert answer.status_code == 200
    assert answer.text.count("cmbok2.HR-5,https") == 1000


def test_in_english_the_page_is_english_and_what_is_saved_stays_the_same(
    http: httpx.Client,
) -> None:
    told = http.get("reconcile/list", params={"lang": "en"})
    assert told.headers["content-language"] == "en"
    assert "Nothing that you paste" in told.text and "サーバーには" not in told.text
    answer = http.post("reconcile/list", params={"lang": "en"}, data={"lines": "コーチング\n寿司"})
    for said in ("1 of 2 lines are certain", "same name", ">exact<", "Save CSV"):
        assert said in answer.text
    assert boxes(answer.text).fields == boxes(listed(http, "コーチング\n寿司")).fields

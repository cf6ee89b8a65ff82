"""What badges and search engines read of an entity."""

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

Serve = Callable[..., AbstractContextManager[str]]
BASE = "https://w3id.org/ccgraph/id/"
#: Alignment of Open Badges 3.0: its members, those required, the targets it knows
ALIGNMENT = {
    "type": "object",
    "required": ["type", "targetName", "targetUrl"],
    "properties": {
        "type": {"type": "array", "contains": {"const": "Alignment"}},
        "targetType": {
            "enum": [
                "ceasn:Competency", "ceterms:Credential", "CFItem", "CFRubric",
                "CFRubricCriterion", "CFRubricCriterionLevel", "CTDL",
            ]
        },
        "targetUrl": {"type": "string", "pattern": "^https?://"},
        **{
            name: {"type": "string", "minLength": 1}
            for name in ("targetCode", "targetDescription", "targetName", "targetFramework")
        },
    },
    "additionalProperties": False,
}  # fmt: skip


@pytest.mark.parametrize(
    ("local", "type"),
    [
        ("cmbok2.HR-5", "ceasn:Competency"),
        ("sfia9.CSMG-3", "ceasn:Competency"),
        ("task.E056", "CFItem"),
        ("cmbok2.HR", "CFItem"),
    ],
)
def test_an_alignment_can_stand_in_an_achievement(root: str, local: str, type: str) -> None:
    found = httpx.get(f"{root}badges/alignment/{local}")
    assert found.headers["content-type"] == "application/json"
    jsonschema.validate(found.json(), ALIGNMENT, jsonschema.Draft202012Validator)
    assert (found.json()["targetUrl"], found.json()["targetType"]) == (BASE + local, type)


def test_an_alignment_says_what_it_means(root: str) -> None:
    found = httpx.get(f"{root}badges/alignment/cmbok2.HR-5").json()
    assert (found["targetName"], found["targetCode"]) == ("コーチング", "HR-5")
    assert found["targetFramework"] == "CMBOK 2.0" and found["targetDescription"]


@pytest.mark.parametrize(
    ("local", "status"), [("cmbok2.HR-99", 404), ("cmbok2", 400), ("guide.G01", 400)]
)
def test_what_cannot_be_aligned(root: str, local: str, status: int) -> None:
    found = httpx.get(f"{root}badges/alignment/{local}")
    assert found.status_code == status
    assert found.headers["content-type"] == "application/problem+json"


def script(page: str) -> tuple[str, Any]:
    """The JSON-LD of a page, as it stands and as it is read."""
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return found[1], json.loads(found[1])


def test_the_page_offers_the_alignment_to_copy(root: str) -> None:
    page = httpx.get(f"{root}page/cmbok2.HR-5").text
    assert 'href="../badges/alignment/cmbok2.HR-5"' in page
    assert re.search(r'href="\.\./ims/case/v1p1/CFItems/[0-9a-f-]{36}"', page)
    assert "ceasn:Competency" in page
    item = re.search(r"CFItems/[0-9a-f-]{36}", page)
    assert item and httpx.get(f"{root}ims/case/v1p1/{item[0]}").status_code == 200


def test_pages_lead_to_case_only_where_there_is_an_item(root: str) -> None:
    assert "CFItems" not in httpx.get(f"{root}page/guide.G01").text


def test_a_concept_is_a_defined_term(root: str) -> None:
    _, term = script(httpx.get(f"{root}page/cmbok2.HR-5").text)
    assert (term["@type"], term["name"]) == ("DefinedTerm", "コーチング")
    assert term["@id"] == term["url"] == BASE + "cmbok2.HR-5"
    assert term["termCode"] == "HR-5"
    terms = term["inDefinedTermSet"]
    assert (terms["@type"], terms["@id"]) == ("DefinedTermSet", BASE + "cmbok2")
    assert term["sameAs"] == [BASE + "cmbok1.HR-5"]


def test_what_means_the_same_elsewhere(root: str) -> None:
    _, term = script(httpx.get(f"{root}page/sfia9.CSMG").text)
    assert term["sameAs"] == ["https://rdf.sfia-online.org/9/skills/CSMG"]


def test_a_scheme_is_a_set_of_terms(root: str) -> None:
    _, terms = script(httpx.get(f"{root}page/cmbok2").text)
    assert (terms["@type"], terms["inLanguage"]) == ("DefinedTermSet", "ja")
    assert len(terms["hasDefinedTerm"]) == 7
    assert terms["license"].startswith("https://")


EVIL = """
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix e: <http://example.org/> .
e:s a skos:ConceptScheme ; skos:prefLabel "集まり"@ja .
e:x a skos:Concept ; skos:inScheme e:s ;
  skos:prefLabel "</script><script>alert('x')</script><!-- & \\u2028"@ja .
"""


def test_no_label_can_end_the_script(serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "evil.ttl"
    path.write_text(EVIL, encoding="utf-8")
    with serve(path) as root:
        page = httpx.get(f"{root}page", params={"uri": "http://example.org/x"}).text
        raw, term = script(page)
        assert "<" not in raw and term["name"].startswith("</script><script>alert('x')")
        assert "<script>alert" not in page
        badge = httpx.get(f"{root}badges/alignment", params={"uri": "http://example.org/x"})
        assert badge.json()["targetUrl"] == "http://example.org/x"

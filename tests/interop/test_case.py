"""Frameworks as 1EdTech CASE 1.1 serves them, against its information model."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import httpx
import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.interchange.listing import FIELDS, Selection, SelectionError

Serve = Callable[..., AbstractContextManager[str]]
SCHEMA = json.loads(Path(__file__).with_name("case-1.1.json").read_text(encoding="utf-8"))
BASE = "https://w3id.org/ccgraph/id/"


def identifier(local: str) -> str:
    return str(uuid5(NAMESPACE_URL, BASE + local))


def validate(document: object, shape: str) -> None:
    """Raise where a document is not of a class of CASE's information model."""
    jsonschema.Draft202012Validator({**SCHEMA, "$ref": f"#/$defs/{shape}"}).validate(document)


def read(root: str, path: str, shape: str) -> Any:
    """A document, which is of its shape."""
    found = httpx.get(f"{root}ims/case/v1p1/{path}")
    assert found.status_code == 200, found.text
    assert found.headers["content-type"] == "application/json"
    validate(found.json(), shape)
    return found.json()


def between(package: dict[str, Any], kind: str) -> set[tuple[str, str]]:
    """The ends of a package's associations of one kind, as local ids."""
    return {
        tuple(
            each[end]["uri"].removeprefix(BASE) for end in ("originNodeURI", "destinationNodeURI")
        )
        for each in package["CFAssociations"]
        if each["associationType"] == kind
    }


@pytest.fixture(scope="module")
def packages(root: str) -> dict[str, Any]:
    """Every package, by the local id of its scheme."""
    documents = read(root, "CFDocuments", "CFDocumentSet")["CFDocuments"]
    ids = {each["uri"].removeprefix(BASE): each["identifier"] for each in documents}
    return {name: read(root, f"CFPackages/{id}", "CFPackage") for name, id in ids.items()}


def test_frameworks_are_those_that_hold_competencies_and_work(packages: dict[str, Any]) -> None:
    assert set(packages) == {"cmbok1", "cmbok2", "task", "sfia9"}
    counts = {name: len(package["CFItems"]) for name, package in packages.items()}
    assert counts["cmbok1"] == 5 + 10 + 57 and counts["cmbok2"] >= 7 + 12 + 93
    status = {name: package["CFDocument"]["adoptionStatus"] for name, package in packages.items()}
    assert status["cmbok1"] == "Deprecated" and status["cmbok2"] == "Adopted"


def test_identifiers_come_from_the_names_alone(root: str) -> None:
    found = read(root, f"CFItems/{identifier('cmbok2.HR-5')}", "CFItem")
    assert (found["uri"], found["humanCodingScheme"]) == (BASE + "cmbok2.HR-5", "HR-5")
    assert (found["fullStatement"], found["CFItemType"]) == ("コーチング", "コンピテンシー")
    assert found["CFDocumentURI"]["identifier"] == identifier("cmbok2")


def test_every_document_and_its_package_lead_to_each_other(root: str) -> None:
    found = read(root, f"CFDocuments/{identifier('cmbok2')}", "CFDocument")
    package = httpx.get(found["CFPackageURI"]["uri"]).json()
    assert package["CFDocument"]["identifier"] == found["identifier"]
    assert package["CFDocument"]["title"] == "CMBOK 2.0"


def test_every_item_hangs_in_one_tree_below_its_document(packages: dict[str, Any]) -> None:
    for name, package in packages.items():
        child_of = between(package, "isChildOf")
        items = {each["uri"].removeprefix(BASE) for each in package["CFItems"]}
        assert {child for child, _ in child_of} == items
        assert len(child_of) == len(items)
        assert {parent for _, parent in child_of} <= items | {name}


def test_links_between_frameworks(packages: dict[str, Any]) -> None:
    assert ("cmbok2.HR-5", "cmbok2.HR") in between(packages["cmbok2"], "isChildOf")
    assert ("cmbok1", "cmbok2") in between(packages["cmbok1"], "replacedBy")
    assert ("cmbok1.HR-5", "cmbok2.HR-5") in between(packages["cmbok1"], "exactMatchOf")
    assert ("task.E056", "cmbok2.HR-5") in between(packages["task"], "isRelatedTo")
    assert ("sfia9.CSMG-3", "sfia9.CSMG-4") in between(packages["sfia9"], "precedes")
    assert any(
        target.startswith("sfia9") for _, target in between(packages["task"], "hasSkillLevel")
    )
    foreign = "https://rdf.sfia-online.org/9/skills/CSMG"
    assert ("sfia9.CSMG", foreign) in between(packages["sfia9"], "exactMatchOf")


def test_identifiers_are_unique(packages: dict[str, Any]) -> None:
    for kind in ("CFItems", "CFAssociations"):
        ids = [each["identifier"] for package in packages.values() for each in package[kind]]
        assert len(ids) == len(set(ids)) > 300


def test_associations_give_their_reason(root: str, packages: dict[str, Any]) -> None:
    reasons = [
        each for each in packages["task"]["CFAssociations"] if each["uri"].startswith(BASE + "map.")
    ]
    assert reasons[0]["notes"].startswith("cco:")
    alone = read(root, f"CFAssociations/{reasons[0]['identifier']}", "CFAssociation")
    assert alone["CFDocumentURI"]["identifier"] == identifier("task")
    about = read(root, f"CFItemAssociations/{identifier('cmbok2.HR-5')}", "CFAssociationSet")
    origins = {each["originNodeURI"]["uri"] for each in about["CFAssociations"]}
    assert {BASE + "task.E056", BASE + "cmbok1.HR-5", BASE + "cmbok2.HR-5"} <= origins


def test_definitions_can_be_read_alone(root: str, packages: dict[str, Any]) -> None:
    definitions = packages["cmbok2"]["CFDefinitions"]
    for kind in definitions["CFItemTypes"]:
        read(root, f"CFItemTypes/{kind['identifier']}", "CFItemTypeSet")
    (licence,) = definitions["CFLicenses"]
    assert read(root, f"CFLicenses/{licence['identifier']}", "CFLicense") == licence


def test_the_list_is_sorted_cut_and_linked(root: str) -> None:
    found = httpx.get(
        root + "ims/case/v1p1/CFDocuments",
        params={"sort": "title", "orderBy": "desc", "limit": 1, "offset": 1, "fields": "title"},
    )
    titles = [
        each["title"] for each in httpx.get(found.url.join("CFDocuments")).json()["CFDocuments"]
    ]
    assert found.json() == {"CFDocuments": [{"title": sorted(titles)[-2]}]}
    assert found.headers["x-total-count"] == "4"
    links = httpx.get(found.url).links
    assert set(links) == {"first", "last", "next", "prev"}
    following = httpx.get(found.url.join(links["next"]["url"])).json()
    assert following == {"CFDocuments": [{"title": sorted(titles)[-3]}]}


@pytest.mark.parametrize(
    ("filter", "count"),
    [
        ("title~'CMBOK'", 2),
        ("title='SFIA 9'", 1),
        ("title~'CMBOK' AND version='2.0'", 1),
        ("version='1.0' OR version='9'", 2),
        ("version!='1.0' AND title~'CMBOK'", 1),
        ("version>='2' AND version<'9'", 1),
    ],
)
def test_the_list_is_filtered(root: str, filter: str, count: int) -> None:
    found = httpx.get(root + "ims/case/v1p1/CFDocuments", params={"filter": filter})
    assert len(found.json()["CFDocuments"]) == count


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"CFItems/{identifier('nope')}", 404, "unknownobject"),
        ("CFItems/nope", 404, "invalid_uuid"),
        (f"CFPackages/{identifier('cmbok2.HR-5')}", 404, "unknownobject"),
        (f"CFDocuments/{identifier('nope')}", 404, "unknownobject"),
        (f"CFAssociations/{identifier('nope')}", 404, "unknownobject"),
        (f"CFItemAssociations/{identifier('nope')}", 404, "unknownobject"),
        (f"CFItemTypes/{identifier('nope')}", 404, "unknownobject"),
        (f"CFLicenses/{identifier('nope')}", 404, "unknownobject"),
        ("CFDocuments?limit=0", 400, "invalid_selection_field"),
        ("CFDocuments?offset=-1", 400, "invalid_selection_field"),
        ("CFDocuments?sort=colour", 400, "invalid_sort_field"),
        ("CFDocuments?orderBy=up", 400, "invalid_sort_field"),
        ("CFDocuments?fields=title,colour", 400, "invalid_selection_field"),
        ("CFDocuments?filter=colour", 400, "invalid_selection_field"),
    ],
)
def test_faults_have_the_form_of_case(root: str, path: str, status: int, code: str) -> None:
    found = httpx.get(f"{root}ims/case/v1p1/{path}")
    assert found.status_code == status
    validate(found.json(), "imsx_StatusInfo")
    (minor,) = found.json()["imsx_codeMinor"]["imsx_codeMinorField"]
    assert minor["imsx_codeMinorFieldValue"] == code


@given(
    st.dictionaries(
        st.sampled_from(["limit", "offset", "sort", "orderBy", "filter", "fields"]),
        st.text("title=~<>!' ANDOR,-09あ", max_size=30) | st.sampled_from([*FIELDS, "desc", "7"]),
    )
)
def test_any_selection_is_used_or_refused(given: dict[str, str]) -> None:
    documents = [{"title": "a", "version": "1"}, {"title": "b"}]
    try:
        asked = Selection.of(given)
        shown = asked.shown(asked.matching(documents))
    except SelectionError as fault:
        assert fault.parameter in given
    else:
        assert len(shown) <= len(documents)


def test_discovery_describes_what_is_served(root: str) -> None:
    found = httpx.get(root + "ims/case/v1p1/discovery/imscasev1p1_openapi3_v1p0.json").json()
    assert found["servers"] == [{"url": root + "ims/case/v1p1"}]
    assert {"/CFDocuments", "/CFPackages/{id}", "/CFItems/{id}"} <= set(found["paths"])


def test_a_document_already_held_is_not_sent_again(root: str) -> None:
    address = f"{root}ims/case/v1p1/CFPackages/{identifier('cmbok2')}"
    first = httpx.get(address)
    again = httpx.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_foreign_vocabulary_is_a_framework_too(serve: Serve) -> None:
    path = Path(__file__).parents[1] / "service" / "foreign.ttl"
    with serve(path) as root:
        found = httpx.get(root + "ims/case/v1p1/CFDocuments").json()["CFDocuments"]
        for each in found:
            read(root, f"CFPackages/{each['identifier']}", "CFPackage")

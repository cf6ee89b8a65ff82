"""`/reconcile` and `/reconcile/v1` over a real server, as OpenRefine and the drafts' clients ask.

Every answer is held against the schemas of the specification, where they lie beside the project.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

SCHEMAS = Path(__file__).parents[3] / "shared" / "reconciliation"
SAFE_ID = re.compile(r"[A-Za-z0-9._-]+")
#: the header that OpenRefine's client sends
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}

Check = Callable[[str, str, Any], None]


@pytest.fixture(scope="module")
def http(open_root: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=open_root, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def valid() -> Check:
    """Holds a document against a schema of a version: `valid(version, name, document)`."""
    if not SCHEMAS.is_dir():
        pytest.skip("the specification's schemas are not there: shared/reconciliation")

    def check(version: str, name: str, document: Any) -> None:
        folder = SCHEMAS / version / "schemas"
        files = {path.name: json.loads(path.read_text()) for path in folder.glob("*.json")}
        resources = [
            (uri, Resource(schema, DRAFT7))
            for path, schema in files.items()
            for uri in {path, schema["$id"]}
        ]
        swagger = Resource({"definitions": {"securityDefinitions": {}}}, DRAFT7)
        registry: Registry[Any] = Registry().with_resources(
            [*resources, ("http://swagger.io/v2/schema.json", swagger)]
        )
        Draft7Validator(files[f"{name}.json"], registry=registry).validate(document)

    return check


def ask(http: httpx.Client, queries: dict[str, Any]) -> dict[str, Any]:
    """What OpenRefine does: a form with one field, and reads o[key].result[]."""
    answer = http.post("reconcile", data={"queries": json.dumps(queries)}, headers=FORM)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    found: dict[str, Any] = answer.json()
    assert found.keys() == queries.keys()
    return found


def one(http: httpx.Client, query: str, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(http, {"q0": {"query": query, **more}})["q0"]["result"]
    return found


def match(http: httpx.Client, *queries: Any) -> list[list[dict[str, Any]]]:
    answer = http.post("reconcile/v1/match", json={"queries": queries})
    assert answer.status_code == 200, answer.text
    return [each["candidates"] for each in answer.json()["results"]]


class TestManifest:
    def test_both_are_valid_and_say_their_version(self, http: httpx.Client, valid: Check) -> None:
        old, new = http.get("reconcile").json(), http.get("reconcile/v1").json()
        valid("0.2", "manifest", old)
        valid("1.0-draft", "manifest", new)
        assert (old["versions"], new["versions"]) == (["0.1", "0.2"], ["1.0-draft"])

    def test_it_needs_no_search(self, client: Any) -> None:
        assert client.get("/reconcile").json()["versions"]
        assert client.get("/reconcile/v1").json()["versions"]
        asked = client.post("/reconcile", data={"queries": '{"q0":{"query":"採用"}}'})
        assert asked.status_code == 404 and asked.json()["type"].endswith(":no-search")

    @pytest.mark.parametrize("path", ["reconcile", "reconcile/", "reconcile/v1", "reconcile/v1/"])
    def test_it_stands_with_and_without_a_slash(self, http: httpx.Client, path: str) -> None:
        assert http.get(path, follow_redirects=False).status_code == 200

    def test_every_address_in_it_answers(self, http: httpx.Client, open_root: str) -> None:
        told = http.get("reconcile").json()
        assert told["view"]["url"].startswith(open_root)
        fill = {"{{id}}": "cmbok2.HR-5", "${id}": "cmbok2.HR-5"}
        urls = [told["view"]["url"], told["preview"]["url"], told["documentation"]]
        for name in ("service", "flyout_service"):
            each = told["suggest"]["entity"]
            urls.append(each[f"{name}_url"] + each[f"{name}_path"])
        for url in urls:
            for place, id in fill.items():
                url = url.replace(place, id)
            assert http.get(url).status_code == 200, url

    def test_it_tells_where_clients_reach_us(self, serve: Any) -> None:
        with serve(public_url="https://example.org/graph") as root:
            told = httpx.get(root + "reconcile").json()
        assert told["view"]["url"] == "https://example.org/graph/page/{{id}}"
        assert told["suggest"]["type"]["service_url"] == "https://example.org/graph/reconcile"

    def test_any_origin_may_ask(self, http: httpx.Client) -> None:
        for path in ("reconcile", "reconcile/v1", "reconcile/suggest/entity?prefix=HR-5"):
            answer = http.get(path, headers={"Origin": "http://127.0.0.1:3333"})
            assert answer.headers["access-control-allow-origin"] == "*"
            assert "access-control-allow-credentials" not in answer.headers
        asked = {"Origin": "http://x.test", "Access-Control-Request-Method": "POST"}
        assert http.options("reconcile/v1/match", headers=asked).status_code == 204
        assert http.options("reconcile").headers["allow"] == "GET, HEAD, POST, OPTIONS"
        assert http.options("reconcile/v1/extend").headers["allow"] == "POST, OPTIONS"

    def test_old_clients_get_a_script(self, http: httpx.Client) -> None:
        answer = http.get("reconcile", params={"callback": "jQuery1_2"})
        assert answer.headers["content-type"].startswith("text/javascript")
        assert answer.text.startswith("/**/jQuery1_2({") and answer.text.endswith("});")
        assert http.get("reconcile", params={"callback": "alert(1)//"}).status_code == 400


class TestWhatOpenRefineSends:
    def test_a_guess_of_types(self, http: httpx.Client, valid: Check) -> None:
        """The first ten cells, no type, limit 3."""
        cells = ["シフト作成", "クレーム対応", "OJT", "コーチング", "予算", "採用面接"]
        found = ask(http, {f"q{n}": {"query": each, "limit": 3} for n, each in enumerate(cells)})
        valid("0.2", "reconciliation-result-batch", found)
        types = {
            type["id"] for each in found.values() for hit in each["result"] for type in hit["type"]
        }
        assert {"Competency", "cmbok2"} <= types
        assert all(len(each["result"]) <= 3 for each in found.values())

    def test_a_column_with_a_type_and_another_column(
        self, http: httpx.Client, valid: Check
    ) -> None:
        query = {
            "query": "予算管理",
            "type": "Competency",
            "type_strict": "should",
            "properties": [{"pid": "area", "v": "経営戦略と財務"}],
        }
        valid("0.2", "reconciliation-query-batch", {"q0": query})
        found = ask(http, {"q0": query})
        valid("0.2", "reconciliation-result-batch", found)
        first = found["q0"]["result"][0]
        assert (first["id"], first["match"]) == ("cmbok2.ST-3", True)

    def test_each_candidate_is_whole(self, http: httpx.Client) -> None:
        for each in one(http, "クレーム対応"):
            assert SAFE_ID.fullmatch(each["id"]) and each["name"] and each["description"]
            assert 0 <= each["score"] <= 100
            assert {"id", "name"} == each["type"][0].keys()
            features = [feature["id"] for feature in each["features"]]
            assert len(set(features)) == len(features)
            assert {"code", "label", "reading", "text", "vector", "mapping"} <= set(features)
            assert all(feature["name"] for feature in each["features"])

    def test_scores_fall_and_at_most_the_first_matches(self, http: httpx.Client) -> None:
        for query in ("コーチング", "ストレス管理", "シフト", "HR-5", "OP-5"):
            found = one(http, query, limit=20)
            scores = [each["score"] for each in found]
            assert scores == sorted(scores, reverse=True)
            assert not any(each["match"] for each in found[1:])

    def test_by_get_as_well(self, http: httpx.Client) -> None:
        found = http.get("reconcile", params={"queries": '{"q0":{"query":"HR-5"}}'}).json()
        assert found["q0"]["result"][0]["id"] == "cmbok2.HR-5"

    def test_japanese_that_nobody_encoded(self, http: httpx.Client) -> None:
        sent = 'queries={"q0":{"query":"コーチング"}}'.encode()
        found = http.post("reconcile", content=sent, headers=FORM).json()
        assert found["q0"]["result"][0]["id"] == "cmbok2.HR-5"

    def test_values_to_extend_with(self, http: httpx.Client, valid: Check) -> None:
        told = http.get("reconcile").json()["extend"]["propose_properties"]
        proposed = http.get(told["service_url"] + told["service_path"], params={"type": "Task"})
        valid("0.2", "data-extension-property-proposal", proposed.json())
        names = [each["id"] for each in proposed.json()["properties"]]
        wish = {"ids": ["cmbok2.HR-5", "task.T06"], "properties": [{"id": each} for each in names]}
        valid("0.2", "data-extension-query", wish)
        found = http.post("reconcile", data={"extend": json.dumps(wish)}, headers=FORM).json()
        valid("0.2", "data-extension-response", found)
        assert [each["id"] for each in found["meta"]] == names
        assert found["rows"].keys() == {"cmbok2.HR-5", "task.T06"}
        coaching, shifts = found["rows"]["cmbok2.HR-5"], found["rows"]["task.T06"]
        assert coaching["prefLabel"] == [{"str": "コーチング"}]
        assert coaching["prefLabel-en"] == [{"str": "Coaching"}]
        assert coaching["reading"] == [{"str": "コーチング"}]
        assert coaching["area"][0]["id"] == "cmbok2.HR"
        assert {"id": "cmbok2.OP-1", "name": "業務量予測"} in shifts["requires"]
        assert "task.E020" in [each["id"] for each in coaching["requiredBy"]]

    @pytest.mark.parametrize("place", ["reconcile/preview", "reconcile/v1/preview"])
    def test_the_preview_fits_a_frame(self, http: httpx.Client, place: str) -> None:
        answer = http.get(place, params={"id": "cmbok2.HR-5"})
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "x-frame-options" not in answer.headers and "コーチング" in answer.text
        assert answer.headers["content-security-policy"].endswith("frame-ancestors *")
        elsewhere = http.get("reconcile/list", headers={"Accept": "text/html"})
        assert "frame-ancestors 'none'" in elsewhere.headers["content-security-policy"]
        assert http.get(place, params={"id": "nobody"}).status_code == 404

    def test_a_flyout(self, http: httpx.Client) -> None:
        for what, id in (("entity", "cmbok2.HR-5"), ("type", "Task"), ("property", "gloss")):
            found = http.get(f"reconcile/flyout/{what}", params={"id": id}).json()
            assert found["id"] == id and "<p>" in found["html"]
        assert http.get("reconcile/flyout/entity", params={"id": "x"}).status_code == 404


class TestSuggestions:
    @pytest.mark.parametrize("root", ["reconcile", "reconcile/v1"])
    def test_they_are_valid(self, http: httpx.Client, valid: Check, root: str) -> None:
        version = "0.2" if root == "reconcile" else "1.0-draft"
        for what, many in (("entity", "entities"), ("type", "types"), ("property", "properties")):
            found = http.get(f"{root}/suggest/{what}", params={"prefix": "コ"}).json()
            valid(version, f"suggest-{many}-response", found)

    @pytest.mark.parametrize(
        ("what", "id"),
        [("entity", "cmbok2.HR-5"), ("entity", "sfia9.CSMG-4"), ("type", "Task"), ("type", "task"),
         ("property", "requiredBy")],
    )  # fmt: skip
    def test_an_id_finds_itself_first(self, http: httpx.Client, what: str, id: str) -> None:
        found = http.get(f"reconcile/suggest/{what}", params={"prefix": id}).json()["result"]
        assert id in [each["id"] for each in found[:2]]

    def test_readings_and_narrowing(self, http: httpx.Client) -> None:
        def ids(**params: Any) -> list[str]:
            found = http.get("reconcile/suggest/entity", params=params).json()["result"]
            return [each["id"] for each in found]

        assert "cmbok2.HR-5" in ids(prefix="こーち")
        assert ids(prefix="こーち", type="cmbok1") == ["cmbok1.HR-5"]
        assert ids(prefix="H", limit=3, offset=1) == ids(prefix="H", limit=4)[1:]


class TestDraft:
    def test_a_batch(self, http: httpx.Client, valid: Check) -> None:
        queries = [
            {"conditions": [{"matchType": "name", "propertyValue": "採用"}], "limit": 2},
            {"conditions": [{"matchType": "id", "propertyValue": "task.T06"}]},
            {
                "type": "Competency",
                "conditions": [
                    {"matchType": "name", "propertyValue": "コーチング"},
                    {"matchType": "property", "propertyId": "scheme", "required": True,
                     "propertyValue": [{"id": "cmbok1"}, "CMBOK 1.0"]},
                ],
            },
        ]  # fmt: skip
        valid("1.0-draft", "reconciliation-query-batch", {"queries": queries})
        answer = http.post("reconcile/v1/match", json={"queries": queries})
        valid("1.0-draft", "reconciliation-result-batch", answer.json())
        first = [each["candidates"][0] for each in answer.json()["results"]]
        assert [each["id"] for each in first] == ["cmbok2.HR-2", "task.T06", "cmbok1.HR-5"]
        assert all(each["match"] for each in first)

    def test_what_is_required_is_and_what_is_not_only_counts(self, http: httpx.Client) -> None:
        name = {"matchType": "name", "propertyValue": "ストレス管理"}
        task = {"matchType": "property", "propertyId": "scheme", "propertyValue": "task"}
        must, prefer = match(
            http,
            {"conditions": [name, {**task, "required": True}]},
            {"conditions": [name, task]},
        )
        assert {each["id"].partition(".")[0] for each in must} == {"task"} and must[0]["match"]
        assert "cmbok2.HR-9" in [each["id"] for each in prefer]
        assert prefer[0]["id"] == "task.T16"

    def test_none_and_all(self, http: httpx.Client) -> None:
        name = {"matchType": "name", "propertyValue": "シフト"}
        task = {"matchType": "property", "propertyId": "scheme", "required": True}
        none, both = match(
            http,
            {"conditions": [name, {**task, "propertyValue": "task", "matchQuantifier": "none"}]},
            {"conditions": [name, {**task, "propertyValue": ["task", "cmbok2"],
                                   "matchQuantifier": "all"}]},
        )  # fmt: skip
        assert none and not [each for each in none if each["id"].startswith("task.")]
        assert both == []

    def test_values_to_extend_with(self, http: httpx.Client, valid: Check) -> None:
        wish = {"ids": ["cmbok2.HR-5"], "properties": [{"id": "prefLabel"}, {"id": "replaces"}]}
        valid("1.0-draft", "data-extension-query", wish)
        found = http.post("reconcile/v1/extend", json=wish).json()
        valid("1.0-draft", "data-extension-response", found)
        values = {each["id"]: each["values"] for each in found["rows"][0]["properties"]}
        assert values["prefLabel"] == [{"str": "コーチング", "lang": "ja"}]
        assert values["replaces"][0]["id"] == "cmbok1.HR-5"
        proposed = http.get("reconcile/v1/extend/propose", params={"type": "Task", "limit": 2})
        valid("1.0-draft", "data-extension-property-proposal", proposed.json())
        assert len(proposed.json()["properties"]) == 2

    def test_the_preview_stands_at_its_place(self, http: httpx.Client) -> None:
        assert http.get("reconcile/v1/preview", params={"id": "task.T06"}).status_code == 200


class TestWhatCannotBeAnswered:
    @pytest.mark.parametrize(
        "queries",
        ["", "{", "[]", "null", '{"q0": "採用"}', '{"q0": {"limit": "x"}}',
         '{"q0": {"query": {}}}', "[" * 100_000, '{"q0": {"properties": 5}}',
         '{"q0": {"query": "\\ud800"}}', '{"q0": {"type_strict": "must"}}'],
    )  # fmt: skip
    def test_bad_json_is_400_and_says_where(self, http: httpx.Client, queries: str) -> None:
        answer = http.post("reconcile", data={"queries": queries}, headers=FORM)
        assert answer.status_code == 400, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert "queries" in answer.json()["detail"]
        draft = http.post(
            "reconcile/v1/match", content=queries, headers={"Content-Type": "application/json"}
        )
        assert draft.status_code == 400, draft.text

    def test_a_form_that_is_no_form(self, http: httpx.Client) -> None:
        assert http.post("reconcile", content=b"queries=%ff", headers=FORM).status_code == 400
        json_body = http.post("reconcile", json={"q0": {"query": "x"}})
        assert json_body.status_code == 415 and "/reconcile/v1/match" in json_body.text
        assert http.post("reconcile/v1/match", data={"queries": "{}"}).status_code == 415

    def test_too_many_are_413_and_named(self, http: httpx.Client) -> None:
        size = http.get("reconcile").json()["batchSize"]
        queries = {f"q{n}": {"query": ""} for n in range(size + 1)}
        answer = http.post("reconcile", data={"queries": json.dumps(queries)}, headers=FORM)
        assert answer.status_code == 413
        assert (answer.json()["cap"], answer.json()["limit"]) == ("batchSize", size)
        many = {"queries": [{"conditions": [{"matchType": "name", "propertyValue": ""}]}] * 1001}
        assert http.post("reconcile/v1/match", json=many).status_code == 413

    def test_a_full_batch_is_answered_line_by_line(self, http: httpx.Client, valid: Check) -> None:
        queries = {f"q{n}": {"query": f"研修 {n % 60}", "limit": 1} for n in range(300)}
        found = ask(http, queries)
        valid("0.2", "reconciliation-result-batch", found)
        assert list(found) == list(queries)

    def test_an_unknown_property_is_named(self, http: httpx.Client) -> None:
        wish = {"ids": ["cmbok2.HR-5"], "properties": [{"id": "colour"}]}
        answer = http.post("reconcile/v1/extend", json=wish)
        assert answer.status_code == 400 and "colour" in answer.json()["detail"]
        assert "gloss" in answer.json()["known"]

    def test_unknown_ids_have_no_values(self, http: httpx.Client) -> None:
        wish = {"ids": ["nobody", "a b", "<x>"], "properties": [{"id": "prefLabel"}]}
        rows = http.post("reconcile", data={"extend": json.dumps(wish)}).json()["rows"]
        assert rows == {id: {"prefLabel": []} for id in wish["ids"]}

    def test_lines_of_nothing_have_no_candidates(self, http: httpx.Client) -> None:
        found = ask(http, {"a": {"query": ""}, "b": {"query": " "}, "c": {"query": "、。"},
                           "d": {"query": "x" * 5000}, "e": {"query": "\x00\t\n"}})  # fmt: skip
        assert found["a"] == found["b"] == {"result": []}
        assert ask(http, {}) == {}

    @settings(
        max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=20),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["query", "type", "limit", "properties", "pid", "v", "q0"]),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=12,
        )
    )
    def test_whatever_is_sent_the_answer_is_no_500(self, http: httpx.Client, sent: Any) -> None:
        text = json.dumps({"q0": sent})
        answer = http.post("reconcile", content=f"queries={quote(text)}", headers=FORM)
        assert answer.status_code in (200, 400), answer.text


def test_a_foreign_graph_is_reconciled_by_its_iris(serve: Any, valid: Check) -> None:
    foreign = Path(__file__).with_name("foreign.ttl")
    with serve(foreign) as root:
        told = httpx.get(root + "reconcile").json()
        valid("0.2", "manifest", told)
        assert told["view"]["url"] == root + "page?uri={{id}}" and not told["defaultTypes"]

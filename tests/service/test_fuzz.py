"""Nothing that is sent breaks the service: the OpenAPI description and mutated requests."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CheckContext, not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

Serve = Callable[..., AbstractContextManager[str]]
FUZZ = Path(__file__).parents[1] / "fuzz.py"


def no_fault_of_the_server(
    context: CheckContext, response: Response, case: schemathesis.Case
) -> bool | None:
    """A query that its client gives no time is stopped, and may be asked again."""
    form = case.body if isinstance(case.body, dict) else {}
    if response.status_code == 503 and "timeout" in (*case.query, *form):
        assert "retry-after" in response.headers
        return None
    return not_a_server_error(context, response, case)


CHECKS = [
    no_fault_of_the_server,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


BOUNDED = settings(
    max_examples=8,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_the_description_holds(searching: str) -> None:
    """Every operation of the OpenAPI document, with a few requests that are made from it."""
    described = schemathesis.openapi.from_url(searching + "openapi.json")
    operations = [found.ok() for found in described.get_all_operations()]
    assert len(operations) > 20
    broken = [fault for operation in operations for fault in faults(operation)]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(
    ("path", "name", "value", "status"),
    [
        ("/code/{code}", "code", "HR-4", 300),
        ("/code/{code}", "code", "ｈｒ５", 303),
        ("/code/{code}", "code", "ZZ-99", 404),
        ("/id/{local}", "local", "cmbok2.HR-s3", 410),
        ("/page/{local}", "local", "cmbok2.HR-s3", 410),
        ("/data/{local}", "local", "cmbok2.HR-s3.nt", 410),
    ],
)
@pytest.mark.parametrize("accept", ["application/json", "text/html", "text/turtle"])
def test_answers_that_no_chance_finds_are_described(
    searching: str, path: str, name: str, value: str, status: int, accept: str
) -> None:
    described = schemathesis.openapi.from_url(searching + "openapi.json")
    operation = described[path]["GET"]
    case = operation.Case(path_parameters={name: value}, headers={"Accept": accept})
    answer = case.call(allow_redirects=False)
    if answer.status_code != 406:
        assert answer.status_code == status
        assert str(status) in operation.definition.raw["responses"] or status == 404
    case.validate_response(answer, checks=CHECKS)


def test_the_list_of_meanings_is_described(searching: str) -> None:
    document = httpx.get(searching + "openapi.json").json()
    told = document["paths"]["/code/{code}"]["get"]["responses"]["300"]["content"]
    assert set(told) == {"application/json", "text/html"}
    schemas = document["components"]["schemas"]
    assert told["application/json"]["schema"]["$ref"].rpartition("/")[2] == "Choice"
    listed = httpx.get(f"{searching}code/HR-4").json()
    assert set(schemas["Choice"]["required"]) == set(listed)
    assert all(set(schemas["Item"]["required"]) == set(each) for each in listed["items"])
    assert schemas["Successor"]["required"]


def faults(operation: APIOperation) -> Iterator[str]:
    """What an operation answers against its description, the first of it."""

    @BOUNDED
    @given(case=operation.as_strategy())
    def holds(case: schemathesis.Case) -> None:
        case.call_and_validate(checks=CHECKS)

    try:
        holds()
    except (FailureGroup, ExceptionGroup) as error:
        yield f"{operation.method} {operation.path}: {error.exceptions}"


def test_mutated_requests(serve: Serve) -> None:
    """A few of the ten thousand that `python tests/fuzz.py --count 10000` sends."""
    with serve(query_timeout=2, query_workers=1) as root:
        command = [sys.executable, str(FUZZ), "--count", "300", "--url", root]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr

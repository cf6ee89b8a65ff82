"""Nothing that is sent breaks the service: the OpenAPI description and mutated requests."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

Serve = Callable[..., AbstractContextManager[str]]
FUZZ = Path(__file__).parents[1] / "fuzz.py"


CHECKS = [
    not_a_server_error,
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

"""`ccgraph selftest`: a service that keeps its promises, and services that do not."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse

from service.selftest.model import Report, Verdict
from service.selftest.run import selftest
from service.selftest.table import CHECKS

Serve = Callable[..., AbstractContextManager[str]]
Asgi = Callable[[Any], AbstractContextManager[str]]
FOLDER: Final = Path(__file__).parents[1] / "service"
RECONCILIATION: Final = {"reconcile-0.2", "reconcile-1.0"}


def names(report: Report, verdict: Verdict) -> set[str]:
    return {each.check.name for each in report.outcomes if each.verdict is verdict}


def missing() -> set[str]:
    """What this version of the service does not have: reconciliation may come on its own."""
    found = list((Path(__file__).parents[2] / "service" / "routes").glob("reconcile*.py"))
    return set() if found else RECONCILIATION


def test_every_promise_is_kept(root: str) -> None:
    report = selftest(root, 60)
    assert names(report, Verdict.FAILED) == missing()
    assert names(report, Verdict.NOT_APPLICABLE) == {"gone-410"}


def test_below_a_path_as_well(prefixed: str) -> None:
    assert prefixed.endswith("/skills/")
    report = selftest(prefixed.rstrip("/"), 60)
    assert names(report, Verdict.FAILED) == missing()


RETIRED = """
@prefix ccg: <https://w3id.org/ccgraph/id/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
ccg:s a skos:ConceptScheme ; skos:prefLabel "集まり"@ja .
ccg:s.A-1 a skos:Concept ; skos:inScheme ccg:s ; skos:prefLabel "傾聴"@ja ; skos:notation "A-1" .
ccg:s.A-2 a skos:Concept ; skos:inScheme ccg:s ; skos:prefLabel "共感"@ja ; owl:deprecated true .
"""


def test_a_retired_id_is_found_by_itself(serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "retired.ttl"
    path.write_text(RETIRED, encoding="utf-8")
    with serve(path) as root:
        report = selftest(root, 60)
    assert {"gone-410", "code-303", "id-303"} <= names(report, Verdict.PASSED)
    assert names(report, Verdict.NOT_APPLICABLE) >= {"code-300", "mappings"}


def test_a_graph_of_someone_else(serve: Serve) -> None:
    with serve(FOLDER / "foreign.ttl") as root:
        report = selftest(root, 60)
    assert names(report, Verdict.FAILED) == missing()
    assert "id-303" in names(report, Verdict.NOT_APPLICABLE)
    assert {"formats", "page", "search", "mcp"} <= names(report, Verdict.PASSED)


async def agreeable(scope: Any, receive: Any, send: Any) -> None:
    """A server that is content with everything."""
    await JSONResponse({"status": "live"})(scope, receive, send)


async def dull(scope: Any, receive: Any, send: Any) -> None:
    """A server that has lists where objects are expected."""
    await JSONResponse([1])(scope, receive, send)


async def shut(scope: Any, receive: Any, send: Any) -> None:
    """A server that lets nobody in."""
    await PlainTextResponse("no", 401)(scope, receive, send)


@pytest.mark.parametrize("app", [agreeable, dull, shut])
def test_a_server_of_another_kind_fails_nearly_everywhere(asgi: Asgi, app: Any) -> None:
    with asgi(_without_lifespan(app)) as root:
        report = selftest(root, 5)
    assert not names(report, Verdict.PASSED)
    assert len(report.outcomes) == len(CHECKS)
    for each in report.outcomes:
        assert each.came and "Traceback" not in each.came


def test_a_service_that_has_moved_is_checked_where_it_is(asgi: Asgi) -> None:
    async def moved(scope: Any, receive: Any, send: Any) -> None:
        target = "https://skills.example" + scope["path"]
        await RedirectResponse(target, 301)(scope, receive, send)

    with asgi(_without_lifespan(moved)) as root:
        told = command(root)
    assert told.returncode == 1 and "https://skills.example/ を" in told.stderr


def test_one_broken_promise_is_found_alone(open_state: Any, asgi: Asgi) -> None:
    """A proxy that turns every 303 into 302 and hides problems breaks what it breaks."""
    from service.app import create_app

    app = create_app(open_state)

    async def meddling(scope: Any, receive: Any, send: Any) -> None:
        async def changed(message: Any) -> None:
            if message.get("status") == 303:
                message = {**message, "status": 302}
            await send(message)

        await app(scope, receive, changed)

    with asgi(meddling) as root:
        report = selftest(root, 60)
    assert names(report, Verdict.FAILED) - missing() == {"id-303", "code-303"}
    broken = next(each for each in report.outcomes if each.check.name == "id-303")
    assert broken.came.startswith("302") and broken.document()["mend"]


def _without_lifespan(app: Any) -> Any:
    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await Request(scope, receive).body()
        await app(scope, receive, send)

    return guarded


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONWARNINGS": "error", "COLUMNS": "160"}
    program = [sys.executable, "-m", "service", "selftest", *arguments]
    return subprocess.run(program, capture_output=True, text=True, env=environ, check=False)


def lines(text: str, *marks: str) -> Sequence[str]:
    return [line for line in text.splitlines() if any(mark in line for mark in marks)]


def test_the_table_is_readable(root: str) -> None:
    told = command(root)
    assert told.returncode == (1 if missing() else 0), told.stderr
    assert len(lines(told.stdout, "│ ✓", "│ ✗", "│ –")) == len(CHECKS)
    assert root in told.stdout and "確かめたこと" in told.stdout
    assert len(lines(told.stdout, "│ →")) == len(missing())


def test_json_for_machines(root: str) -> None:
    told = command(root, "--json", "--timeout", "60")
    report = json.loads(told.stdout)
    assert {each["name"] for each in report["checks"]} == {each.name for each in CHECKS}
    assert report["counts"]["failed"] == len(missing())


@pytest.mark.parametrize(
    ("url", "status"),
    [("nowhere", 2), ("ftp://x/", 2), ("http://127.0.0.1:1/", 1), ("http://x/?q=1", 2)],
)
def test_what_cannot_be_checked(url: str, status: int) -> None:
    told = command(url)
    assert told.returncode == status
    assert url in told.stderr and "Traceback" not in told.stderr and not told.stdout


def test_names_of_checks_are_unique_and_every_one_can_be_mended() -> None:
    assert len({each.name for each in CHECKS}) == len(CHECKS)
    assert all(each.mend and each.expected and each.ja and each.en for each in CHECKS)

"""How the service runs: health, version, cross-origin access, errors."""

import time
from typing import Final

from service.selftest.client import Service, Unmet

JSON: Final = "application/json"
_VERSION: Final = ("version", "graph", "edition", "encoder")
#: how a service answers that is still loading, and how often it is asked, in seconds
_STARTING: Final = 503
_PAUSE: Final = 0.2
_ORIGIN: Final = "https://selftest.example"


def health(service: Service) -> str:
    """The process lives and can answer; one that is just starting is waited for."""
    ends = time.monotonic() + service.timeout
    while service.get("health/ready").status == _STARTING and time.monotonic() < ends:
        time.sleep(_PAUSE)
    for name in ("live", "ready"):
        found = service.get(f"health/{name}", JSON).expect(200, JSON).json()
        if found.get("status") != name:
            raise Unmet(f"/health/{name}: {found}")
    return "live, ready"


def version(service: Service) -> str:
    """The service says what it serves."""
    found = service.get("version", JSON).expect(200, JSON).json()
    missing = [name for name in _VERSION if name not in found]
    if missing:
        raise Unmet(f"without {', '.join(missing)}")
    return " ".join(str(found[name]) for name in _VERSION)


def cross_origin(service: Service) -> str:
    """Pages from anywhere may read, without credentials."""
    answer = service.send("GET", "version", headers={"Origin": _ORIGIN}).expect(200)
    asked = {"Origin": _ORIGIN, "Access-Control-Request-Method": "POST"}
    preflight = service.send("OPTIONS", "sparql", headers=asked)
    for each in (answer, preflight):
        allowed = each.headers.get("access-control-allow-origin")
        if allowed != "*" or "access-control-allow-credentials" in each.headers:
            raise Unmet(f"Access-Control-Allow-Origin: {allowed}")
    if preflight.status not in (200, 204):
        raise Unmet(f"OPTIONS {preflight.status}")
    return f"*, OPTIONS {preflight.status}"


def openapi(service: Service) -> str:
    """The description of the API names the paths."""
    found = service.get("openapi.json", JSON).expect(200, JSON).json()
    missing = {"/search", "/sparql", "/id/{local}"} - found["paths"].keys()
    if missing:
        raise Unmet(f"without {', '.join(sorted(missing))}")
    return f"OpenAPI {found['openapi']}, {len(found['paths'])} paths"


def start(service: Service) -> str:
    """The start page is HTML whose links stay below the root."""
    text = service.get("", "text/html").expect(200, "text/html").text
    if 'href="/' in text or 'src="/' in text:
        raise Unmet('links that leave a path prefix (href="/…")')
    return "200"


def head(service: Service) -> str:
    """HEAD has the headers of GET and no body."""
    found = service.send("HEAD", "version").expect(200)
    if found.body:
        raise Unmet(f"{len(found.body)} bytes")
    service.send("DELETE", "version").expect(405)
    return "HEAD 200, DELETE 405"

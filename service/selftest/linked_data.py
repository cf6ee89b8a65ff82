"""Names and documents: 303, 300, 410, formats."""

import json
import re
from typing import Final
from urllib.parse import quote

from service.selftest.client import NotApplicable, Service, Unmet

HTML: Final = "text/html"
FORMATS: Final = {
    "ttl": "text/turtle",
    "jsonld": "application/ld+json",
    "rdf": "application/rdf+xml",
    "nt": "application/n-triples",
}
_SCRIPT: Final = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)
_NOWHERE: Final = "no-such-id-as-this"


def names(service: Service) -> str:
    """A name answers 303 to a document of the type asked for, below the same root."""
    local = _local(service)
    for accept in (HTML, *FORMATS.values()):
        answer = service.get(f"id/{local}", accept).expect(303)
        service.follow(answer, accept).expect(200, accept)
    return f"/id/{local}: 303 × {1 + len(FORMATS)}"


def formats(service: Service) -> str:
    """A document is the same in every form, and speaks of what was asked."""
    subject, sizes = service.subject, set()
    for ending, type in FORMATS.items():
        path = f"data/{subject.local}.{ending}" if subject.local else "data"
        found = service.get(path, type, **subject.params).expect(200, type).triples()
        if not any(getattr(each.subject, "value", "") == subject.uri for each in found):
            raise Unmet(f"{path}: nothing about {subject.uri}")
        sizes.add(len(set(found)))
    if len(sizes) > 1:
        raise Unmet(f"{subject.uri}: {sorted(sizes)} triples")
    return f"{', '.join(FORMATS)}: {sizes.pop()} triples"


def page(service: Service) -> str:
    """The page for people shows the label, and JSON-LD of schema.org within."""
    subject = service.subject
    answer = service.get(subject.page, HTML, **subject.params).expect(200, HTML)
    found = _SCRIPT.search(answer.text)
    if found is None:
        raise Unmet("no JSON-LD in the page")
    try:
        term = json.loads(found[1])
    except ValueError:
        raise Unmet("JSON-LD that is not JSON") from None
    if term.get("@id") != subject.uri or not term.get("name"):
        raise Unmet(f"JSON-LD about {term.get('@id')}")
    return f"{term.get('@type')} {term['name']}"


def one_meaning(service: Service) -> str:
    """A code with one meaning leads to it."""
    code = service.code()
    answer = service.get(f"code/{quote(code, safe='')}", HTML).expect(303)
    target = service.follow(answer, HTML)
    if target.status not in (200, 303):
        raise Unmet(f"303 to {target.url}, which is {target.status}")
    return f"/code/{code}: 303"


def several_meanings(service: Service) -> str:
    """A code whose versions mean different things lists them."""
    candidates = service.ambiguous()
    for code in candidates:
        answer = service.get(f"code/{quote(code, safe='')}", "application/json")
        if answer.status != 303:
            items = answer.expect(300, "application/json").json()["items"]
            if len(items) < 2:
                raise Unmet(f"/code/{code}: 300 with {len(items)} items")
            return f"/code/{code}: 300, {len(items)} meanings"
    raise Unmet(f"303 for each of {', '.join(candidates)}")


def gone(service: Service) -> str:
    """A retired name answers 410 with what is left of it."""
    local = service.retired()
    for type in FORMATS.values():
        left = service.get(f"id/{local}", type).expect(410, type).triples()
        if not any(each.predicate.value.endswith("#deprecated") for each in left):
            raise Unmet(f"/id/{local}: 410 without owl:deprecated ({type})")
    service.get(f"id/{local}", HTML).expect(410, HTML)
    return f"/id/{local}: 410 × {1 + len(FORMATS)}"


def unknown(service: Service) -> str:
    """An unknown name is 404 in words."""
    answer = service.get(f"id/{_NOWHERE}", "application/json").expect(404)
    detail = answer.expect(404, "application/problem+json").json()["detail"]
    return f"404 {str(detail)[:40]}"


def unacceptable(service: Service) -> str:
    """What cannot be given is 406 with what can."""
    answer = service.get(f"id/{_local(service)}", "image/png").expect(406)
    return f"406, offers {len(answer.json()['offers'])}"


def validators(service: Service) -> str:
    """A document already held is not sent again."""
    subject = service.subject
    path = f"data/{subject.local}.ttl" if subject.local else "data"
    first = service.get(path, FORMATS["ttl"], **subject.params).expect(200)
    held = {"Accept": FORMATS["ttl"], "If-None-Match": first.headers.get("etag", "none")}
    service.send("GET", path, headers=held, params=subject.params).expect(304)
    return f"304, ETag {first.headers['etag']}"


def _local(service: Service) -> str:
    if service.subject.local is None:
        raise NotApplicable(f"the names of this graph are elsewhere ({service.subject.uri})")
    return service.subject.local

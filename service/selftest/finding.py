"""Search, completion, documented questions, mappings."""

from typing import Final

from service.selftest.client import NotApplicable, Service, Unmet

JSON: Final = "application/json"
_HIT: Final = {"id", "uri", "kind", "scheme", "notation", "label", "path", "score", "why"}
_ITEM: Final = {"id", "uri", "label", "notation", "kind"}


def search(service: Service) -> str:
    """What is asked by its own name is found."""
    label = service.subject.label
    found = service.get("search", JSON, q=label, include="superseded").expect(200, JSON).json()
    hits = found["hits"]
    if not hits or not hits[0].keys() >= _HIT:
        raise Unmet(f"「{label}」: {len(hits)} hits")
    if service.subject.uri not in {hit["uri"] for hit in hits} | _same(hits, label):
        raise Unmet(f"「{label}」 is not among {len(hits)} hits")
    return f"「{label}」 of {found['total']}, {found['took_ms']:.0f} ms"


def _same(hits: list[dict[str, str]], label: str) -> set[str]:
    """Other entities of the same name leave no doubt about the search."""
    return {hit["uri"] for hit in hits if hit["label"] == label}


def blank_search(service: Service) -> str:
    """A search for nothing is 400 in words."""
    detail = service.get("search", JSON, q=" ").expect(400, "application/problem+json").json()
    return f"400 {str(detail['detail'])[:40]}"


def suggest(service: Service) -> str:
    """What is being typed is completed from its first letter."""
    prefix = service.subject.label[:1]
    items = service.get("suggest", JSON, prefix=prefix).expect(200, JSON).json()["items"]
    if not items or not items[0].keys() >= _ITEM:
        raise Unmet(f"「{prefix}」: {len(items)} items")
    return f"「{prefix}」: {len(items)} items"


def questions(service: Service) -> str:
    """The documented questions, and the answer to one that asks for nothing."""
    items = service.get("queries", JSON).expect(200, JSON).json()["items"]
    if not items:
        raise NotApplicable("no documented questions")
    free = next((each["name"] for each in items if not each["params"]), items[0]["name"])
    answer = service.get(f"queries/{free}", JSON).expect(200, JSON).json()
    service.get(f"queries/{free}", "text/csv").expect(200, "text/csv")
    if not answer.keys() >= {"name", "params", "columns", "rows", "summary"}:
        raise Unmet(f"{free}: {sorted(answer)}")
    return f"{len(items)}; {free}: {len(answer['rows'])} rows"


def mappings(service: Service) -> str:
    """Mappings with SSSOM's slots, filtered by an end, and as one table."""
    found = service.get("mappings", JSON, limit="1").expect(200, JSON).json()
    service.get("mappings.sssom.tsv").expect(200, "text/tab-separated-values")
    if not found["total"]:
        raise NotApplicable("no mappings in this graph")
    first = found["items"][0]
    mine = service.get("mappings", JSON, subject=first["subject_id"]).expect(200).json()
    if not mine["total"] or mine["total"] > found["total"]:
        raise Unmet(f"{first['subject_id']}: {mine['total']} of {found['total']}")
    return f"{found['total']} mappings"

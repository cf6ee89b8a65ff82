"""The shapes of both versions: plain values that become JSON."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from service.reconciling.matcher import Matcher
from service.reconciling.model import Candidate
from service.reconciling.properties import Property, Value
from service.reconciling.suggestions import Suggested, described

Json = dict[str, Any]

#: the features by id, for people
FEATURES: Final[Mapping[str, str]] = {
    "id": "id が一致 / the id",
    "code": "コードの一致 / code",
    "label": "名称の一致 / label and other names",
    "reading": "読みの近さ / reading",
    "text": "語の重なり / words",
    "vector": "意味の近さ（標準偏差） / meaning, in standard deviations",
    "mapping": "対応付けでつながる / related by a mapping",
}
_PROPERTY: Final = "property-"


def results(lines: Iterable[Sequence[Candidate]], matcher: Matcher) -> Iterator[Json]:
    """The results of lines, version 0.2."""
    return ({"result": [candidate(each, matcher) for each in found]} for found in lines)


def draft_results(lines: Iterable[Sequence[Candidate]], matcher: Matcher) -> Iterator[Json]:
    """The results of lines, draft of 1.0."""
    return ({"candidates": [candidate(each, matcher) for each in found]} for found in lines)


def candidate(found: Candidate, matcher: Matcher) -> Json:
    """A candidate; both versions have the same members."""
    return {
        "id": found.entry.id,
        "name": found.entry.label,
        "description": described(matcher, found.entry),
        "type": [{"id": each.id, "name": each.name} for each in matcher.types.of(found.entry)],
        "score": found.score,
        "match": found.match,
        "features": [
            {"id": each.id, "name": feature_name(each.id, matcher), "value": each.value}
            for each in found.features
        ],
    }


def feature_name(id: str, matcher: Matcher) -> str:
    """The name of a feature; that of a property is the property's."""
    known = matcher.facts.table.get(id.removeprefix(_PROPERTY))
    return FEATURES.get(id) or (known.name if known else id)


def suggested(found: Iterable[Suggested]) -> Json:
    """Suggestions; both versions have the same members."""
    return {"result": [_suggestion(each) for each in found]}


def proposed(known: Iterable[Property], type: str, limit: int | None) -> Json:
    """Properties to fetch for entities of a type."""
    found = [{"id": each.id, "name": each.name} for each in known][:limit]
    return {"properties": found, "type": type} | ({} if limit is None else {"limit": limit})


def extended(matcher: Matcher, ids: Sequence[str], wanted: Sequence[str]) -> Json:
    """Values of properties, version 0.2."""
    rows = {
        id: {
            name: [_value(each, matcher) for each in matcher.facts.values(id, name)]
            for name in wanted
        }
        for id in ids
    }
    return {"meta": list(_meta(matcher, wanted)), "rows": rows}


def draft_extended(matcher: Matcher, ids: Sequence[str], wanted: Sequence[str]) -> Json:
    """Values of properties, draft of 1.0."""
    facts = matcher.facts
    rows = [
        {
            "id": id,
            "properties": [
                {
                    "id": name,
                    "values": [_tagged(each, matcher) for each in facts.values(id, name)],
                }
                for name in wanted
            ],
        }
        for id in ids
    ]
    return {"meta": list(_meta(matcher, wanted)), "rows": rows}


def _suggestion(each: Suggested) -> Json:
    found: Json = {"id": each.id, "name": each.name, "description": each.description}
    if each.types:
        found["notable"] = [{"id": type.id, "name": type.name} for type in each.types]
    return found


def _meta(matcher: Matcher, wanted: Sequence[str]) -> Iterator[Json]:
    return ({"id": name, "name": matcher.facts.table[name].name} for name in wanted)


def _value(each: Value, matcher: Matcher) -> Json:
    """A value; only what the service itself can show may be an entity, all else is text."""
    ours = each.id is not None and (matcher.entry(each.id) or each.id in matcher.types.by_id)
    if each.id is None or not ours:
        return {"str": each.text if each.id is None or each.text else each.id}
    return {"id": each.id, "name": each.text}


def _tagged(each: Value, matcher: Matcher) -> Json:
    return _value(each, matcher) | ({"lang": each.language} if each.language else {})

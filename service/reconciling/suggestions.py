"""Completion: entities, types and properties that begin with what was typed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from service.reconciling.matcher import Matcher
from service.reconciling.types import Type
from service.retrieval.entries import Entry


@dataclass(frozen=True, slots=True)
class Suggested:
    """One suggestion; `types` are those of an entity."""

    id: str
    name: str
    description: str
    types: tuple[Type, ...] = ()


def entities(
    matcher: Matcher, prefix: str, limit: int, types: Iterable[str] = ()
) -> list[Suggested]:
    """Entities by id, code, name or reading; an id given whole is the first."""
    wanted = {matcher.types.known(each) for each in types}
    found = (
        each for each in _entries(matcher, prefix) if not wanted or wanted & _of(matcher, each)
    )
    return [entity(matcher, each) for each in islice(found, limit)]


def entity(matcher: Matcher, entry: Entry) -> Suggested:
    """An entity as clients show it."""
    return Suggested(
        entry.id, entry.label, described(matcher, entry), tuple(matcher.types.of(entry))
    )


def described(matcher: Matcher, entry: Entry) -> str:
    """What tells an entity from its namesakes: code, scheme, place, gloss; one line."""
    schemes = matcher.search.index.schemes
    place = " › ".join(filter(None, (schemes.get(entry.scheme, entry.scheme), *entry.path)))
    gloss = entry.glosses[0] if entry.glosses else ""
    return " ".join(filter(None, (entry.notation, place and f"［{place}］", gloss)))


def types(matcher: Matcher, prefix: str, limit: int) -> list[Suggested]:
    """Types by id or name."""
    found = matcher.types.beginning(prefix)
    return [Suggested(each.id, each.name, each.description) for each in found[:limit]]


def properties(matcher: Matcher, prefix: str, limit: int) -> list[Suggested]:
    """Properties by id or name."""
    found = matcher.facts.beginning(prefix)
    return [Suggested(each.id, each.name, each.en) for each in found[:limit]]


def _entries(matcher: Matcher, prefix: str) -> Iterator[Entry]:
    whole = matcher.entry(prefix.strip()) if prefix.strip() else None
    if whole:
        yield whole
    index = matcher.search.index
    for each in matcher.search.suggester.suggest(prefix, len(index.entries)):
        if whole is None or each.uri != whole.uri:
            yield index.entries[index.by_uri[each.uri]]


def _of(matcher: Matcher, entry: Entry) -> set[str | None]:
    return {each.id for each in matcher.types.of(entry)}

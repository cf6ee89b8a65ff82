"""The lines of a page with their candidates, as the template shows them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from service.http.languages import Voice
from service.pages.views import field_name, kind_name
from service.reconciling.matcher import NAMED, Matcher
from service.reconciling.model import Candidate
from service.retrieval.analysis import folded_key
from service.retrieval.entries import Entry

#: characters of a text that is given as a reason
_SHOWN: Final = 40
#: features that are told as they are, with the least that is worth telling
_NAMED: Final = {"id": ("id が一致", "same id"), "code": ("コードが一致", "same code")}
_LABEL: Final = ("名称が一致", "same name")
_OTHER: Final = ("別名が一致", "same other name")
_WHOLE: Final = 100.0
#: candidates that are always shown, and the score from which further ones are
_ALWAYS: Final = 3
_WORTH: Final = 5.0
_JA: Final = Voice()


@dataclass(frozen=True, slots=True)
class Shown:
    """A candidate as a page shows it; `value` is what its box sends, whatever the page speaks."""

    entry: Entry
    kind: str
    scheme: str
    score: int
    match: bool
    why: str
    value: str


@dataclass(frozen=True, slots=True)
class Row:
    """A line and its candidates; `relation` is what is chosen first for it."""

    number: int
    text: str
    candidates: tuple[Shown, ...]
    relation: str


def rows(
    lines: Sequence[str],
    found: Iterable[Sequence[Candidate]],
    matcher: Matcher,
    first: int = 1,
    voice: Voice = _JA,
) -> Iterator[Row]:
    """The rows of these lines, the first of them numbered `first`."""
    for number, (text, candidates) in enumerate(zip(lines, found, strict=True), start=first):
        kept = [each for at, each in enumerate(candidates) if at < _ALWAYS or each.score >= _WORTH]
        same = bool(kept) and _named(text, kept[0]) in {*_NAMED.values(), _LABEL}
        shown = tuple(_shown(number, text, each, matcher, voice) for each in kept)
        yield Row(number, text, shown, "exactMatch" if same else "closeMatch")


def reason(text: str, candidate: Candidate, voice: Voice = _JA) -> str:
    """The one thing that speaks most for a candidate of a line."""
    if named := _named(text, candidate):
        return voice.say(*named)
    told = [(field_name(each.field, voice), _cut(each.text)) for each in candidate.matched]
    return voice.say("{}「{}」", "{}: {}").format(*told[0]) if told else ""


def _named(text: str, candidate: Candidate) -> tuple[str, str] | None:
    if candidate.score < NAMED:
        return None
    whole = {each.id for each in candidate.features if each.value == _WHOLE}
    said = next((said for id, said in _NAMED.items() if id in whole), None)
    label = folded_key(text) == folded_key(candidate.entry.label)
    return said or (_LABEL if label else _OTHER)


def _shown(number: int, text: str, each: Candidate, matcher: Matcher, voice: Voice) -> Shown:
    return Shown(
        entry=each.entry,
        kind=kind_name(each.entry.kind, voice),
        scheme=matcher.search.index.schemes.get(each.entry.scheme, each.entry.scheme),
        score=round(each.score),
        match=each.match,
        why=reason(text, each, voice),
        value=f"{number}|{each.entry.id}|{each.score:.2f}|{reason(text, each)}",
    )


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"

"""The lines of a page with their candidates, as the template shows them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from service.pages.views import field_name, kind_name
from service.reconciling.matcher import NAMED, Matcher
from service.reconciling.model import Candidate
from service.retrieval.analysis import folded_key
from service.retrieval.entries import Entry

#: characters of a text that is given as a reason
_SHOWN: Final = 40
#: features that are told as they are, with the least that is worth telling
_NAMED: Final = {"id": "id が一致", "code": "コードが一致"}
_LABEL: Final = "名称が一致"
_OTHER: Final = "別名が一致"
_WHOLE: Final = 100.0
#: candidates that are always shown, and the score from which further ones are
_ALWAYS: Final = 3
_WORTH: Final = 5.0


@dataclass(frozen=True, slots=True)
class Shown:
    """A candidate as a page shows it; `value` is what its box sends."""

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
    lines: Sequence[str], found: Iterable[Sequence[Candidate]], matcher: Matcher, first: int = 1
) -> Iterator[Row]:
    """The rows of these lines, the first of them numbered `first`."""
    for number, (text, candidates) in enumerate(zip(lines, found, strict=True), start=first):
        kept = [each for at, each in enumerate(candidates) if at < _ALWAYS or each.score >= _WORTH]
        shown = tuple(_shown(number, text, each, matcher) for each in kept)
        same = bool(kept) and reason(text, kept[0]) in {*_NAMED.values(), _LABEL}
        yield Row(number, text, shown, "exactMatch" if same else "closeMatch")


def reason(text: str, candidate: Candidate) -> str:
    """The one thing that speaks most for a candidate of a line, in Japanese."""
    whole = {each.id for each in candidate.features if each.value == _WHOLE}
    if candidate.score >= NAMED:
        said = next((said for id, said in _NAMED.items() if id in whole), None)
        label = folded_key(text) == folded_key(candidate.entry.label)
        return said or (_LABEL if label else _OTHER)
    told = [f"{field_name(each.field)}「{_cut(each.text)}」" for each in candidate.matched]
    return told[0] if told else ""


def _shown(number: int, text: str, each: Candidate, matcher: Matcher) -> Shown:
    why = reason(text, each)
    scheme = matcher.search.index.schemes.get(each.entry.scheme, each.entry.scheme)
    return Shown(
        entry=each.entry,
        kind=kind_name(each.entry.kind),
        scheme=scheme,
        score=round(each.score),
        match=each.match,
        why=why,
        value=f"{number}|{each.entry.id}|{each.score:.2f}|{why}",
    )


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"

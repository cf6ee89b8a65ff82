"""What there is to learn: texts of a vocabulary that should come near each other.

People's words on one side, read as a query (utterances, alternative labels, plain glosses), and
what the search holds of the same entry on the other. Entries that the graph ties together are
never each other's negatives.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from service.retrieval.index import Index
from service.retrieval.relations import PRIMARILY

#: characters of a text that are read as a query
_READ: Final = 200
#: fields whose texts people might type, each set against what the search holds of its entry
_ASKED: Final = frozenset({"altLabel", "gloss", "definition"})


@dataclass(frozen=True, slots=True)
class Text:
    """What an encoder is shown, and whether as a query or as a document."""

    text: str
    asked: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts that belong together, and the entries that they are of, by place."""

    anchor: Text
    positive: Text
    entries: tuple[int, int]


def pairs(index: Index, without: frozenset[int] = frozenset()) -> list[Pair]:
    """The pairs of an index, in its order; none of an entry in `without`."""
    held = _held(index)
    found = (*_own(index, held), *_tied(index, held))
    return [each for each in found if without.isdisjoint(each.entries)]


def kin(index: Index) -> list[frozenset[int]]:
    """For each entry itself and those that may fit whatever it fits: no negatives of its pairs."""
    found = [{place} for place in range(len(index.entries))]
    parents = ((place, _parent(index, place)) for place in range(len(index.entries)))
    links = ((source, target) for _, source, target in index.links.tolist())
    for one, other in (*parents, *links):
        if other is not None:
            found[one].add(other)
            found[other].add(one)
    return [frozenset(each) for each in found]


def _held(index: Index) -> dict[int, list[Text]]:
    """What the search holds of each entry: the label in its place first."""
    found = defaultdict[int, list[Text]](list)
    for each in index.representations:
        found[each.entry].append(Text(each.text, each.field == "utterance"))
    return found


def _own(index: Index, held: Mapping[int, Sequence[Text]]) -> Iterator[Pair]:
    """Texts of one entry: each utterance with its label, its longer texts and the next utterance;
    alternative labels and longer texts as queries with the label, or a longer text.
    """
    for place, texts in held.items():
        asked = [each for each in texts if each.asked]
        documents = [each for each in texts if not each.asked]
        for one in asked:
            yield from (Pair(one, other, (place, place)) for other in documents)
        yield from (Pair(one, other, (place, place)) for one, other in pairwise(asked))
        for number, typed in enumerate(_typed(index, place)):
            yield Pair(typed, documents[number % len(documents)], (place, place))


def _typed(index: Index, place: int) -> Iterator[Text]:
    start, end = index.passage_range(place)
    for passage in index.passages[start:end]:
        if passage.field in _ASKED:
            yield Text(passage.text[:_READ], asked=True)


def _tied(index: Index, held: Mapping[int, Sequence[Text]]) -> Iterator[Pair]:
    """Labels of entries of which one requires the other primarily, or lies above it."""
    required = [(s, t) for r, s, t in index.links.tolist() if r == PRIMARILY]
    above = [(place, _parent(index, place)) for place in range(len(index.entries))]
    for one, other in (*required, *above):
        if other is not None:
            yield Pair(Text(index.entries[one].label, True), held[other][0], (one, other))


def _parent(index: Index, place: int) -> int | None:
    return index.by_uri.get(index.entries[place].parent or "")


def texts_of(found: Sequence[Pair]) -> list[Text]:
    """Every text of these pairs, once."""
    return list(dict.fromkeys(text for each in found for text in (each.anchor, each.positive)))

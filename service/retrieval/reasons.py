"""From what a search knows to the reasons of one hit, the most telling first."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Final

from service.retrieval.analysis import spoken
from service.retrieval.dense import Space
from service.retrieval.explain import (
    Match,
    Speaker,
    Wanted,
    meaning_match,
    name_match,
    sound_match,
    whole,
    word_matches,
)
from service.retrieval.index import Index
from service.retrieval.lexical import Lexicon
from service.retrieval.ranking import Evidence, Signals, Terrain, Weights, requirements

#: weight among the leading entries from which one is given as a reason
_STRONG: Final = 0.2
#: related entries looked at for a reason
_SEEN: Final = 50
#: share of the best entry's sounds from which an entry was heard, and how many times its words'
_LOUD: Final = 0.5
_LOUDER: Final = 2


@dataclass(frozen=True)
class Reasons:
    """Why an entry answers one query."""

    index: Index
    lexicon: Lexicon
    space: Space
    terrain: Terrain
    weights: Weights
    signals: Signals
    evidence: Evidence
    speak: Speaker = spoken

    def of(self, place: int) -> tuple[Match, ...]:
        """The reasons for an entry; at least one."""
        found = (*self._own(place), *self._required(place))
        return found or (self._lifted(place) or self._meaning(place),)

    def _own(self, place: int) -> Iterator[Match]:
        """What matched in the entry itself."""
        entry, signals = self.index.entries[place], self.signals
        if place in signals.codes:
            yield whole("code", entry.notation or entry.id)
        name = name_match(entry, signals.text) if place in signals.names else None
        if name:
            yield name
            return
        words = word_matches(self.index, place, self._wanted(place))
        yield from words
        heard = self._heard(place) if self._is_heard(place) else None
        if heard and heard.text not in {word.text for word in words}:
            yield heard
        meaning = self._meaning(place)
        near = signals.nearness.peak[place] > self.weights.floor
        if near and meaning.text not in {each.text for each in (*words, heard) if each}:
            yield meaning

    def _wanted(self, place: int) -> Wanted:
        """The words that count: of an entry whose code is asked, only those that were typed."""
        coded = place in self.signals.codes
        return Wanted(self._typed if coded else self._rarity, self.signals.alone)

    @cached_property
    def _rarity(self) -> Mapping[int, float]:
        terms = (term for term in self.signals.terms if term is not None)
        return {term: float(self.lexicon.rarity[term]) for term in terms}

    @cached_property
    def _typed(self) -> Mapping[int, float]:
        return {term: self._rarity[term] for term in self.signals.typed}

    def _is_heard(self, place: int) -> bool:
        sound, lexical = self.signals.sound, self.signals.lexical
        loud = max(_LOUD * float(sound.max()), self.weights.faintest)
        return bool(sound[place] >= max(loud, _LOUDER * lexical[place]))

    def _heard(self, place: int) -> Match | None:
        return sound_match(self.index, place, self.signals.text, self.speak)

    def _meaning(self, place: int) -> Match:
        return meaning_match(self.index, self.space.nearest(self.signals.nearness, place))

    def _required(self, place: int) -> Iterator[Match]:
        """The entry that lifted this one because it requires it, or is required by it."""
        asked = self._strong | self.signals.codes.keys()
        found = requirements(place, self.evidence, self.terrain.relations)
        for relation, near in islice(found, _SEEN):
            if near in asked:
                yield Match(relation, self.index.entries[near].label)
                return

    def _lifted(self, place: int) -> Match | None:
        """The leading entry above this one, or else the one most like it."""
        leading = sorted(self._strong - {place})
        if not leading:
            return None
        above = self.terrain.relations.parent[place]
        if above in leading:
            return Match("broader", self.index.entries[above].label)
        centroids = self.terrain.centroids
        like = max(leading, key=lambda at: float(centroids[at] @ centroids[place]))
        return Match("similar", self.index.entries[like].label)

    @cached_property
    def _strong(self) -> frozenset[int]:
        leading = self.evidence.leading.items()
        return frozenset(place for place, weight in leading if weight >= _STRONG)

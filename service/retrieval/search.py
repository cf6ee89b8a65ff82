"""Search in natural Japanese: words, sounds, meaning, hierarchy, mappings, names and codes.

`service.retrieval.ranking` weighs the evidence; a score is
`1 / (1 + exp((middle - evidence) / slope))`: 0 to 1, growing with the evidence alone, so that
scores compare between queries. Codes within a query are read as the names of what they stand for,
so that their neighbours follow.
"""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

import numpy as np

from service.retrieval.analysis import Analyser, Sudachi, folded_key
from service.retrieval.codes import CodeMatch, Codes, asks_for_mapped, codes_of
from service.retrieval.dense import Space, space
from service.retrieval.encoders import NamedEncoder, QueryEncoder, cached_query
from service.retrieval.entries import Entry
from service.retrieval.explain import Match, meaning_match, whole, word_matches
from service.retrieval.facets import Facet, FacetCount, facets_of
from service.retrieval.index import Index
from service.retrieval.lexical import Floats, Lexicon, lexicon, sound_lexicon, terms_of
from service.retrieval.ranking import (
    Evidence,
    Marks,
    Signals,
    Terrain,
    Weights,
    requirements,
    weigh,
)
from service.retrieval.relations import relations
from service.retrieval.sounds import heard
from service.retrieval.suggest import Suggester, suggester

#: weight among the leading entries from which one is given as a reason
_STRONG: Final = 0.2
#: related entries looked at for a reason
_SEEN: Final = 50


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A search: the text, and which hits to show. Empty `kinds` and `schemes` mean all."""

    text: str
    kinds: frozenset[str] = frozenset()
    schemes: frozenset[str] = frozenset()
    limit: int = 10
    offset: int = 0
    superseded: bool = False


@dataclass(frozen=True)
class Hit:
    """One entry found; `path` holds ancestor labels from the top, `score` is 0 to 1."""

    id: str
    uri: str
    kind: str
    scheme: str
    notation: str | None
    label: str
    path: tuple[str, ...]
    score: float
    matched: tuple[Match, ...]


@dataclass(frozen=True)
class Results:
    """Hits, best first; `total` and the counts are before the limit.

    `kinds`, `schemes` and `facets` count all hits of the text, whatever filter is set. `close`
    is false where nothing is as near as texts about these things use to be.
    """

    query: str
    total: int
    took_ms: float
    hits: tuple[Hit, ...]
    kinds: Mapping[str, int] = field(default_factory=dict)
    schemes: Mapping[str, int] = field(default_factory=dict)
    facets: Mapping[str, tuple[FacetCount, ...]] = field(default_factory=dict)
    close: bool = True


@dataclass(frozen=True)
class Search:
    """Finds entries of one index; safe to use from several threads."""

    index: Index
    encoder: str
    weights: Weights
    analyse: Analyser
    encode: QueryEncoder
    codes: Codes
    lexicon: Lexicon
    sounds: Lexicon
    space: Space
    terrain: Terrain
    facets: Mapping[str, Facet]
    named: Mapping[str, tuple[int, ...]]
    suggester: Suggester

    @property
    def known_kinds(self) -> frozenset[str]:
        """The kinds of entries there are."""
        return frozenset(value for value, _ in self.facets["kind"].values)

    @property
    def known_schemes(self) -> frozenset[str]:
        """The schemes of entries there are, by local id or IRI."""
        return frozenset(value for value, _ in self.facets["scheme"].values)

    def find(self, asked: Asked) -> Results:
        """The hits of a search, best first; ties in the order of the entries."""
        begun = time.perf_counter()
        signals = self.signals(asked.text)
        evidence = weigh(signals, self.terrain, self.weights)
        found = self._found(signals, evidence, asked.superseded)
        kept = found & self._wanted(asked)
        shown = best(evidence.total, kept, asked.offset + asked.limit)[asked.offset :]
        facets = {name: facet.count(found) for name, facet in self.facets.items()}
        return Results(
            query=asked.text,
            total=int(kept.sum()),
            hits=tuple(self._hit(place, signals, evidence) for place in shown),
            kinds={each.value: each.count for each in facets["kind"]},
            schemes={each.value: each.count for each in facets["scheme"]},
            facets=facets,
            close=bool(found.any()) and self._is_close(signals),
            took_ms=round((time.perf_counter() - begun) * 1000, 2),
        )

    def signals(self, text: str) -> Signals:
        """What a text says of each entry, before anything is weighed."""
        codes = self.codes.find(text)
        read = self._read(text, codes)
        terms = terms_of(self.index, self.analyse(read))
        return Signals(
            terms=terms,
            lexical=self.lexicon.scores(terms),
            sound=self.sounds.scores(heard(self.index.heard, read)),
            nearness=self.space.nearness(self.encode(read)),
            names=frozenset(self.named.get(folded_key(text), ())),
            codes=self._asked(codes),
            relating=bool(codes) and asks_for_mapped(text),
        )

    def _is_close(self, signals: Signals) -> bool:
        named = bool(signals.names or signals.codes)
        return named or signals.nearness.closest >= self.space.usual

    def _wanted(self, asked: Asked) -> Marks:
        """The entries that the filters let through."""
        marks = np.ones(len(self.index.entries), bool)
        for name, values in (("kind", asked.kinds), ("scheme", asked.schemes)):
            if values:
                marks &= self.facets[name].having(values, len(marks))
        return marks

    def _read(self, text: str, codes: Sequence[CodeMatch]) -> str:
        """The text with each code replaced by the label of what it stands for."""
        for found in reversed(codes):
            label = self.index.entries[found.entries[0]].label
            text = text[: found.start] + label + text[found.end :]
        return text

    def _asked(self, codes: Sequence[CodeMatch]) -> dict[int, float]:
        """How strongly each entry's code is asked."""
        old = self.weights.superseded
        return {
            place: old if self.index.entries[place].superseded and not found.exact else 1.0
            for found in codes
            for place in found.entries
        }

    def _found(self, signals: Signals, evidence: Evidence, superseded: bool) -> Marks:
        """All hits; superseded ones only if told or asked by code."""
        if superseded:
            return evidence.near
        old = self.terrain.superseded.copy()
        old[[*signals.codes]] = False
        return evidence.near & ~old

    def _hit(self, place: int, signals: Signals, evidence: Evidence) -> Hit:
        entry = self.index.entries[place]
        return Hit(
            id=entry.id,
            uri=entry.uri,
            kind=entry.kind,
            scheme=entry.scheme,
            notation=entry.notation,
            label=entry.label,
            path=entry.path,
            score=self._score(float(evidence.total[place])),
            matched=(*self._matched(place, signals), *self._required(place, signals, evidence)),
        )

    def _score(self, evidence: float) -> float:
        exponent = (self.weights.middle - evidence) / self.weights.slope
        return round(1 / (1 + float(np.exp(exponent))), 4)

    def _matched(self, place: int, signals: Signals) -> tuple[Match, ...]:
        entry = self.index.entries[place]
        matches = list[Match]()
        if place in signals.codes:
            matches.append(whole("code", entry.notation or entry.id))
        terms = {term for term in signals.terms if term is not None}
        matches += word_matches(self.index, place, terms)
        if place in signals.names and not matches:
            matches.append(whole("label", entry.label))
        meaning = meaning_match(self.index, self.space.nearest(signals.nearness, place))
        if not matches or meaning.text not in {match.text for match in matches}:
            matches.append(meaning)
        return tuple(matches)

    def _required(self, place: int, signals: Signals, evidence: Evidence) -> Iterator[Match]:
        """The entry that lifted this one because it requires it, or is required by it."""
        strong = {at for at, weight in evidence.leading.items() if weight >= _STRONG}
        asked = strong | signals.codes.keys()
        found = requirements(place, evidence, self.terrain.relations)
        for relation, near in islice(found, _SEEN):
            if near in asked:
                yield Match(relation, self.index.entries[near].label)
                return


def make_search(
    index: Index,
    named: NamedEncoder,
    *,
    weights: Weights | None = None,
    analyse: Analyser | None = None,
) -> Search:
    """The search over an index whose vectors are of this encoder (`open_index` sees to that)."""
    near = space(index)
    terrain = _terrain(index, near)
    return Search(
        index=index,
        encoder=named.name,
        weights=weights or Weights(),
        analyse=analyse or Sudachi(),
        encode=cached_query(named.encoder),
        codes=codes_of(index.entries, index.schemes),
        lexicon=lexicon(index),
        sounds=sound_lexicon(index),
        space=near,
        terrain=terrain,
        facets=facets_of(index.entries, index.schemes, terrain.relations),
        named=_named(index.entries),
        suggester=suggester(index.entries),
    )


def best(scores: Floats, marks: Marks, most: int) -> list[int]:
    """The marked places with the highest scores, best first; ties in the order of the places.

    >>> best(np.array([1, 3, 2, 3], np.float32), np.array([True, True, False, True]), 2)
    [1, 3]
    """
    places = np.flatnonzero(marks)
    values = scores[places]
    if 0 < most < len(places):
        places = places[values >= np.partition(values, -most)[-most]]
    order = np.argsort(-scores[places], kind="stable")[:most]
    found: list[int] = places[order].tolist()
    return found


def _terrain(index: Index, near: Space) -> Terrain:
    places = [index.by_uri.get(entry.parent or "", -1) for entry in index.entries]
    return Terrain(
        relations=relations(index.links, places),
        above=np.array(places, np.int64),
        centroids=near.centroids,
        superseded=np.array([entry.superseded for entry in index.entries], bool),
    )


def _named(entries: Sequence[Entry]) -> dict[str, tuple[int, ...]]:
    """The entries that have a name or reading, by the folded name."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for place, entry in enumerate(entries):
        names = (entry.label, *entry.others, *entry.alternatives, *entry.hidden, *entry.readings)
        for key in {folded_key(name) for name in names}:
            found[key].append(place)
    return {key: tuple(places) for key, places in found.items()}

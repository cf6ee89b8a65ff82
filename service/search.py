"""Search in natural Japanese: words, meaning, hierarchy, names and codes, mixed by one rule.

The evidence for an entry is a weighted sum (`Weights`) of

    lexical   the share of the query's words that it has (BM25F), the best entry at 1
    peak      its nearest representations, standard deviations above the mean
    mean      all its representations, likewise
    context   the same sum for the concept above it, which takes its share of the whole
    name      1 where the query is one of its names or readings
    code      1 where its code is asked, `superseded` where an older version's is

and `score = 1 / (1 + exp((middle - evidence) / slope))`: 0 to 1, growing with the evidence
alone, so that scores compare between queries. Codes within a query are read as the names of
what they stand for, so that their neighbours follow.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from service.analysis import Analyser, Sudachi, folded_key
from service.codes import CodeMatch, Codes, codes_of
from service.dense import Nearness, Space, space
from service.encoders import NamedEncoder, QueryEncoder, cached_query
from service.entries import Entry
from service.explain import Match, meaning_match, whole, word_matches
from service.index import Index
from service.lexical import Floats, Lexicon, lexicon, terms_of
from service.suggest import Suggester, suggester

#: below this score of its best hit, a search found nothing close: 20 of 24 texts that have
#: nothing to do with contact centres stay below, 48 of our own 50 queries are above
CLOSE: Final = 0.6


@dataclass(frozen=True)
class Weights:
    """How evidence is mixed; chosen by grid search on `tests/service/own_queries.json`.

    Without a shared word, an entry is a hit where its peak is above `floor`. `rarest` keeps a
    single common word from counting as a full lexical match.
    """

    lexical: float = 5.0
    rarest: float = 0.4
    peak: float = 1.0
    mean: float = 0.5
    context: float = 0.2
    name: float = 4.0
    code: float = 30.0
    superseded: float = 0.7
    floor: float = 1.0
    middle: float = 3.5
    slope: float = 1.5


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
    """Hits, best first; `total` and the counts by kind and scheme are before the limit.

    `kinds` and `schemes` count all hits of the text, whatever filter is set.
    """

    query: str
    total: int
    took_ms: float
    hits: tuple[Hit, ...]
    kinds: Mapping[str, int] = field(default_factory=dict)
    schemes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Evidence:
    """All that is known of a query, entry by entry."""

    terms: Sequence[int | None]
    lexical: Floats
    nearness: Nearness
    names: frozenset[int]
    codes: Mapping[int, float]
    total: Floats


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
    space: Space
    above: npt.NDArray[np.int64]
    named: Mapping[str, tuple[int, ...]]
    suggester: Suggester

    @property
    def known_kinds(self) -> frozenset[str]:
        """The kinds of entries there are."""
        return frozenset(entry.kind for entry in self.index.entries)

    @property
    def known_schemes(self) -> frozenset[str]:
        """The schemes of entries there are, by local id or IRI."""
        return frozenset(entry.scheme for entry in self.index.entries)

    def find(self, asked: Asked) -> Results:
        """The hits of a search, best first; ties in the order of the entries."""
        begun = time.perf_counter()
        evidence = self._evidence(asked.text)
        found = self._hits(evidence, asked.superseded)
        entries = self.index.entries
        kept = [place for place in found if _wanted(entries[place], asked)]
        shown = kept[asked.offset : asked.offset + asked.limit]
        return Results(
            query=asked.text,
            total=len(kept),
            hits=tuple(self._hit(place, evidence) for place in shown),
            kinds=Counter(entries[place].kind for place in found),
            schemes=Counter(entries[place].scheme for place in found),
            took_ms=round((time.perf_counter() - begun) * 1000, 2),
        )

    def _evidence(self, text: str) -> _Evidence:
        codes = self.codes.find(text)
        read = self._read(text, codes)
        terms = terms_of(self.index, self.analyse(read))
        lexical = self.lexicon.scores(terms)
        nearness = self.space.nearness(self.encode(read))
        names = frozenset(self.named.get(folded_key(text), ()))
        asked = self._asked(codes)
        total = self._mixed(lexical, nearness)
        total[list(names)] += self.weights.name
        for place, strength in asked.items():
            total[place] += self.weights.code * strength
        return _Evidence(terms, lexical, nearness, names, asked, total)

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

    def _mixed(self, lexical: Floats, nearness: Nearness) -> Floats:
        weights = self.weights
        best = max(float(lexical.max(initial=0)), weights.rarest)
        own = (
            weights.lexical * lexical / best
            + weights.peak * nearness.peak
            + weights.mean * nearness.mean
        )
        above = np.where(self.above < 0, own, own[self.above])
        mixed: Floats = (1 - weights.context) * own + weights.context * above
        return mixed

    def _hits(self, evidence: _Evidence, superseded: bool) -> list[int]:
        """The places of all hits, best first."""
        near = (evidence.lexical > 0) | (evidence.nearness.peak > self.weights.floor)
        near[[*evidence.names, *evidence.codes]] = True
        if not superseded:
            old = np.array([entry.superseded for entry in self.index.entries], bool)
            old[[*evidence.codes]] = False
            near &= ~old
        order = np.argsort(-evidence.total, kind="stable")
        found: list[int] = order[near[order]].tolist()
        return found

    def _hit(self, place: int, evidence: _Evidence) -> Hit:
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
            matched=self._matched(place, evidence),
        )

    def _score(self, evidence: float) -> float:
        exponent = (self.weights.middle - evidence) / self.weights.slope
        return round(1 / (1 + float(np.exp(exponent))), 4)

    def _matched(self, place: int, evidence: _Evidence) -> tuple[Match, ...]:
        entry = self.index.entries[place]
        matches = list[Match]()
        if place in evidence.codes:
            matches.append(whole("code", entry.notation or entry.id))
        terms = {term for term in evidence.terms if term is not None}
        matches += word_matches(self.index, place, terms)
        if place in evidence.names and not matches:
            matches.append(whole("label", entry.label))
        meaning = meaning_match(self.index, int(evidence.nearness.nearest[place]))
        if not matches or meaning.text not in {match.text for match in matches}:
            matches.append(meaning)
        return tuple(matches)


def make_search(
    index: Index,
    named: NamedEncoder,
    *,
    weights: Weights | None = None,
    analyse: Analyser | None = None,
) -> Search:
    """The search over an index whose vectors are of this encoder (`open_index` sees to that)."""
    return Search(
        index=index,
        encoder=named.name,
        weights=weights or Weights(),
        analyse=analyse or Sudachi(),
        encode=cached_query(named.encoder),
        codes=codes_of(index.entries, index.schemes),
        lexicon=lexicon(index),
        space=space(index),
        above=_above(index),
        named=_named(index.entries),
        suggester=suggester(index.entries),
    )


def _wanted(entry: Entry, asked: Asked) -> bool:
    return (not asked.kinds or entry.kind in asked.kinds) and (
        not asked.schemes or entry.scheme in asked.schemes
    )


def _above(index: Index) -> npt.NDArray[np.int64]:
    """The place of each entry's parent, -1 where it has none."""
    places = (index.by_uri.get(entry.parent or "", -1) for entry in index.entries)
    return np.fromiter(places, np.int64, len(index.entries))


def _named(entries: Sequence[Entry]) -> dict[str, tuple[int, ...]]:
    """The entries that have a name or reading, by the folded name."""
    found: dict[str, tuple[int, ...]] = {}
    for place, entry in enumerate(entries):
        names = (entry.label, *entry.others, *entry.alternatives, *entry.hidden, *entry.readings)
        for key in {folded_key(name) for name in names}:
            found[key] = (*found.get(key, ()), place)
    return found

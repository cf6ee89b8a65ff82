"""Search in natural Japanese: words, sounds, meaning, hierarchy, mappings, names and codes.

`service.retrieval.ranking` weighs the evidence, `service.retrieval.scores` says what it is worth,
`service.retrieval.reasons` why. Codes within a query are read as the names of what they stand
for, so that their neighbours follow.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import numpy as np

from service.retrieval.analysis import Analyser, Sudachi, Token, alone, folded_key, spoken
from service.retrieval.codes import CodeMatch, Codes, asks_for_mapped, codes_of
from service.retrieval.dense import Space, space
from service.retrieval.encoders import NamedEncoder, QueryEncoder, Vectors, cached_query
from service.retrieval.entries import by_name
from service.retrieval.explain import Match, Speaker
from service.retrieval.facets import Facet, FacetCount, facets_of, narrow
from service.retrieval.index import Index
from service.retrieval.lexical import Lexicon, lexicon, sound_lexicon, terms_of
from service.retrieval.ranking import Evidence, Marks, Signals, Terrain, Weights, best, weigh
from service.retrieval.reasons import Reasons
from service.retrieval.relations import relations
from service.retrieval.scores import footing, score
from service.retrieval.sounds import heard
from service.retrieval.suggest import Suggester, suggester
from service.timing import timed

#: texts whose readings are remembered, about 1 KiB each
_SPOKEN: Final = 4096


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A search: the text, and which hits to show; empty filters mean all.

    `kinds` are class names, all other filters local ids (or IRIs of what is not ours).
    """

    text: str
    kinds: frozenset[str] = frozenset()
    schemes: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()
    task_classes: frozenset[str] = frozenset()
    levels: frozenset[str] = frozenset()
    limit: int = 10
    offset: int = 0
    superseded: bool = False

    @property
    def chosen(self) -> Mapping[str, frozenset[str]]:
        """The filters by the name of their facet."""
        return {
            "kind": self.kinds,
            "scheme": self.schemes,
            "area": self.areas,
            "task_class": self.task_classes,
            "level": self.levels,
        }


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

    `facets` count the hits by value, each as if nothing were chosen in it. `close` is false where
    the query stands on nothing here (`service.retrieval.scores.footing`). `fallback_of` names the
    encoder that was asked for, where another had to take its place.
    """

    query: str
    total: int
    took_ms: float
    hits: tuple[Hit, ...]
    facets: Mapping[str, tuple[FacetCount, ...]] = field(default_factory=dict)
    close: bool = True
    encoder: str = ""
    fallback_of: str | None = None


@dataclass(frozen=True)
class Weighed:
    """What a text says of every entry; `ground` is how firmly it stands on what is here."""

    signals: Signals
    evidence: Evidence
    ground: float

    @property
    def close(self) -> bool:
        """Whether the text is about anything here at all."""
        return self.ground >= 0


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
    speak: Speaker
    fallback_of: str | None = None

    def known(self, facet: str) -> frozenset[str]:
        """The values there are of a facet: kind, scheme, area, task_class or level."""
        return self.facets[facet].known

    def find(self, asked: Asked) -> Results:
        """The hits of a search, best first; ties in the order of the entries."""
        begun = time.perf_counter()
        weighed = self.weighed(asked.text)
        found = self.found(weighed, asked.superseded)
        left = narrow(self.facets, asked.chosen, found)
        shown = best(weighed.evidence.total, left.kept, asked.offset + asked.limit)[asked.offset :]
        why = self.reasons(weighed)
        return Results(
            query=asked.text,
            total=int(left.kept.sum()),
            hits=tuple(self.hit(place, weighed, why) for place in shown),
            facets=left.counts,
            close=bool(found.any()) and weighed.close,
            encoder=self.encoder,
            fallback_of=self.fallback_of,
            took_ms=round((time.perf_counter() - begun) * 1000, 2),
        )

    def weighed(self, text: str, vector: Vectors | None = None) -> Weighed:
        """What a text says of every entry, weighed; its vector is made where none is given."""
        signals = self.signals(text, vector)
        with timed("rank"):
            evidence = weigh(signals, self.terrain, self.weights)
        return Weighed(signals, evidence, footing(signals, self.space, self.weights))

    def reasons(self, weighed: Weighed) -> Reasons:
        """Why entries answer a text."""
        return Reasons(
            index=self.index,
            lexicon=self.lexicon,
            space=self.space,
            terrain=self.terrain,
            weights=self.weights,
            signals=weighed.signals,
            evidence=weighed.evidence,
            speak=self.speak,
        )

    def hit(self, place: int, weighed: Weighed, why: Reasons) -> Hit:
        """The hit that an entry is, with what speaks for it."""
        entry = self.index.entries[place]
        evidence = float(weighed.evidence.total[place])
        return Hit(
            id=entry.id,
            uri=entry.uri,
            kind=entry.kind,
            scheme=entry.scheme,
            notation=entry.notation,
            label=entry.label,
            path=entry.path,
            score=score(evidence, weighed.ground, self.weights),
            matched=why.of(place),
        )

    def signals(self, text: str, vector: Vectors | None = None) -> Signals:
        """What a text says of each entry, before anything is weighed."""
        codes = self.codes.find(text)
        read = self.read(text, codes)
        tokens = self.analyse(read)
        terms = terms_of(self.index, tokens)
        typed = self.analyse(text) if codes else tokens
        if vector is None:
            with timed("encode"):
                vector = self.encode(read)
        return Signals(
            text=text,
            terms=terms,
            typed=self._known(terms, typed),
            alone=self._known(terms, alone(tokens)),
            lexical=self.lexicon.scores(terms),
            sound=self.sounds.scores(heard(self.index.heard, read)),
            nearness=self.space.nearness(vector),
            names=frozenset(self.named.get(folded_key(text), ())),
            codes=self.asked(codes),
            relating=bool(codes) and asks_for_mapped(text),
        )

    def prepare(self, texts: Sequence[str]) -> None:
        """Encode texts that are about to be asked: together is faster than one by one."""
        self.encode.together([self.read(text, self.codes.find(text)) for text in texts])

    def _known(self, terms: Sequence[int | None], tokens: Sequence[Token]) -> frozenset[int]:
        """Those terms that are among the words and that some entry has."""
        words = frozenset(terms).intersection(terms_of(self.index, tokens))
        return frozenset(term for term in words if term is not None)

    def read(self, text: str, codes: Sequence[CodeMatch]) -> str:
        """The text with each code replaced by the label of what it stands for."""
        for found in reversed(codes):
            label = self.index.entries[found.entries[0]].label
            text = text[: found.start] + label + text[found.end :]
        return text

    def asked(self, codes: Sequence[CodeMatch]) -> dict[int, float]:
        """How strongly each entry's code is asked."""
        old = self.weights.superseded
        return {
            place: old if self.index.entries[place].superseded and not found.exact else 1.0
            for found in codes
            for place in found.entries
        }

    def found(self, weighed: Weighed, superseded: bool = False) -> Marks:
        """All hits; superseded ones only if told or asked by code."""
        if superseded:
            return weighed.evidence.near
        old = self.terrain.superseded.copy()
        old[[*weighed.signals.codes]] = False
        return weighed.evidence.near & ~old


def make_search(
    index: Index,
    named: NamedEncoder,
    *,
    weights: Weights | None = None,
    analyse: Analyser | None = None,
) -> Search:
    """The search over an index whose vectors are of this encoder (`made_ready` sees to that)."""
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
        named=by_name(index.entries),
        suggester=suggester(index.entries),
        speak=lru_cache(maxsize=_SPOKEN)(spoken),
        fallback_of=named.fallback_of,
    )


def warm(search: Search) -> None:
    """Load what is loaded at the first use: Sudachi's dictionary and the encoder's weights."""
    search.find(Asked(text="お客様の声を聞く", limit=1))


def _terrain(index: Index, near: Space) -> Terrain:
    places = [index.by_uri.get(entry.parent or "", -1) for entry in index.entries]
    return Terrain(
        relations=relations(index.links, places),
        above=np.array(places, np.int64),
        centroids=near.centroids,
        superseded=np.array([entry.superseded for entry in index.entries], bool),
    )

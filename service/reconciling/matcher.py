"""Which entities a line may mean, and when that is safe to say.

The search finds and weighs; here are only the rules of reconciliation. A score above `NAMED` is
for what the line names outright, by id, code, label or other name; all others share what is
below, by their evidence. `match` is true for the first candidate alone, and only

1. where the line is its id, its code or one of its names, and of no other candidate (a code that
   means something else in another version is safe only where the line narrows to one version);
2. or by a clear margin: much evidence, little for the next, the line as near to our texts as
   texts about these things are, and made of the words of one of its names.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Final

import numpy as np

from service.aligning.words import Overlap, overlap
from service.graph.notations import same_label
from service.reconciling.conditions import Allowed, Conditions
from service.reconciling.model import Candidate, Feature, Wanted
from service.reconciling.naming import Naming
from service.reconciling.properties import Facts
from service.reconciling.types import Types, types_of
from service.retrieval.entries import Entry
from service.retrieval.explain import Match
from service.retrieval.lexical import Floats
from service.retrieval.ranking import Marks
from service.retrieval.search import Search, Weighed

#: the score above which are only entities that the line names outright
NAMED: Final = 90.0
#: a clear margin: the score of the first at least, that of the second at most,
CLEAR: Final = 84.0
NEXT: Final = 30.0
#: and the cosine of the line's words and those of one of the first's names at least
SHARED: Final = 0.6
#: the share of its score that a candidate keeps for each condition that it does not meet, and
#: where it is of another type than the line prefers
_UNMET: Final = 0.8
_OTHER_TYPE: Final = 0.5
#: the score of what meets the conditions of a line that has no text
_UNASKED: Final = 50.0
#: candidates that are compared with conditions
_COMPARED: Final = 50
#: characters of a line that are read
LONGEST: Final = 1000
#: lines encoded at once
_TOGETHER: Final = 32
#: the evidence of an even share, and the slope of the logistic curve there
_MIDDLE: Final = 15.0
_SLOPE: Final = 2.0
_NAMES: Final = frozenset({"label", "altLabel"})
#: classes of sentences and texts, which may bear the name of what they are about
_ABOUT: Final = frozenset({"ScopeStatement", "GuideSection", "GuideArticle"})
_RELATED: Final = frozenset({"requires", "requiredBy"})


@dataclass(frozen=True)
class Look:
    """What a line says of each entity; `named` are those it names outright, by place: how.

    `shared` is the cosine of its words and of those of the most alike name.
    """

    weighed: Weighed
    named: Mapping[int, str]
    shared: Floats


@dataclass(frozen=True, eq=False, repr=False)
class Matcher:
    """Finds candidates among the entries of one search; safe to use from several threads."""

    search: Search
    facts: Facts

    @cached_property
    def types(self) -> Types:
        """The types of the entities."""
        index = self.search.index
        return types_of(index.entries, index.schemes, self.facts.graph.names)

    def entry(self, id: str) -> Entry | None:
        """The entity with an id, in any case, or an IRI; `None` where there is none."""
        place = self._naming.identified(id)
        return None if place is None else self.search.index.entries[place]

    def in_turn(self, lines: Sequence[Wanted]) -> Iterator[tuple[Candidate, ...]]:
        """The candidates of each line, in order; lines are encoded several at once."""
        for start in range(0, len(lines), _TOGETHER):
            batch = lines[start : start + _TOGETHER]
            texts = (self._text(each) for each in batch if not self._identified(each))
            self.search.prepare([text for text in texts if text])
            yield from map(self.candidates, batch)

    def candidates(self, wanted: Wanted) -> tuple[Candidate, ...]:
        """The entities that a line may mean, best first, at most `limit`."""
        if found := self._identified(wanted):
            return tuple(found[: wanted.limit])
        if wanted.ids or not self._text(wanted):
            return tuple(islice(self._unasked(wanted), wanted.limit))
        allowed = self._conditions.allowed(wanted)
        look = self._look(wanted, allowed)
        scores = self._scores(wanted, look, allowed)
        safe = self._safe(look, scores)
        if wanted.types and safe is not None and not allowed.soft[safe]:
            safe = None
        return tuple(
            self._candidate(wanted, look, place, score=score, match=place == safe)
            for place, score in islice(scores.items(), wanted.limit)
        )

    @cached_property
    def _conditions(self) -> Conditions:
        return Conditions(self.search, self.facts, self.types)

    @cached_property
    def _naming(self) -> Naming:
        return Naming(self.search.index.entries, self.search.codes)

    @cached_property
    def _words(self) -> Overlap:
        return overlap(self.search.index, self.search.lexicon.rarity, _NAMES)

    def _text(self, wanted: Wanted) -> str:
        texts = (each.strip() for each in self._conditions.texts(wanted))
        return "。".join(filter(None, texts))[:LONGEST]

    def _identified(self, wanted: Wanted) -> list[Candidate]:
        """The entities whose ids the line gives, or is."""
        ids = wanted.ids or ((wanted.text.strip(),) if set(".:") & set(wanted.text) else ())
        found = dict.fromkeys(entry for id in ids if (entry := self.entry(id)))
        return [Candidate(each, 100.0, len(found) == 1, (Feature("id", 100.0),)) for each in found]

    def _unasked(self, wanted: Wanted) -> Iterator[Candidate]:
        """What meets all conditions of a line without a text, in the order of the entities."""
        conditions = self._conditions.compared(wanted)
        if wanted.ids or not conditions:
            return
        allowed = self._conditions.allowed(wanted)
        for place in np.flatnonzero(self._current(allowed)).tolist():
            if all(self._conditions.met(place, each) for each in conditions):
                yield Candidate(self.search.index.entries[place], _UNASKED)

    def _look(self, wanted: Wanted, allowed: Allowed) -> Look:
        weighed = self.search.weighed(self._text(wanted))
        return Look(
            weighed=weighed,
            named=self._named(self._conditions.texts(wanted)[0], allowed),
            shared=self._words.cosines(weighed.signals.terms),
        )

    def _named(self, text: str, allowed: Allowed) -> dict[int, str]:
        """What a text names and says nothing beside; superseded ones by their code alone."""
        old = self.search.terrain.superseded
        names = (each for each in self._naming.called(text) if allowed.older or not old[each])
        found = dict.fromkeys(names, "label") | dict.fromkeys(self._naming.coded(text), "code")
        meant = {place: how for place, how in found.items() if allowed.hard[place]}
        return self._things(meant, allowed) or meant

    def _things(self, named: Mapping[int, str], allowed: Allowed) -> dict[int, str]:
        """What is named and is no sentence about what has that name."""
        entries = self.search.index.entries
        return {
            place: how
            for place, how in named.items()
            if entries[place].kind not in _ABOUT and allowed.soft[place]
        }

    def _current(self, allowed: Allowed) -> Marks:
        """What is meant, without superseded entities unless the line asks for them."""
        return allowed.soft if allowed.older else allowed.soft & ~self.search.terrain.superseded

    def _scores(self, wanted: Wanted, look: Look, allowed: Allowed) -> dict[int, float]:
        """The scores of the candidates by place, the best first."""
        marks = self._current(allowed) & look.weighed.evidence.near
        order = np.argsort(-look.weighed.evidence.total, kind="stable")
        best: list[int] = order[marks[order]][:_COMPARED].tolist()
        found = {place: self._score(look, place) for place in dict.fromkeys((*look.named, *best))}
        if not allowed.older:
            found |= {p: NAMED for p in look.named if self.search.terrain.superseded[p]}
        if wanted.types:
            found |= {p: s * _OTHER_TYPE for p, s in found.items() if not allowed.soft[p]}
        for condition in self._conditions.compared(wanted):
            met = {place for place in found if self._conditions.met(place, condition)}
            out = 0.0 if condition.force == "must" else _UNMET
            found = {p: s * (1 if p in met else out) for p, s in found.items() if p in met or out}
        return dict(sorted(found.items(), key=lambda each: -each[1]))

    def _score(self, look: Look, place: int) -> float:
        """0 to 90 by evidence, 90 to 100 for what is named outright."""
        share = _share(float(look.weighed.evidence.total[place]))
        return NAMED + (100 - NAMED) * share if place in look.named else NAMED * share

    def _safe(self, look: Look, scores: Mapping[int, float]) -> int | None:
        """The candidate that the line surely means, by the rules of this module."""
        first, second = (*islice(scores, 2), None, None)[:2]
        if first is None:
            return None
        named = [place for place in look.named if place in scores]
        if named:
            return first if first in named and self._one_meaning(first, named) else None
        clear = scores[first] >= CLEAR and (second is None or scores[second] <= NEXT)
        sure = look.shared[first] >= SHARED and look.weighed.close
        return first if clear and sure and not look.weighed.signals.codes else None

    def _one_meaning(self, first: int, named: Sequence[int]) -> bool:
        """Whether all that is named is one thing: the same code and label in two versions is."""
        entries, old = self.search.index.entries, self.search.terrain.superseded
        return all(
            place == first
            or (old[place] and same_label(entries[place].label, entries[first].label))
            for place in named
        )

    def _candidate(
        self, wanted: Wanted, look: Look, place: int, *, score: float, match: bool
    ) -> Candidate:
        matched = self.search.reasons(look.weighed).of(place)
        return Candidate(
            entry=self.search.index.entries[place],
            score=round(score, 2),
            match=match,
            features=tuple(self._features(wanted, look, place, matched)),
            matched=matched,
        )

    def _features(
        self, wanted: Wanted, look: Look, place: int, matched: Sequence[Match]
    ) -> Iterator[Feature]:
        """Why a candidate has its score: shares of 100, but for the two that are what they say."""
        code = look.named.get(place) == "code" or place in look.weighed.signals.codes
        name = 1.0 if look.named.get(place) == "label" else float(look.shared[place])
        yield Feature("code", 100.0 if code else 0.0)
        yield Feature("label", round(100 * min(name, 1.0), 1))
        yield Feature("reading", round(100 * float(look.weighed.signals.sound[place]), 1))
        yield Feature("text", round(100 * float(look.weighed.signals.lexical[place]), 1))
        yield Feature("vector", round(float(look.weighed.signals.nearness.peak[place]), 2))
        yield Feature("mapping", any(each.field in _RELATED for each in matched))
        conditions = self._conditions.compared(wanted)
        met = {each.property: self._conditions.met(place, each) for each in reversed(conditions)}
        yield from (Feature(f"property-{id}", 100.0 if ok else 0.0) for id, ok in met.items())


def _share(evidence: float) -> float:
    """What an entry's evidence is worth beside that of others, 0 to 1.

    Unlike the score of a search, which says how likely an entry is meant, it does not sink with
    a line of few words: what is safe is decided by the margin.
    """
    return 1 / (1 + math.exp((_MIDDLE - evidence) / _SLOPE))

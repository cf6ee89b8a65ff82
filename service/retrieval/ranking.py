"""How evidence becomes an order: one rule, one table of weights.

1. An entry's own evidence: `lexical` (the share of the query's words that it has, BM25F, the
   best entry at 1), `sound` (likewise for n-grams of readings), `peak` and `mean` (nearness of
   its representations, standard deviations above the mean).
2. Its parent's own evidence takes the share `context` of the whole.
3. Names and codes that the query gives add `name`, `code`; what maps to a code asked, `linked`.
4. Feedback (Rocchio 1971): the `found` best so far, weighted by the square of what they have
   above the next, make a vector; the nearest entry to it gains `feedback`, the others in
   proportion.
5. Relations: what those best require or are required by, their parents and siblings gain
   `required`, `requiring`, `parent`, `sibling`, at most once each.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from service.retrieval.dense import Nearness
from service.retrieval.encoders import Vectors
from service.retrieval.lexical import Floats, Places
from service.retrieval.relations import ALSO, AT_LEVEL, PRIMARILY, REPLACED, Relations

Marks = npt.NDArray[np.bool_]

#: share of `linked` for each relation of an entry whose code is asked
_SHARES: Final[Mapping[int, float]] = {PRIMARILY: 1.0, ALSO: 0.5, AT_LEVEL: 1.0}


class WeightError(ValueError):
    """A change of a weight that cannot be read; says why."""


@dataclass(frozen=True)
class Weights:
    """How evidence is mixed; chosen by `benchmarks/search_weights.py` on our own queries.

    Without a shared word, an entry is a hit where its peak is above `floor`, its share of sounds
    above `audible` or, lifted by others, its evidence above `lifted`. `rarest` and `faintest`
    keep a single common word or sound from counting in full; `ceiling` bounds what one entry,
    as one whose code is asked, gives to feedback. `relating` takes the place of `linked` where
    the query asks for what is mapped. The rest turns evidence into scores
    (`service.retrieval.scores`).
    """

    lexical: float = 5.0
    rarest: float = 0.4
    sound: float = 4.0
    faintest: float = 0.1
    peak: float = 0.5
    mean: float = 0.5
    context: float = 0.2
    name: float = 4.0
    code: float = 30.0
    superseded: float = 0.7
    linked: float = 4.0
    relating: float = 12.0
    found: int = 5
    ceiling: float = 12.0
    feedback: float = 10.0
    required: float = 1.5
    requiring: float = 1.5
    parent: float = 1.0
    sibling: float = 0.6
    floor: float = 1.0
    audible: float = 0.3
    lifted: float = 2.0
    middle: float = 10.0
    steepness: float = 3.1
    worded: float = 5.0
    sounded: float = 8.0
    doubt: float = 0.6


def changed(weights: Weights, changes: Sequence[str]) -> Weights:
    """Weights with `NAME=VALUE` changes; raises `WeightError` naming one that cannot be read.

    >>> changed(Weights(), ["sound=0"]).sound
    0.0
    """
    return replace(weights, **dict(_change(each) for each in changes))


def _change(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    known = {each.name: each.type for each in fields(Weights)}
    if name not in known:
        raise WeightError(f"{name}: 重みの名前は {', '.join(known)} です / is no weight")
    try:
        return name, (int if known[name] is int else float)(value)
    except ValueError as error:
        raise WeightError(f"{text}: 数ではありません / is no number") from error


@dataclass(frozen=True)
class Signals:
    """What a query says of each entry before anything is weighed.

    `codes` is how strongly each entry's code is asked, 0 to 1; `relating` whether the query
    asks for what is mapped to them. `typed` are the terms that stand in the query itself, not in
    the label of a code; `alone` those that are no mere part of a compound there.
    """

    text: str
    terms: Sequence[int | None]
    typed: frozenset[int]
    alone: frozenset[int]
    lexical: Floats
    sound: Floats
    nearness: Nearness
    names: frozenset[int]
    codes: Mapping[int, float]
    relating: bool = False


@dataclass(frozen=True)
class Terrain:
    """What is known of the entries whatever is asked; `superseded` are never fed back."""

    relations: Relations
    above: Places
    centroids: Vectors
    superseded: Marks


@dataclass(frozen=True)
class Evidence:
    """The weighed evidence of each entry, and whether it is a hit at all (`near`).

    `leading` are those fed back, with their weight to 1.
    """

    total: Floats
    near: Marks
    linked: Mapping[int, float]
    leading: Mapping[int, float]


def weigh(signals: Signals, terrain: Terrain, weights: Weights) -> Evidence:
    """The evidence for every entry, by the rule of this module."""
    total = _in_context(_own(signals, weights), terrain.above, weights.context)
    linked = dict(_linked(signals.codes, terrain.relations))
    _add(total, dict.fromkeys(signals.names, 1.0), weights.name)
    _add(total, signals.codes, weights.code)
    _add(total, linked, weights.relating if signals.relating else weights.linked)
    near = _near(signals, weights)
    near[[*signals.names, *signals.codes, *linked]] = True
    leading = _leading(np.where(near & ~terrain.superseded, total, 0), weights)
    if leading:
        total += np.float32(weights.feedback) * _likeness(leading, terrain.centroids)
        for share, lifted in _lifted(leading, terrain.relations, weights):
            _add(total, lifted, share)
    return Evidence(total, near | (total > weights.lifted), linked, leading)


def requirements(place: int, evidence: Evidence, relations: Relations) -> Iterator[tuple[str, int]]:
    """Why relations lifted an entry: (field, place of the leading or asked entry), best first.

    What is also required speaks only for what belongs to an entry whose code is asked.
    """
    known = {**evidence.leading, **dict.fromkeys(evidence.linked, 0.0)}
    kinds = (PRIMARILY, ALSO) if place in evidence.linked else (PRIMARILY,)
    for field, related in (("requires", relations.outward), ("requiredBy", relations.inward)):
        near = (each for kind in kinds for each in related[kind].get(place, ()))
        yield from ((field, each) for each in sorted(near, key=lambda at: -known.get(at, 0)))


def _own(signals: Signals, weights: Weights) -> Floats:
    own: Floats = (
        weights.lexical * _scaled(signals.lexical, weights.rarest)
        + weights.sound * _scaled(signals.sound, weights.faintest)
        + weights.peak * signals.nearness.peak
        + weights.mean * signals.nearness.mean
    )
    return own


def _near(signals: Signals, weights: Weights) -> Marks:
    """Whether an entry shares a word, enough of the sound, or the meaning."""
    heard = signals.sound > weights.audible
    near: Marks = (signals.lexical > 0) | (signals.nearness.peak > weights.floor) | heard
    return near


def _scaled(share: Floats, least: float) -> Floats:
    """Shares beside the best one, or `least` where even that is small."""
    scaled: Floats = share / np.float32(max(float(share.max(initial=0)), least))
    return scaled


def _in_context(own: Floats, above: Places, share: float) -> Floats:
    mixed = (1 - share) * own + share * np.where(above < 0, own, own[above])
    return mixed.astype(np.float32)


def _add(total: Floats, strengths: Mapping[int, float], weight: float) -> None:
    for place, strength in strengths.items():
        total[place] += weight * strength


def _linked(codes: Mapping[int, float], relations: Relations) -> Iterator[tuple[int, float]]:
    """What belongs to the entries asked by code, with its share, the strongest last."""
    asked = [place for place, strength in codes.items() if strength >= 1]
    found = [
        (share, near)
        for relation, share in _SHARES.items()
        for place in asked
        for way in (relations.outward, relations.inward)
        for near in way[relation].get(place, ())
    ]
    found += [(1.0, near) for place in asked for near in relations.children.get(place, ())]
    found += [(1.0, near) for place in codes for near in relations.outward[REPLACED].get(place, ())]
    return ((near, share) for share, near in sorted(found) if near not in codes)


def _leading(total: Floats, weights: Weights) -> dict[int, float]:
    """The best entries, weighted by the square of what they have above the next; 1 for the best."""
    height = np.clip(total, 0, weights.ceiling)
    size = min(weights.found, len(height) - 1)
    if size < 1:
        return {}
    best = np.argpartition(-height, size)[: size + 1]
    above = (height[best] - height[best].min()) ** 2
    top = float(above.max())
    return {int(p): float(w) / top for p, w in zip(best, above, strict=True) if w > 0}


def _likeness(leading: Mapping[int, float], centroids: Vectors) -> Floats:
    """How near each entry is to the leading ones together, the nearest at 1."""
    weights = np.array(list(leading.values()), np.float32)
    near = centroids @ (weights @ centroids[list(leading)])
    scaled = near / max(float(near.max(initial=0)), 1e-6)
    return scaled.astype(np.float32)


def _lifted(
    leading: Mapping[int, float], relations: Relations, weights: Weights
) -> Iterator[tuple[float, Mapping[int, float]]]:
    """Each relation's weight, and what it gives to the neighbours of the leading ones."""
    parents = {
        place: (relations.parent[place],) for place in leading if relations.parent[place] >= 0
    }
    siblings = {place: relations.family(place) for place in leading}
    yield weights.required, _spread(leading, relations.outward[PRIMARILY])
    yield weights.requiring, _spread(leading, relations.inward[PRIMARILY])
    yield weights.parent, _spread(leading, parents)
    yield weights.sibling, _spread(leading, siblings)


def _spread(leading: Mapping[int, float], near: Mapping[int, Sequence[int]]) -> dict[int, float]:
    """The sum of the weights of an entry's leading neighbours, at most 1."""
    given = dict[int, float]()
    for place, weight in leading.items():
        for each in near.get(place, ()):
            given[each] = min(1.0, given.get(each, 0.0) + weight)
    return given


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

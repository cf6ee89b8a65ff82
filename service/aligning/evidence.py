"""What speaks for a mapping: seven numbers for each pair of a subject and a possible object.

    words     the share of the subject's words that the object has (BM25F, the best at 1)
    names     the words shared with the most alike of its names, a cosine by rarity
    same      1 where the subject's label is one of its names
    meaning   how near its representations are, standard deviations above the mean
    examples  the vote of all curated examples by nearness: kernel ridge regression
    shared    the words shared with the most alike example that is mapped to it, a cosine
    above     as `words`, for the label of the concept above the subject

The vote of example j for object c is `a[j] * strength[j, c]`, where `a = k (K + I)^-1`, `K` is
the nearness between examples and `k` that to the subject (cosines of centred vectors, of the
text alone and of the text in its place). Near examples that say the same count once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from service.aligning.examples import Examples, Matrix, Objects
from service.aligning.subjects import Subject
from service.aligning.words import Overlap, overlap
from service.retrieval.analysis import folded_key
from service.retrieval.encoders import NamedEncoder, Vectors, unit
from service.retrieval.lexical import Floats, terms_of
from service.retrieval.search import Search

FEATURES: Final = ("words", "names", "same", "meaning", "examples", "shared", "above")
#: the least share of words that counts as a full match
_FULL: Final = 0.4
#: texts encoded at once
_BATCH: Final = 16
#: the ridge: how far one example's vote is held back
RIDGE: Final = 1.0
_NAMES: Final = frozenset({"label", "altLabel", "hiddenLabel"})
_TEXTS: Final = frozenset({"label", "gloss", "definition"})

Kept = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Views:
    """Unit vectors of texts, alone and in their place; a row each."""

    alone: Vectors
    placed: Vectors

    def nearness(self, other: "Views", *, context: bool) -> Matrix:
        """Cosines with other texts, a row for each of ours; the mean of both where wanted."""
        alone = self.alone @ other.alone.T
        mixed = (alone + self.placed @ other.placed.T) / 2 if context else alone
        return mixed.astype(np.float64)


@dataclass(frozen=True)
class Observed:
    """A subject beside everything in the index; arrays over all entries but `near`."""

    words: Floats
    names: Floats
    texts: Floats
    same: frozenset[int]
    meaning: Floats
    above: Floats
    near: Matrix


@dataclass(frozen=True)
class Evidence:
    """Features, shape (objects, 7), and the weight of each example's vote."""

    features: Matrix
    votes: Matrix


@dataclass(frozen=True)
class Ground:
    """All that subjects are held against: the index, and the examples with their vectors."""

    search: Search
    named: NamedEncoder
    examples: Examples
    views: Views
    centre: Views

    @cached_property
    def names(self) -> Overlap:
        """The words of each name."""
        return overlap(self.search.index, self.search.lexicon.rarity, _NAMES)

    @cached_property
    def texts(self) -> Overlap:
        """The words of each label, gloss and definition."""
        return overlap(self.search.index, self.search.lexicon.rarity, _TEXTS)

    @cached_property
    def places(self) -> npt.NDArray[np.int64]:
        """The place of each example in the index."""
        found = (self.search.index.by_uri[each.uri] for each in self.examples.subjects)
        return np.fromiter(found, np.int64, len(self.examples.subjects))

    @cached_property
    def kernel(self) -> Matrix:
        """The nearness between examples."""
        return self.views.nearness(self.views, context=True)

    @cached_property
    def bare_kernel(self) -> Matrix:
        """The nearness between examples, of their texts alone."""
        return self.views.nearness(self.views, context=False)

    def observe(self, subjects: Sequence[Subject], *, context: bool = True) -> list[Observed]:
        """Hold subjects against the index; without `context` nothing above them counts."""
        if not subjects:
            return []
        near = _centred(_views(subjects, self.named), self.centre).nearness(
            self.views, context=context
        )
        bare = [each if context else replace(each, path=()) for each in subjects]
        return [self._observed(each, row) for each, row in zip(bare, near, strict=True)]

    def _observed(self, subject: Subject, near: Matrix) -> Observed:
        search, terms = self.search, self._terms(subject.text)
        return Observed(
            words=self._share(terms),
            names=self.names.cosines(self._terms(subject.label)),
            texts=self.texts.cosines(terms),
            same=frozenset(search.named.get(folded_key(subject.label), ())),
            meaning=search.space.nearness(search.encode(subject.text)).mean,
            above=self._share(self._terms("".join(subject.path[-1:]))),
            near=near,
        )

    def _terms(self, text: str) -> list[int | None]:
        return terms_of(self.search.index, self.search.analyse(text))

    def _share(self, terms: Sequence[int | None]) -> Floats:
        """The share of words of each entry, the best at 1, unless it has but a common word."""
        found = self.search.lexicon.scores(terms)
        best = max(float(found.max(initial=0)), _FULL)
        return found / np.float32(best)

    def evidence(
        self, seen: Observed, objects: Objects, keep: Kept, *, context: bool = True
    ) -> Evidence:
        """The features of a subject with each object, with only the examples in `keep`."""
        kept = keep & objects.taught
        votes = _votes(seen.near, self.kernel if context else self.bare_kernel, kept)
        found = objects.places
        like = np.where(kept, seen.texts[self.places], 0)
        shared = ((objects.strength > 0) * like[:, None]).max(axis=0, initial=0)
        columns = (
            seen.words[found],
            seen.names[found],
            np.isin(found, list(seen.same)),
            seen.meaning[found],
            votes @ objects.strength,
            shared,
            seen.above[found],
        )
        return Evidence(np.stack(columns, axis=1).astype(np.float64), votes)


def make_ground(search: Search, named: NamedEncoder, examples: Examples) -> Ground:
    """The ground of an index and its examples; encodes the examples' texts."""
    raw = _views(examples.subjects, named)
    centre = Views(_mean(raw.alone), _mean(raw.placed))
    return Ground(search, named, examples, _centred(raw, centre), centre)


def _views(subjects: Sequence[Subject], named: NamedEncoder) -> Views:
    """The vectors of subjects, shape (subjects, dimension)."""
    return Views(
        _encoded([each.text for each in subjects], named),
        _encoded([each.placed for each in subjects], named),
    )


def _encoded(texts: Sequence[str], named: NamedEncoder) -> Vectors:
    """A row for each text; those of like length go together, as a batch costs its longest."""
    dimension = named.encoder.get_embedding_dimension() or 1
    found = np.zeros((len(texts), dimension), np.float32)
    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
    for start in range(0, len(order), _BATCH):
        batch = order[start : start + _BATCH]
        found[batch] = unit(named.encoder.encode_document([texts[at] for at in batch]))
    return found


def _centred(views: Views, centre: Views) -> Views:
    return Views(unit(views.alone - centre.alone), unit(views.placed - centre.placed))


def _mean(vectors: Vectors) -> Vectors:
    """The mean row; of no rows, zero."""
    mean: Vectors = vectors.sum(axis=0) / np.float32(max(len(vectors), 1))
    return mean


def _votes(near: Matrix, kernel: Matrix, kept: Kept) -> Matrix:
    """The weight of each example, 0 for those not kept."""
    votes = np.zeros(len(kept))
    chosen = np.flatnonzero(kept)
    if len(chosen):
        among = kernel[np.ix_(chosen, chosen)] + RIDGE * np.eye(len(chosen))
        votes[chosen] = np.linalg.solve(among, near[chosen])
    return votes

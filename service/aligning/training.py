"""Fitting the scorers on the curated mappings, and measuring them on what they have not seen.

Every curated subject is scored with examples that do not include it: without its group (a task
with all its items, an area with all its statements), or without itself alone; a subject of the
same text is left out as well. Weights and calibration for a subject come from other groups.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from service.aligning.evidence import FEATURES, Ground, Kept
from service.aligning.examples import (
    COMPETENCY,
    ITEM,
    LEVEL,
    LEVELLED,
    MATCHED,
    PLACED,
    PRIMARY,
    REQUIRED,
    TASK,
    Matrix,
)
from service.aligning.model import Model, Scorer, calibrated, fit_scorer
from service.aligning.subjects import AlignError, Subject, groups_of
from service.retrieval.analysis import folded_key

#: objects that are looked at, of each subject
DEPTH: Final = 5
#: curated subjects below which nothing can be fitted or measured
_FEWEST: Final = 10


@dataclass(frozen=True, slots=True)
class Aim:
    """What a scorer says of a pair: that a predicate in `truth` holds.

    It learns from subjects that have a predicate in `among`, of one class where `learner` names
    it. Without `context`, what is above a subject does not count; without `grouped`, a subject's
    neighbours stay among the examples.
    """

    name: str
    kind: str
    truth: frozenset[str]
    among: frozenset[str]
    learner: str = ""
    context: bool = True
    grouped: bool = True

    def learns_from(self, subject: Subject) -> bool:
        """Whether a curated subject is of the class that it learns from."""
        return not self.learner or subject.kind == self.learner


#: by name: the classes and relations that proposals are about
AIMS: Final = (
    Aim("primary", COMPETENCY, PRIMARY, REQUIRED, learner=ITEM),
    Aim("required", COMPETENCY, REQUIRED, REQUIRED, learner=ITEM),
    Aim("matched", COMPETENCY, MATCHED, MATCHED),
    Aim("task", TASK, PLACED, PLACED, context=False, grouped=False),
    Aim("level", LEVEL, LEVELLED, LEVELLED, context=False),
)


@dataclass(frozen=True)
class Rows:
    """Subjects with their evidence: features (subjects, objects, 7), truth (subjects, objects)."""

    subjects: tuple[Subject, ...]
    features: Matrix
    truth: Matrix
    groups: tuple[str, ...]

    def parts(self) -> Iterator[Kept]:
        """Which subjects are in each group, group by group."""
        groups = np.array(self.groups)
        return (groups == each for each in sorted(set(self.groups)))


def rows_of(ground: Ground, aim: Aim, *, grouped: bool) -> Rows:
    """The evidence of every curated subject of an aim; raises `AlignError` where too few are."""
    truth = ground.examples.truth(aim.truth)
    chosen = ground.examples.truth(aim.among)
    subjects = tuple(
        each for each in ground.examples.subjects if each.uri in chosen and aim.learns_from(each)
    )
    if len(subjects) < _FEWEST:
        raise AlignError(
            f"当てはめや評価には対応付け済みの主語が {_FEWEST} 以上要ります（{aim.name}: "
            f"{len(subjects)}） / too few curated subjects to learn from"
        )
    objects = ground.examples.objects(aim.kind, ground.search.index)
    uris = [ground.search.index.entries[place].uri for place in objects.places]
    keeps = _keeps(ground.examples.subjects, subjects, grouped=grouped)
    seen = ground.observe(subjects, context=aim.context)
    found = [
        ground.evidence(each, objects, keep, context=aim.context).features
        for each, keep in zip(seen, keeps, strict=True)
    ]
    right = [[uri in truth.get(each.uri, ()) for uri in uris] for each in subjects]
    groups = groups_of(ground.examples.subjects)
    return Rows(
        subjects,
        np.array(found).reshape(len(subjects), len(uris), len(FEATURES)),
        np.array(right, np.float64),
        tuple(groups[each.uri] for each in subjects),
    )


def fit_model(ground: Ground, edition: str) -> Model:
    """Scorers for every aim, fitted on all its curated subjects."""
    scorers = {aim.name: fit_calibrated(rows_of(ground, aim, grouped=aim.grouped)) for aim in AIMS}
    index = ground.search.index
    return Model(ground.named.name, edition, index.version, scorers)


def fit_calibrated(rows: Rows) -> Scorer:
    """A scorer fitted on all rows, calibrated on logits that were cross-fitted."""
    return calibrated(_fitted(rows), *_leading(cross_fitted(rows), rows.truth))


def cross_fitted(rows: Rows) -> Matrix:
    """The logits of each subject by weights fitted without its group, (subjects, objects)."""
    found = np.zeros_like(rows.truth)
    for part in rows.parts():
        found[part] = _fitted(rows, ~part).logits(rows.features[part])
    return found


def cross_calibrated(rows: Rows, logits: Matrix) -> Matrix:
    """The confidence of each pair, calibrated without the subject's group."""
    found = np.zeros_like(logits)
    for part in rows.parts():
        scorer = calibrated(Scorer(0.0, ()), *_leading(logits[~part], rows.truth[~part]))
        found[part] = scorer.confidence(logits[part])
    return found


def leading(scores: Matrix, values: Matrix) -> Matrix:
    """The values of the `DEPTH` best objects of each subject, best first; ties in order."""
    order = np.argsort(-scores, axis=1, kind="stable")[:, :DEPTH]
    return np.take_along_axis(values, order, axis=1)


def _leading(logits: Matrix, truth: Matrix) -> tuple[Matrix, Matrix]:
    """Logits and truth of the pairs that could be proposed; all others are plainly wrong."""
    return leading(logits, logits).ravel(), leading(logits, truth).ravel()


def _fitted(rows: Rows, chosen: Kept | None = None) -> Scorer:
    features = rows.features if chosen is None else rows.features[chosen]
    truth = rows.truth if chosen is None else rows.truth[chosen]
    return fit_scorer(features.reshape(-1, features.shape[-1]), truth.ravel())


def _keeps(
    examples: Sequence[Subject], subjects: Sequence[Subject], *, grouped: bool
) -> Iterator[Kept]:
    """For each subject, the examples that may speak for it."""
    groups: Mapping[str, str] = groups_of(examples)
    group = np.array([groups[each.uri] for each in examples])
    texts = np.array([folded_key(each.text) for each in examples])
    uris = np.array([each.uri for each in examples])
    for each in subjects:
        near = group == groups[each.uri] if grouped else uris == each.uri
        yield ~(near | (texts == folded_key(each.text)))

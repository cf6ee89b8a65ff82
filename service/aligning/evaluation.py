"""How good the aligner is: precision and recall of what it would propose, and its reliability."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from service.aligning.evidence import Ground
from service.aligning.examples import Matrix
from service.aligning.training import (
    AIMS,
    Rows,
    cross_calibrated,
    cross_fitted,
    leading,
    rows_of,
)
from service.retrieval.evaluation import Interval, interval
from service.retrieval.lexical import Lexicon, lexicon, terms_of

_BINS: Final = 10
#: what the documents themselves say of an entity: no gloss, utterance or alternative of ours
_DOCUMENTS: Final = {
    "label": 1.0,
    "altLabel": 0.0,
    "hiddenLabel": 0.0,
    "gloss": 0.0,
    "utterance": 0.0,
    "definition": 0.5,
}


@dataclass(frozen=True)
class Figures:
    """Of a ranking: is its first right, and which share of all right ones is in its first five."""

    precision_at_1: Interval
    recall_at_5: Interval


@dataclass(frozen=True)
class Bin:
    """Pairs of like confidence, how confident on average, and the share of them that is right."""

    low: float
    high: float
    pairs: int
    confidence: float
    right: float


@dataclass(frozen=True)
class Reliability:
    """Expected calibration error over the first five of each subject, with its bins."""

    error: float
    pairs: int
    bins: tuple[Bin, ...]


@dataclass(frozen=True)
class Trial:
    """The aligner with some examples left out."""

    figures: Figures
    reliability: Reliability


@dataclass(frozen=True)
class AlignReport:
    """Primary competencies of evaluation items.

    `by_task` leaves out the whole task of an item, `alone` the item only. BM25 needs no examples:
    over the documents' own words, and over all texts of the index, our glosses too.
    """

    encoder: str
    graph: str
    items: int
    objects: int
    by_task: Trial
    alone: Trial
    bm25_documents: Figures
    bm25_all: Figures


def evaluate_alignment(ground: Ground) -> AlignReport:
    """Measure the aligner on the curated items; raises `AlignError` where there are too few."""
    by_task = rows_of(ground, AIMS[0], grouped=True)
    own_words = lexicon(ground.search.index, _DOCUMENTS)
    return AlignReport(
        encoder=ground.named.name,
        graph=ground.search.index.version,
        items=len(by_task.subjects),
        objects=by_task.truth.shape[1],
        by_task=_trial(by_task),
        alone=_trial(rows_of(ground, AIMS[0], grouped=False)),
        bm25_documents=_bm25(ground, by_task, own_words),
        bm25_all=_bm25(ground, by_task, ground.search.lexicon),
    )


def figures(scores: Matrix, truth: Matrix) -> Figures:
    """Precision at 1 and recall at 5 of scores, shape (subjects, objects); ties in order.

    >>> found = figures(np.array([[0.9, 0.1]]), np.array([[0.0, 1.0]]))
    >>> found.precision_at_1.mean, found.recall_at_5.mean
    (0.0, 1.0)
    """
    ranked = leading(scores, truth)
    recall = ranked.sum(axis=1) / np.maximum(truth.sum(axis=1), 1)
    return Figures(interval(ranked[:, 0].tolist()), interval(recall.tolist()))


def reliability(confidence: Matrix, truth: Matrix) -> Reliability:
    """The expected calibration error over the first five objects of each subject.

    >>> reliability(np.array([[0.75, 0.25]]), np.array([[1.0, 0.0]])).error
    0.25
    """
    said = leading(confidence, confidence).ravel()
    right = leading(confidence, truth).ravel()
    which = np.minimum((said * _BINS).astype(int), _BINS - 1)
    bins = tuple(
        _bin(at, said[which == at], right[which == at]) for at in sorted(set(which.tolist()))
    )
    gaps = (each.pairs * abs(each.confidence - each.right) for each in bins)
    return Reliability(round(sum(gaps) / max(len(said), 1), 4), len(said), bins)


def _bin(at: int, said: Matrix, right: Matrix) -> Bin:
    return Bin(
        at / _BINS,
        (at + 1) / _BINS,
        len(said),
        round(float(said.mean()), 3),
        round(float(right.mean()), 3),
    )


def _trial(rows: Rows) -> Trial:
    logits = cross_fitted(rows)
    confidence = cross_calibrated(rows, logits)
    return Trial(figures(logits, rows.truth), reliability(confidence, rows.truth))


def _bm25(ground: Ground, rows: Rows, words: Lexicon) -> Figures:
    """What BM25 alone finds, with the sentence of each item as the query."""
    search = ground.search
    objects = ground.examples.objects(AIMS[0].kind, search.index)
    found = [
        words.scores(terms_of(search.index, search.analyse(each.text))) for each in rows.subjects
    ]
    return figures(np.array(found, np.float64)[:, objects.places], rows.truth)

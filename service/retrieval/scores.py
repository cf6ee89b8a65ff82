"""What a score says: the chance that an entry is what was meant, comparable between queries.

The score of an entry is the product of two chances.

- That it is relevant, given its evidence: `x**n / (x**n + middle**n)`, where `x` is the evidence
  plus one and `n` the `steepness` (a logistic regression on the logarithm of the evidence, fitted
  on the first ten hits of our own judged queries).
- That the query is about anything here: a logistic function of its `footing`, in units of
  `doubt`. Names and codes leave no doubt.

Both grow with their argument, so that within a query a score never changes the order.
`benchmarks/search_scores.py` fits and checks both.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from service.retrieval.dense import Space
from service.retrieval.lexical import Weighted
from service.retrieval.ranking import Signals, Weights


def footing(signals: Signals, space: Space, weights: Weights) -> float:
    """How firmly a query stands on what is here; above 0 it is about these things.

    The share of its words and of its sounds that the best entry has, and how near its vector
    comes to them, in standard deviations beside texts that are about them.
    """
    if signals.names or signals.codes:
        return math.inf
    return (
        weights.worded * float(signals.lexical.max(initial=0))
        + weights.sounded * float(signals.sound.max(initial=0))
        + space.familiarity(signals.nearness.closest)
    )


def score(evidence: float, ground: float, weights: Weights) -> float:
    """The score of an entry with this evidence for a query of this footing, 0 to 1.

    >>> score(9.0, math.inf, Weights()), score(9.0, 0.0, Weights())
    (0.5, 0.25)
    """
    return round(float(scores(np.array([evidence]), ground, weights)[0]), 4)


def scores(evidence: npt.NDArray[Any], ground: float, weights: Weights) -> Weighted:
    """The unrounded scores of all entries with these evidences for a query of this footing."""
    strength = (1 + np.maximum(evidence.astype(float), 0)) / weights.middle
    about = 1 / (1 + math.exp(min(-ground / weights.doubt, 700)))
    found: Weighted = about / (1 + strength**-weights.steepness)
    return found

"""From evidence to confidence: logistic regression over the features, and its calibration.

One row of weights for each aim. `score = 1 / (1 + exp(-(bias + weights . features)))`, and
`confidence` is the same of `slope * logit + shift` (Platt 1999), fitted on the best five objects
of subjects that the weights had not seen. The table is data (`weights.json`), made by
`ccgraph align --fit`.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from service.aligning.evidence import FEATURES
from service.aligning.examples import Matrix
from service.aligning.subjects import AlignError

#: the table that is shipped
WEIGHTS: Final = Path(__file__).with_name("weights.json")
#: penalty on the squared weights, of features scaled to variance 1
_PENALTY: Final = 1.0
_STEPS: Final = 30


@dataclass(frozen=True, slots=True)
class Scorer:
    """Weights by feature, in the order of `FEATURES`, with bias and calibration."""

    bias: float
    weights: tuple[float, ...]
    slope: float = 1.0
    shift: float = 0.0

    def logits(self, features: Matrix) -> Matrix:
        """The logit of each row of features."""
        found: Matrix = features @ np.array(self.weights) + self.bias
        return found

    def score(self, logits: Matrix) -> Matrix:
        """The similarity, 0 to 1, before calibration."""
        return logistic(logits)

    def confidence(self, logits: Matrix) -> Matrix:
        """How likely a mapping is right, 0 to 1."""
        return logistic(self.slope * logits + self.shift)


@dataclass(frozen=True)
class Model:
    """Scorers by the name of their aim; `encoder` and `edition` say on what they were fitted."""

    encoder: str
    edition: str
    graph: str
    scorers: Mapping[str, Scorer]


def logistic(values: Matrix) -> Matrix:
    """1 / (1 + exp(-x)), without overflow.

    >>> logistic(np.array([0.0, -1000.0])).tolist()
    [0.5, 0.0]
    """
    found: Matrix = np.exp(-np.logaddexp(0, -values))
    return np.where(found < 1e-300, 0.0, found)


def fit_scorer(features: Matrix, truth: Matrix) -> Scorer:
    """Logistic regression with a small ridge, by Newton's method; rows are pairs."""
    mean = features.mean(axis=0)
    scale = features.std(axis=0)
    scale[scale < 1e-9] = 1.0
    bias, weights = _newton((features - mean) / scale, truth, _PENALTY)
    plain = weights / scale
    return Scorer(float(bias - plain @ mean), tuple(plain.tolist()))


def calibrated(scorer: Scorer, logits: Matrix, truth: Matrix) -> Scorer:
    """The scorer with slope and shift from logits of subjects that it had not seen."""
    shift, slope = _newton(logits[:, None], truth, 0.0)
    return Scorer(scorer.bias, scorer.weights, float(slope[0]), float(shift))


def load_model(path: Path = WEIGHTS) -> Model:
    """Read a table of weights; raises `AlignError` where it is not one, `OSError` if absent."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["features"] != list(FEATURES):
            raise AlignError(f"{path.name}: 特徴量が違います。--fit で作り直してください / refit")
        scorers = {name: _scorer(row) for name, row in found["scorers"].items()}
        return Model(found["encoder"], found["edition"], found["graph"], scorers)
    except (KeyError, TypeError, json.JSONDecodeError) as fault:
        raise AlignError(f"{path.name}: 重みの表ではありません / is no table of weights") from fault


def save_model(model: Model, path: Path) -> None:
    """Write a table of weights."""
    table = {
        "encoder": model.encoder,
        "edition": model.edition,
        "graph": model.graph,
        "features": list(FEATURES),
        "scorers": {name: _rounded(scorer) for name, scorer in model.scorers.items()},
    }
    path.write_text(json.dumps(table, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _scorer(row: Mapping[str, object]) -> Scorer:
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return Scorer(**values)  # type: ignore[arg-type]


def _rounded(scorer: Scorer) -> Mapping[str, object]:
    found = asdict(scorer)
    return {key: np.round(value, 4).tolist() for key, value in found.items()}


def _newton(features: Matrix, truth: Matrix, penalty: float) -> tuple[float, Matrix]:
    """Bias and weights of greatest penalised likelihood."""
    rows = np.column_stack((np.ones(len(features)), features))
    held = np.diag([0.0] + [penalty] * features.shape[1])
    found = np.zeros(rows.shape[1])
    for _ in range(_STEPS):
        expected = logistic(rows @ found)
        slope = rows.T @ (expected - truth) + held @ found
        bend = (rows * (expected * (1 - expected))[:, None]).T @ rows + held
        step = np.linalg.solve(bend + 1e-9 * np.eye(len(found)), slope)
        found = found - np.clip(step, -5, 5)
        if np.abs(step).max() < 1e-8:
            break
    return float(found[0]), found[1:]

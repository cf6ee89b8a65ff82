"""Learning a projection from pairs: sentence-transformers' own layers and loss, on two cores.

The encoder stays as it is and is asked once for each text; what is learnt is one matrix after
it. So an epoch takes a second, nothing is quantised anew, and any packaged encoder will do. The
loop is written out: sentence-transformers' trainer needs datasets, pyarrow and accelerate.
"""

import importlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from service.retrieval.encoders import Encoder, Vectors, unit
from service.tuning.pairs import Pair, Text

#: told how many are done of how many
Progress = Callable[[int, int], None]
#: texts encoded at once, between two reports of progress
_BATCH: Final = 32
#: matrices are small: a second thread gains nothing, and sums in another order
_THREADS: Final = 1


class TuningError(Exception):
    """Nothing can be learnt; says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a projection is learnt: passes over the pairs, pairs in a batch, learning rate
    (falling to 0), sharpness of the softmax, seed of the order.
    """

    epochs: int = 3
    batch: int = 96
    rate: float = 0.0004
    scale: float = 20.0
    seed: int = 20261123


@dataclass(frozen=True)
class Learnt:
    """A projection, shape (dimension, dimension), and how many steps it took."""

    projection: Vectors
    steps: int


def encode(texts: Sequence[Text], encoder: Encoder, progress: Progress) -> dict[Text, Vectors]:
    """The unit vector of each text, queries as queries."""
    found = dict[Text, Vectors]()
    for asked in (True, False):
        some = sorted((each for each in texts if each.asked is asked), key=lambda t: len(t.text))
        call = encoder.encode_query if asked else encoder.encode_document
        for start in range(0, len(some), _BATCH):
            batch = some[start : start + _BATCH]
            found.update(zip(batch, unit(call([each.text for each in batch])), strict=True))
            progress(len(found), len(texts))
    return found


def batches(
    pairs: Sequence[Pair], kin: Sequence[frozenset[int]], recipe: Recipe
) -> Iterator[list[Pair]]:
    """The batches of all epochs: no pair in one is a false negative of another.

    Pairs are taken in a random order that the seed decides; one that is kin to what is already
    in the batch waits for the next. A batch of one has no negative and is left out.
    """
    random = np.random.default_rng(recipe.seed)
    for _ in range(recipe.epochs):
        waiting = [pairs[each] for each in random.permutation(len(pairs))]
        while waiting:
            batch, waiting = _filled(waiting, kin, recipe.batch)
            if len(batch) > 1:
                yield batch


def learn(
    pairs: Sequence[Pair],
    kin: Sequence[frozenset[int]],
    vectors: dict[Text, Vectors],
    recipe: Recipe,
    progress: Progress,
) -> Learnt:
    """The projection that these pairs teach; the same for the same input.

    Raises `TuningError` where they are too few, and `ModuleNotFoundError` without the extra.
    """
    planned = list(batches(pairs, kin, recipe))
    if not planned:
        raise TuningError(
            "学ぶ対が足りません。altLabel、定義、言い回しのある概念が二つ以上要ります"
            " / too few pairs: at least two concepts need alternative labels or texts"
        )
    torch = importlib.import_module("torch")
    torch.set_num_threads(_THREADS)
    model, loss = _model(len(next(iter(vectors.values()))), recipe)
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.rate, weight_decay=0.0)
    for step, batch in enumerate(planned):
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate * (1 - step / len(planned))
        sides = zip(
            *((vectors[each.anchor], vectors[each.positive]) for each in batch), strict=True
        )
        features = [{"sentence_embedding": torch.from_numpy(np.stack(side))} for side in sides]
        optimizer.zero_grad()
        loss(features, None).backward()
        optimizer.step()
        progress(step + 1, len(planned))
    matrix: Vectors = model[0].linear.weight.detach().numpy().astype(np.float32)
    return Learnt(matrix, len(planned))


def _model(dimension: int, recipe: Recipe) -> tuple[Any, Any]:
    """One layer that changes nothing yet, then unit length; and the loss over it."""
    torch = importlib.import_module("torch")
    package = importlib.import_module("sentence_transformers")
    modules = importlib.import_module("sentence_transformers.sentence_transformer.modules")
    losses = importlib.import_module("sentence_transformers.sentence_transformer.losses")
    layer = modules.Dense(
        dimension,
        dimension,
        bias=False,
        activation_function=None,
        init_weight=torch.eye(dimension),
    )
    model = package.SentenceTransformer(modules=[layer, modules.Normalize()], device="cpu")
    return model, losses.MultipleNegativesRankingLoss(model, scale=recipe.scale)


def _filled(
    waiting: Sequence[Pair], kin: Sequence[frozenset[int]], size: int
) -> tuple[list[Pair], list[Pair]]:
    batch, left, taken = list[Pair](), list[Pair](), set[int]()
    for each in waiting:
        if len(batch) == size or not taken.isdisjoint(each.entries):
            left.append(each)
            continue
        batch.append(each)
        taken.update(*(kin[place] for place in each.entries))
    return batch, left

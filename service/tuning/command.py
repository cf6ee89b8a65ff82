"""What `ccgraph tune` does."""

import importlib.util
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from service.boot import open_graph, open_search
from service.console import Steps
from service.graph.store import Graph
from service.retrieval.encoders import NamedEncoder, Vectors, load_encoder
from service.retrieval.evaluation import JudgedQuery, read_queries
from service.retrieval.index import Index
from service.retrieval.patch import About, Patch, base_hash, save_patch
from service.settings import Settings
from service.tuning.evaluation import evaluate_tuning
from service.tuning.pairs import Pair, Text, kin, pairs, texts_of
from service.tuning.training import Progress, Recipe, TuningError, encode, learn

#: what the extra brings
_NEEDED: Final = ("torch", "sentence_transformers")


@dataclass(frozen=True)
class Lesson:
    """All that training needs: a graph, its index, the encoder and the vectors of the pairs."""

    graph: Graph
    index: Index
    named: NamedEncoder
    hash: str
    vectors: dict[Text, Vectors]


def open_lesson(settings: Settings, tell: Steps) -> Lesson:
    """Open the graph, and encode what is learnt from, with the encoder of the settings.

    A patch in the settings is left aside: what is learnt is learnt over the packaged weights.
    Raises `TuningError` without the extra and where there is nothing to learn from, `DataError`,
    `EncoderError`, and `PatchError` on an encoder that takes no patch.
    """
    _require()
    base = settings.encoder.partition("+")[0]
    hashed = base_hash(base)
    tell.step("索引を開く / opening the index")
    graph, path = open_graph(settings)
    plain = replace(settings, encoder=base)
    index = open_search(plain, graph, path, tell.count).index
    named = load_encoder(base)
    tell.step("語彙の文を符号化する / encoding the vocabulary's texts")
    return Lesson(graph, index, named, hashed, _vectors(index, named, tell.count))


def taught(lesson: Lesson, recipe: Recipe, progress: Progress, *, without: frozenset[int]) -> Patch:
    """The patch that the pairs teach, those of the entries `without` left out."""
    found = pairs(lesson.index, without)
    learnt = learn(found, kin(lesson.index), lesson.vectors, recipe, progress)
    return Patch(_about(lesson, recipe, found, learnt.steps), learnt.projection)


def study(
    lesson: Lesson, recipe: Recipe, files: Sequence[Path], folds: int, tell: Steps
) -> dict[str, Any]:
    """How much tuning adds on the judged queries of these files; raises `JudgmentError`."""
    queries = [each for path in files for each in _queries(path, lesson.graph)]
    tell.step("交差検証 / cross-validation")

    def teach(without: frozenset[int]) -> Patch:
        return taught(lesson, recipe, _silent, without=without)

    found = evaluate_tuning(
        teach,
        lesson.graph,
        lesson.index,
        lesson.named,
        queries=queries,
        folds=folds,
        progress=tell.count,
    )
    return {"graph": lesson.index.version, "base": lesson.named.name, **asdict(found)}


def write_patch(lesson: Lesson, recipe: Recipe, out: Path, tell: Steps) -> dict[str, Any]:
    """Learn from everything and write the patch; returns what it says of itself, and its use."""
    tell.step("学ぶ / learning")
    patch = taught(lesson, recipe, tell.count, without=frozenset())
    save_patch(patch, out)
    return {**asdict(patch.about), "CCGRAPH_ENCODER": f"{patch.about.base}+{out}"}


def _vectors(index: Index, named: NamedEncoder, progress: Progress) -> dict[Text, Vectors]:
    """The vectors of all texts of the pairs; those that the index has are not made again."""
    held = zip(index.representations, index.vectors, strict=True)
    known = {Text(each.text, each.field == "utterance"): vector for each, vector in held}
    missing = [each for each in texts_of(pairs(index)) if each not in known]
    return known | encode(missing, named.encoder, progress)


def _about(lesson: Lesson, recipe: Recipe, found: Sequence[Pair], steps: int) -> About:
    return About(
        base=lesson.named.name,
        base_hash=lesson.hash,
        graph=lesson.index.version,
        pairs=len(found),
        steps=steps,
        seed=recipe.seed,
    )


def _queries(path: Path, graph: Graph) -> list[JudgedQuery]:
    """The queries of a file, their ids told apart from those of other files."""
    found = read_queries(path, graph)
    return [replace(each, id=f"{path.stem} {each.id}") for each in found]


def _require() -> None:
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise TuningError(
            f"調整には {'、'.join(missing)} が必要です（pip install 'ccgraph[tune]'）"
            f" / tuning needs {', '.join(missing)}: pip install 'ccgraph[tune]'"
        )


def _silent(done: int, total: int) -> None:
    """Say nothing."""

"""Tuning: what is learnt from, how batches are made, and that the same teaches the same."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ontology.terms import Names
from service.graph.store import load_graph
from service.retrieval.encoders import NGramEncoder, load_encoder
from service.retrieval.evaluation import JudgedQuery
from service.retrieval.index import Index, build_index
from service.settings import Settings
from service.tuning.command import open_lesson, study, write_patch
from service.tuning.evaluation import home, split
from service.tuning.pairs import Pair, Text, kin, pairs, texts_of
from service.tuning.training import Recipe, TuningError, batches, encode, learn

HERE = Path(__file__).parent
SMALL = Recipe(epochs=2, batch=4)


@pytest.fixture(scope="module")
def index() -> Index:
    return build_index(load_graph(HERE / "search.trig", Names()), load_encoder("ngram"))


def place(index: Index, local: str) -> int:
    return index.by_uri[Names().entity(local)]


def of(index: Index, local: str) -> set[tuple[str, str]]:
    """The pairs of one entry alone, as texts."""
    at = place(index, local)
    return {(p.anchor.text, p.positive.text) for p in pairs(index) if p.entries == (at, at)}


def test_what_people_say_belongs_to_the_entry(index: Index) -> None:
    found = of(index, "cmbok2.HR-5")
    label = "運営 > ヒューマンリソースマネジメント > コーチング、1on1、部下育成"
    gloss = "コーチング: 部下の話を聴き、問いかけて、自分で答えを見つけられるように支える。"
    said = "部下が自分で考えて動けるように育てたい"
    assert {(said, label), (said, gloss), (said, "面談で答えを言わずに引き出すコツ")} <= found
    assert "部下育成" in {anchor for anchor, _ in found}


def test_what_people_say_is_read_as_a_query(index: Index) -> None:
    assert all(each.anchor.asked for each in pairs(index))
    assert {each.positive.asked for each in pairs(index)} == {True, False}


def test_a_child_belongs_to_its_parent(index: Index) -> None:
    tied = {each.entries for each in pairs(index) if each.entries[0] != each.entries[1]}
    assert (place(index, "task.E015"), place(index, "task.T06")) in tied


def test_entries_left_out_teach_nothing(index: Index) -> None:
    out = frozenset({place(index, "cmbok2.HR-5"), place(index, "task.T06")})
    left = pairs(index, out)
    assert left and all(out.isdisjoint(each.entries) for each in left)


def test_the_graph_says_what_is_no_negative(index: Index) -> None:
    near = kin(index)
    one, above = place(index, "cmbok2.HR-5"), place(index, "cmbok2.HR")
    assert {one, above} <= near[one] and one in near[above]
    assert place(index, "cmbok2.CS-9") not in near[one]
    assert all(at in near[other] for at, some in enumerate(near) for other in some)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), size=st.integers(2, 40))
def test_no_batch_holds_a_false_negative(index: Index, seed: int, size: int) -> None:
    near, recipe = kin(index), Recipe(epochs=1, batch=size, seed=seed)
    for batch in batches(pairs(index), near, recipe):
        assert 1 < len(batch) <= size
        for number, one in enumerate(batch):
            others = {place for each in batch[:number] for place in each.entries}
            assert not others & {at for place in one.entries for at in near[place]}


def test_a_seed_gives_one_order(index: Index) -> None:
    orders = [list(batches(pairs(index), kin(index), Recipe(seed=seed))) for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]


def test_texts_are_encoded_once_with_progress(index: Index) -> None:
    told = list[tuple[int, int]]()
    texts = texts_of(pairs(index))
    vectors = encode(texts, NGramEncoder(), lambda done, total: told.append((done, total)))
    assert vectors.keys() == set(texts) and len(texts) == len(set(texts))
    assert told[-1] == (len(texts), len(texts))
    assert np.allclose(np.linalg.norm(list(vectors.values()), axis=1), 1, atol=1e-5)


def taught(index: Index, recipe: Recipe) -> np.ndarray:
    pytest.importorskip("sentence_transformers")
    found = pairs(index)
    vectors = encode(texts_of(found), NGramEncoder(), lambda done, total: None)
    return learn(found, kin(index), vectors, recipe, lambda done, total: None).projection


@pytest.mark.filterwarnings("ignore")
def test_the_same_teaches_the_same(index: Index) -> None:
    first = taught(index, SMALL)
    assert first.shape == (512, 512) and not np.array_equal(first, np.eye(512))
    assert np.array_equal(first, taught(index, SMALL))


@pytest.mark.filterwarnings("ignore")
def test_what_belongs_together_comes_nearer_than_what_does_not(index: Index) -> None:
    projection = taught(index, Recipe(epochs=6, batch=8, rate=0.01))
    found = [each for each in pairs(index) if each.entries[0] == each.entries[1]]
    vectors = encode(texts_of(found), NGramEncoder(), lambda done, total: None)

    def margin(matrix: np.ndarray) -> float:
        """How much nearer pairs are than texts that chance puts together."""
        sides = (
            np.array([vectors[getattr(each, side)] for each in found]) @ matrix.T
            for side in ("anchor", "positive")
        )
        one, other = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in sides)
        return float((one * other).sum(axis=1).mean() - (one @ other.T).mean())

    assert margin(projection) > margin(np.eye(512)) + 0.1


def test_too_little_to_learn_from_is_said() -> None:
    alone = [Pair(Text("a", True), Text("b", False), (0, 0))]
    with pytest.raises(TuningError, match="altLabel"):
        learn(alone, [frozenset({0})], {}, SMALL, lambda done, total: None)


def test_families_stay_together(index: Index) -> None:
    parts = split(index, 3)
    assert set(parts.tolist()) == {0, 1, 2}
    assert parts[place(index, "cmbok2.HR-5")] == parts[place(index, "cmbok2.HR-6")]
    task = parts[place(index, "task.T06")]
    assert task == parts[place(index, "task.E015")] == parts[place(index, "task.E014")]


class Quiet:
    """Progress that nobody watches."""

    def step(self, name: str) -> None:
        """A step."""

    def count(self, done: int, total: int) -> None:
        """A count."""


QUERIES = [
    {
        "id": "q1",
        "query": "部下を育てたい",
        "style": "natural",
        "judgments": {"cmbok2.HR-5": 2, "cmbok2.HR-6": 1},
    },
    {
        "id": "q2",
        "query": "勤務表の作り方",
        "style": "natural",
        "judgments": {"task.E015": 2, "task:シフト計画策定": 1},
    },
]


@pytest.mark.filterwarnings("ignore")
def test_a_study_compares_unseen_and_seen(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers")
    path = tmp_path / "judged.json"
    path.write_text(json.dumps(QUERIES, ensure_ascii=False), encoding="utf-8")
    given_graph = Settings.read({}, encoder="ngram", graph=HERE / "search.trig", data=tmp_path)
    lesson = open_lesson(given_graph, Quiet())
    report = study(lesson, SMALL, [path], 2, Quiet())
    assert report["base"] == "ngram" and sum(report["folds"]) == 2
    for part in ("encoder", "search"):
        assert 0 < report[part]["before"]["mean"] <= 1
        assert report[part]["unseen"]["difference"]["queries"] == 2


@pytest.mark.filterwarnings("ignore")
def test_a_patch_says_what_it_was_trained_on(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers")
    given_graph = Settings.read({}, encoder="ngram", graph=HERE / "search.trig", data=tmp_path)
    lesson = open_lesson(given_graph, Quiet())
    told = [write_patch(lesson, SMALL, tmp_path / name, Quiet()) for name in ("a.npz", "b.npz")]
    assert (told[0]["base"], told[0]["graph"]) == ("ngram", lesson.graph.version)
    assert told[0]["seed"] == SMALL.seed and told[0]["pairs"] == len(pairs(lesson.index))
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    again = load_encoder(told[0]["CCGRAPH_ENCODER"])
    assert again.base == "ngram"


def test_a_query_is_at_home_where_most_of_its_gain_is(index: Index) -> None:
    grades = {"task.E015": 1.0, "cmbok2.HR-5": 2.0, "cmbok2.CS-9": 1.0}
    parts = np.zeros(len(index.entries), np.int64)
    for fold, local in enumerate(grades):
        parts[place(index, local)] = fold
    assert home(JudgedQuery("q", "", "", grades), index, parts) == 1
    parts[place(index, "cmbok2.CS-9")] = 0
    assert home(JudgedQuery("q", "", "", {**grades, "cmbok2.HR-5": 1.0}), index, parts) == 0

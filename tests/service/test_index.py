"""The index: entries of any SKOS graph, saved and loaded, encoded only where texts changed."""

import json
from pathlib import Path

import numpy as np
import pytest
from pyoxigraph import Literal, NamedNode, Quad

from ontology.terms import SKOS, Names
from service.graph.store import Graph, load_graph
from service.retrieval.encoders import NamedEncoder, NGramEncoder, load_encoder
from service.retrieval.entries import Entry
from service.retrieval.index import UnfitIndexError, build_index, encoded, load, made_ready, save

HERE = Path(__file__).parent
NGRAM = load_encoder("ngram")


class Recording(NGramEncoder):
    """An n-gram encoder that remembers what it was given."""

    def __init__(self) -> None:
        self.seen = list[str]()

    def encode_document(self, texts, /):  # type: ignore[no-untyped-def]
        self.seen += texts
        return super().encode_document(texts)


@pytest.fixture
def graph() -> Graph:
    return load_graph(HERE / "search.trig", Names())


def entry(graph: Graph, local: str) -> Entry:
    return {each.id: each for each in build_index(graph, NGRAM).entries}[local]


def test_fields_of_an_entry(graph: Graph) -> None:
    assert entry(graph, "cmbok2.HR-5") == Entry(
        id="cmbok2.HR-5",
        uri="https://w3id.org/ccgraph/id/cmbok2.HR-5",
        kind="Competency",
        scheme="cmbok2",
        label="コーチング",
        notation="HR-5",
        parent="https://w3id.org/ccgraph/id/cmbok2.HR",
        path=("運営", "ヒューマンリソースマネジメント"),
        others=("Coaching",),
        alternatives=("1on1", "部下育成"),
        hidden=("コーチンク",),
        readings=("kochingu", "コーチング", "イチオンイチ", "ブカイクセイ"),
        glosses=("部下の話を聴き、問いかけて、自分で答えを見つけられるように支える。",),
        utterances=("部下が自分で考えて動けるように育てたい", "面談で答えを言わずに引き出すコツ"),
    )


def test_a_replaced_scheme_is_superseded(graph: Graph) -> None:
    assert entry(graph, "cmbok1.HR-5").superseded
    assert not entry(graph, "cmbok2.HR-5").superseded


def test_retired_entities_are_left_out(graph: Graph) -> None:
    assert "cmbok2.HR-99" not in {each.id for each in build_index(graph, NGRAM).entries}


def test_words_point_into_their_passages(graph: Graph) -> None:
    index = build_index(graph, NGRAM)
    terms = list(index.vocabulary)
    found = {
        (terms[term], index.passages[passage].text[start:end])
        for passage, term, start, end in index.words.tolist()
    }
    assert ("問い掛ける", "問いかけ") in found and ("クレーム", "クレーム") in found


def test_each_entry_has_a_vector_of_unit_length(graph: Graph) -> None:
    index = build_index(graph, NGRAM)
    assert {each.entry for each in index.representations} == set(range(len(index.entries)))
    assert np.allclose(np.linalg.norm(index.vectors, axis=1), 1)


def test_saved_and_loaded_it_is_the_same(graph: Graph, tmp_path: Path) -> None:
    index = build_index(graph, NGRAM)
    save(index, tmp_path)
    again = load(tmp_path)
    assert (again.entries, again.version, again.schemes) == (
        index.entries,
        graph.version,
        {"cmbok1": "CMBOK 1.0", "cmbok2": "CMBOK 2.0", "sfia9": "SFIA 9", "task": "タスク一覧"},
    )
    assert again.vocabulary == index.vocabulary
    assert np.array_equal(again.words, index.words)
    assert np.array_equal(again.vectors, index.vectors)


def test_building_twice_gives_the_same_bytes(graph: Graph, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        save(build_index(graph, NGRAM), tmp_path / name)
    for file in ("index.json", "index.npz"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_only_what_changed_is_encoded(graph: Graph) -> None:
    first = build_index(graph, NGRAM)
    concept = NamedNode(Names().entity("cmbok2.HR-6"))
    note = Literal("任せて見守る。", language="ja")
    graph.store.add(Quad(concept, NamedNode(f"{SKOS}definition"), note))
    recording = Recording()
    second = build_index(graph, NamedEncoder("ngram", recording), previous=first)
    assert recording.seen == ["エンパワーメント: 任せて見守る。"]
    assert np.array_equal(second.vectors, build_index(graph, NGRAM).vectors)


def test_vectors_of_another_encoder_are_not_reused(graph: Graph) -> None:
    recording = Recording()
    named = NamedEncoder("other", recording)
    build_index(graph, named, previous=build_index(graph, NGRAM))
    assert len(recording.seen) > 20


def test_another_encoder_encodes_anew_with_a_notice(graph: Graph, tmp_path: Path) -> None:
    save(build_index(graph, NGRAM), tmp_path)
    assert made_ready(load(tmp_path), NGRAM).notice is None
    opened = made_ready(load(tmp_path), NamedEncoder("other", NGramEncoder()))
    assert opened.index.encoder == "other"
    assert opened.notice is not None and "ngram" in opened.notice and "other" in opened.notice


def test_progress_is_told(graph: Graph) -> None:
    told = list[tuple[int, int]]()
    index = build_index(graph, NGRAM, progress=lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1] <= len(index.representations)
    assert encoded(index, NGRAM).encoder == "ngram"


def test_an_index_of_another_format_is_refused(graph: Graph, tmp_path: Path) -> None:
    save(build_index(graph, NGRAM), tmp_path)
    head = json.loads((tmp_path / "index.json").read_text(encoding="utf-8"))
    (tmp_path / "index.json").write_text(json.dumps({**head, "format": 0}), encoding="utf-8")
    with pytest.raises(UnfitIndexError, match="format"):
        load(tmp_path)


def test_an_index_that_lost_an_entry_is_refused(graph: Graph, tmp_path: Path) -> None:
    save(build_index(graph, NGRAM), tmp_path)
    head = json.loads((tmp_path / "index.json").read_text(encoding="utf-8"))
    head["entries"].pop()
    (tmp_path / "index.json").write_text(json.dumps(head), encoding="utf-8")
    with pytest.raises(UnfitIndexError, match="damaged"):
        load(tmp_path)


def test_a_concept_without_a_name_is_not_found(tmp_path: Path) -> None:
    """A blank node has another label in every process: nobody could come back to it."""
    path = tmp_path / "nameless.ttl"
    concept = "a <http://www.w3.org/2004/02/skos/core#Concept> ;"
    label = '<http://www.w3.org/2004/02/skos/core#prefLabel> "研修"@ja .'
    path.write_text(f"[] {concept} {label} <http://x/named> {concept} {label}", encoding="utf-8")
    index = build_index(load_graph(path, Names()), NGRAM)
    assert [entry.uri for entry in index.entries] == ["http://x/named"]


def test_a_foreign_vocabulary() -> None:
    index = build_index(load_graph(HERE / "foreign.ttl", Names()), NGRAM)
    entries = {each.id.rpartition("/")[2]: each for each in index.entries}
    cat = entries["cat"]
    assert (cat.id, cat.kind, cat.scheme) == (
        "https://example.org/zoo/cat",
        "Species",
        "https://example.org/zoo/zoo",
    )
    assert (cat.label, cat.others, cat.path) == ("cat", ("Katze",), ("animal",))
    assert cat.glosses == ("A small predator that people keep at home.",)
    assert (entries["dog"].label, entries["dog"].path) == ("Hund", ("wolf",))
    assert entries["nameless"].label == "nameless" and entries["nameless"].kind == "Concept"


def test_a_graph_without_concepts() -> None:
    empty = load_graph(HERE / "foreign.ttl", Names())
    empty.store.clear()
    assert build_index(empty, NGRAM).entries == ()

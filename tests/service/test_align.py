"""Proposals: over the open edition by the command line, and over a small graph of our own."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import NamedNode, Store
from typer.testing import CliRunner, Result

from ontology.sssom import read_set
from ontology.terms import SEMAPV, SSSOM, Names
from service.__main__ import CLI
from service.aligning.align import Aligner, Proposal, Wanted
from service.aligning.documents import read_skills
from service.aligning.evaluation import evaluate_alignment, reliability
from service.aligning.evidence import make_ground
from service.aligning.examples import Examples, read_examples
from service.aligning.model import Scorer, calibrated, fit_scorer, load_model, logistic, save_model
from service.aligning.subjects import AlignError, Subject, groups_of
from service.aligning.table import as_sssom, prefixes_of
from service.aligning.training import fit_model
from service.graph.store import Graph, load_graph
from service.retrieval.encoders import NamedEncoder, NGramEncoder
from service.retrieval.index import build_index
from service.retrieval.search import make_search

NAMES = Names()
HR5 = NAMES.entity("cmbok2.HR-5")
NGRAM = NamedEncoder("ngram", NGramEncoder())
ANYTHING = Wanted(limit=1000, threshold=0)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(CLI, [str(each) for each in arguments])


@pytest.fixture(scope="module", autouse=True)
def encoder() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CCGRAPH_ENCODER", "ngram")
        yield


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, open_edition: Path) -> Path:
    folder = tmp_path_factory.mktemp("align") / "data"
    assert run("build", open_edition, "--out", folder).exit_code == 0
    return folder


@pytest.fixture(scope="module")
def aligner(data: Path) -> Aligner:
    return aligner_of(load_graph(data / "current" / "graph.nq", NAMES))


def aligner_of(graph: Graph) -> Aligner:
    search = make_search(build_index(graph, NGRAM), NGRAM)
    return Aligner(
        graph, make_ground(search, NGRAM, read_examples(graph, search.index)), load_model()
    )


def without(aligner: Aligner, local: str) -> Aligner:
    """The same aligner where nobody has mapped an entity."""
    uri = NAMES.entity(local)
    found = aligner.ground.examples
    kept = Examples(
        tuple(each for each in found.subjects if each.uri != uri),
        tuple(each for each in found.relations if each.subject != uri),
    )
    ground = make_ground(aligner.ground.search, NGRAM, kept)
    bare = Aligner(aligner.graph, ground, aligner.model)
    bare.__dict__["curated"] = frozenset(pair for pair in aligner.curated if pair[0] != uri)
    return bare


@pytest.fixture
def skills(tmp_path: Path) -> Path:
    path = tmp_path / "skills.csv"
    path.write_text(
        "名前,コード,説明,上位\nコーチング,S-1,,人材\n料理,S-2,鍋を火にかける,\n", encoding="utf-8"
    )
    return path


def close(found: list[Proposal]) -> set[tuple[str, str]]:
    return {(each.subject.label, each.target) for each in found if "close" in each.predicate}


# -- what is proposed


def test_a_skill_of_the_same_name_is_a_close_match(aligner: Aligner, skills: Path) -> None:
    found = aligner.propose(read_skills(skills, NAMES), Wanted())
    assert close(found) == {("コーチング", HR5)}


def test_a_comment_names_the_reason(aligner: Aligner, skills: Path) -> None:
    found = aligner.propose(read_skills(skills, NAMES), Wanted())
    best = next(each for each in found if each.target == HR5)
    assert "名前が同じ" in best.comment
    assert 0 <= best.score <= 1 and 0.8 <= best.confidence <= 1


def test_curated_pairs_are_never_proposed(aligner: Aligner) -> None:
    judged = [Subject(uri=subject, label="話を聴く") for subject, _ in sorted(aligner.curated)[:5]]
    found = aligner.propose(judged, ANYTHING)
    assert found
    assert not {(each.subject.uri, each.target) for each in found} & aligner.curated


def test_only_what_nobody_has_mapped_is_a_subject(aligner: Aligner) -> None:
    mapped = {each.subject for each in aligner.ground.examples.relations}
    assert not {each.uri for each in aligner.unmapped() if each.kind == "EvaluationItem"} & mapped
    bare = without(aligner, "task.E034")
    assert NAMES.entity("task.E034") in {each.uri for each in bare.unmapped()}


def test_an_item_requires_competencies_of_the_current_version(aligner: Aligner) -> None:
    bare = without(aligner, "task.E034")
    item = next(each for each in bare.unmapped() if each.uri == NAMES.entity("task.E034"))
    found = bare.propose([item], Wanted(limit=5, threshold=0))
    assert len(found) == 5
    assert {each.predicate for each in found} <= {
        NAMES.term("requiresPrimarily"),
        NAMES.term("requiresAlso"),
    }
    assert all((NAMES.local(each.target) or "").startswith("cmbok2.") for each in found)
    assert [each.confidence for each in found] == sorted(
        (each.confidence for each in found), reverse=True
    )


def test_the_threshold_holds(aligner: Aligner, skills: Path) -> None:
    found = aligner.propose(read_skills(skills, NAMES), Wanted(threshold=0.7))
    assert all(each.confidence >= 0.7 for each in found)


# -- documents of users


def test_a_line_is_called_by_its_id_its_iri_or_its_number(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("label,id\na,S 1\nb,https://example.org/b\nc,\n", encoding="utf-8")
    found = [each.uri for each in read_skills(path, NAMES, "https://example.org/skill#")]
    assert found == [
        "https://example.org/skill#S%201",
        "https://example.org/b",
        "https://example.org/skill#row=4",
    ]


def test_a_parent_may_be_named_by_id_or_label(tmp_path: Path) -> None:
    path = tmp_path / "list.tsv"
    path.write_text("label\tid\tparent\n人\tP\t\n聴く\tQ\tP\n問う\tR\t聴く\n輪\tT\t輪\n", "utf-8")
    found = {each.label: each.path for each in read_skills(path, NAMES)}
    assert found == {"人": (), "聴く": ("人",), "問う": ("人", "聴く"), "輪": ()}


def test_what_excel_writes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes("スキル名,名前\r\nx,傾聴\r\n".encode("cp932"))
    assert [each.label for each in read_skills(path, NAMES)] == ["傾聴"]


def test_skos_is_read(tmp_path: Path) -> None:
    path = tmp_path / "list.ttl"
    path.write_text(
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> . <urn:a> a skos:Concept ;"
        ' skos:prefLabel "人"@ja . <urn:b> a skos:Concept ; skos:broader <urn:a> ;'
        ' skos:prefLabel "傾聴"@ja, "Listening"@en ; skos:definition "話を聴く"@ja .',
        encoding="utf-8",
    )
    assert read_skills(path, NAMES)[1] == Subject(
        "urn:b", "傾聴", path=("人",), definition="話を聴く", parent="urn:a"
    )


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"code,note\n1,2\n", "a.csv:1"),
        ("a.csv", b"label,id\nx,1\n,2\n", "a.csv:3"),
        ("a.csv", b"label,id\nx,1\ny,1\n", "a.csv:3"),
        ("a.csv", b"label\n", "a.csv"),
        ("a.csv", b"", "a.csv:1"),
        ("a.csv", b"label\n\x81 \n", "UTF-8"),
        ("a.ttl", b"<urn:a> a", "a.ttl"),
        ("a.ttl", b"", "skos:Concept"),
        ("a.docx", b"", "a.docx"),
    ],
)
def test_a_bad_list_is_refused_with_its_place(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AlignError, match=said):
        read_skills(tmp_path / name, NAMES)


@given(st.lists(st.text(min_size=1).filter(str.strip), min_size=1, max_size=5))
def test_every_line_with_a_label_is_a_subject(
    tmp_path_factory: pytest.TempPathFactory, labels: list[str]
) -> None:
    plain = ["".join(each.split()).replace("\0", "") or "x" for each in labels]
    plain = [each.replace('"', "").replace(",", "") or "x" for each in plain]
    path = tmp_path_factory.mktemp("lists") / "list.csv"
    text = "label\n" + "".join(f'"{each}"\n' for each in plain)
    path.write_bytes(text.encode("utf-8", "ignore"))
    found = read_skills(path, NAMES)
    assert len(found) == len(plain)
    assert len({each.uri for each in found}) == len(plain)


# -- the command


def test_proposals_are_written_as_sssom(data: Path, skills: Path, tmp_path: Path) -> None:
    out = tmp_path / "proposals.sssom.tsv"
    assert run("align", skills, "--data", data, "--out", out).exit_code == 0
    head, rows = read_set(out.read_text(encoding="utf-8"), out.name)
    record = rows[0].record
    assert str(head.mapping_set_id) == NAMES.graph("proposals")
    assert record.mapping_justification == "semapv:SemanticSimilarityThresholdMatching"
    assert (record.mapping_tool, record.object_id) == ("ccgraph align", "ccg:cmbok2.HR-5")
    assert record.confidence and record.similarity_score and record.mapping_tool_version


def test_loaded_proposals_are_resources_that_state_nothing(
    data: Path, skills: Path, tmp_path: Path
) -> None:
    before = (data / "current").resolve()
    assert run("align", skills, "--data", data, "--load").exit_code == 0
    after = (data / "current").resolve()
    assert before != after and before.exists()
    graph = load_graph(after / "graph.nq", NAMES)
    assert after.name == graph.version
    proposals = NamedNode(NAMES.graph("proposals"))
    semantic = NamedNode(f"{SEMAPV}SemanticSimilarityThresholdMatching")
    found = list(graph.store.quads_for_pattern(None, None, semantic, proposals))
    assert found
    assert not graph.ask("ASK { ?m sssom:mapping_justification ?why }", why=semantic)
    assert not graph.ask(
        "ASK { ?any ?said ?value }", any=_subject_of(graph.store, found[0].subject)
    )
    (tmp_path / "none.sssom.tsv").write_text("", encoding="utf-8")
    assert run("align", tmp_path / "none.sssom.tsv", "--data", data, "--load").exit_code == 0
    assert (data / "current").resolve() == before


def _subject_of(store: Store, mapping: object) -> NamedNode:
    quads = store.quads_for_pattern(mapping, NamedNode(f"{SSSOM}subject_id"), None)  # type: ignore[arg-type]
    return next(quad.object for quad in quads)  # type: ignore[return-value]


def test_a_table_that_repeats_the_editors_is_refused(
    data: Path, aligner: Aligner, tmp_path: Path
) -> None:
    pair = next(each for each in sorted(aligner.curated) if each[1] == HR5)
    assert "編集者" in _loading(data, tmp_path, *pair).stderr


def test_a_table_that_points_nowhere_is_refused(data: Path, tmp_path: Path) -> None:
    nowhere = NAMES.entity("cmbok2.XX-9")
    assert "グラフにない" in _loading(data, tmp_path, "urn:x:1", nowhere).stderr


def test_a_table_with_a_foreign_relation_is_refused(data: Path, tmp_path: Path) -> None:
    found = _loading(data, tmp_path, "urn:x:1", HR5, NAMES.term("requires"))
    assert found.exit_code == 1
    assert "mapping-predicate" in found.stderr or "predicate_id" in found.stderr


def _loading(
    data: Path, folder: Path, subject: str, target: str, predicate: str | None = None
) -> Result:
    relation = predicate or f"{NAMES.prefixes['skos']}closeMatch"
    given = Proposal(Subject(subject, "x"), relation, target, "y", 0.5, 0.5, "理由。")
    table = folder / "given.sssom.tsv"
    table.write_text(as_sssom([given], NAMES, date(2026, 11, 23)), encoding="utf-8")
    return run("align", table, "--data", data, "--load")


def test_a_table_is_only_for_loading(data: Path, tmp_path: Path) -> None:
    table = tmp_path / "x.sssom.tsv"
    table.write_text("", encoding="utf-8")
    found = run("align", table, "--data", data)
    assert found.exit_code == 1
    assert "--load" in found.stderr


def test_a_missing_file_is_told(data: Path) -> None:
    found = run("align", "nowhere.csv", "--data", data)
    assert found.exit_code == 1
    assert "nowhere.csv" in found.stderr


def test_proposals_for_machines(data: Path, skills: Path) -> None:
    found = run("align", skills, "--data", data, "--json")
    assert json.loads(found.stdout)["proposals"][0]["object_id"] == HR5


def test_figures_for_machines(data: Path) -> None:
    found = json.loads(run("align", "--evaluate", "--data", data, "--json").stdout)
    assert found["items"] > 100
    by_task, alone = found["by_task"]["figures"], found["alone"]["figures"]
    assert by_task["recall_at_5"]["mean"] > found["bm25_documents"]["recall_at_5"]["mean"]
    assert alone["recall_at_5"]["mean"] >= by_task["recall_at_5"]["mean"]
    assert found["by_task"]["reliability"]["error"] < 0.15


# -- scoring


def test_the_shipped_weights_are_readable() -> None:
    assert set(load_model().scorers) == {"primary", "required", "matched", "task", "level"}


def test_weights_survive_the_file(tmp_path: Path) -> None:
    model = load_model()
    save_model(replace(model, edition="x"), tmp_path / "w.json")
    assert load_model(tmp_path / "w.json") == replace(model, edition="x")


def test_a_table_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "w.json").write_text("{}", encoding="utf-8")
    with pytest.raises(AlignError, match=r"w\.json"):
        load_model(tmp_path / "w.json")


def test_regression_finds_the_feature_that_decides() -> None:
    features = np.random.default_rng(1).normal(size=(400, 2))
    truth = (features[:, 0] > 0).astype(float)
    scorer = fit_scorer(features, truth)
    assert scorer.weights[0] > 3 > abs(scorer.weights[1])


def test_calibration_restores_the_frequency() -> None:
    rng = np.random.default_rng(2)
    logits = rng.normal(size=4000) * 3
    truth = (rng.random(4000) < logistic(logits / 3)).astype(float)
    scorer = calibrated(Scorer(0.0, ()), logits, truth)
    assert scorer.slope == pytest.approx(1 / 3, abs=0.05)
    assert reliability(scorer.confidence(logits)[:, None], truth[:, None]).error < 0.05


def test_a_task_and_its_items_are_left_out_together(aligner: Aligner) -> None:
    groups = groups_of(aligner.ground.examples.subjects)
    items = [each for each in aligner.ground.examples.subjects if each.kind == "EvaluationItem"]
    assert all(groups[each.uri] == each.parent for each in items)


def test_nothing_can_be_learnt_from_a_graph_without_mappings(graph_path: Path) -> None:
    bare = aligner_of(load_graph(graph_path, NAMES))
    with pytest.raises(AlignError, match="10"):
        evaluate_alignment(bare.ground)
    with pytest.raises(AlignError):
        fit_model(bare.ground, "x")


def test_a_small_graph_is_enough_to_propose(graph_path: Path, skills: Path) -> None:
    found = aligner_of(load_graph(graph_path, NAMES)).propose(read_skills(skills, NAMES), Wanted())
    assert ("コーチング", HR5) in close(found)


def test_foreign_namespaces_get_prefixes() -> None:
    given = Proposal(Subject("https://x.org/a#1", "x"), "", HR5, "", 0, 0, "")
    assert prefixes_of([given], NAMES)["ns1"] == "https://x.org/a#"

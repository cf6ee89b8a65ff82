"""What the graph says of a few small documents."""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, RdfFormat, Store

from loaders.build import Build, build
from loaders.graph import romaji
from loaders.registry import Registry, load_registry
from ontology.terms import DCTERMS, OWL, PROV, RDF, SCHEMA, SKOS, Names

NAMES = Names()
DAY = date(2026, 11, 23)
CODES = """● CMBOK1.0 コンピテンシー

運 営\tベース
人材 HR-1 採用 HR-2 WEB と検索
● CMBOK2.0 コンピテンシー

運 営\tベース
人材 HR-1 採用と配置 HR-5 コーチング
"""
AREAS = """CMBOKの各分野について
1. 人を生かす（HR）
人を選び、育てる。
- 面接をする仕事
- 席を決める仕事
"""
SKILL = """顧客サービスサポート CSMG ベータ

(unchanged)

窓口を守る。

SFIA 9の日本語翻訳:ベータ版

このスキルに対する責任レベル

3

顧客サービスサポート: レベル 3

レベル3 - 適用する: レベルの本質: 自分で進める。

電話に出る。
"""
DOCUMENTS = {"codes.txt": CODES, "areas.txt": AREAS, "skill.txt": SKILL}


def made(folder: Path, registry: Registry | None = None, base: str = NAMES.base) -> Build:
    return build([folder], registry or load_registry(), Names(base), today=DAY, trust_ends=True)


def written(folder: Path, documents: Mapping[str, str] = DOCUMENTS) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in documents.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def loaded(found: Build) -> Store:
    store = Store()
    store.load(found.nquads, format=RdfFormat.N_QUADS)
    return store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return loaded(made(written(tmp_path_factory.mktemp("documents"))))


def values(store: Store, id: str, predicate: str, graph: str | None = None) -> set[str]:
    """The objects of a statement: ids, terms, IRIs, texts with their languages."""
    where = NamedNode(NAMES.graph(graph)) if graph else None
    subject = NamedNode(id if ":" in id else NAMES.entity(id))
    quads = store.quads_for_pattern(subject, NamedNode(predicate), None, where)
    return {_short(quad.object) for quad in quads}


def _short(term: object) -> str:
    if isinstance(term, Literal):
        return f"{term.value}@{term.language}" if term.language else term.value
    assert isinstance(term, NamedNode)
    return NAMES.local(term.value) or term.value


def test_a_competency(store: Store) -> None:
    said = {
        SKOS + "broader": {"cmbok2.HR"},
        SKOS + "inScheme": {"cmbok2"},
        SKOS + "notation": {"HR-5"},
        RDF + "type": {SKOS + "Concept", NAMES.term("Competency")},
    }
    assert {key: values(store, "cmbok2.HR-5", key) for key in said} == said
    assert values(store, "cmbok2.HR-5", SKOS + "prefLabel", "cmbok2") == {"コーチング@ja"}
    assert values(store, "cmbok2.HR-5", SKOS + "topConceptOf") == set()


def test_codes_are_identity_within_a_version_only(store: Store) -> None:
    for id, label in {"cmbok1.HR-1": "採用@ja", "cmbok2.HR-1": "採用と配置@ja"}.items():
        assert label in values(store, id, SKOS + "prefLabel")


def test_the_top_of_a_scheme(store: Store) -> None:
    assert values(store, "cmbok2", SKOS + "hasTopConcept") == {"cmbok2.D-operation"}
    assert values(store, "cmbok2.D-operation", SKOS + "topConceptOf") == {"cmbok2"}
    assert values(store, "cmbok2.D-operation", SKOS + "broader") == set()
    assert values(store, "cmbok2.HR", SKOS + "broader") == {"cmbok2.D-operation"}


def test_an_area_is_called_as_in_its_code_table(store: Store) -> None:
    assert values(store, "cmbok2.HR", SKOS + "prefLabel", "cmbok2") == {"人材@ja"}
    assert values(store, "cmbok2.HR", SKOS + "altLabel", "cmbok2") == {"人を生かす@ja"}
    assert values(store, "cmbok2.HR", SKOS + "definition") == {"人を選び、育てる。@ja"}


def test_spaces_stay_in_names_of_mixed_scripts(store: Store) -> None:
    assert "運営@ja" in values(store, "cmbok2.D-operation", SKOS + "prefLabel")
    assert "WEB と検索@ja" in values(store, "cmbok1.HR-2", SKOS + "prefLabel")


def test_a_skill_level(store: Store) -> None:
    level = "sfia9.CSMG-3"
    assert "顧客サービスサポート レベル3@ja" in values(store, level, SKOS + "prefLabel")
    assert values(store, level, SKOS + "notation") == {"CSMG-3"}
    assert values(store, level, SKOS + "broader") == {"sfia9.CSMG"}
    assert values(store, level, SKOS + "definition") == {"電話に出る。@ja"}
    assert values(store, level, NAMES.term("atResponsibilityLevel")) == {"sfia9.L3"}
    assert "レベル3 適用する@ja" in values(store, "sfia9.L3", SKOS + "prefLabel")


@pytest.mark.parametrize(
    ("id", "theirs"),
    [
        ("sfia9.CSMG", "https://rdf.sfia-online.org/9/skills/CSMG"),
        ("sfia9.CSMG-3", "https://rdf.sfia-online.org/9/skilllevels/CSMG_3"),
        ("sfia9.L3", "https://rdf.sfia-online.org/9/lor/3"),
    ],
)
def test_what_the_sfia_foundation_calls_it(store: Store, id: str, theirs: str) -> None:
    assert values(store, id, SKOS + "exactMatch") == {theirs}


def test_an_older_version_is_replaced_by_the_newer(store: Store) -> None:
    assert values(store, "cmbok1", DCTERMS + "isReplacedBy") == {"cmbok2"}
    assert values(store, "cmbok2", DCTERMS + "replaces") == {"cmbok1"}


def test_nothing_is_said_to_be_replaced_by_what_is_not_there(tmp_path: Path) -> None:
    only = CODES.partition("● CMBOK2.0")[0]
    store = loaded(made(written(tmp_path / "d", {"codes.txt": only})))
    assert values(store, "cmbok1", SKOS + "prefLabel")
    assert not [quad for quad in store if quad.predicate.value == DCTERMS + "isReplacedBy"]


def test_a_scheme_tells_its_edition_and_rights(store: Store) -> None:
    assert values(store, "cmbok2", NAMES.term("edition")) == {"custom"}
    languages = {each.rpartition("@")[2] for each in values(store, "cmbok2", DCTERMS + "rights")}
    assert languages == {"ja", "en"}


def test_our_own_words_have_a_graph_of_their_own(store: Store) -> None:
    assert values(store, "cmbok2.HR-5", NAMES.term("gloss"), "vocabulary")
    readings = values(store, "cmbok2.HR-5", SKOS + "prefLabel", "vocabulary")
    assert readings >= {"コーチング@ja-hrkt", "kochingu@ja-latn"}
    texts = values(store, "cmbok2.HR-5", SKOS + "prefLabel", "cmbok2")
    assert readings.isdisjoint(texts)


def test_our_own_words_are_only_of_what_the_documents_yield(store: Store) -> None:
    entities = {quad.subject.value for quad in store if quad.predicate.value == SKOS + "inScheme"}
    vocabulary = NamedNode(NAMES.graph("vocabulary"))
    about = {quad.subject.value for quad in store.quads_for_pattern(None, None, None, vocabulary)}
    assert about and about <= entities


def test_places_are_exactly_the_labels_and_texts(store: Store) -> None:
    places = values(store, "cmbok2.HR", PROV + "wasDerivedFrom")
    found = sorted(_sliced(store, place) for place in places)
    assert found == ["人を生かす", "人を選び、育てる。", "人材"]
    level = values(store, "sfia9.CSMG-3", PROV + "wasDerivedFrom")
    assert {_sliced(store, place) for place in level} == {
        "顧客サービスサポート: レベル 3", "電話に出る。",
    }  # fmt: skip


def _sliced(store: Store, place: str) -> str:
    found = re.fullmatch(r"(.*/source/[0-9a-f]{16})#char=(\d+),(\d+)", place)
    assert found
    (name,) = values(store, found[1], SCHEMA + "name")
    return DOCUMENTS[name][int(found[2]) : int(found[3])]


def test_the_same_from_two_documents_is_one_entity(tmp_path: Path) -> None:
    twice = {**DOCUMENTS, "more.txt": AREAS + "\n最後に一行。\n"}
    store = loaded(made(written(tmp_path / "d", twice)))
    interviews = [quad for quad in store if quad.object == Literal("面接をする仕事", language="ja")]
    assert len({quad.subject for quad in interviews}) == 1
    assert isinstance(interviews[0].subject, NamedNode)
    assert len(values(store, interviews[0].subject.value, PROV + "wasDerivedFrom")) == 2


def test_what_is_gone_leaves_a_tombstone_and_comes_back(tmp_path: Path) -> None:
    first = made(written(tmp_path / "d"))
    (id,) = (
        change.id for change in first.report.changes
        if change.event == "added" and change.label == "面接をする仕事"
    )  # fmt: skip
    less = {**DOCUMENTS, "areas.txt": AREAS.replace("- 面接をする仕事\n", "")}
    second = made(written(tmp_path / "d", less), first.registry)
    gone = loaded(second)
    assert values(gone, id, OWL + "deprecated", "cmbok2") == {"true"}
    assert values(gone, id, DCTERMS + "modified") == {DAY.isoformat()}
    notes = values(gone, id, SKOS + "changeNote")
    assert {each.rpartition("@")[2] for each in notes} == {"ja", "en"}
    assert not values(gone, id, RDF + "type") | values(gone, id, SKOS + "prefLabel")
    back = loaded(made(written(tmp_path / "d"), second.registry))
    assert values(back, id, SKOS + "prefLabel") == {"面接をする仕事@ja"}
    assert not values(back, id, OWL + "deprecated")


@pytest.mark.parametrize(
    ("kana", "latin"),
    [("コーチング", "kochingu"), ("サービス", "sabisu"), ("シフト", "shifuto"), ("", "")],
)
def test_romaji(kana: str, latin: str) -> None:
    assert romaji(kana) == latin

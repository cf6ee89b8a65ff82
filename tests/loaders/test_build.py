"""From documents to a checked graph, on the open edition and, where it is there, the official."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from urllib.parse import unquote

import pytest
from pyoxigraph import Literal, NamedNode, RdfFormat, Store

from loaders.build import OPEN_EDITION, Build, BuildError, build
from loaders.registry import Registry, load_registry
from loaders.text import read_document
from ontology.terms import PROV, SKOS, Names

DAY = date(2026, 11, 23)
COUNTS = {
    "Domain": 12, "Area": 22, "Competency": 150, "ScopeStatement": 61,
    "TaskMajorCategory": 1, "TaskMiddleCategory": 8, "Task": 26, "EvaluationItem": 106,
    "Skill": 1, "SkillLevel": 6, "ResponsibilityLevel": 6, "Activity": 7, "GuideArticle": 9,
}  # fmt: skip
BY_SCHEME = {
    "cmbok1": {"Domain": 5, "Area": 10, "Competency": 57},
    "cmbok2": {"Domain": 7, "Area": 12, "Competency": 93, "ScopeStatement": 61},
}


def made(*paths: Path, registry: Registry | None = None, trust_ends: bool = False) -> Build:
    known = registry or load_registry()
    return build(paths, known, Names(), today=DAY, trust_ends=trust_ends)


def store(found: Build) -> Store:
    loaded = Store()
    loaded.load(found.nquads, format=RdfFormat.N_QUADS)
    return loaded


def labels(found: Build) -> dict[str, str]:
    """Local id to preferred Japanese label."""
    quads = store(found).quads_for_pattern(None, NamedNode(f"{SKOS}prefLabel"), None)
    return {
        str(Names().local(quad.subject.value)): quad.object.value
        for quad in quads
        if isinstance(quad.subject, NamedNode)
        and isinstance(quad.object, Literal)
        and quad.object.language == "ja"
    }


@pytest.fixture(scope="module")
def open_build() -> Build:
    return made()


@pytest.fixture(scope="module")
def official_build(official: Path) -> Build:
    return made(official)


@pytest.fixture(params=["open_build", "official_build"])
def either(request: pytest.FixtureRequest) -> Build:
    found: Build = request.getfixturevalue(request.param)
    return found


def edited(tmp_path: Path, name: str, old: str, new: str) -> Path:
    """A copy of the open edition with one passage of one document changed."""
    folder = tmp_path / "documents"
    shutil.copytree(OPEN_EDITION, folder)
    text = (folder / name).read_text(encoding="utf-8")
    assert text.count(old) == 1
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    return folder


def events(found: Build) -> set[tuple[str, str]]:
    return {(change.event, change.id) for change in found.report.changes}


def item_of(found: Build, number: int) -> str:
    return labels(found)[f"task.E{number:03d}"]


def test_counts(either: Build) -> None:
    counts = either.report.counts
    assert {kind: counts[kind] for kind in COUNTS} == COUNTS
    schemes = either.report.counts_by_scheme
    assert {name: schemes[name] for name in BY_SCHEME} == BY_SCHEME


def test_the_packaged_registry_knows_every_entity(either: Build) -> None:
    assert either.report.changes == ()
    assert not either.registry.overlaid


def test_both_editions_give_the_same_ids(open_build: Build, official_build: Build) -> None:
    assert labels(open_build).keys() == labels(official_build).keys()


def test_editions_are_told(open_build: Build, official_build: Build) -> None:
    assert (open_build.edition.key, official_build.edition.key) == ("open", "official")


def test_the_only_warning_is_the_task_without_items(either: Build) -> None:
    assert [finding.code for finding in either.report.worst("warning")] == ["no-items"]


def test_every_line_is_accounted_for(either: Build) -> None:
    doubtful = [line for line in either.report.lines if line.status == "doubtful"]
    assert all(line.reason == "no-items" for line in doubtful)


def spans(found: Build) -> Iterator[tuple[str, str, int, int]]:
    """(entity, document, start, end) for each place an entity was derived from."""
    pattern = re.compile(r".*/source/([0-9a-f]{16})#char=(\d+),(\d+)")
    for quad in store(found).quads_for_pattern(None, NamedNode(f"{PROV}wasDerivedFrom"), None):
        assert isinstance(quad.subject, NamedNode) and isinstance(quad.object, NamedNode)
        place = pattern.fullmatch(unquote(quad.object.value))
        assert place
        yield quad.subject.value, place[1], int(place[2]), int(place[3])


@pytest.mark.parametrize("edition", ["open", "official"])
def test_every_span_slices_back_to_a_text_of_its_entity(
    edition: str, request: pytest.FixtureRequest
) -> None:
    found: Build = request.getfixturevalue(f"{edition}_build")
    folder = OPEN_EDITION if edition == "open" else request.getfixturevalue("official")
    texts = {(each := read_document(path)).id: each.text for path in folder.iterdir()}
    graph = store(found)

    def squeezed(text: str) -> str:
        return re.sub(r"[\s:：\-‐]", "", text).replace("Level", "レベル")

    for entity, document, start, end in spans(found):
        about = graph.quads_for_pattern(NamedNode(entity), None, None)
        said = {squeezed(quad.object.value) for quad in about if isinstance(quad.object, Literal)}
        assert squeezed(texts[document][start:end]) in said, entity


def test_the_same_documents_give_the_same_version(open_build: Build) -> None:
    assert made(OPEN_EDITION).version == open_build.version


def test_a_fresh_clone_knows_an_edited_sentence(tmp_path: Path, open_build: Build) -> None:
    sentence = item_of(open_build, 20)
    folder = edited(tmp_path, "tasks.txt", sentence, f"必要に応じて{sentence}")
    found = made(folder)
    assert events(found) == {("reworded", "task.E020")}
    assert found.edition.key == "custom"


def test_a_deleted_sentence_is_retired_with_a_tombstone(tmp_path: Path, open_build: Build) -> None:
    sentence = item_of(open_build, 20)
    found = made(edited(tmp_path, "tasks.txt", sentence + "\n", ""))
    assert events(found) == {("retired", "task.E020")}
    gone = [quad.predicate.value for quad in store(found) if "task.E020" in str(quad.subject)]
    assert "http://www.w3.org/2002/07/owl#deprecated" in gone
    assert f"{SKOS}prefLabel" not in gone


def test_an_inserted_sentence_gets_a_number_of_the_user(tmp_path: Path, open_build: Build) -> None:
    sentence = item_of(open_build, 20)
    new = "通訳を介した応対の手順を決めて試す"
    found = made(edited(tmp_path, "tasks.txt", sentence, f"{new}\n\n{sentence}"))
    assert events(found) == {("added", "task.E5001")}
    assert labels(found)["task.E5001"] == new
    again = made(edited(tmp_path / "b", "tasks.txt", sentence, f"{sentence}\n\n{new}"),
                 registry=found.registry)  # fmt: skip
    assert again.report.changes == ()


@pytest.mark.parametrize("share", [0.2, 0.5, 0.93])
@pytest.mark.parametrize("name", sorted(path.name for path in OPEN_EDITION.iterdir()))
def test_a_document_that_stops_retires_nothing(tmp_path: Path, name: str, share: float) -> None:
    text = (OPEN_EDITION / name).read_text(encoding="utf-8")
    (tmp_path / name).write_text(text[: int(len(text) * share)], encoding="utf-8")
    try:
        found = made(tmp_path)
    except BuildError:
        return
    assert not [change for change in found.report.changes if change.event in ("retired", "moved")]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp932", "euc_jp", "utf-16"])
def test_encodings_and_newlines_change_no_id(
    tmp_path: Path, open_build: Build, encoding: str
) -> None:
    for path in OPEN_EDITION.iterdir():
        text = path.read_text(encoding="utf-8").replace("\n", "\r\n")
        text = text.replace("\xa0", " ").replace("•", "・")
        (tmp_path / path.name).write_bytes(text.encode(encoding, errors="replace"))
    found = made(tmp_path)
    assert labels(found).keys() == labels(open_build).keys()
    assert not [change for change in found.report.changes if change.event != "reworded"]


def test_an_absent_kind_retires_nothing(tmp_path: Path) -> None:
    shutil.copy(OPEN_EDITION / "cmbok_codes.txt", tmp_path)
    found = made(tmp_path)
    assert found.report.changes == ()
    assert found.report.unused["vocabulary"] > 100


def test_a_strange_file_is_a_warning_with_its_name(tmp_path: Path) -> None:
    shutil.copy(OPEN_EDITION / "sfia.txt", tmp_path)
    (tmp_path / "recipe.txt").write_text("大根を厚めに切る。\n", encoding="utf-8")
    (tmp_path / "picture.bin").write_bytes(bytes(range(256)))
    named = {(finding.code, finding.document) for finding in made(tmp_path).report.findings}
    assert {("unrecognised", "recipe.txt"), ("undecodable", "picture.bin")} <= named


def test_nothing_to_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="document"):
        made(tmp_path)


def test_a_third_version_loads_beside_the_others(tmp_path: Path, open_build: Build) -> None:
    shutil.copytree(OPEN_EDITION, tmp_path / "d")
    (tmp_path / "d" / "three.txt").write_text(
        "● CMBOK3.0 コンピテンシー\n\n運 営\tベース\n"
        "オペレーション OP-1 対話の自動化 OP-2 予測\t人の力 HU-1 共感 HU-2 判断\n",
        encoding="utf-8",
    )
    found = made(tmp_path / "d")
    assert labels(found)["cmbok3.OP-1"] == "対話の自動化"
    assert labels(open_build).items() <= labels(found).items()
    assert {change.event for change in found.report.changes} == {"added"}


def test_another_base_names_everything_anew() -> None:
    base = "https://example.org/skills/"
    found = build([], load_registry(), Names(base), today=DAY)
    assert b"w3id.org/ccgraph" not in found.nquads
    assert f"{base}id/cmbok2.HR-5".encode() in found.nquads


def test_a_report_can_be_read_by_machines(open_build: Build) -> None:
    from dataclasses import asdict

    assert json.loads(json.dumps(asdict(open_build.report)))["edition"] == "open"
    assert replace(open_build.report, edition="x").edition == "x"

"""What a build leaves on disk, and what it leaves there when it dies."""

import fcntl
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from loaders.artefact import Finish, exclusive, publish
from loaders.build import Build, build
from loaders.registry import Registry, load_registry
from ontology.artefact import BUILDS, CURRENT, FIGURES, GRAPH, MANIFEST, damage, read_manifest
from ontology.terms import Names

HERE = Path(__file__).parent
FILES = {GRAPH, "report.json", "report.txt", "changes.json", MANIFEST, "index-a/vectors"}
TASKS = """タスク一覧
タスク大分類 タスク中分類 タスク小分類
窓口 受付業務 来客受付評価項目を表示

▼評価項目

名札を渡す
"""
VECTORS = {"index-a/vectors": b"\1\2\3"}
FIGURED = f"index-a/{FIGURES}"
MEASURED = {**VECTORS, FIGURED: b"old"}


def made(folder: Path, text: str, registry: Registry | None = None) -> Build:
    folder.mkdir(exist_ok=True)
    (folder / "tasks.txt").write_text(text, encoding="utf-8")
    return build([folder], registry or load_registry(), Names(), today=date(2026, 11, 23))


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return made(tmp_path_factory.mktemp("old"), TASKS)


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory, old: Build) -> Build:
    """The next day's documents: one more sentence, so one more number."""
    return made(tmp_path_factory.mktemp("new"), TASKS + "\n傘を預かる\n", old.registry)


def adding(files: Mapping[str, bytes]) -> Finish:
    """What stands in for the service's part: these files, and a fact for the manifest."""

    def finish(folder: Path) -> Mapping[str, object]:
        for name, content in files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(content)
        return {"encoder": "invented"}

    return finish


def published(found: Build, data: Path, files: Mapping[str, bytes] = VECTORS) -> Path:
    registry = data / "registry.csv"
    with exclusive(data, registry):
        return publish(found, data, registry, adding(files))


def content(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def served(data: Path) -> str | None:
    """The version of the build in use, `None` where it is not whole."""
    folder = data / CURRENT
    return None if damage(folder) else str(read_manifest(folder)["graph"])


def minted(found: Registry) -> set[str]:
    return {id for id in found.overlaid if id.startswith("task.E")}


def test_a_build_is_published_whole(tmp_path: Path, old: Build) -> None:
    place = published(old, tmp_path)
    assert place == tmp_path / BUILDS / old.version
    assert (tmp_path / CURRENT).resolve() == place
    assert content(place).keys() == FILES
    assert not damage(place)


def test_the_link_survives_a_move_of_the_data(tmp_path: Path, old: Build) -> None:
    published(old, tmp_path / "a")
    (tmp_path / "a").rename(tmp_path / "b")
    assert served(tmp_path / "b") == old.version


def test_the_manifest_tells_what_the_build_is(tmp_path: Path, old: Build) -> None:
    manifest = read_manifest(published(old, tmp_path))
    assert (manifest["graph"], manifest["edition"], manifest["encoder"]) == (
        old.version, "custom", "invented",
    )  # fmt: skip
    assert manifest["files"].keys() == FILES - {MANIFEST}
    assert manifest["counts"]["EvaluationItem"] == 1
    assert [each["name"] for each in manifest["documents"]] == ["tasks.txt"]
    assert manifest["rights"]["rights_ja"]


def test_the_changes_are_told(tmp_path: Path, old: Build, new: Build) -> None:
    published(old, tmp_path)
    changes = json.loads((published(new, tmp_path) / "changes.json").read_text(encoding="utf-8"))
    assert changes["graph"] == new.version
    assert [(each["event"], each["id"]) for each in changes["changes"]] == [("added", "task.E5002")]


@pytest.mark.parametrize("name", sorted(FILES))
@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(b"[]")])
def test_damage_is_seen_and_named(tmp_path: Path, old: Build, name: str, spoil) -> None:
    place = published(old, tmp_path)
    spoil(place / name)
    assert damage(place) == [name]


@pytest.mark.parametrize("text", ["", "3", "[]", "{}", '{"files": []}', '{"files": 3}', "\0"])
def test_a_strange_manifest_is_damage(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text, encoding="utf-8")
    assert damage(tmp_path) == [MANIFEST]


def test_the_old_build_stays_beside_the_new(tmp_path: Path, old: Build, new: Build) -> None:
    before = content(published(old, tmp_path))
    published(new, tmp_path)
    assert served(tmp_path) == new.version
    assert content(tmp_path / BUILDS / old.version) == before


def test_a_build_of_the_same_graph_is_kept(tmp_path: Path, old: Build) -> None:
    place = published(old, tmp_path)
    before = content(place), place.stat().st_ino
    assert published(old, tmp_path, {"index-a/vectors": b"made again"}) == place
    assert (content(place), place.stat().st_ino) == before


def test_an_older_build_can_come_back(tmp_path: Path, old: Build, new: Build) -> None:
    for each in (old, new, old):
        published(each, tmp_path)
        assert served(tmp_path) == each.version


def test_the_index_of_another_encoder_is_added_beside(tmp_path: Path, old: Build) -> None:
    place = published(old, tmp_path)
    before = content(place)
    published(old, tmp_path, {"index-b/vectors": b"\4"})
    after = content(place)
    assert after.keys() == FILES | {"index-b/vectors"}
    assert {name for name in before if before[name] != after[name]} == {MANIFEST}
    assert not damage(place)


def test_figures_that_were_measured_anew_take_the_place_of_the_old(
    tmp_path: Path, old: Build
) -> None:
    place = published(old, tmp_path, MEASURED)
    published(old, tmp_path, {"index-a/vectors": b"made again", FIGURED: b"new"})
    after = content(place)
    assert (after["index-a/vectors"], after[FIGURED]) == (VECTORS["index-a/vectors"], b"new")
    assert FIGURED in read_manifest(place)["files"] and not damage(place)


def test_the_same_figures_change_nothing(tmp_path: Path, old: Build) -> None:
    before = content(published(old, tmp_path, MEASURED))
    assert content(published(old, tmp_path, MEASURED)) == before


def test_a_build_records_the_encoder_it_was_last_made_with(tmp_path: Path, old: Build) -> None:
    registry = tmp_path / "registry.csv"
    for encoder in ("a", "b", "a"):
        place = publish(old, tmp_path, registry, lambda _, name=encoder: {"encoder": name})
        assert read_manifest(place)["encoder"] == encoder and not damage(place)


@pytest.mark.parametrize("name", [GRAPH, MANIFEST, "index-a/vectors"])
def test_a_damaged_build_is_replaced(tmp_path: Path, old: Build, name: str) -> None:
    place = published(old, tmp_path)
    (place / name).write_bytes(b"damaged")
    published(old, tmp_path)
    assert served(tmp_path) == old.version
    assert content(place).keys() == FILES


def test_a_build_that_fails_leaves_nothing(tmp_path: Path, old: Build, new: Build) -> None:
    published(old, tmp_path)
    before = content(tmp_path)

    def fails(folder: Path) -> Mapping[str, object]:
        raise OSError("no space left")

    registry = tmp_path / "registry.csv"
    with pytest.raises(OSError, match="no space"), exclusive(tmp_path, registry):
        publish(new, tmp_path, registry, fails)
    assert content(tmp_path) == before


def killed(folder: Path, found: Build, start: Path, files: Mapping[str, bytes]) -> list[Path]:
    """The data directories that builds left which died at each of their moments."""
    (folder / "build").write_bytes(pickle.dumps((found, files)))
    results = folder / "results"
    results.mkdir()
    script = [HERE / "killed_builds.py", folder / "build", start, results]
    subprocess.run(
        [sys.executable, *map(str, script)], check=True, cwd=HERE.parents[1],
        env={**os.environ, "PYTHONPATH": str(HERE.parents[1])},
    )  # fmt: skip
    assert served(results / "whole") == found.version
    deaths = [path for path in results.iterdir() if path.name.isdigit()]
    assert len(deaths) > 20
    return deaths


def leftovers(data: Path) -> set[str]:
    """What lies about in a data directory that a reader or a later build has no use for."""
    known = {".lock", ".registry.csv.lock", "registry.csv", BUILDS, CURRENT}
    strange = {path.name for path in data.iterdir()} - known
    return strange | {path.name for path in (data / BUILDS).iterdir() if damage(path)}


def test_a_build_killed_at_any_moment_leaves_the_old_one_served(
    tmp_path: Path, old: Build, new: Build
) -> None:
    published(old, tmp_path / "start")
    seen = set()
    for data in killed(tmp_path, new, tmp_path / "start", VECTORS):
        version = served(data)
        assert version in (old.version, new.version), data.name
        known = load_registry(data / "registry.csv")
        assert minted(known) >= minted(old.registry)
        if (data / BUILDS / new.version).exists():
            assert minted(known) == minted(new.registry), data.name
        published(new, data)
        assert served(data) == new.version
        assert minted(load_registry(data / "registry.csv")) == minted(new.registry)
        assert not leftovers(data), data.name
        seen.add(version)
    assert seen == {old.version, new.version}


def test_a_first_build_killed_at_any_moment_hinders_no_second(tmp_path: Path, old: Build) -> None:
    (tmp_path / "start").mkdir()
    for data in killed(tmp_path, old, tmp_path / "start", VECTORS):
        assert not (data / CURRENT).exists() or served(data) == old.version
        published(old, data)
        assert served(data) == old.version
        assert not leftovers(data), data.name


def test_an_index_whose_addition_is_killed_at_any_moment_harms_nothing(
    tmp_path: Path, old: Build
) -> None:
    published(old, tmp_path / "start")
    more = {"index-b/vectors": b"\4", "index-b/words": b"\5"}
    for data in killed(tmp_path, old, tmp_path / "start", more):
        assert served(data) == old.version
        published(old, data, more)
        assert content(data / BUILDS / old.version).keys() == FILES | more.keys()
        assert not leftovers(data), data.name


def test_figures_whose_replacement_is_killed_at_any_moment_harm_nothing(
    tmp_path: Path, old: Build
) -> None:
    published(old, tmp_path / "start", MEASURED)
    anew = {**MEASURED, FIGURED: b"new"}
    for data in killed(tmp_path, old, tmp_path / "start", anew):
        assert served(data) == old.version
        assert content(data / BUILDS / old.version)[FIGURED] in (b"old", b"new")
        published(old, data, anew)
        assert content(data / BUILDS / old.version)[FIGURED] == b"new"
        assert FIGURED in read_manifest(data / CURRENT)["files"]
        assert not leftovers(data), data.name


def test_a_replacement_killed_at_any_moment_can_be_made_again(tmp_path: Path, old: Build) -> None:
    place = published(old, tmp_path / "start")
    (place / GRAPH).write_bytes(b"damaged")
    for data in killed(tmp_path, old, tmp_path / "start", VECTORS):
        assert served(data) in (None, old.version)
        published(old, data)
        assert served(data) == old.version
        assert not leftovers(data), data.name


@pytest.mark.parametrize("held", ["data/.lock", "elsewhere/.ids.csv.lock"])
def test_data_and_registry_are_held_for_one_build(tmp_path: Path, held: str) -> None:
    with (
        exclusive(tmp_path / "data", tmp_path / "elsewhere" / "ids.csv"),
        (tmp_path / held).open("w") as lock,
        pytest.raises(BlockingIOError),
    ):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with (tmp_path / held).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

"""The build artefact: an immutable folder, written beside its place and renamed into it.

Order matters: the registry is durable before a build that uses its numbers can be seen, and
the link `current` is swapped by one rename. A build killed at any moment leaves the old one.
"""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from glob import escape
from pathlib import Path

from loaders.build import Build
from loaders.registry import save_overlay, sync
from loaders.report import as_text
from ontology.artefact import (
    BUILDS,
    CURRENT,
    FIGURES,
    GRAPH,
    MANIFEST,
    checksum,
    damage,
    read_manifest,
)

#: adds files to a build before it is sealed, given its folder
Finish = Callable[[Path], Mapping[str, object]]


def publish(build: Build, data: Path, registry: Path, finish: Finish) -> Path:
    """Write a build under `data`, seal it and make it current; returns its folder.

    `finish` adds what other layers keep beside the graph (the search index) and returns facts
    for the manifest. A build of the same graph that is there and whole is kept, with the files
    it lacks (an index for another encoder) and with figures that were measured anew.
    """
    home = data / BUILDS
    home.mkdir(parents=True, exist_ok=True)
    place = home / build.version
    with tempfile.TemporaryDirectory(prefix=f".{build.version}-", dir=home) as draft:
        staged = Path(draft) / build.version
        staged.mkdir()
        _write(build, staged)
        _seal(build, staged, finish(staged))
        save_overlay(build.registry, registry)
        _settle(staged, place)
    _point(data / CURRENT, Path(BUILDS) / build.version)
    return place


def _write(build: Build, folder: Path) -> None:
    report = asdict(build.report)
    (folder / GRAPH).write_bytes(build.nquads)
    (folder / "report.json").write_text(_json(report), encoding="utf-8")
    (folder / "report.txt").write_text(as_text(build.report), encoding="utf-8")
    changes = {"graph": build.version, "changes": report["changes"]}
    (folder / "changes.json").write_text(_json(changes), encoding="utf-8")


def _seal(build: Build, folder: Path, facts: Mapping[str, object]) -> None:
    """Write the manifest last: what has one is whole."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    manifest = {
        "graph": build.version,
        "edition": build.edition.key,
        "rights": {key: value for key, value in asdict(build.edition).items() if key != "digests"},
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "documents": [asdict(document) for document in build.report.documents],
        "counts": dict(build.report.counts),
        "files": {path.relative_to(folder).as_posix(): checksum(path) for path in files},
        **facts,
    }
    (folder / MANIFEST).write_text(_json(manifest), encoding="utf-8")
    for path in (*folder.rglob("*"), folder):
        sync(path)


def _settle(staged: Path, place: Path) -> None:
    """Move a staged build to its place.

    A whole build of the same graph stays, with what is new in this one; a damaged one, which
    nobody serves, goes.
    """
    if place.exists() and damage(place):
        shutil.rmtree(place)
    if not place.exists():
        staged.rename(place)
    else:
        _complete(staged, place)
    sync(place.parent)


def _complete(staged: Path, place: Path) -> None:
    """Add what a build lacks, and the figures that were measured anew; its manifest comes last.

    While figures are replaced the manifest does not speak of them: it is never wrong.
    """
    old, new = read_manifest(place), read_manifest(staged)
    known, made = dict(old["files"]), new["files"]
    revised = {
        name
        for name in made.keys() & known.keys()
        if Path(name).name == FIGURES and made[name] != known[name]
    }
    added = made.keys() - known.keys() | revised
    if not added and _facts(old) == _facts(new):
        return
    if revised:
        kept = {name: known[name] for name in known.keys() - revised}
        _tell(staged, place, {**old, "files": kept})
    for name in added:
        (place / name).parent.mkdir(exist_ok=True)
        (staged / name).replace(place / name)
        sync((place / name).parent)
    _tell(staged, place, {**new, "files": {**known, **{name: made[name] for name in added}}})


def _facts(manifest: Mapping[str, object]) -> dict[str, object]:
    """What a manifest says of how a build was made, but not when and into which files."""
    return {key: value for key, value in manifest.items() if key not in ("created", "files")}


def _tell(staged: Path, place: Path, manifest: Mapping[str, object]) -> None:
    """Replace a build's manifest, by rename."""
    (staged / MANIFEST).write_text(_json(manifest), encoding="utf-8")
    sync(staged / MANIFEST)
    (staged / MANIFEST).replace(place / MANIFEST)
    sync(place)


@contextmanager
def exclusive(data: Path, registry: Path) -> Iterator[None]:
    """Hold the data directory and the registry, wherever it lies, for one build.

    Ids are minted by one process at a time. What a killed build left unfinished is cleared away.
    """
    with _locked(data / ".lock"), _locked(registry.with_name(f".{registry.name}.lock")):
        for folder in (data / BUILDS).glob(".*-*"):
            shutil.rmtree(folder)
        for file in (data / CURRENT, registry):
            for draft in file.parent.glob(f".{escape(file.name)}.[0-9]*"):
                draft.unlink()
        yield


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _point(link: Path, target: Path) -> None:
    """Swap a symbolic link by rename, so that a reader sees the old or the new, never none."""
    draft = link.with_name(f".{link.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    draft.symlink_to(target)
    draft.replace(link)
    sync(link.parent)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"

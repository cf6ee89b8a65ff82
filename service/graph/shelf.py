"""Folders of what takes long to make: made by one process while others wait, whole or not at all.

What is kept is made under another name and renamed when it is whole, with a seal: a list of its
files and their sizes, and what it was made of. One that is not as its seal says is made anew.
What nobody needs any more is taken away only where nobody holds it.
"""

import fcntl
import json
import logging
import os
import re
import shutil
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Final

from ontology.terms import DEFAULT_BASE

#: writes what is to be kept into an empty folder
Write = Callable[[Path], None]
#: what a seal says besides the files; `source` is the file that a folder was made of
Facts = Mapping[str, object]

#: what a seal says besides facts
_SEALED: Final = frozenset({"files", "layout"})
_LOCK: Final = ".lock"
#: what stands after the name of what is not whole yet
PARTIAL: Final = ".partial"
_LOG: Final = logging.getLogger("ccgraph")


class Hold:
    """Keeps a folder from being taken away for as long as this object or its process lives."""

    def __init__(self, seal: Path) -> None:
        handle = os.open(seal, os.O_RDONLY)
        weakref.finalize(self, os.close, handle)
        fcntl.flock(handle, fcntl.LOCK_SH)


@dataclass(frozen=True)
class Shelf:
    """A folder of what is kept. A name is a version, or a path of which that is the first part.

    `seal` is the file with the list; `loose` are the beginnings of names that are not on it.
    `layout` tells what is laid out as we read it from what an earlier release made.
    """

    folder: Path
    seal: str
    loose: tuple[str, ...] = ()
    layout: int = 1

    def is_whole(self, name: str) -> bool:
        """Whether a folder is as it was when it was made; contents are left to its readers."""
        return self._is_sound(name) and self._sealed(name).get("layout", 1) == self.layout

    def facts(self, name: str) -> Facts:
        """What the seal says of a folder, nothing where there is none."""
        return {key: value for key, value in self._sealed(name).items() if key not in _SEALED}

    def hold(self, name: str) -> Hold | None:
        """A hold on a folder; `None` where it is not whole."""
        try:
            held = Hold(self.folder / name / self.seal)
        except OSError:
            return None
        return held if self.is_whole(name) else None

    def held(self, name: str, write: Write, facts: Facts) -> Hold:
        """A hold on a folder, which is made where it is not whole; raises what `write` does."""
        if hold := self.hold(name):
            return hold
        with self.alone(name):
            if not self.is_whole(name):
                self.put(name, write, facts)
            return Hold(self.folder / name / self.seal)

    def put(self, name: str, write: Write, facts: Facts) -> None:
        """Make a folder; what is in its place goes, and what it supersedes.

        To be called while `alone`. Leaves nothing behind where it fails.
        """
        place = self.folder / name
        partial = place.with_name(place.name + PARTIAL)
        for old in (*place.parent.glob(f"*{PARTIAL}"), place):
            if old.exists():
                shutil.rmtree(old)
        partial.mkdir(parents=True)
        try:
            write(partial)
            seal = {**facts, "layout": self.layout, "files": self._sizes(partial)}
            (partial / self.seal).write_text(json.dumps(seal), encoding="utf-8")
            partial.rename(place)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        for other in self.earlier(name, facts):
            self._discard(other)

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Keep other processes from making the same at the same time; raises `OSError`."""
        place = (self.folder / name).parent
        place.mkdir(parents=True, exist_ok=True)
        with (place / _LOCK).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                _LOG.info("別のプロセスが作るのを待ちます / waiting for another process: %s", name)
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def named_like(self, name: str) -> list[str]:
        """The folders with this name, but for the version, of any layout; newest first."""
        found = self.folder.glob(PurePath("*", *PurePath(name).parts[1:], self.seal).as_posix())
        newest = sorted(found, key=_age)
        names = (seal.parent.relative_to(self.folder).as_posix() for seal in newest)
        return [each for each in names if not each.endswith(PARTIAL) and self._is_sound(each)]

    def earlier(self, name: str, facts: Facts) -> list[str]:
        """The folders made of another content of the same file; newest first."""
        others = (each for each in self.named_like(name) if each != name)
        source = facts.get("source")
        return [each for each in others if source and self.facts(each).get("source") == source]

    def _discard(self, name: str) -> None:
        """Take a folder away, unless somebody holds it; that is somebody else's to do then."""
        place = self.folder / name
        gone = place.with_name(place.name + PARTIAL)
        with suppress(OSError), (place / self.seal).open("rb") as seal:
            fcntl.flock(seal, fcntl.LOCK_EX | fcntl.LOCK_NB)
            place.rename(gone)
            shutil.rmtree(gone)
            if place.parent != self.folder and not list(place.parent.glob("[!.]*")):
                shutil.rmtree(place.parent)

    def _is_sound(self, name: str) -> bool:
        try:
            return self._sealed(name).get("files") == self._sizes(self.folder / name)
        except OSError:
            return False

    def _sealed(self, name: str) -> Mapping[str, Any]:
        try:
            said = json.loads((self.folder / name / self.seal).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(said, dict):
            return {}
        return said if "files" in said else {"files": said}  # the seals of 0.2.0

    def _sizes(self, folder: Path) -> dict[str, int]:
        loose = (*self.loose, self.seal)
        files = (each for each in folder.iterdir() if not each.name.startswith(loose))
        return {each.name: each.stat().st_size for each in sorted(files)}


def plain(name: str) -> str:
    """A name as a folder may have it."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", name)[-100:]


def apart(base: str) -> str:
    """The folder of what is made with another base of names than the default; else empty."""
    return "" if base == DEFAULT_BASE else f"base-{plain(base)}"


def _age(seal: Path) -> float:
    try:
        return -seal.stat().st_mtime
    except OSError:  # it has gone meanwhile
        return 0.0

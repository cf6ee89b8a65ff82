"""Graphs too large for memory: loaded once into a store on disk, then opened for reading only.

A store is made under another name and renamed when it is whole, with a list of its files and
their sizes; one that is not as its list says is made anew.
"""

import fcntl
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from pyoxigraph import Store

from ontology.terms import Names
from service.graph.store import Graph, file_version, format_of

#: told how many bytes of a file are loaded, of how many
Progress = Callable[[int, int], None]

#: the folder of the stores, in the data folder
STORES: Final = "stores"
#: files larger than this many bytes are not held in memory, unless a setting says so
LARGE: Final = 64 * 2**20
_SEAL: Final = "store.json"
#: what RocksDB writes for people, or to keep others out
_LOOSE: Final = ("LOG", "LOCK")


def belongs_on_disk(path: Path, wanted: str) -> bool:
    """Whether a graph file is kept on disk; `wanted` is `auto`, `memory` or `disk`.

    Raises `OSError` where the file cannot be read.
    """
    return wanted == "disk" or (wanted == "auto" and path.stat().st_size > LARGE)


def open_on_disk(
    path: Path,
    shelf: Path,
    names: Names,
    version: str | None = None,
    progress: Progress | None = None,
) -> Graph:
    """The graph of an RDF file, from its store under `shelf`, which is made where it is missing.

    `version` is the graph's, where a sealed build says it; else it is the hash of the file, for
    the quads of a large graph cannot be sorted in memory.

    Raises `OSError`, `ValueError` on an unknown ending and `SyntaxError` on bad RDF.
    """
    version = version or file_version(path)
    folder = shelf / version
    if not is_whole(folder):
        shelf.mkdir(parents=True, exist_ok=True)
        with _alone(shelf):
            if not is_whole(folder):
                _make(path, folder, progress or _silent)
    return Graph(Store.read_only(str(folder)), names, version, folder)


def is_whole(folder: Path) -> bool:
    """Whether a store is as it was when it was made; contents are left to RocksDB's checksums."""
    try:
        said = json.loads((folder / _SEAL).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(said == _sizes(folder))


class _Reading:
    """A file that tells how far it has been read."""

    def __init__(self, file: BinaryIO, total: int, progress: Progress) -> None:
        self._file = file
        self._total = total
        self._progress = progress

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        found = self._file.read(size)
        self._progress(self._file.tell(), self._total)
        return found


def _make(path: Path, folder: Path, progress: Progress) -> None:
    """Load a file into a store of this name; what is in its place goes."""
    partial = folder.with_name(folder.name + ".partial")
    for old in (partial, folder):
        if old.exists():
            shutil.rmtree(old)
    store = Store(str(partial))
    with path.open("rb") as file:
        reading = _Reading(file, path.stat().st_size, progress)
        store.bulk_load(reading, format_of(path))  # type: ignore[arg-type]
    store.optimize()
    del store  # closes it
    (partial / _SEAL).write_text(json.dumps(_sizes(partial)), encoding="utf-8")
    partial.rename(folder)


def _sizes(folder: Path) -> dict[str, int]:
    files = (each for each in folder.iterdir() if not each.name.startswith((*_LOOSE, _SEAL)))
    return {each.name: each.stat().st_size for each in sorted(files)}


@contextmanager
def _alone(shelf: Path) -> Iterator[None]:
    """Keep other processes from making a store at the same time."""
    with (shelf / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _silent(done: int, total: int) -> None:
    """Nobody wants to know."""

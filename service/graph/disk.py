"""Graphs too large for memory: loaded once into a store on disk, then opened for reading only."""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

from pyoxigraph import Store

from ontology.terms import PROPOSALS_GRAPH, Names
from service.graph.dataset import merge_on_disk
from service.graph.files import rdf_file
from service.graph.shelf import Shelf, apart
from service.graph.store import Graph, file_version, format_of

#: told how many bytes of a file are loaded, of how many
Progress = Callable[[int, int], None]

#: the folder of the stores, in the data folder
STORES: Final = "stores"
#: files larger than this many bytes are not held in memory, unless a setting says so
LARGE: Final = 64 * 2**20
_SEAL: Final = "store.json"
#: how a store is laid out; in 2 its default graph is the merge of the others
_LAYOUT: Final = 2
#: what RocksDB writes for people, or to keep others out
_LOOSE: Final = ("LOG", "LOCK")


def store_folder(data: Path, base: str) -> Path:
    """Where the stores are, with this data folder and base of names.

    What the default graph leaves out has a name of that base, so stores of others are kept apart.
    """
    return data / STORES / apart(base)


def stores(folder: Path) -> Shelf:
    """The shelf of stores in a folder."""
    return Shelf(folder, _SEAL, _LOOSE, _LAYOUT)


def belongs_on_disk(path: Path, wanted: str) -> bool:
    """Whether a graph file is kept on disk; `wanted` is `auto`, `memory` or `disk`.

    Raises `OSError` where the file cannot be read.
    """
    return wanted == "disk" or (wanted == "auto" and path.stat().st_size > LARGE)


def is_on_disk(path: Path, folder: Path, version: str | None = None) -> bool:
    """Whether the store of an RDF file is there and whole, as `open_on_disk` would find it."""
    return stores(folder).is_whole(version or file_version(path))


def open_on_disk(
    path: Path,
    folder: Path,
    names: Names,
    version: str | None = None,
    progress: Progress | None = None,
) -> Graph:
    """The graph of an RDF file, from its store in a folder of stores; made where it is missing.

    `version` is the graph's, where a sealed build says it; else it is the hash of the file, for
    the quads of a large graph cannot be sorted in memory.

    Raises `OSError`, `ValueError` on an unknown ending and `SyntaxError` on bad RDF.
    """
    shelf = stores(folder)
    facts = {} if version else {"source": str(path.absolute())}
    version = version or file_version(path)
    excluded = names.graph(PROPOSALS_GRAPH)
    hold = shelf.held(
        version, lambda place: _load(path, place, excluded, progress or _silent), facts
    )
    place = shelf.folder / version
    return Graph(Store.read_only(str(place)), names, version, place, hold=hold)


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


def _load(path: Path, place: Path, excluded: str, progress: Progress) -> None:
    """Load a file into a new store in this folder."""
    store = Store(str(place))
    with rdf_file(str(path)) as file:
        reading = _Reading(file, path.stat().st_size, progress)
        store.bulk_load(reading, format_of(path))  # type: ignore[arg-type]
    merge_on_disk(store, excluded)
    store.optimize()
    del store  # closes it


def _silent(done: int, total: int) -> None:
    """Nobody wants to know."""

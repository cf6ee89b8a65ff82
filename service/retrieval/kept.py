"""Where an index is kept: in its build, or in the data folder for graphs that bring none.

The index of a build is found beside its graph. Of a graph that somebody else built, for another
encoder than the build's, in place of an older format, one is made once and kept in the data
folder, under `indexes/<graph version>/index-<encoder>`.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Final

from service.graph.shelf import PARTIAL, Facts, Shelf, apart, plain
from service.graph.store import Graph, file_version
from service.retrieval.encoders import PLUS, NamedEncoder
from service.retrieval.index import (
    DAMAGED,
    FORMAT,
    Index,
    Progress,
    UnfitIndexError,
    build_index,
    fitted,
    load,
    made_ready,
    save,
)

#: the folder of indexes, in the data folder
INDEXES: Final = "indexes"
_SEAL: Final = "sealed.json"
_INDEX: Final = "index"
_LOG: Final = logging.getLogger("ccgraph")


@dataclass(frozen=True)
class Places:
    """Where the indexes of a graph may be: `beside` its file, and on the shelf.

    `source` is the file where somebody else built it: another graph may come under its name.
    """

    beside: Path
    shelf: Shelf
    source: Path | None = None

    @cached_property
    def facts(self) -> Facts:
        """What an index on the shelf is made of; raises `OSError` where there is no file."""
        if self.source is None:
            return {"format": FORMAT}
        digest = file_version(self.source)
        return {"format": FORMAT, "source": str(self.source.absolute()), "digest": digest}

    def own(self, version: str, named: NamedEncoder) -> Iterator[Path]:
        """Where an index of a graph version would be that needs no encoding."""
        for folder in (self.beside, self.shelf.folder / version):
            yield from (index_folder(folder, each) for each in (named.name, named.base) if each)

    def every(self, version: str, named: NamedEncoder) -> Iterator[Path]:
        """The indexes there are of a graph version, of any encoder, those of its own first."""
        own = [place for place in self.own(version, named) if place.exists()]
        there = (self.beside, self.shelf.folder / version)
        yield from own
        yield from (each for folder in there for each in saved_in(folder, named) if each not in own)

    def loaded(self, place: Path) -> Index:
        """The index in a place; raises `OSError`, or `UnfitIndexError` where it is unfit."""
        on_shelf = place.is_relative_to(self.shelf.folder)
        if on_shelf and not self.shelf.is_whole(str(place.relative_to(self.shelf.folder))):
            raise UnfitIndexError(DAMAGED)
        return load(place)


def places(graph_file: Path, data: Path, base: str, *, foreign: bool) -> Places:
    """Where the indexes of a graph file are kept, with this data folder and base of names.

    Entries have the local ids of a base, so indexes of another one are kept apart.
    """
    shelf = Shelf(data / INDEXES / apart(base), _SEAL)
    return Places(graph_file.parent, shelf, graph_file if foreign else None)


def index_folder(folder: Path, encoder: str) -> Path:
    """Where a folder has the index of an encoder, whose name may be a path.

    >>> index_folder(Path("builds/v"), "models/e5 small").name
    'index-models-e5-small'
    """
    return folder / f"{_INDEX}-{plain(encoder)}"


def saved_in(folder: Path, named: NamedEncoder) -> list[Path]:
    """The indexes in a folder, that of this encoder first, then that of what it patches."""
    own, base = index_folder(folder, named.name), index_folder(folder, named.base or named.name)
    found = (head.parent for head in folder.glob(f"{_INDEX}-*/index.json"))
    whole = (place for place in found if not place.name.endswith(PARTIAL))
    return sorted(whole, key=lambda place: (place != own, place != base, place))


def is_kept(found: Places, encoder: str) -> bool:
    """Whether an index needs no making, as far as can be told without opening it.

    `encoder` is a setting's: where it has a patch, the index of what it patches is enough.
    Raises `OSError` where there is no graph.
    """
    names = [index_folder(Path(), each).name for each in (encoder, encoder.split(PLUS)[0])]
    shelf, build = found.shelf, found.beside.resolve()
    version = found.facts.get("digest", build.name)
    # the folder of a build has the name of its graph's version, the hash of its file
    if build.name == version and any((build / name).is_dir() for name in names):
        return True
    if found.source is None:
        return any(shelf.is_whole(f"{version}/{name}") for name in names)
    wanted = (FORMAT, version)
    on_shelf = (shelf.facts(each) for name in names for each in shelf.named_like(f"*/{name}"))
    return any((facts.get("format"), facts.get("digest")) == wanted for facts in on_shelf)


def kept_index(
    graph: Graph, named: NamedEncoder, found: Places, progress: Progress | None = None
) -> Index:
    """The index of a graph for an encoder: the one that is kept, or one made now and kept.

    Where it cannot be kept it is made all the same, with a notice.
    """
    for place in found.own(graph.version, named):
        with suppress(OSError, UnfitIndexError):
            index = fitted(found.loaded(place), named)
            if index is not None and index.version == graph.version:
                return index
    return _kept_anew(graph, named, found, progress)


def _kept_anew(
    graph: Graph, named: NamedEncoder, found: Places, progress: Progress | None
) -> Index:
    """Make an index and keep it, unless another process has done so meanwhile."""
    name = index_folder(Path(graph.version), named.name).as_posix()
    began = time.monotonic()
    with ExitStack() as stack:
        refused = _refused(lambda: stack.enter_context(found.shelf.alone(name)))
        there = _there(graph.version, named, found)
        if there and (ready := fitted(there, named)):
            return ready
        index = _made(graph, named, found, there, progress)
        refused = refused or _refused(
            lambda: found.shelf.put(name, partial(save, index), found.facts)
        )
    _tell(found.shelf.folder / name, index, time.monotonic() - began, refused)
    return index


def _there(version: str, named: NamedEncoder, found: Places) -> Index | None:
    """An index of this version of the graph; says why others cannot be used."""
    for place in found.every(version, named):
        try:
            index = found.loaded(place)
        except (OSError, UnfitIndexError) as fault:
            _LOG.warning("%s: %s。作り直します / it is made anew", place, fault)
        else:
            if index.version == version:
                return index
    return None


def _made(
    graph: Graph,
    named: NamedEncoder,
    found: Places,
    there: Index | None,
    progress: Progress | None,
) -> Index:
    """An index from that of another encoder, or from the graph.

    What an earlier content of the file had is not encoded again.
    """
    previous = _previous(graph.version, named, found)
    if there is None:
        return build_index(graph, named, previous=previous, progress=progress)
    opened = made_ready(there, named, previous=previous, progress=progress)
    _LOG.warning(opened.notice)
    return opened.index


def _previous(version: str, named: NamedEncoder, found: Places) -> Index | None:
    """The newest index of an earlier content of the file whose vectors need no encoding."""
    for encoder in (named.name, named.base or named.name):
        name = index_folder(Path(version), encoder).as_posix()
        for earlier in found.shelf.earlier(name, found.facts):
            with suppress(OSError, UnfitIndexError):
                return found.loaded(found.shelf.folder / earlier)
    return None


def _refused(attempt: Callable[[], object]) -> OSError | None:
    """Why the disk refused an attempt."""
    try:
        attempt()
    except OSError as fault:
        return fault
    return None


def _tell(place: Path, index: Index, seconds: float, refused: OSError | None) -> None:
    if refused is None:
        _LOG.info(
            "検索の索引を %s に置きました（%d 件、%.0f 秒） / index kept: %d entries in %.0f s",
            *(place, len(index.entries), seconds, len(index.entries), seconds),
        )
        return
    _LOG.warning(
        "検索の索引を %s に置けません（%s）。メモリーに作ったもので答えますが、次に始める時に"
        "作り直します。CCGRAPH_DATA の権限と空きを確かめてください / the index cannot be kept and"
        " will be made again at the next start; see that CCGRAPH_DATA is writable and has room",
        *(place, refused),
    )

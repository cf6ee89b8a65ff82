"""Opening what was built: the one place where files become a running service."""

import logging
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from starlette.types import ASGIApp

from ontology.artefact import BUILDS, CURRENT, GRAPH, MANIFEST, damage, read_manifest
from ontology.terms import Names
from service.app import create_world
from service.graph.disk import belongs_on_disk, is_on_disk, open_on_disk, store_folder
from service.graph.questions import load_questions
from service.graph.store import Graph, load_graph
from service.http.middleware import Courtesies
from service.operating.descriptors import keep_descriptors
from service.operating.desk import open_desk
from service.operating.swap import Sight, Swap
from service.operating.world import World
from service.pages.rendering import make_pages
from service.quality import Quality, read_findings
from service.retrieval.encoders import NamedEncoder, load_encoder
from service.retrieval.fit import SearchScores
from service.retrieval.index import Index, UnfitIndexError, build_index, load, save
from service.retrieval.kept import Places, index_folder, is_kept, kept_index, places, saved_in
from service.retrieval.measured import measure, read_measured
from service.retrieval.search import Search, make_search
from service.settings import Settings
from service.sparql.functions import Functions, functions
from service.state import Manifest, State

#: told what takes long: what, how many done, of how many
Progress = Callable[[int, int], None]
_LOG: Final = logging.getLogger("ccgraph")
#: how long a file must have been left alone until it counts as written, in seconds
_SETTLED: Final = 1.0


class DataError(Exception):
    """There is nothing to serve, or what there is cannot be trusted; says why and what to do."""


def current_build(data: Path) -> Path:
    """The folder of the build in use; raises `DataError` where there is none or it is damaged."""
    link = data / CURRENT
    if not link.exists():
        raise DataError(
            f"{data} に作られたグラフがありません。ccgraph build を実行してください。"
            " / no build there; run ccgraph build"
        )
    folder = link.resolve()
    if broken := damage(folder):
        raise DataError(
            f"{folder} のファイルが壊れています: {', '.join(broken)}。ccgraph build をやり直すか、"
            f"builds の中の別の版へ {CURRENT} を付け替えてください。"
            " / files are missing or not as the manifest says; build again or link another build"
        )
    return folder


def graph_file(settings: Settings) -> Path:
    """The file to serve: a given one, or the current build's; raises `DataError` if damaged."""
    return settings.graph or current_build(settings.data) / GRAPH


def open_graph(settings: Settings, progress: Progress | None = None) -> tuple[Graph, Path]:
    """The graph to serve and the file it is in; raises `DataError` where it cannot be read.

    `progress` is told how many bytes of a large graph are in its store.
    """
    path = graph_file(settings)
    sealed = _sealed(settings, path)
    names = Names(settings.base)
    try:
        if belongs_on_disk(path, settings.store):
            shelf = store_folder(settings.data, settings.base)
            return open_on_disk(path, shelf, names, sealed, progress), path
        return load_graph(path, names, sealed), path
    except (OSError, ValueError, SyntaxError) as fault:
        raise DataError(f"{path}: グラフを読めません / cannot be read: {fault}") from fault


def _sealed(settings: Settings, path: Path) -> str | None:
    """The version of a build's graph, `None` of a file that somebody else built."""
    return None if settings.graph else str(read_manifest(path.parent)["graph"])


def prepare(settings: Settings, step: Callable[[str], None], count: Progress) -> None:
    """See that what takes long to make is there: the store of a large graph, the search index.

    Raises `DataError`.
    """
    path = graph_file(settings)
    if not path.is_file():
        return  # opening will say what is wrong
    large = belongs_on_disk(path, settings.store)
    shelf = store_folder(settings.data, settings.base)
    if large and not is_on_disk(path, shelf, _sealed(settings, path)):
        step("大きなグラフをディスクに置く / loading a large graph into a store on disk")
        open_graph(settings, count)
    if not settings.searches:
        return
    found = _places(settings, path)
    if is_kept(found, settings.encoder) or is_kept(found, load_encoder(settings.encoder).name):
        return
    step("検索の索引を作る（初めの一度だけ） / indexing for search, this once")
    _open_index(settings, *open_graph(settings), count)


def open_search(
    settings: Settings, graph: Graph, path: Path, progress: Progress | None = None
) -> Search:
    """The search over a graph: with the index that is kept, or one made now and kept."""
    return make_search(*_open_index(settings, graph, path, progress))


def _open_index(
    settings: Settings, graph: Graph, path: Path, progress: Progress | None
) -> tuple[Index, NamedEncoder]:
    named = load_encoder(settings.encoder)
    _tell(named.notice)
    return kept_index(graph, named, _places(settings, path), progress), named


def _places(settings: Settings, path: Path) -> Places:
    return places(path, settings.data, settings.base, foreign=settings.graph is not None)


def searchable(graph: Graph, opened: Callable[[], Search]) -> Graph:
    """The graph whose queries may call `cco:similarity` and `cco:matches`.

    The search is opened when the first query does.
    """
    scores = SearchScores(opened)
    return replace(graph, functions=lambda: Functions(functions(graph.names), scores).table)


def index_build(settings: Settings, folder: Path, progress: Progress) -> dict[str, object]:
    """Add the search index to a build, if there is to be a search.

    What the current build has encoded is not encoded again. Search quality is measured each time:
    the judged queries or the search may be others where the graph is the same.
    """
    if not settings.searches:
        return {"encoder": None}
    named = load_encoder(settings.encoder)
    _tell(named.notice)
    graph = load_graph(folder / GRAPH, Names(settings.base))
    earlier = saved_in(settings.data / CURRENT, named)
    previous = previous_index(earlier[0]) if earlier else None
    place = index_folder(folder, named.name)
    place.mkdir()
    index = build_index(graph, named, previous=previous, progress=progress)
    save(index, place)
    if measured := measure(graph, make_search(index, named)):
        there = settings.data / BUILDS / graph.version
        measured.settled(read_measured(index_folder(there, named.name))).save(place)
    return {"encoder": named.name}


def previous_index(folder: Path) -> Index | None:
    """The index in a folder, `None` where there is none that fits."""
    try:
        return load(folder)
    except (OSError, UnfitIndexError):
        return None


def open_state(settings: Settings) -> State:
    """Everything a running service is made of; raises `DataError` where it cannot be had."""
    graph, path = open_graph(settings)
    search = open_search(settings, graph, path) if settings.searches else None
    if (opened := search) is not None:
        graph = searchable(graph, lambda: opened)
    manifest = path.parent / MANIFEST
    described = Manifest.read(manifest) if manifest.exists() else Manifest()
    questions = load_questions()
    return State(
        settings=settings,
        graph=graph,
        graph_path=path,
        pages=make_pages(graph, described.rights, questions, search),
        manifest=described,
        search=search,
        questions=questions,
        encoder=search.encoder if search else None,
        quality=_quality(graph, path.parent, described, search),
    )


def _quality(graph: Graph, folder: Path, manifest: Manifest, search: Search | None) -> Quality:
    """The figures of a graph, with what its build found and measured."""
    measured = read_measured(index_folder(folder, search.encoder)) if search else None
    return Quality(
        graph,
        manifest.edition,
        created=manifest.created,
        counts=manifest.counts,
        findings=read_findings(folder),
        search=asdict(measured) if measured else None,
        stale=tuple(measured.stale(search)) if search and measured else (),
        encoder=search.encoder if search else None,
    )


@dataclass(frozen=True)
class Builds:
    """The builds of a data folder, or the file that is served instead: the source of worlds."""

    settings: Settings

    def look(self) -> Sight | None:
        """What there is to serve now."""
        given = self.settings.graph
        try:
            place = given or (self.settings.data / CURRENT).resolve(strict=True) / MANIFEST
            found = place.stat()
        except OSError:
            return None
        mark = (str(place), found.st_ino, found.st_mtime_ns, found.st_size)
        settled = given is None or time.time() - found.st_mtime > _SETTLED
        return Sight(mark, given.name if given else place.parent.name, settled)

    def open(self) -> World:
        """The world of what there is to serve now; raises `DataError`."""
        return create_world(open_state(self.settings))


def app() -> ASGIApp:
    """The application of the environment's settings: what uvicorn's workers call."""
    keep_descriptors()
    settings = Settings.read(os.environ)
    builds = Builds(settings)
    seen = builds.look()
    desk = open_desk(settings, sys.stdout)
    swap = Swap(builds.open(), seen, builds, desk)
    return Courtesies(swap, desk, swap.pages)


def _tell(notice: str | None) -> None:
    if notice:
        _LOG.warning(notice)

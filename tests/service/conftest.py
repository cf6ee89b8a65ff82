"""A small graph of both CMBOK versions and a server that answers over it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from loaders.build import build
from loaders.registry import load_registry
from ontology.terms import Names
from service.app import create_app
from service.graph.questions import load_questions
from service.graph.store import load_graph
from service.pages.rendering import make_pages
from service.retrieval.encoders import load_encoder
from service.retrieval.index import build_index
from service.retrieval.search import Search, make_search
from service.settings import Settings
from service.state import Manifest, State
from tests.servers import PATIENCE, listening

#: code and label in 1.0 and 2.0; some codes changed their meaning, some labels their spaces
CODES = {
    "cmbok1": [
        ("HR-4", "研修"),
        ("HR-5", "コーチング"),
        ("HR-9", "福利厚生"),
        ("CS-4", "WEB と検索"),
        ("OP-11", "予測"),
        ("PE-6", "予算管理"),
    ],
    "cmbok2": [
        ("HR-1", "人員計画"),
        ("HR-2", "採用"),
        ("HR-3", "教育"),
        ("HR-4", "研修の設計"),
        ("HR-5", "コーチング"),
        ("HR-9", "スタッフのケア"),
        ("CS-4", "WEBと検索"),
        ("OP-11", "シフト"),
        ("PE-6", "予算管理"),
        ("LF-1", "生活"),
    ],
}
AREAS = {"HR": "人材", "CS": "顧客サービス", "OP": "運営", "PE": "業績", "LF": "生活設計"}
HEAD = """
@prefix ccg: <https://w3id.org/ccgraph/id/> .
@prefix cco: <https://w3id.org/ccgraph/ontology#> .
@prefix graph: <https://w3id.org/ccgraph/graph/> .
@prefix source: <https://w3id.org/ccgraph/source/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix schema: <https://schema.org/> .
@prefix sssom: <https://w3id.org/sssom/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
REST = """
graph:cmbok1 { ccg:cmbok1 dcterms:isReplacedBy ccg:cmbok2 . }
graph:cmbok2 {
  source:0123456789abcdef a cco:SourceDocument ; schema:name "codes.txt" .
  ccg:cmbok2.HR-5 prov:wasDerivedFrom <https://w3id.org/ccgraph/source/0123456789abcdef#char=5,10> .
  ccg:cmbok2.HR-s3 owl:deprecated true ; dcterms:modified "2026-11-01"^^xsd:date ;
    skos:changeNote "文書から消えた。"@ja ; dcterms:isReplacedBy ccg:cmbok2.HR-5 .
}
graph:task {
  ccg:task a skos:ConceptScheme ; skos:prefLabel "タスク"@ja .
  ccg:task.T12 a cco:Task, skos:Concept ; skos:inScheme ccg:task ; skos:prefLabel "面談"@ja ;
    cco:requires ccg:cmbok2.HR-5 .
  ccg:task.E034 a cco:EvaluationItem, skos:Concept ; skos:inScheme ccg:task ;
    skos:prefLabel "部下の話を聴く"@ja ; skos:broader ccg:task.T12 .
}
graph:vocabulary { ccg:cmbok2.HR-5 skos:prefLabel "Coaching"@en , "コーチング"@ja-Hrkt . }
graph:map-task-cmbok2 {
  ccg:map.9f86d081884c7d65 a sssom:Mapping ; sssom:subject_id ccg:task.T12 ;
    sssom:predicate_id cco:requires ; sssom:object_id ccg:cmbok2.HR-5 .
}
graph:proposals {
  ccg:map.0000000000000001 a sssom:Mapping ; sssom:subject_id ccg:task.E034 ;
    sssom:predicate_id cco:requires ; sssom:object_id ccg:cmbok2.HR-5 .
}
"""


def trig() -> str:
    """The small graph, as TriG."""
    return HEAD + "".join(_scheme(name) for name in CODES) + REST


def _scheme(name: str) -> str:
    lines = [f'ccg:{name} a skos:ConceptScheme ; skos:prefLabel "CMBOK {name[-1]}.0"@ja ;']
    lines.append(f'  owl:versionInfo "{name[-1]}.0" .')
    for area, label in AREAS.items():
        lines.append(_entity(name, area, label, "Area", None))
    for code, label in CODES[name]:
        lines.append(_entity(name, code, label, "Competency", code.partition("-")[0]))
    return f"graph:{name} {{\n" + "\n".join(lines) + "\n}\n"


def _entity(scheme: str, code: str, label: str, kind: str, parent: str | None) -> str:
    broader = f" skos:broader ccg:{scheme}.{parent} ;" if parent else ""
    return (
        f"ccg:{scheme}.{code} a cco:{kind}, skos:Concept ; skos:inScheme ccg:{scheme} ;{broader}"
        f' skos:notation "{code}" ; skos:prefLabel "{label}"@ja .'
    )


@pytest.fixture(scope="session")
def graph_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the small graph."""
    path = tmp_path_factory.mktemp("graph") / "small.trig"
    path.write_text(trig(), encoding="utf-8")
    return path


def state_of(path: Path, **overrides: object) -> State:
    """A state over a graph file, with these settings; queries have time on a slow machine, too."""
    patient = {"encoder": "ngram", "query_timeout": PATIENCE}
    settings = Settings.read({}, **{**patient, **overrides})
    rights = {
        "ja": "試験版",
        "en": "test edition",
        "rights_ja": "文は ccgraph editors のもの。",
        "rights_en": "Ours.",
    }
    graph = load_graph(path, Names(settings.base))
    questions = load_questions()
    return State(
        settings=settings,
        graph=graph,
        graph_path=path,
        pages=make_pages(graph, rights, questions),
        questions=questions,
        manifest=Manifest(edition="test", rights=rights),
        encoder=settings.encoder,
    )


@pytest.fixture(scope="session")
def state(graph_path: Path) -> State:
    """The state over the small graph."""
    return state_of(graph_path, query_workers=1)


@pytest.fixture(scope="session")
def client(state: State) -> Iterator[TestClient]:
    """A client of the application that follows no redirection."""
    with TestClient(create_app(state), follow_redirects=False) as found:
        yield found


@contextmanager
def serving(state: State) -> Iterator[str]:
    """A real server on a free port; gives its root, ending in a slash."""
    with listening(lambda _: create_app(state)) as root:
        yield root


@pytest.fixture(scope="session", name="serving")
def serving_fixture() -> Callable[[State], AbstractContextManager[str]]:
    """Starts a real server over a state."""
    return serving


@pytest.fixture(scope="session")
def search(state: State) -> Search:
    """The search over the small graph."""
    named = load_encoder("ngram")
    return make_search(build_index(state.graph, named), named)


@pytest.fixture(scope="session")
def searching(state: State, search: Search) -> Iterator[str]:
    """The root of a real server that searches, too."""
    with serving(replace(state, search=search)) as found:
        yield found


@pytest.fixture(scope="session")
def root(state: State) -> Iterator[str]:
    """The root of a real server over the small graph."""
    with serving(state) as found:
        yield found


@pytest.fixture(scope="session")
def serve(graph_path: Path) -> Callable[..., AbstractContextManager[str]]:
    """Starts a real server with these settings, over the small graph or another `path`."""

    def started(path: Path | None = None, **overrides: object) -> AbstractContextManager[str]:
        return serving(state_of(path or graph_path, **overrides))

    return started


@pytest.fixture(scope="session")
def open_state(tmp_path_factory: pytest.TempPathFactory) -> State:
    """The state over the whole open edition, searched by spelling alone."""
    path = tmp_path_factory.mktemp("open") / "graph.nq"
    path.write_bytes(build([], load_registry(), Names(), today=date(2026, 11, 23)).nquads)
    bare, named = state_of(path, query_workers=1), load_encoder("ngram")
    search = make_search(build_index(bare.graph, named), named)
    return replace(bare, search=search, pages=make_pages(bare.graph, {}, bare.questions, search))


@pytest.fixture(scope="session")
def open_root(open_state: State) -> Iterator[str]:
    """The root of a real server over the open edition."""
    with serving(open_state) as found:
        yield found


@pytest.fixture(scope="session")
def make_state(graph_path: Path) -> Callable[..., State]:
    """Makes a state over the small graph with these settings."""

    def made(**overrides: object) -> State:
        return state_of(graph_path, **overrides)

    return made

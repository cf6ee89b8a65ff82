"""The documentation names everything there is, leads nowhere wrong and quotes nobody's texts."""

import importlib
import pkgutil
import re
import subprocess
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import typer
from pyoxigraph import Literal, NamedNode, RdfFormat, Store

from loaders.build import Build, build
from loaders.registry import load_registry
from loaders.text import lines, read_document
from ontology.terms import RDF, SKOS, Names
from service import routes
from service.__main__ import CLI
from service.graph.questions import load_questions
from service.settings import OPTIONS

PROJECT = Path(__file__).parents[1]
PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
TEXT = "\n".join(path.read_text(encoding="utf-8") for path in PAGES)
#: addresses that no OpenAPI document lists: plain routes, and one answer of a listed one
PLAIN = {"/sparql", "/mcp", "/void.ttl"}
#: characters of a sentence from which it is somebody's
OWNED = 18
#: characters beside names from which a row of names is a sentence
RESIDUE = 8
#: classes whose labels are whole sentences; those of the others are names and titles
SENTENCES = ("EvaluationItem", "ScopeStatement", "Activity")
#: why a line was left out that says nothing of its own
FORMULAE = ("heading", "layout", "navigation")
RDF_TYPE = NamedNode(RDF + "type")


def commands(group: Any, *above: str) -> Iterator[tuple[str, Any]]:
    """The commands that help shows, by their whole name."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, *above, name)
        elif not command.hidden:
            yield " ".join((*above, name)), command


COMMANDS = dict(commands(typer.main.get_command(CLI)))
FLAGS = {
    flag
    for command in COMMANDS.values()
    for parameter in command.params
    for flag in parameter.opts
    if flag.startswith("--") and flag != "--help"
}


def test_the_commands_are_those_of_the_contract() -> None:
    names = {"build", "check", "serve", "search", "query", "evaluate", "registry explain"}
    assert names <= COMMANDS.keys()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_named(name: str) -> None:
    assert re.search(rf"ccgraph {name}\b", TEXT)


@pytest.mark.parametrize("flag", sorted(FLAGS))
def test_every_flag_is_named(flag: str) -> None:
    assert re.search(rf"(?<![\w-]){re.escape(flag)}(?![\w-])", TEXT)


@pytest.mark.parametrize("variable", [option.variable for option in OPTIONS])
def test_every_setting_is_named(variable: str) -> None:
    assert re.search(rf"\b{variable}\b", TEXT)


@pytest.mark.parametrize("name", load_questions())
def test_every_question_is_named(name: str) -> None:
    assert re.search(rf"(?<![\w-]){name}(?![\w-])", TEXT)


@pytest.fixture(scope="module")
def addresses() -> set[str]:
    """The paths of the OpenAPI document, and those beside it."""
    found = pkgutil.iter_modules(routes.__path__, f"{routes.__name__}.")
    modules = [importlib.import_module(each.name) for each in found]
    listed = (
        each for module in modules if hasattr(module, "router") for each in module.router.routes
    )
    return PLAIN | {each.path for each in listed if getattr(each, "include_in_schema", False)}


def test_every_address_is_named(addresses: set[str]) -> None:
    assert {"/search", "/id/{local}", "/code/{code}", "/queries/{name}"} <= addresses
    named = {_pattern(each) for each in re.findall(r"/[\w./{}-]*", TEXT)}
    assert {each for each in addresses if _pattern(each) not in named} == set()


def _pattern(address: str) -> str:
    """An address whatever its parameters are called, and whatever dot or slash ends it."""
    return re.sub(r"\{\w+\}", "{}", address).rstrip("./") or "/"


LINKS = [
    (path, link)
    for path in [*PAGES, PROJECT / "CHANGELOG.md"]
    for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8"))
    if not re.match(r"[a-z]+:", link)
]


@pytest.mark.parametrize(
    ("path", "link"), LINKS, ids=[f"{path.name} {link}" for path, link in LINKS]
)
def test_links_lead_somewhere(path: Path, link: str) -> None:
    name, _, anchor = link.partition("#")
    target = (path.parent / name).resolve() if name else path
    assert target.exists()
    assert target.is_relative_to(PROJECT)
    if anchor:
        heads = re.findall(r"^#+ +(.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
        assert anchor in {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_every_page_can_be_reached_from_the_readme() -> None:
    readme = PAGES[0].read_text(encoding="utf-8")
    assert not [path.name for path in PAGES[1:] if f"docs/{path.name}" not in readme]


@pytest.mark.parametrize("path", PAGES, ids=[path.name for path in PAGES])
def test_every_page_speaks_japanese_first_and_english_after(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    english = text.find("## In English") if "## In English" in text else text.find("## English")
    assert english > 0
    assert re.search(r"[ぁ-ん]", text[:english])


def test_the_newest_change_is_this_version() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    changes = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## \[(\d[^\]]*)\] - \d{4}-\d\d-\d\d$", changes, re.MULTILINE)
    assert newest and newest[1] == project["version"]


def tracked() -> Iterator[tuple[str, str]]:
    """Name and text of every file of the project: what git tracks, or what the sdist holds."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=PROJECT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("no git checkout here: there is no telling which files are the project's")
    for name in filter(None, listed.stdout.decode().split("\0")):
        path = PROJECT / name
        if path.is_file() and not path.is_symlink():
            yield name, path.read_text(encoding="utf-8", errors="replace")


def test_no_file_names_a_place_of_the_machine_it_was_written_on() -> None:
    home = re.escape(str(Path.home()))
    places = (
        rf"(?<![\w./]){home}/|{re.escape(str(PROJECT))}(?![\w-])|(?<![\w.:-])/(?:home|Users)/\w+"
    )
    found = [f"{name}: {each[0]}" for name, text in tracked() for each in re.finditer(places, text)]
    assert not found


def test_no_file_holds_a_sentence_of_the_official_documents(official: Path) -> None:
    sentences = set(_owned(official))
    assert len(sentences) > 200
    found = [
        f"{name}: {sentence[:6]}… ({len(sentence)} characters)"
        for name, text in tracked()
        for squeezed in [_squeezed(text)]
        for sentence in sentences
        if sentence in squeezed
    ]
    assert not found


def _owned(folder: Path) -> Iterator[str]:
    """The sentences of documents that are their publishers', squeezed.

    Facts are left out: names and titles alone or in a row, and what a layout repeats.
    """
    found = build([folder], load_registry(), Names(), today=date(2026, 11, 23))
    facts = {(each.document, each.line) for each in found.report.lines if each.reason in FORMULAE}
    named = re.compile("|".join(sorted(map(re.escape, _names(found)), key=len, reverse=True)))
    for path in sorted(folder.iterdir()):
        for line in lines(read_document(path).text):
            if (path.name, line.number) in facts or re.match(r"\s*[■●][^。]*$", line.text):
                continue
            for sentence in map(_squeezed, line.text.split("。")):
                if len(sentence) >= OWNED and len(named.sub("", sentence)) >= RESIDUE:
                    yield sentence


def _names(found: Build) -> set[str]:
    """The labels that are names or titles, squeezed, and the one formula that follows them."""
    names, store = Names(), Store()
    store.load(found.nquads, format=RdfFormat.N_QUADS)
    sentences = {NamedNode(names.term(each)) for each in SENTENCES}
    labels = {"評価項目を表示"}
    for label in ("prefLabel", "altLabel"):
        for quad in store.quads_for_pattern(None, NamedNode(SKOS + label), None):
            kinds = {each.object for each in store.quads_for_pattern(quad.subject, RDF_TYPE, None)}
            if isinstance(quad.object, Literal) and not kinds & sentences:
                labels.add(_squeezed(quad.object.value))
    return labels


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)

"""What is published: it holds what it needs, nothing else, and runs where there is no checkout."""

import ast
import importlib.util
import json
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Mapping
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
PACKAGES = ("ontology", "loaders", "service", "queries")
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was built from it."""
    pytest.importorskip("build")
    folder = tmp_path_factory.mktemp("dist")
    backend = ["--no-isolation"] if importlib.util.find_spec("hatchling") else []
    command = [sys.executable, "-m", "build", *backend, "--outdir", str(folder), str(PROJECT)]
    built = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    return next(dist.glob("*.whl"))


@pytest.fixture(scope="module")
def held(wheel: Path) -> frozenset[str]:
    """The names in the wheel."""
    with zipfile.ZipFile(wheel) as opened:
        return frozenset(opened.namelist())


def sources(*folders: str) -> set[str]:
    """The files of some folders of the project, without what Python leaves there."""
    paths = (path for folder in folders for path in (PROJECT / folder).rglob("*"))
    names = {path.relative_to(PROJECT).as_posix() for path in paths if path.is_file()}
    return {name for name in names if not re.search(r"/(\.|__pycache__)", name)}


def test_the_wheel_holds_the_packages_whole_and_nothing_else(held: frozenset[str]) -> None:
    packaged = {name for name in held if ".dist-info/" not in name}
    assert packaged == sources(*PACKAGES)


@pytest.mark.parametrize(
    "name",
    [
        "ontology/ccgraph.ttl", "ontology/shapes.ttl", "ontology/registry.csv",
        "ontology/editions.toml", "ontology/schemes.toml", "ontology/vocabulary/task-1.toml",
        "ontology/checks/orphan-concepts.rq", "loaders/documents/tasks.txt",
        "service/pages/base.html", "service/pages/style.css", "queries/coverage.rq",
    ],
)  # fmt: skip
def test_data_travels_along(held: frozenset[str], name: str) -> None:
    assert name in held


def test_rights_travel_along(held: frozenset[str]) -> None:
    names = {name.rpartition("/")[2] for name in held if ".dist-info/licenses/" in name}
    assert names == {"LICENSE", "NOTICE"}


def test_the_wheel_is_pure_and_named_as_the_project(wheel: Path) -> None:
    assert wheel.name == f"{PYPROJECT['name']}-{PYPROJECT['version']}-py3-none-any.whl"


def test_a_package_that_says_it_is_typed_is(held: frozenset[str]) -> None:
    assert "Typing :: Typed" in PYPROJECT["classifiers"]
    assert {f"{name}/py.typed" for name in ("ontology", "loaders", "service")} <= held


def test_the_sdist_can_be_worked_on(dist: Path) -> None:
    with tarfile.open(next(dist.glob("*.tar.gz"))) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    wanted = {"pyproject.toml", "Makefile", "README.md", "CHANGELOG.md", "LICENSE", "NOTICE"}
    assert wanted | sources(*PACKAGES, "tests", "docs") <= names
    assert not [name for name in names if name.startswith(("data/", ".venv/", "dist/", ".git/"))]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of a fresh environment with the wheel; dependencies are borrowed from here."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, with_pip=False)
    bin = folder / ("Scripts" if os.name == "nt" else "bin")
    command = [sys.executable, "-m", "pip", "--quiet", "--python", str(bin / "python"),
               "install", "--no-index", "--no-deps", str(wheel)]  # fmt: skip
    subprocess.run(command, check=True)
    borrowed = [path for path in sys.path if path.endswith("site-packages")]
    (site,) = folder.rglob("site-packages")
    (site / "borrowed.pth").write_text("\n".join(borrowed), encoding="utf-8")
    return bin


def environment() -> Mapping[str, str]:
    private = ("CCGRAPH_", "PYTHONPATH")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(private)}
    return {**kept, "CCGRAPH_ENCODER": "ngram"}


def ran(folder: Path, *command: object) -> str:
    """What a command printed that went well in another folder."""
    ended = subprocess.run([*map(str, command)], cwd=folder, env=environment(),
                           capture_output=True, text=True)  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_it_runs_where_there_is_no_checkout(installed: Path, tmp_path: Path) -> None:
    told = ran(tmp_path, installed / "python", "-c", "import service; print(service.__file__)")
    assert Path(told.strip()).is_relative_to(installed.parent)
    built = json.loads(ran(tmp_path, installed / "ccgraph", "build", "--json"))
    assert (built["edition"], built["counts"]["Competency"]) == ("open", 150)
    assert built["changes"] == []
    asked = ran(tmp_path, installed / "ccgraph", "query", "coverage", "--format", "json")
    assert json.loads(asked)["rows"]
    page = """
from fastapi.testclient import TestClient
from service.boot import app
with TestClient(app()) as client:
    print(client.get("/", headers={"Accept": "text/html"}).status_code,
          client.get("/version").json()["version"])
"""
    told = ran(tmp_path, installed / "python", "-W", "ignore", "-c", page)
    assert ["200", PYPROJECT["version"]] in [line.split() for line in told.splitlines()]


def imported() -> set[str]:
    """The libraries that our code imports, sooner or later."""
    files = (path for each in PACKAGES for path in (PROJECT / each).rglob("*.py"))
    names: set[str] = set()
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(node.module or "")
    packages = {name.partition(".")[0] for name in names}
    return packages - sys.stdlib_module_names - {*PACKAGES}


def test_what_is_imported_is_declared() -> None:
    told = {re.split(r"[^\w-]", each)[0].replace("-", "_") for each in PYPROJECT["dependencies"]}
    providers = packages_distributions()
    undeclared = {
        package
        for package in imported()
        if told.isdisjoint(name.lower().replace("-", "_") for name in providers[package])
    }
    assert not undeclared

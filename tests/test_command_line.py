"""Every command as its users run it: a process, its output, its exit status."""

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

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
from tests.servers import PATIENCE, address_in, wait_until

PROJECT = Path(__file__).parents[1]
FOREIGN = PROJECT / "tests" / "service" / "foreign.ttl"
PROGRAM = [sys.executable, "-m", "service"]
TASKS = """タスク一覧
タスク大分類 タスク中分類 タスク小分類
窓口 受付業務 来客受付評価項目を表示

▼評価項目

名札を渡す
"""


@dataclass(frozen=True)
class Ran:
    """A process that ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def environment(**variables: str) -> dict[str, str]:
    """The environment without settings of whoever runs the tests."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("CCGRAPH_")}
    ours = {"CCGRAPH_ENCODER": "ngram", "PYTHONPATH": str(PROJECT), "COLUMNS": "200"}
    return {**kept, **ours, **variables}


def run(*arguments: object, cwd: Path, **variables: str) -> Ran:
    """A command that ends by itself; whatever happens it prints no traceback and no warning."""
    ended = subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        cwd=cwd, env=environment(**variables), capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    assert "Traceback" not in ended.stderr, ended.stderr
    assert "Warning" not in ended.stderr, ended.stderr
    return Ran(ended.returncode, ended.stdout, ended.stderr)


Run = Callable[..., Ran]


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a build of the open edition."""
    folder = tmp_path_factory.mktemp("served")
    built = run("build", "--out", folder / "data", cwd=folder)
    assert built.status == 0, built.err
    assert "open" in built.out and "EvaluationItem" in built.out
    return folder / "data"


@pytest.fixture
def copy(data: Path, tmp_path: Path) -> Path:
    """A copy of it to spoil."""
    return Path(shutil.copytree(data, tmp_path / "copy", symlinks=True))


@pytest.fixture
def ccgraph(data: Path, tmp_path: Path) -> Run:
    """Runs a command on the built data."""

    def ran(*arguments: object, **variables: str) -> Ran:
        return run(*arguments, cwd=tmp_path, **{"CCGRAPH_DATA": str(data), **variables})

    return ran


def written(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "tasks.txt").write_text(text, encoding="utf-8")
    return folder


def sealed(folder: Path) -> None:
    """Make a build that was tampered with look whole."""
    manifest = read_manifest(folder)
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    sums = {path.relative_to(folder).as_posix(): checksum(path) for path in files}
    (folder / MANIFEST).write_text(json.dumps({**manifest, "files": sums}), encoding="utf-8")


def index_for_another(data: Path) -> None:
    """Make the index of the current build one of another encoder."""
    build = (data / CURRENT).resolve()
    (build / "index-ngram").rename(build / "index-other")
    index = build / "index-other" / "index.json"
    head = json.loads(index.read_text(encoding="utf-8"))
    index.write_text(json.dumps({**head, "encoder": "other"}), encoding="utf-8")
    sealed(build)


class TestHelp:
    def test_every_command_is_listed_in_two_languages(self, tmp_path: Path) -> None:
        told = run("--help", cwd=tmp_path)
        assert told.status == 0
        for name in ("build", "check", "serve", "search", "query", "evaluate", "registry"):
            assert re.search(rf"\b{name} .*[ぁ-ん].* / ", told.out), name

    def test_the_script_is_the_module(self, tmp_path: Path) -> None:
        script = Path(sys.executable).with_name("ccgraph")
        if not script.exists():
            pytest.skip("the package is not installed: there is no script ccgraph")
        told = subprocess.run([script, "--help"], capture_output=True, text=True,
                              env=environment(), check=True)  # fmt: skip
        assert told.stdout == run("--help", cwd=tmp_path).out

    @pytest.mark.parametrize(
        "arguments",
        [
            [], ["frobnicate"], ["registry"], ["build", "--unknown"], ["search", " "],
            ["serve", "--port", "eighty"], ["serve", "--port", "99999"],
            ["query", "hierarchy", "--param", "area"],
        ],
    )  # fmt: skip
    def test_wrong_use_is_status_2(self, ccgraph: Run, arguments: list[str]) -> None:
        told = ccgraph(*arguments)
        assert told.status == 2
        assert (told.err or told.out).strip()

    def test_a_bad_variable_is_named(self, ccgraph: Run) -> None:
        told = ccgraph("query", "coverage", CCGRAPH_QUERY_TIMEOUT="soon")
        assert told.status == 2
        assert "CCGRAPH_QUERY_TIMEOUT" in told.err and "soon" in told.err


class TestBuild:
    def test_a_folder_with_a_strange_file(self, tmp_path: Path, open_edition: Path) -> None:
        documents = tmp_path / "documents"
        documents.mkdir()
        shutil.copy(open_edition / "sfia.txt", documents)
        (documents / "recipe.txt").write_text("大根を厚めに切る。\n", encoding="utf-8")
        told = run("build", documents, "--out", tmp_path / "d", cwd=tmp_path)
        assert told.status == 0
        assert "警告 recipe.txt" in told.out
        assert (tmp_path / "d" / CURRENT / GRAPH).is_file()

    def test_for_machines(self, tmp_path: Path) -> None:
        documents = written(tmp_path / "documents", TASKS)
        told = run("build", documents, "--json", cwd=tmp_path)
        assert told.status == 0 and not told.err
        assert told.json["counts"]["EvaluationItem"] == 1
        saved = tmp_path / "data" / CURRENT / "report.json"
        assert json.loads(saved.read_text(encoding="utf-8")) == told.json

    def test_only_a_complete_document_retires_at_its_end(self, tmp_path: Path) -> None:
        more = TASKS + "\n傘を預かる\n"
        first = run("build", written(tmp_path / "a", more), "--json", cwd=tmp_path)
        added = {each["label"]: each["id"] for each in first.json["changes"]}
        less = written(tmp_path / "b", TASKS)
        kept = run("build", less, "--json", cwd=tmp_path)
        assert not [each for each in kept.json["changes"] if each["event"] == "retired"]
        assert "open-end" in {each["code"] for each in kept.json["findings"]}
        gone = run("build", less, "--json", "--complete", cwd=tmp_path)
        assert [each["id"] for each in gone.json["changes"] if each["event"] == "retired"] == [
            added["傘を預かる"]
        ]

    @pytest.mark.parametrize("shared", ["data", "registry"])
    def test_two_at_once_mint_different_numbers(self, tmp_path: Path, shared: str) -> None:
        running = []
        for name in ("名前を聞く", "席へ案内する"):
            out = "data" if shared == "data" else name
            documents = written(
                tmp_path / f"documents of {name}", TASKS.replace("名札を渡す", name)
            )
            command = [*PROGRAM, "build", documents, "--json", "--out", out,
                       "--registry", "ids.csv"]  # fmt: skip
            running.append(
                subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE)
            )
        reports = [json.loads(each.communicate(timeout=PATIENCE)[0]) for each in running]
        assert [each.returncode for each in running] == [0, 0]
        changes = [each for report in reports for each in report["changes"]]
        items = [each["id"] for each in changes if each["kind"] == "EvaluationItem"]
        assert len(set(items)) == 2
        known = (tmp_path / "ids.csv").read_text(encoding="utf-8")
        assert all(f"\n{id}," in known for id in items)

    @pytest.mark.parametrize("path", ["nowhere", "empty"])
    def test_nothing_to_read_is_refused(self, tmp_path: Path, path: str) -> None:
        (tmp_path / "empty").mkdir()
        told = run("build", path, cwd=tmp_path)
        assert told.status == 1
        assert not (tmp_path / "data" / CURRENT).exists()
        assert " / " in told.err

    def test_a_damaged_registry_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "ids.csv").write_text("id,kind\nx,y\n", encoding="utf-8")
        told = run("build", "--registry", "ids.csv", cwd=tmp_path)
        assert told.status == 1
        assert "ids.csv" in told.err


class TestCheck:
    def test_the_open_edition_is_clean(self, ccgraph: Run) -> None:
        told = ccgraph("check", "--json")
        assert told.status == 0
        assert {each["severity"] for each in told.json["findings"]} <= {"info"}

    @pytest.mark.parametrize(
        ("command", "name"),
        [
            (["check"], GRAPH),
            (["search", "研修"], "index-ngram/index.npz"),
            (["serve", "--port", "0"], MANIFEST),
        ],
    )
    def test_damage_is_refused_by_name(
        self, ccgraph: Run, copy: Path, command: list[str], name: str
    ) -> None:
        (copy / CURRENT / name).write_bytes(b"damaged")
        told = ccgraph(*command, "--data", copy)
        assert told.status == 1
        assert name in told.err and "ccgraph build" in told.err

    def test_another_build_can_be_linked_instead(self, ccgraph: Run, copy: Path) -> None:
        shutil.copytree(copy / CURRENT, copy / BUILDS / "other")
        (copy / CURRENT / GRAPH).write_bytes(b"damaged")
        (copy / CURRENT).unlink()
        (copy / CURRENT).symlink_to(Path(BUILDS) / "other")
        assert ccgraph("query", "coverage", "--data", copy).status == 0

    def test_no_build_is_refused(self, ccgraph: Run, tmp_path: Path) -> None:
        told = ccgraph("check", "--data", tmp_path / "none")
        assert told.status == 1
        assert "ccgraph build" in told.err

    def test_faults_of_a_foreign_graph_are_found(self, ccgraph: Run) -> None:
        told = ccgraph("check", "--graph", FOREIGN)
        assert told.status == 1
        assert "hierarchical-cycles" in told.out

    @pytest.mark.parametrize(
        ("command", "name"),
        [
            (["check"], "bad.ttl"),
            (["search", "x"], "bad.xyz"),
            (["serve", "--port", "0"], "bad.ttl"),
            (["serve", "--workers", "2"], "none.ttl"),
        ],
    )
    def test_a_file_that_is_no_graph(
        self, ccgraph: Run, tmp_path: Path, command: list[str], name: str
    ) -> None:
        if name != "none.ttl":
            (tmp_path / name).write_text("nothing of the kind", encoding="utf-8")
        told = ccgraph(*command, "--graph", tmp_path / name)
        assert told.status == 1
        assert name in told.err


class TestFigures:
    """The quality of search is that of the last build, even where the graph is the same."""

    @staticmethod
    def figures(data: Path) -> Path:
        return data / CURRENT / "index-ngram" / FIGURES

    def test_they_are_measured_anew_for_other_queries(self, ccgraph: Run, copy: Path) -> None:
        place = self.figures(copy)
        told = json.loads(place.read_text(encoding="utf-8"))
        place.write_text(json.dumps({**told, "digest": "of older queries"}), encoding="utf-8")
        sealed((copy / CURRENT).resolve())
        assert ccgraph("build", "--out", copy).status == 0
        again = json.loads(place.read_text(encoding="utf-8"))
        assert again["digest"] == told["digest"] and not damage(copy / CURRENT)

    def test_where_they_are_the_same_nothing_changes(self, ccgraph: Run, copy: Path) -> None:
        before = self.figures(copy).read_bytes()
        manifest = (copy / CURRENT / MANIFEST).stat().st_mtime_ns
        assert ccgraph("build", "--out", copy).status == 0
        assert self.figures(copy).read_bytes() == before
        assert (copy / CURRENT / MANIFEST).stat().st_mtime_ns == manifest


class TestSearch:
    def test_hits_for_people(self, ccgraph: Run) -> None:
        told = ccgraph("search", "コーチング")
        assert told.status == 0
        assert "cmbok2.HR-5" in told.out and "コーチング" in told.out

    def test_filters(self, ccgraph: Run) -> None:
        told = ccgraph(
            "search", "研修", "--kind", "Task", "--scheme", "task", "--limit", "3", "--json"
        )
        assert told.status == 0
        assert len(told.json["hits"]) == 3
        assert {(hit["kind"], hit["scheme"]) for hit in told.json["hits"]} == {("Task", "task")}

    @pytest.mark.parametrize(
        ("options", "fits"),
        [
            (["--area", "cmbok2.HR", "--kind", "Competency"], r"cmbok2\.HR-"),
            (["--area", "cmbok2.HR", "--area", "cmbok2.LF"], r"cmbok2\.(HR|LF)"),
            (["--task-class", "task.M02"], r"task\.[MTE]"),
            (["--task_class", "task.M02", "--kind", "Task"], r"task\.T"),
            (["--level", "sfia9.CSMG-3"], r"task\.|sfia9\.CSMG-3"),
            (["--include", "superseded", "--scheme", "cmbok1"], r"cmbok1\."),
        ],
    )
    def test_the_facets_of_http(self, ccgraph: Run, options: list[str], fits: str) -> None:
        told = ccgraph("search", "研修の効果を確かめる", "--json", *options)
        assert told.status == 0 and told.json["hits"]
        assert all(re.match(fits, hit["id"]) for hit in told.json["hits"])

    def test_the_next_hits(self, ccgraph: Run) -> None:
        first, rest = (
            ccgraph("search", "研修", "--json", "--limit", "2", "--offset", skipped).json["hits"]
            for skipped in ("0", "1")
        )
        assert first[1]["id"] == rest[0]["id"]

    @pytest.mark.parametrize(
        ("option", "there"),
        [
            ("--kind", "Competency"),
            ("--scheme", "cmbok2"),
            ("--area", "cmbok2.HR"),
            ("--task-class", "task.M02"),
            ("--level", "sfia9.CSMG-3"),
        ],
    )
    def test_an_unknown_filter_is_refused(self, ccgraph: Run, option: str, there: str) -> None:
        told = ccgraph("search", "研修", option, "Nonsense")
        assert told.status == 2
        assert option in told.err and "Nonsense" in told.err and there in told.err

    def test_an_index_of_another_encoder_is_encoded_anew(self, ccgraph: Run, copy: Path) -> None:
        index_for_another(copy)
        told = ccgraph("search", "コーチング", "--json", "--data", copy)
        assert told.status == 0
        assert told.json["hits"][0]["id"] == "cmbok2.HR-5"
        assert "other" in told.err and "ngram" in told.err
        again = ccgraph("search", "コーチング", "--json", "--data", copy)
        assert again.json["hits"] == told.json["hits"]
        assert not again.err  # it is kept

    def test_an_index_of_an_older_form_is_made_again(self, ccgraph: Run, copy: Path) -> None:
        index = copy / CURRENT / "index-ngram" / "index.json"
        index.write_text('{"format": 0}', encoding="utf-8")
        sealed((copy / CURRENT).resolve())
        told = ccgraph("search", "コーチング", "--json", "--data", copy)
        assert told.status == 0
        assert told.json["hits"][0]["id"] == "cmbok2.HR-5"
        assert "index" in told.err


class TestQuery:
    def test_a_table(self, ccgraph: Run) -> None:
        told = ccgraph("query", "competencies-of-area", "--param", "area=HR")
        assert told.status == 0
        assert "HR-5" in told.out and "コーチング" in told.out

    def test_json(self, ccgraph: Run) -> None:
        told = ccgraph("query", "competencies-of-area", "--param", "area=HR", "--format", "json")
        assert told.status == 0
        assert told.json.keys() == {"name", "params", "columns", "rows", "summary"}
        assert "cmbok2.HR-5" in [row["competency"] for row in told.json["rows"]]
        assert all(row.keys() == set(told.json["columns"]) for row in told.json["rows"])

    def test_csv(self, ccgraph: Run) -> None:
        rows = list(
            csv.DictReader(io.StringIO(ccgraph("query", "coverage", "--format", "csv").out))
        )
        concepts = {(row["scheme"], row["kind"]): row["concepts"] for row in rows}
        assert concepts["cmbok2", "Competency"] == "93"

    def test_a_query_of_ones_own(self, ccgraph: Run, tmp_path: Path) -> None:
        text = "PREFIX cco: <https://w3id.org/ccgraph/ontology#>\nSELECT ?e { ?e a cco:Skill }"
        (tmp_path / "own.rq").write_text(text, encoding="utf-8")
        told = ccgraph("query", "own.rq", "--format", "json")
        assert told.status == 0
        assert told.json["rows"] == [{"e": "sfia9.CSMG"}]

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            (["no-such-question"], "coverage"),
            (["competencies-of-area", "--param", "region=HR"], "area"),
            (["competencies-of-area", "--param", "area=ZZ"], "ZZ"),
        ],
    )
    def test_what_is_unknown_is_refused_with_a_remedy(
        self, ccgraph: Run, arguments: list[str], named: str
    ) -> None:
        told = ccgraph("query", *arguments)
        assert told.status == 2
        assert named in told.err

    @pytest.mark.parametrize(
        "content",
        [
            b"SELECT * WHERE { ?s ?p", b"ASK { ?s ?p ?o }", b"#+ nonsense", b"\xff\xfe\0",
            b"SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
        ],
    )  # fmt: skip
    def test_a_file_that_is_no_select_query(
        self, ccgraph: Run, tmp_path: Path, content: bytes
    ) -> None:
        (tmp_path / "own.rq").write_bytes(content)
        told = ccgraph("query", "own.rq")
        assert told.status == 2
        assert told.err.strip()


class TestEvaluate:
    def judged(self, folder: Path, **judgments: float) -> Path:
        row = {"id": "q1", "query": "コーチング", "style": "keyword"}
        text = json.dumps([{**row, "judgments": judgments}])
        (folder / "judged.json").write_text(text, encoding="utf-8")
        return folder / "judged.json"

    def test_a_small_file(self, ccgraph: Run, tmp_path: Path) -> None:
        queries = self.judged(tmp_path, **{"cmbok2.HR-5": 2})
        told = ccgraph("evaluate", queries, "--json")
        assert told.status == 0
        assert told.json["overall"] == {"mean": 1.0, "low": 1.0, "high": 1.0, "queries": 1}

    def test_an_unknown_key_is_named(self, ccgraph: Run, tmp_path: Path) -> None:
        told = ccgraph("evaluate", self.judged(tmp_path, **{"cmbok2.ZZ-1": 2}))
        assert told.status == 1
        assert "cmbok2.ZZ-1" in told.err

    @pytest.mark.parametrize("content", [None, b'[{"id": "q1"}]'])
    def test_a_file_of_another_form(
        self, ccgraph: Run, tmp_path: Path, content: bytes | None
    ) -> None:
        if content is not None:
            (tmp_path / "judged.json").write_bytes(content)
        told = ccgraph("evaluate", tmp_path / "judged.json")
        assert told.status == 1
        assert "judged.json" in told.err


class TestTune:
    GRAPH = PROJECT / "tests" / "service" / "search.trig"

    def test_a_patch_is_written_and_searched_with(self, tmp_path: Path) -> None:
        pytest.importorskip("sentence_transformers")
        told = run("tune", "--graph", self.GRAPH, "--out", "words.npz", "--json", cwd=tmp_path)
        assert told.status == 0, told.err
        assert told.json["base"] == "ngram" and told.json["pairs"] > 10
        patched = {"CCGRAPH_ENCODER": told.json["CCGRAPH_ENCODER"]}
        found = run(
            "search", "コーチング", "--graph", self.GRAPH, "--json", cwd=tmp_path, **patched
        )
        assert found.json["hits"][0]["id"] == "cmbok2.HR-5"

    def test_nothing_to_do_is_wrong_use(self, tmp_path: Path) -> None:
        told = run("tune", cwd=tmp_path)
        assert told.status == 2 and "--out" in told.err

    def test_a_model_that_takes_no_patch_is_named(self, tmp_path: Path) -> None:
        pytest.importorskip("sentence_transformers")
        told = run("tune", "--out", "words.npz", cwd=tmp_path, CCGRAPH_ENCODER="some/model")
        assert told.status == 1 and "some/model" in told.err

    def test_a_patch_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        patched = {"CCGRAPH_ENCODER": "ngram+nowhere.npz"}
        told = run("search", "採用", "--graph", self.GRAPH, cwd=tmp_path, **patched)
        assert told.status == 1 and "nowhere.npz" in told.err


class TestExplain:
    def test_a_code(self, ccgraph: Run) -> None:
        told = ccgraph("registry", "explain", "cmbok2.HR-5")
        assert told.status == 0
        assert "コード" in told.out and "コーチング" in told.out and "cmbok_codes.txt" in told.out

    def test_a_number(self, ccgraph: Run) -> None:
        told = ccgraph("registry", "explain", "task.E034", "--json")
        assert told.status == 0
        assert "number" in told.json["why"]
        assert told.json["since"] and told.json["label"] and told.json["text hashes"]
        assert told.json["parent"].startswith("task.T")

    def test_an_unknown_id(self, ccgraph: Run) -> None:
        told = ccgraph("registry", "explain", "task.E9999")
        assert told.status == 1
        assert "task.E9999" in told.err


@contextmanager
def serving(*arguments: object, cwd: Path, **variables: str) -> Iterator[httpx.Client]:
    """A client of a server on a port of its choice; asked to end, the server ends cleanly."""
    command = [*PROGRAM, "serve", "--port", "0", *map(str, arguments)]
    log = cwd / "log"
    with log.open("w", encoding="utf-8") as err:
        process = subprocess.Popen(command, cwd=cwd, env=environment(**variables), stderr=err)
    try:
        wait_until(lambda: process.poll() is not None or address_in(log))
        with _client(address_in(log) or "") as client:
            wait_until(lambda: process.poll() is not None or _ready(client))
            yield client
    finally:
        process.send_signal(signal.SIGTERM)
        status = process.wait(PATIENCE)
    told = log.read_text(encoding="utf-8")
    assert "Traceback" not in told and "Warning" not in told, told
    # by convention a process that ends as it was told to reports the signal or nothing
    assert status in (0, -signal.SIGTERM)


def _client(root: str) -> httpx.Client:
    return httpx.Client(base_url=root, trust_env=False, timeout=PATIENCE)


def _ready(client: httpx.Client) -> bool:
    try:
        return client.get("/health/ready").is_success
    except httpx.TransportError:
        return False


def processes_about(path: Path) -> list[str]:
    """The command lines of running processes that name a path (on Linux)."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(each.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:  # it has just ended
            continue
    return [line for line in found if str(path) in line]


class TestServe:
    def test_without_data_the_open_edition_is_built_first(self, tmp_path: Path) -> None:
        with serving(cwd=tmp_path) as client:
            told = client.get("/version").json()
            hits = client.get("/search", params={"q": "コーチング"}).json()["hits"]
        manifest = read_manifest(tmp_path / "data" / CURRENT)
        assert (told["edition"], told["graph"], told["encoder"]) == (
            "open", manifest["graph"], "ngram",
        )  # fmt: skip
        assert hits[0]["id"] == "cmbok2.HR-5"
        assert "open edition" in (tmp_path / "log").read_text(encoding="utf-8")

    def test_it_answers_as_the_command_line_does(
        self, data: Path, tmp_path: Path, ccgraph: Run
    ) -> None:
        with serving("--data", data, cwd=tmp_path) as client:
            served = client.get("/search", params={"q": "怒っているお客様をなだめる"}).json()
            asked = client.get("/queries/coverage", headers={"Accept": "application/json"}).json()
        found = ccgraph("search", "怒っているお客様をなだめる", "--json").json
        assert {**served, "took_ms": 0} == {**found, "took_ms": 0}
        assert asked == ccgraph("query", "coverage", "--format", "json").json

    def test_no_process_outlives_it(self, copy: Path, tmp_path: Path) -> None:
        with serving("--data", copy, "--workers", "2", cwd=tmp_path) as client:
            query = {"query": "ASK { ?s ?p ?o }"}
            assert client.get("/sparql", params=query).json()["boolean"]
        wait_until(lambda: not processes_about(copy))

    def test_it_imports_neither_torch_nor_loaders(self, data: Path, tmp_path: Path) -> None:
        with serving("--data", data, cwd=tmp_path, PYTHONPROFILEIMPORTTIME="1") as client:
            assert client.get("/version").json()["encoder"] == "ngram"
        log = (tmp_path / "log").read_text(encoding="utf-8")
        imported = set(re.findall(r"^import time:.*\| +(\w+)", log, re.MULTILINE))
        assert {"service", "pyoxigraph"} <= imported
        heavy = {"torch", "transformers", "sentence_transformers", "rdflib", "pyshacl", "loaders"}
        assert not imported & heavy

    def test_an_index_it_lacks_is_made_before_it_starts(self, copy: Path, tmp_path: Path) -> None:
        index_for_another(copy)
        for made in (True, False):
            with serving("--data", copy, cwd=tmp_path) as client:
                assert client.get("/search", params={"q": "コーチング"}).json()["hits"]
            log = (tmp_path / "log").read_text(encoding="utf-8")
            assert ("indexing for search" in log) is made

    def test_the_file_of_a_build_brings_its_index(self, data: Path, tmp_path: Path) -> None:
        with serving("--graph", data / CURRENT / GRAPH, cwd=tmp_path) as client:
            assert client.get("/search", params={"q": "コーチング"}).json()["hits"]
        assert "indexing for search" not in (tmp_path / "log").read_text(encoding="utf-8")
        assert not (tmp_path / "data").exists()

    def test_a_graph_of_someone_else(self, tmp_path: Path) -> None:
        with serving("--graph", FOREIGN, cwd=tmp_path) as client:
            hits = client.get("/search", params={"q": "kitty"}).json()["hits"]
            count = client.get("/sparql", params={"query": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"})
        assert hits[0]["id"] == hits[0]["uri"] == "https://example.org/zoo/cat"
        assert int(count.json()["results"]["bindings"][0]["n"]["value"]) > 20
        assert [each.name for each in (tmp_path / "data").iterdir()] == ["indexes"]

    def test_an_address_that_is_not_ours_is_refused(self, ccgraph: Run) -> None:
        told = ccgraph("serve", "--port", "0", "--host", "192.0.2.1")
        assert told.status == 1

"""The command line: the only place where loaders and service meet."""

import logging
import os
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer
from pyoxigraph import RdfFormat
from rich.logging import RichHandler

from ontology.artefact import CURRENT, GRAPH
from ontology.terms import Names
from service import console
from service.settings import SettingError, Settings

if TYPE_CHECKING:
    from service.graph.questions import Answer
    from service.graph.store import Graph

CLI: Final = typer.Typer(
    name="ccgraph",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="コンタクトセンターの仕事と能力の知識グラフ。 / Knowledge graph of contact-centre work.",
)
REGISTRY: Final = typer.Typer(no_args_is_help=True, help="id の台帳 / the registry of ids")
CLI.add_typer(REGISTRY, name="registry")

#: exit statuses: something was found or refused; used wrongly
FINDINGS: Final = 1
USAGE: Final = 2

Documents = Annotated[
    list[Path] | None,
    typer.Argument(
        help="文書のファイルかフォルダー（省けば公開版） / documents, default: open edition"
    ),
]
Data = Annotated[
    Path | None, typer.Option("--data", "--out", help="データのフォルダー / data directory")
]
RegistryFile = Annotated[
    Path | None,
    typer.Option("--registry", help="台帳（既定は DIR/registry.csv） / registry file"),
]
AsJson = Annotated[bool, typer.Option("--json", help="機械のために JSON で / print JSON")]
GraphFile = Annotated[
    Path | None,
    typer.Option("--graph", help="ほかで作られた RDF ファイル / RDF file built elsewhere"),
]


@CLI.command()
def build(
    documents: Documents = None,
    out: Data = None,
    registry: RegistryFile = None,
    complete: Annotated[
        bool,
        typer.Option(
            "--complete",
            help="文書は最後まで揃っているとみなす / documents end where they should",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """文書を読み、検査したグラフと検索の索引を作る。 / Build graph and index from documents."""
    with reported():
        settings = read_settings(data=out)
        report = _build(settings, documents or [], registry, trust_ends=complete, quiet=as_json)
    if as_json:
        console.print_json(report)
    else:
        console.print_report(report, settings.data)


def _build(
    settings: Settings,
    documents: list[Path],
    registry: Path | None,
    *,
    trust_ends: bool = False,
    quiet: bool = False,
) -> Mapping[str, Any]:
    """Build and publish; returns the report. Only this function needs all of the loaders."""
    from loaders import artefact
    from loaders.build import build as make
    from loaders.registry import load_registry

    overlay = registry or settings.data / "registry.csv"
    with artefact.exclusive(settings.data, overlay), console.progress(quiet) as tell:
        made = make(
            documents,
            load_registry(overlay),
            Names(settings.base),
            today=datetime.now(UTC).date(),
            trust_ends=trust_ends,
            own=settings.data,
            progress=tell.step,
        )
        finish = _indexing(settings, tell)
        artefact.publish(made, settings.data, overlay, finish)
    return asdict(made.report)


def _indexing(settings: Settings, tell: console.Steps) -> Any:
    """What adds the search index to a build: the service's part of the artefact."""
    from service.boot import index_build

    def finish(folder: Path) -> Mapping[str, object]:
        tell.step("検索の索引を作る / indexing for search")
        return index_build(settings, folder, tell.count)

    return finish


@CLI.command()
def check(data: Data = None, graph: GraphFile = None, as_json: AsJson = False) -> None:
    """作ったグラフをもう一度検査する。 / Check the current graph: shapes, SKOS, checksums."""
    from loaders.check import check_file
    from service.boot import open_graph

    with reported(), TemporaryDirectory() as folder:
        settings = read_settings(data=data, graph=graph)
        opened, path = open_graph(settings)
        plain = Path(folder) / GRAPH
        opened.store.dump(plain, RdfFormat.N_QUADS)
        faults = [asdict(fault) for fault in check_file(plain, Names(settings.base))]
    if as_json:
        console.print_json({"graph": str(path), "findings": faults})
    else:
        console.print_faults(path, faults)
    if any(fault["severity"] != "info" for fault in faults):
        raise typer.Exit(FINDINGS)


@CLI.command()
def serve(
    data: Data = None,
    host: Annotated[str | None, typer.Option(help="待ち受ける住所 / address")] = None,
    port: Annotated[int | None, typer.Option(help="ポート / port")] = None,
    workers: Annotated[int | None, typer.Option(help="プロセス数 / processes")] = None,
    graph: GraphFile = None,
) -> None:
    """サービスを始める。グラフがなければ公開版を作る。 / Serve; builds the open edition first."""
    from service.boot import open_state, prepare_graph
    from service.operating.serving import serve as run

    with reported():
        settings = read_settings(data=data, host=host, port=port, workers=workers, graph=graph)
        if not settings.graph and not (settings.data / CURRENT).exists():
            console.say("グラフがないため、公開版を作ります。 / building the open edition first")
            _build(settings, [], None)
        with console.progress(quiet=False) as tell:
            prepare_graph(settings, tell.step, tell.count)
        if settings.workers > 1:  # they would fail one by one, and for ever
            open_state(settings)
    with reported(), _statuses():
        run(settings)


@contextmanager
def _statuses() -> Iterator[None]:
    """A server that could not start was refused: uvicorn has statuses of its own for that."""
    try:
        yield
    except SystemExit as stopped:
        raise typer.Exit(FINDINGS if stopped.code else 0) from stopped


@CLI.command()
def search(
    text: Annotated[str, typer.Argument(help="探したいこと / what to search for")],
    data: Data = None,
    graph: GraphFile = None,
    kind: Annotated[list[str] | None, typer.Option(help="種類 / class name")] = None,
    scheme: Annotated[list[str] | None, typer.Option(help="体系 / scheme id")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="件数 / hits")] = 10,
    as_json: AsJson = False,
) -> None:
    """自然な日本語で探す。 / Search in natural Japanese."""
    from service.boot import open_graph, open_search
    from service.retrieval.search import Asked
    from service.routes.search import document

    if not text.strip():
        refuse("検索する語を書いてください / nothing to search for", USAGE)
    with reported():
        settings = read_settings(data=data, graph=graph)
        engine = open_search(settings, *open_graph(settings))
    _refuse_unknown("--kind", kind, engine.known("kind"))
    _refuse_unknown("--scheme", scheme, engine.known("scheme"))
    asked = Asked(
        text=text, kinds=frozenset(kind or ()), schemes=frozenset(scheme or ()), limit=limit
    )
    results = document(engine.find(asked))
    if as_json:
        console.print_json(results)
    else:
        console.print_hits(results)


@CLI.command()
def query(
    name: Annotated[str, typer.Argument(help="問いの名前か .rq ファイル / question or file")],
    param: Annotated[
        list[str] | None, typer.Option("--param", help="引数 k=v / parameter k=v")
    ] = None,
    output: Annotated[
        console.Format, typer.Option("--format", help="出し方 / output format")
    ] = console.Format.TABLE,
    data: Data = None,
    graph: GraphFile = None,
) -> None:
    """決まった問いに答える。 / Answer one of the documented questions, or a query in a file."""
    from service.boot import open_graph, open_search, searchable
    from service.graph.questions import to_csv

    params = _pairs(param or [])
    with reported():
        settings = read_settings(data=data, graph=graph)
        plain, path = open_graph(settings)
        opened = searchable(plain, lambda: open_search(settings, plain, path))
        answer = _answer(name, opened, params)
    console.print_answer(answer.document(), output, to_csv(answer))


def _answer(name: str, graph: "Graph", params: list[tuple[str, str]]) -> "Answer":
    """The answer to a question; stops where there is none of the name or it is no SELECT query."""
    from service.errors import Problem
    from service.graph.parameters import gathered
    from service.graph.questions import ask, find_question
    from service.sparql.lexer import examine

    try:
        question = find_question(name)
        if (form := examine(question.text).form) != "SELECT":
            refuse(f"{name}: {form} は使えません。SELECT で / not a SELECT query: {form}", USAGE)
        return ask(question, graph, gathered(question.kinds, params))
    except Problem as problem:
        refuse(str(problem), USAGE)
    except (SyntaxError, ValueError) as fault:
        refuse(f"{name}: 問いとして読めません / cannot be read as a question: {fault}", USAGE)


@CLI.command()
def evaluate(
    queries: Annotated[Path, typer.Argument(help="判定済みの問い (JSON) / judged queries")],
    data: Data = None,
    graph: GraphFile = None,
    weight: Annotated[
        list[str] | None,
        typer.Option("--compare", help="変えた重み NAME=VALUE と比べる / weights to compare with"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """検索の質を測る (nDCG@10, MRR, recall@10)。 / Measure the search on judged queries."""
    from service.boot import open_graph, open_search
    from service.retrieval.evaluation import compare, evaluate_file
    from service.retrieval.ranking import WeightError, changed

    with reported():
        settings = read_settings(data=data, graph=graph)
        opened, path = open_graph(settings)
        engine = open_search(settings, opened, path)
        found = evaluate_file(queries, opened, engine)
        try:
            other = replace(engine, weights=changed(engine.weights, weight or ()))
        except WeightError as fault:
            refuse(str(fault), USAGE)
        against = compare(found, evaluate_file(queries, opened, other)) if weight else None
    report = asdict(found) | ({"comparison": asdict(against)} if against else {})
    if as_json:
        console.print_json(report)
        return
    console.print_quality(report)
    if against:
        console.print_comparison(asdict(against))


@CLI.command()
def align(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="スキル一覧（SKOS か CSV）、または提案 .sssom.tsv / skills or proposals"
        ),
    ] = None,
    *,
    out: Annotated[Path | None, typer.Option("--out", help="提案を書く先 / SSSOM file")] = None,
    data: Annotated[Path | None, typer.Option("--data", help="データのフォルダー")] = None,
    limit: Annotated[int, typer.Option(min=1, help="主語と種類ごとの件数 / proposals")] = 5,
    threshold: Annotated[float, typer.Option(min=0, max=1, help="確信度の下限 / from")] = 0.3,
    namespace: Annotated[str | None, typer.Option(help="CSV の id の名前空間 / IRI")] = None,
    load: Annotated[bool, typer.Option("--load", help="グラフに入れる / publish them")] = False,
    registry: RegistryFile = None,
    evaluate: Annotated[bool, typer.Option("--evaluate", help="質を測る / measure")] = False,
    fit: Annotated[Path | None, typer.Option(help="重みを作り直す先 / write weights")] = None,
    as_json: AsJson = False,
) -> None:
    """まだ対応付けのないものに、対応付けを提案する。 / Propose mappings for what has none."""
    from service.aligning import command as work
    from service.aligning.align import Wanted
    from service.aligning.table import as_sssom

    with reported(), console.progress(as_json) as tell:
        settings = read_settings(data=data)
        text = work.table_in(files or [], load)
        if text is None:
            graph, ground = work.open_ground(settings, tell)
            if evaluate or fit:
                work.study(ground, settings, fit, as_json=as_json)
                return
            wanted = Wanted(limit, threshold)
            aligner = work.open_aligner(graph, ground)
            found = work.proposals_for(aligner, files or [], namespace, wanted, tell)
            text = as_sssom(found, graph.names, datetime.now(UTC).date())
            work.write(text, out)
            work.show(found, graph.names, as_json=as_json)
        if load:
            _load_proposals(settings, text, registry, tell)


@CLI.command()
def tune(
    *,
    out: Annotated[Path | None, typer.Option("--out", help="パッチを書く先 / patch file")] = None,
    data: Annotated[Path | None, typer.Option("--data", help="データのフォルダー")] = None,
    graph: GraphFile = None,
    evaluate: Annotated[
        list[Path] | None,
        typer.Option("--evaluate", help="判定済みの問いで交差検証する / judged queries"),
    ] = None,
    folds: Annotated[int, typer.Option(min=2, help="分割の数 / folds")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="乱数の種 / seed")] = 20261123,
    as_json: AsJson = False,
) -> None:
    """符号化器を語彙の言葉に合わせる。 / Tune the encoder to the words of the vocabulary."""
    from service.tuning import command as work
    from service.tuning.training import Recipe

    if not out and not evaluate:
        refuse("--out か --evaluate を指定してください / give --out or --evaluate", USAGE)
    recipe = Recipe(seed=seed)
    with reported(), console.progress(as_json) as tell:
        lesson = work.open_lesson(read_settings(data=data, graph=graph), tell)
        if evaluate:
            report = work.study(lesson, recipe, evaluate, folds, tell)
            console.print_json(report) if as_json else console.print_tuning(report)
        if out:
            about = work.write_patch(lesson, recipe, out, tell)
            console.print_json(about) if as_json else console.print_facts(about)


def _load_proposals(
    settings: Settings, text: str, registry: Path | None, tell: console.Steps
) -> None:
    """Publish the current build with these proposals."""
    from loaders.artefact import exclusive
    from loaders.proposals import publish_proposals
    from service.boot import current_build

    overlay = registry or settings.data / "registry.csv"
    with exclusive(settings.data, overlay):
        publish_proposals(
            settings.data,
            current_build(settings.data),
            text,
            overlay,
            names=Names(settings.base),
            finish=_indexing(settings, tell),
        )


@CLI.command()
def selftest(
    url: Annotated[str, typer.Argument(help="サービスの URL / where the service answers")],
    timeout: Annotated[
        float, typer.Option(min=0.1, max=600, help="一つの答えを待つ秒数 / seconds per answer")
    ] = 30,
    as_json: AsJson = False,
) -> None:
    """動いているサービスが約束を守るか、外から確かめる。 / Check a running service from outside."""
    from service.selftest.client import Unmet
    from service.selftest.run import selftest as checked

    try:
        with console.progress(as_json) as tell:
            tell.step("確かめています / checking")
            report = checked(url, timeout, tell.count)
    except ValueError:
        refuse(f"{url}: http(s) の URL を指定してください / give an http(s) URL", USAGE)
    except Unmet as silence:
        refuse(f"{url}: 答えがありません / {silence}", FINDINGS)
    if as_json:
        console.print_json(report.document())
    else:
        console.print_selftest(report.document())
    if report.failed:
        raise typer.Exit(FINDINGS)


@REGISTRY.command()
def explain(
    id: Annotated[str, typer.Argument(help="id（例 task.E034） / local id")],
    data: Data = None,
    registry: RegistryFile = None,
    as_json: AsJson = False,
) -> None:
    """なぜこの id か、どの文から、いつからか。 / Why this id, from which text, since when."""
    from loaders.explain import explain as explained

    with reported():
        settings = read_settings(data=data)
        told = explained(id, settings.data, registry or settings.data / "registry.csv")
    if told is None:
        refuse(f"{id}: 台帳にありません / not in the registry", FINDINGS)
    if as_json:
        console.print_json(told)
    else:
        console.print_facts(told)


@REGISTRY.command(hidden=True)
def pair(official: Path, open_edition: Path) -> None:
    """保守者向け: 二つの版から台帳を作り、書き出す。 / For maintainers: print a registry."""
    from loaders.build import files_of, take_in
    from loaders.pairing import pair as paired
    from loaders.registry import dumps, load_registry

    with reported():
        both = [take_in(files_of([path])).readers for path in (official, open_edition)]
        rows = paired(both[0], both[1], load_registry(), datetime.now(UTC).date()).rows
    sys.stdout.write(dumps(rows.values()))


def read_settings(**overrides: object) -> Settings:
    """The settings of the environment and the flags that were given."""
    return Settings.read(os.environ, **overrides)


@contextmanager
def reported() -> Iterator[None]:
    """Turn what is wrong with input into a sentence and an exit status, never a traceback."""
    try:
        yield
    except SettingError as fault:
        refuse(str(fault), USAGE)
    except _faults() as fault:
        refuse(str(fault), FINDINGS)


def _faults() -> tuple[type[Exception], ...]:
    """What says that input is wrong; called only then, so that serving imports no loader."""
    from loaders.build import BuildError
    from loaders.pairing import PairingError
    from loaders.registry import RegistryError
    from loaders.vocabulary import VocabularyError
    from ontology.mapping_sets import MappingFileError
    from service.aligning.subjects import AlignError
    from service.boot import DataError
    from service.retrieval.encoders import EncoderError
    from service.retrieval.evaluation import JudgmentError
    from service.retrieval.patch import PatchError
    from service.tuning.training import TuningError

    loading = (BuildError, PairingError, RegistryError, VocabularyError, MappingFileError)
    searching = (DataError, EncoderError, JudgmentError, PatchError, TuningError)
    return (*loading, *searching, AlignError, OSError)


def refuse(sentence: str, status: int) -> NoReturn:
    """Say why and stop with an exit status."""
    console.complain(sentence)
    raise typer.Exit(status)


def _refuse_unknown(option: str, given: list[str] | None, known: Collection[str]) -> None:
    """A filter that nothing fits is a slip of the pen."""
    if unknown := [each for each in given or () if each not in known]:
        there = ", ".join(sorted(known))
        refuse(f"{option} {', '.join(unknown)}: ありません / unknown; {there}", USAGE)


def _pairs(given: list[str]) -> list[tuple[str, str]]:
    """`k=v` arguments as pairs."""
    split = [each.partition("=") for each in given]
    for key, equals, _ in split:
        if not equals:
            refuse(f"--param {key}: k=v の形で書いてください / expected k=v", USAGE)
    return [(key, value) for key, _, value in split]


def main() -> None:
    """The console script."""
    logging.basicConfig(
        level=logging.WARNING, format="%(message)s", handlers=[RichHandler(console=console.ERR)]
    )
    CLI(prog_name="ccgraph")


if __name__ == "__main__":
    main()

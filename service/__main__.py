"""The command line: the only place where loaders and service meet."""

import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

import typer
from pyoxigraph import RdfFormat, serialize
from rich.logging import RichHandler

from ontology.artefact import GRAPH
from ontology.terms import Names
from service import console
from service.commands.align import align
from service.commands.evaluate import evaluate
from service.commands.options import AsJson, Data, GraphFile, Loading, RegistryFile
from service.commands.query import query
from service.commands.reporting import FINDINGS, read_settings, refuse, reported
from service.commands.search import search
from service.commands.selftest import selftest
from service.commands.serve import serve
from service.commands.tune import tune
from service.settings import Settings

Documents = Annotated[
    list[Path] | None,
    typer.Argument(
        help="文書のファイルかフォルダー（省けば公開版） / documents, default: open edition"
    ),
]


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
    with read():
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


def check(data: Data = None, graph: GraphFile = None, as_json: AsJson = False) -> None:
    """作ったグラフをもう一度検査する。 / Check the current graph: shapes, SKOS, checksums."""
    from loaders.check import check_file
    from service.boot import open_graph

    with read(), TemporaryDirectory() as folder:
        settings = read_settings(data=data, graph=graph)
        opened, path = open_graph(settings)
        plain = Path(folder) / GRAPH
        with plain.open("wb") as file:
            serialize(opened.quads(), file, RdfFormat.N_QUADS)
        faults = [asdict(fault) for fault in check_file(plain, Names(settings.base))]
    if as_json:
        console.print_json({"graph": str(path), "findings": faults})
    else:
        console.print_faults(path, faults)
    if any(fault["severity"] != "info" for fault in faults):
        raise typer.Exit(FINDINGS)


def _publish(settings: Settings, text: str, registry: Path | None, tell: console.Steps) -> None:
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


def _build_open(settings: Settings) -> None:
    """Build the open edition, for a service that finds no graph."""
    with read():
        _build(settings, [], None)


def explain(
    id: Annotated[str, typer.Argument(help="id（例 task.E034） / local id")],
    data: Data = None,
    registry: RegistryFile = None,
    as_json: AsJson = False,
) -> None:
    """なぜこの id か、どの文から、いつからか。 / Why this id, from which text, since when."""
    from loaders.explain import explain as explained

    with read():
        settings = read_settings(data=data)
        told = explained(id, settings.data, registry or settings.data / "registry.csv")
    if told is None:
        refuse(f"{id}: 台帳にありません / not in the registry", FINDINGS)
    if as_json:
        console.print_json(told)
    else:
        console.print_facts(told)


def pair(official: Path, open_edition: Path) -> None:
    """保守者向け: 二つの版から台帳を作り、書き出す。 / For maintainers: print a registry."""
    from loaders.build import files_of, take_in
    from loaders.pairing import pair as paired
    from loaders.registry import dumps, load_registry

    with read():
        both = [take_in(files_of([path])).readers for path in (official, open_edition)]
        rows = paired(both[0], both[1], load_registry(), datetime.now(UTC).date()).rows
    sys.stdout.write(dumps(rows.values()))


@contextmanager
def read() -> Iterator[None]:
    """As `reported`, for what the loaders refuse too."""
    with reported():
        try:
            yield
        except _faults() as fault:
            refuse(str(fault), FINDINGS)


def _faults() -> tuple[type[Exception], ...]:
    """What says that a document is wrong; called only then, so that serving imports no loader."""
    from loaders.build import BuildError
    from loaders.pairing import PairingError
    from loaders.registry import RegistryError
    from loaders.vocabulary import VocabularyError

    return BuildError, PairingError, RegistryError, VocabularyError


REGISTRY: Final = typer.Typer(no_args_is_help=True, help="id の台帳 / the registry of ids")
REGISTRY.command()(explain)
REGISTRY.command(hidden=True)(pair)

CLI: Final = typer.Typer(
    name="ccgraph",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="コンタクトセンターの仕事と能力の知識グラフ。 / Knowledge graph of contact-centre work.",
    context_settings={"obj": Loading(_build_open, _publish)},
)
for command in (build, check, serve, search, query, evaluate, align, tune, selftest):
    CLI.command()(command)
CLI.add_typer(REGISTRY, name="registry")


def main() -> None:
    """The console script."""
    logging.basicConfig(
        level=logging.WARNING, format="%(message)s", handlers=[RichHandler(console=console.ERR)]
    )
    CLI(prog_name="ccgraph")


if __name__ == "__main__":
    main()

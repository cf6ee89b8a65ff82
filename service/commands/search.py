"""`ccgraph search`."""

from collections.abc import Collection
from typing import Annotated

import typer

from service import console
from service.commands.options import AsJson, Data, GraphFile
from service.commands.reporting import USAGE, read_settings, refuse, reported


def search(
    text: Annotated[str, typer.Argument(help="探したいこと / what to search for")],
    *,
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


def _refuse_unknown(option: str, given: list[str] | None, known: Collection[str]) -> None:
    """A filter that nothing fits is a slip of the pen."""
    if unknown := [each for each in given or () if each not in known]:
        there = ", ".join(sorted(known))
        refuse(f"{option} {', '.join(unknown)}: ありません / unknown; {there}", USAGE)

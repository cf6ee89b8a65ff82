"""`ccgraph search`."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Literal

import typer

from service import console
from service.commands.options import AsJson, Data, GraphFile
from service.commands.reporting import USAGE, read_settings, refuse, reported

Text = Annotated[str, typer.Argument(help="探したいこと / what to search for")]
Kinds = Annotated[list[str] | None, typer.Option("--kind", help="種類 / class name")]
Schemes = Annotated[list[str] | None, typer.Option("--scheme", help="体系 / scheme id")]
Areas = Annotated[
    list[str] | None, typer.Option("--area", help="分野（cmbok2.HR） / area id, as cmbok2.HR")
]
TaskClasses = Annotated[
    list[str] | None,
    typer.Option(
        "--task-class", "--task_class", help="業務の中分類（task.M02） / middle class of tasks"
    ),
]
Levels = Annotated[
    list[str] | None, typer.Option("--level", help="レベル（sfia9.CSMG-3） / skill level id")
]
Limit = Annotated[int, typer.Option(min=1, max=200, help="件数 / hits")]
Offset = Annotated[int, typer.Option(min=0, help="飛ばす数 / hits to skip")]
Include = Annotated[
    Literal["superseded"] | None, typer.Option("--include", help="旧版も / older versions too")
]


def search(
    text: Text,
    *,
    data: Data = None,
    graph: GraphFile = None,
    kind: Kinds = None,
    scheme: Schemes = None,
    area: Areas = None,
    task_class: TaskClasses = None,
    level: Levels = None,
    limit: Limit = 10,
    offset: Offset = 0,
    include: Include = None,
    as_json: AsJson = False,
) -> None:
    """自然な日本語で探す。 / Search in natural Japanese."""
    chosen = {
        "kind": kind, "scheme": scheme, "area": area, "task_class": task_class, "level": level
    }  # fmt: skip
    results = _found(text, chosen, data=data, graph=graph, paging=(limit, offset, bool(include)))
    if as_json:
        console.print_json(results)
    else:
        console.print_hits(results)


def _found(
    text: str,
    chosen: Mapping[str, Collection[str] | None],
    *,
    data: Path | None,
    graph: Path | None,
    paging: tuple[int, int, bool],
) -> dict[str, object]:
    """The hits as JSON has them; stops on a filter that nothing fits, a slip of the pen."""
    from service.boot import open_graph, open_search
    from service.errors import Problem
    from service.retrieval.search import Asked
    from service.routes.search import document, filters

    if not text.strip():
        refuse("検索する語を書いてください / nothing to search for", USAGE)
    with reported():
        settings = read_settings(data=data, graph=graph)
        engine = open_search(settings, *open_graph(settings))
    limit, offset, superseded = paging
    try:
        asked = Asked(
            text=text.strip(),
            **filters(engine, chosen),
            limit=limit,
            offset=offset,
            superseded=superseded,
        )
    except Problem as problem:
        option = str(problem.members.get("parameter", "")).replace("_", "-")
        refuse(f"--{option}: {problem}", USAGE)
    return document(engine.find(asked))

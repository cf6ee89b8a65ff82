"""`ccgraph evaluate`."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from service import console
from service.commands.options import AsJson, Data, GraphFile
from service.commands.reporting import USAGE, read_settings, refuse, reported


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

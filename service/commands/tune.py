"""`ccgraph tune`."""

from pathlib import Path
from typing import Annotated

import typer

from service import console
from service.commands.options import AsJson, GraphFile
from service.commands.reporting import USAGE, read_settings, refuse, reported


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

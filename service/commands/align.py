"""`ccgraph align`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from service import console
from service.commands.options import AsJson, Loading, RegistryFile
from service.commands.reporting import read_settings, reported


def align(
    context: typer.Context,
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

    loading: Loading = context.obj
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
            loading.publish(settings, text, registry, tell)

"""`ccgraph serve`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from ontology.artefact import CURRENT
from service import console
from service.commands.options import Data, GraphFile, Loading
from service.commands.reporting import FINDINGS, read_settings, reported


def serve(
    context: typer.Context,
    *,
    data: Data = None,
    host: Annotated[str | None, typer.Option(help="待ち受ける住所 / address")] = None,
    port: Annotated[int | None, typer.Option(help="ポート / port")] = None,
    workers: Annotated[int | None, typer.Option(help="プロセス数 / processes")] = None,
    graph: GraphFile = None,
) -> None:
    """サービスを始める。グラフがなければ公開版を作る。 / Serve; builds the open edition first."""
    from service.boot import open_state, prepare
    from service.operating.serving import serve as run

    loading: Loading = context.obj
    with reported():
        settings = read_settings(data=data, host=host, port=port, workers=workers, graph=graph)
        if not settings.graph and not (settings.data / CURRENT).exists():
            console.say("グラフがないため、公開版を作ります。 / building the open edition first")
            loading.build(settings)
        with console.progress(quiet=False) as tell:
            prepare(settings, tell.step, tell.count)
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

"""`ccgraph serve`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from ontology.artefact import CURRENT
from service import console
from service.commands.options import Data, GraphFile, Loading
from service.commands.reporting import FINDINGS, read_settings, reported
from service.settings import Settings


def serve(
    context: typer.Context,
    *,
    data: Data = None,
    host: Annotated[str | None, typer.Option(help="待ち受けるアドレス / address")] = None,
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
            prepare(settings, _telling(tell, settings), tell.count)
        if settings.workers > 1:  # they would fail one by one, and for ever
            open_state(settings)
    with reported(), _statuses():
        run(settings)


def _telling(tell: console.Steps, settings: Settings) -> Callable[[str], None]:
    """Tells of a long step by the bar, or by a line where nobody would see that."""

    def step(sentence: str) -> None:
        tell.step(sentence)
        if not console.ERR.is_terminal and settings.log_format == "text":
            console.say(sentence)

    return step


@contextmanager
def _statuses() -> Iterator[None]:
    """A server that could not start was refused: uvicorn has statuses of its own for that."""
    try:
        yield
    except SystemExit as stopped:
        raise typer.Exit(FINDINGS if stopped.code else 0) from stopped

"""`ccgraph selftest`."""

from typing import Annotated

import typer

from service import console
from service.commands.options import AsJson
from service.commands.reporting import FINDINGS, USAGE, refuse


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

"""The options that commands share, and what they ask of the loaders."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from service.console import Steps
from service.settings import Settings

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


@dataclass(frozen=True)
class Loading:
    """What commands of the service ask of the loaders, which only the command line knows.

    A command finds it at `typer.Context.obj`. Both report what is wrong with documents themselves.
    """

    #: build the open edition in the data folder
    build: Callable[[Settings], object]
    #: publish the current build with the proposals of this SSSOM text and of this registry
    publish: Callable[[Settings, str, Path | None, Steps], None]

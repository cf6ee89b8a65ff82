"""What endpoints are given, named once."""

from typing import Annotated

from fastapi import Depends, Path, Request

from service.graph.describe import Describer
from service.graph.notations import Notations
from service.state import State


def world(request: Request) -> State:
    """The state that the application was created with."""
    found: State = request.app.state.world
    return found


def describer(request: Request) -> Describer:
    """What gathers the triples about a resource."""
    found: Describer = request.app.state.describer
    return found


def notations(request: Request) -> Notations:
    """The graph's codes."""
    found: Notations = request.app.state.notations
    return found


World = Annotated[State, Depends(world)]
Descriptions = Annotated[Describer, Depends(describer)]
Codes = Annotated[Notations, Depends(notations)]
Local = Annotated[
    str,
    Path(
        description="local id, as cmbok2.HR-5",
        examples=["cmbok2.HR-5"],
    ),
]

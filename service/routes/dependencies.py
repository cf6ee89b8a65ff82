"""What endpoints are given, named once."""

from typing import Annotated

from fastapi import Depends, Path, Request

from service.errors import NoSearch
from service.graph.describe import Describer
from service.graph.notations import Notations
from service.http.workshop import Workshop
from service.reconciling.matcher import Matcher
from service.reconciling.properties import Facts
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


def facts_of(request: Request) -> Facts:
    """The properties of the graph's entities."""
    found: Facts = request.app.state.facts
    return found


def workshop(request: Request) -> Workshop:
    """What makes that which takes long."""
    found: Workshop = request.app.state.workshop
    return found


def matcher_of(request: Request) -> Matcher:
    """What reconciles; raises `NoSearch` where there is no search."""
    found: Matcher | None = request.app.state.matcher
    if found is None:
        raise NoSearch
    return found


World = Annotated[State, Depends(world)]
Descriptions = Annotated[Describer, Depends(describer)]
Matching = Annotated[Matcher, Depends(matcher_of)]
Making = Annotated[Workshop, Depends(workshop)]
Codes = Annotated[Notations, Depends(notations)]
Local = Annotated[
    str,
    Path(
        description="local id, as cmbok2.HR-5",
        examples=["cmbok2.HR-5"],
    ),
]

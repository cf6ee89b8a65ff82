"""`ccgraph query`."""

from typing import TYPE_CHECKING, Annotated

import typer

from service import console
from service.commands.options import Data, GraphFile
from service.commands.reporting import USAGE, read_settings, refuse, reported

if TYPE_CHECKING:
    from service.graph.questions import Answer
    from service.graph.store import Graph


def query(
    name: Annotated[str, typer.Argument(help="問いの名前か .rq ファイル / question or file")],
    param: Annotated[
        list[str] | None, typer.Option("--param", help="引数 k=v / parameter k=v")
    ] = None,
    output: Annotated[
        console.Format, typer.Option("--format", help="出し方 / output format")
    ] = console.Format.TABLE,
    data: Data = None,
    graph: GraphFile = None,
) -> None:
    """決まった問いに答える。 / Answer one of the documented questions, or a query in a file."""
    from service.boot import open_graph, open_search, searchable
    from service.graph.questions import to_csv

    params = _pairs(param or [])
    with reported():
        settings = read_settings(data=data, graph=graph)
        plain, path = open_graph(settings)
        opened = searchable(plain, lambda: open_search(settings, plain, path))
        answer = _answer(name, opened, params)
    console.print_answer(answer.document(), output, to_csv(answer))


def _answer(name: str, graph: "Graph", params: list[tuple[str, str]]) -> "Answer":
    """The answer to a question; stops where there is none of the name or it is no SELECT query."""
    from service.errors import Problem
    from service.graph.parameters import gathered
    from service.graph.questions import ask, find_question
    from service.sparql.lexer import examine

    try:
        question = find_question(name)
        if (form := examine(question.text).form) != "SELECT":
            refuse(f"{name}: {form} は使えません。SELECT で / not a SELECT query: {form}", USAGE)
        return ask(question, graph, gathered(question.kinds, params))
    except Problem as problem:
        refuse(str(problem), USAGE)
    except (SyntaxError, ValueError) as fault:
        refuse(f"{name}: 問いとして読めません / cannot be read as a question: {fault}", USAGE)


def _pairs(given: list[str]) -> list[tuple[str, str]]:
    """`k=v` arguments as pairs."""
    split = [each.partition("=") for each in given]
    for key, equals, _ in split:
        if not equals:
            refuse(f"--param {key}: k=v の形で書いてください / expected k=v", USAGE)
    return [(key, value) for key, _, value in split]

"""`/queries` and `/queries/{name}`: the documented questions and their answers."""

from typing import Annotated, Final, cast

from fastapi import APIRouter, Path, Request
from starlette.responses import JSONResponse, Response

from service.graph.parameters import gathered
from service.graph.questions import Question, ask, named_question, to_csv
from service.http.languages import PARAMETER, voice_of
from service.http.negotiation import CSV, HTML, LIST_OFFERS
from service.pages.rendering import Pages
from service.routes.dependencies import World
from service.routes.documents import acceptable, html

#: parameters that choose the form of an answer, not its content
_FORMS: Final = ("format", PARAMETER)
_VARY: Final = {"Vary": "Accept"}

router = APIRouter(tags=["questions"])


@router.get("/queries", summary="よくある問いの一覧 / The documented questions")
def questions(request: Request, state: World) -> Response:
    """Every question with its parameters, their defaults, and its columns."""
    if acceptable(request, LIST_OFFERS[:2]).name == HTML.name:
        return html(
            cast(Pages, state.pages.speaking(voice_of(request))).render_queries(request.url.path),
            request,
        )
    items = [describe(each) for each in state.questions.values()]
    return JSONResponse({"total": len(items), "items": items}, headers=_VARY)


@router.get("/queries/{name}", summary="問いの答え / The answer to a question")
def answer(
    name: Annotated[str, Path(examples=["tasks-for-competency"])], request: Request, state: World
) -> Response:
    """The rows of a question; its parameters are query parameters, as `?competency=HR-5`."""
    question = named_question(name, state.questions)
    offer = acceptable(request, LIST_OFFERS)
    given = (pair for pair in request.query_params.multi_items() if pair[0] not in _FORMS)
    voice = voice_of(request)
    # data is the same in every language
    language = voice.language if offer.name == HTML.name else "ja"
    found = ask(question, state.graph, gathered(question.kinds, given), language)
    if offer.name == HTML.name:
        pages = cast(Pages, state.pages.speaking(voice))
        return html(pages.render_query(request.url.path, question, found), request)
    if offer.name == CSV.name:
        return Response(to_csv(found), headers={**_VARY, "Content-Type": CSV.content_type})
    return JSONResponse(found.document(), headers=_VARY)


def describe(question: Question) -> dict[str, object]:
    """A question as the list tells of it."""
    return {
        "name": question.name,
        "title": question.title,
        "title_en": question.title_en,
        "description": question.description,
        "description_en": question.description_en,
        "params": [
            {
                "name": each.name,
                "kind": each.kind,
                "default": each.default,
                "label": each.label,
                "label_en": each.label_en,
            }
            for each in question.params
        ],
        "columns": dict(question.columns),
        "columns_en": dict(question.columns_en),
    }

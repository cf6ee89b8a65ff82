"""What the templates are given: pure functions from answers to plain values."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ontology.terms import CLASSES, SKOS, Names
from service.graph.links import link_of, with_query
from service.graph.parameters import KINDS
from service.graph.questions import Question
from service.graph.translations import Translations
from service.http.languages import Voice
from service.pages.concept_model import Concept, Text
from service.retrieval.facets import FacetCount
from service.retrieval.search import Asked, Hit, Results

#: what a search hit may have matched in, in Japanese
_FIELDS: Final[Mapping[str, str]] = {
    "code": "コード",
    "label": "名称",
    "altLabel": "別名",
    "hiddenLabel": "表記ゆれ",
    "reading": "読み",
    "gloss": "説明",
    "utterance": "言い回し",
    "definition": "本文",
    "meaning": "意味が近い",
    "requires": "必要とする",
    "requiredBy": "求められる先",
    "broader": "上位の項目",
    "similar": "似ている先",
}
#: the facets in the order they are shown
_FACETS: Final[Mapping[str, tuple[str, str]]] = {
    "kind": ("種類", "Kind"),
    "scheme": ("体系", "Scheme"),
    "area": ("分野", "Area"),
    "task_class": ("業務の中分類", "Class of tasks"),
    "level": ("レベル", "Level"),
}
_JA: Final = Voice()
_UNNAMED: Final = Translations()
_WEB: Final = ("http://", "https://")

#: a table's cell: what it shows and where it leads
Cell = tuple[object, str | None]


def field_name(field: str, voice: Voice = _JA) -> str:
    """The name of a field that matched; in English it is the field's own.

    >>> field_name("altLabel")
    '別名'
    """
    return voice.say(_FIELDS.get(field, field), field)


def kind_name(name: str, voice: Voice = _JA) -> str:
    """The name of a class of ours; another's is shown as it is.

    >>> kind_name("Area"), kind_name("Concept")
    ('分野', 'Concept')
    """
    return voice.say(CLASSES[name].ja, CLASSES[name].en) if name in CLASSES else name


def pieces(text: str, spans: Iterable[Sequence[int]]) -> list[tuple[str, bool]]:
    """A text cut at its highlighted ranges; overlaps merge, what lies outside is cut off.

    >>> pieces("クレームを受けた", [(0, 4), (2, 5)])
    [('クレームを', True), ('受けた', False)]
    """
    marked = [False] * len(text)
    for start, end in spans:
        for place in range(max(start, 0), min(end, len(text))):
            marked[place] = True
    found: list[tuple[str, bool]] = []
    for letter, mark in zip(text, marked, strict=True):
        if found and found[-1][1] == mark:
            found[-1] = (found[-1][0] + letter, mark)
        else:
            found.append((letter, mark))
    return found


@dataclass(frozen=True, slots=True)
class FacetChoice:
    """One value of a facet: choosing it again takes it away."""

    label: str
    href: str
    chosen: bool
    count: int | None


@dataclass(frozen=True, slots=True)
class Facet:
    """One way to narrow a search."""

    title: str
    title_en: str
    choices: tuple[FacetChoice, ...]


def search_link(asked: Asked, **changes: object) -> str:
    """The address of a search like this one, from the service's root."""
    params: dict[str, object] = {
        "q": asked.text,
        **{name: sorted(values) for name, values in asked.chosen.items()},
        "limit": asked.limit if asked.limit != Asked.limit else None,
        "include": "superseded" if asked.superseded else None,
    }
    return with_query("search", **{**params, **changes})


def facets(
    asked: Asked, results: Results, voice: Voice = _JA, named: Translations = _UNNAMED
) -> list[Facet]:
    """The facets of a search that have something to choose from."""
    found = [_facet(asked, name, results.facets.get(name, ()), voice, named) for name in _FACETS]
    return [each for each in found if each.choices]


def names_of(results: Results) -> set[str]:
    """All Japanese names that a page of results shows."""
    counted = (each.label for counts in results.facets.values() for each in counts)
    return {*counted, *(name for hit in results.hits for name in (hit.label, *hit.path))}


def _facet(
    asked: Asked, name: str, counts: Sequence[FacetCount], voice: Voice, named: Translations
) -> Facet:
    choices = [_choice(asked, name, each, voice, named) for each in sorted(counts, key=_rank)]
    if name == "scheme":
        older = "" if asked.superseded else "superseded"
        address = search_link(asked, include=older)
        label = voice.say("旧版も含める", "older versions too")
        choices.append(FacetChoice(label, address, asked.superseded, None))
    title, title_en = _FACETS[name]
    return Facet(title, title_en, tuple(choices))


def _rank(each: FacetCount) -> tuple[int, str]:
    order = list(CLASSES)
    return (order.index(each.value) if each.value in order else len(order), each.value)


def _choice(
    asked: Asked, facet: str, each: FacetCount, voice: Voice, named: Translations
) -> FacetChoice:
    chosen = asked.chosen[facet]
    address = search_link(asked, **{facet: sorted(chosen ^ {each.value})})
    label = kind_name(each.value, voice) if facet == "kind" else named.say(each.label)
    return FacetChoice(label, address, each.value in chosen, each.count)


def hit_view(hit: Hit, voice: Voice = _JA, named: Translations = _UNNAMED) -> dict[str, object]:
    """A hit for its template; `name` is its name in the reader's language, if that differs.

    Each name of the `path` comes with whether it is the Japanese one.
    """
    name = named.say(hit.label, [hit.uri])
    in_label = [span for match in hit.matched if match.text == hit.label for span in match.spans]
    return {
        "uri": hit.uri,
        "notation": hit.notation,
        "label": pieces(hit.label, in_label),
        "name": name if name != hit.label else None,
        "path": [(named.say(each), named.say(each) == each) for each in hit.path],
        "kind": kind_name(hit.kind, voice),
        "score": round(100 * hit.score),
        "why": [
            {"field": field_name(match.field, voice), "pieces": pieces(match.text, match.spans)}
            for match in hit.matched
            if match.text not in (hit.label, hit.notation) or not match.spans
        ],
    }


def other_names(names: Iterable[Text], voice: Voice) -> list[tuple[str, list[Text]]]:
    """The further labels of a concept under headings."""
    groups: dict[str, list[Text]] = {}
    for text in names:
        groups.setdefault(voice.say(*_heading(text)), []).append(text)
    return list(groups.items())


def questions_about(concept: Concept, questions: Iterable[Question]) -> list[dict[str, str]]:
    """The questions that take a concept of this class, with the parameter that names it."""
    kind = concept.kind.name if concept.kind else ""
    return [
        {
            "name": each.name,
            "title": each.title,
            "title_en": each.title_en,
            "param": each.params[0].name,
        }
        for each in questions
        if each.params and kind in KINDS[each.params[0].kind].classes
    ]


def _heading(text: Text) -> tuple[str, str]:
    readings = {"ja-hrkt": ("読み", "Reading"), "ja-latn": ("ローマ字", "Romanised")}
    if text.language.lower() in readings:
        return readings[text.language.lower()]
    if text.word.uri == f"{SKOS}altLabel":
        return "別名", "Also called"
    if text.word.uri == f"{SKOS}hiddenLabel":
        return "検索のための表記", "Spellings for the search"
    other = (text.language or "名称", text.language or "Name")
    return {"ja": ("日本語名", "In Japanese"), "en": ("英語名", "In English")}.get(
        text.language, other
    )


def iri_cell(names: Names, root: str, uri: str) -> Cell:
    """An IRI as a cell: ours by its short name and linked to its page, others to the web."""
    if uri.startswith(names.base):
        shown = names.local(uri) or uri.replace(names.term(""), "cco:")
        return shown, root + link_of(names, uri)
    return uri, uri if uri.startswith(_WEB) else None


def sparql_rows(
    names: Names, root: str, results: Mapping[str, Any]
) -> list[list[tuple[object, str | None, str]]]:
    """The rows of SPARQL 1.1 Query Results JSON as cells with their language."""
    headings = results.get("head", {}).get("vars", [])
    bindings = results.get("results", {}).get("bindings", [])
    return [[_sparql_cell(names, root, row.get(name)) for name in headings] for row in bindings]


def _sparql_cell(
    names: Names, root: str, term: Mapping[str, Any] | None
) -> tuple[object, str | None, str]:
    if term is None:
        return None, None, ""
    if term["type"] == "uri":
        return (*iri_cell(names, root, term["value"]), "")
    if term["type"] == "triple":
        return _triple(term["value"]), None, ""
    return term["value"], None, term.get("xml:lang", "")


def _triple(parts: Mapping[str, Any]) -> str:
    """A triple as a value, as SPARQL 1.2 writes it."""
    told = " ".join(_written(parts[name]) for name in ("subject", "predicate", "object"))
    return f"<<( {told} )>>"


def _written(term: Mapping[str, Any]) -> str:
    match term["type"]:
        case "triple":
            return _triple(term["value"])
        case "uri":
            return f"<{term['value']}>"
        case "bnode":
            return f"_:{term['value']}"
    language = term.get("xml:lang")
    return json.dumps(term["value"], ensure_ascii=False) + (f"@{language}" if language else "")


def operations(openapi: Mapping[str, Any]) -> Iterator[dict[str, object]]:
    """The operations of an OpenAPI document with an example each, in its order."""
    for path, methods in openapi.get("paths", {}).items():
        for method, operation in methods.items():
            if method in ("get", "post"):
                yield _operation(path, method, operation)


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> dict[str, object]:
    parameters = [_parameter(each) for each in operation.get("parameters", ())]
    return {
        "anchor": f"{method}-{path.strip('/').replace('/', '-')}",
        "method": method.upper(),
        "path": path,
        "summary": operation.get("summary", ""),
        "description": operation.get("description", ""),
        "parameters": parameters,
        "example": _example(path, parameters) if method == "get" else "",
    }


def _parameter(given: Mapping[str, Any]) -> dict[str, Any]:
    schema = given.get("schema", {})
    shown = given.get("example", next(iter(schema.get("examples", ())), None))
    return {
        "name": given["name"],
        "place": given.get("in", "query"),
        "required": given.get("required", False),
        "description": given.get("description", schema.get("description", "")),
        "default": schema.get("default") or None,
        "example": shown,
    }


def _example(path: str, parameters: Sequence[Mapping[str, Any]]) -> str:
    """An address to try, from the root; blank where a path parameter has no example."""
    made, query = path.lstrip("/"), {}
    for each in parameters:
        if each["place"] == "path":
            made = made.replace(
                f"{{{each['name']}}}", str(each["example"] or f"{{{each['name']}}}")
            )
        elif each["place"] == "query" and each["example"] is not None:
            query[each["name"]] = each["example"]
    return "" if "{" in made else with_query(made, **query)

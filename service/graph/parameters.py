"""From what people type (a code in any spelling, a name, an id, a URI) to a term of the graph."""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import Literal, NamedNode

from ontology.terms import SKOS, XSD, Names
from service.errors import BadRequest
from service.graph.entities import Link, links, terms
from service.graph.store import Graph, Term

_ENTITIES: Final = """
SELECT ?class ?other ?label ?notation WHERE {
  ?other a ?class ; skos:prefLabel|rdfs:label ?label .
  OPTIONAL { ?other skos:notation ?notation }
}
"""
_ONE: Final = """
SELECT ?other ?label ?notation ?class WHERE {
  ?other skos:prefLabel|rdfs:label ?label .
  OPTIONAL { ?other skos:notation ?notation }
  OPTIONAL { ?other a ?class FILTER(?class != skos:Concept) }
}
"""
_SUPERSEDED: Final = """
SELECT DISTINCT ?other WHERE {
  ?other skos:inScheme ?scheme . ?scheme dcterms:isReplacedBy ?newer . ?newer a skos:ConceptScheme
}
"""
_TO_HYPHEN: Final = re.compile("[‐-―−ー－-]")
_DROPPED: Final = re.compile(r"[\s・_-]")
_ALL: Final = {"ja": "すべて", "en": "all"}
_BETWEEN: Final = re.compile("[,、､\n]")


@dataclass(frozen=True, slots=True)
class ParameterKind:
    """What a parameter may be: its name for people and the classes it chooses from.

    Of a kind with `several`, a value may name more than one, separated by commas.
    """

    ja: str
    en: str
    classes: tuple[str, ...] = ()
    several: bool = False


_TASKS: Final = ("Task", "EvaluationItem", "TaskMiddleCategory", "TaskMajorCategory")

#: the kinds of parameters; those without classes are plain values, but `entity` takes any class
KINDS: Final[Mapping[str, ParameterKind]] = {
    "competency": ParameterKind("コンピテンシー", "competency", ("Competency",)),
    "area": ParameterKind("分野", "area", ("Area",)),
    "task": ParameterKind("タスク・評価項目", "task or evaluation item", _TASKS),
    "tasks": ParameterKind(
        "タスク・評価項目（いくつでも）", "set of tasks or evaluation items", _TASKS, several=True
    ),
    "task-class": ParameterKind(
        "タスク", "task class", ("Task", "TaskMiddleCategory", "TaskMajorCategory")
    ),
    "skill-level": ParameterKind("スキルレベル", "skill level", ("SkillLevel",)),
    "scheme": ParameterKind("体系", "concept scheme", ("ConceptScheme",)),
    "article": ParameterKind("解説記事", "guide article", ("GuideArticle",)),
    "entity": ParameterKind("項目", "entity"),
    "text": ParameterKind("語", "text"),
    "integer": ParameterKind("数", "integer"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What a parameter's value stands for; no terms mean everything.

    `id` is the value in its canonical form, `label` what people read.
    """

    id: str
    label: str
    terms: tuple[Term, ...] = ()


def resolve(graph: Graph, kind: str, value: str, *, parameter: str, language: str = "ja") -> Choice:
    """The term that `value` names, or the terms of a kind with several, in the order given.

    The choice is labelled in this language where the graph has it.

    A code may have any width, case and hyphen. Of several meanings the one whose scheme is not
    superseded is meant. Raises `BadRequest` with the candidates where none or several remain.
    """
    text = unicodedata.normalize("NFKC", value).strip()
    if not text:
        return Choice("", _ALL[language])
    if kind == "text":
        quoted = f"“{text}”" if language == "en" else f"「{text}」"
        return Choice(text, quoted, (Literal(text),))
    if kind == "integer":
        return _integer(text, parameter)
    if KINDS[kind].several:
        return _several(graph, kind, text, parameter, language)
    return _entity(graph, kind, text, parameter, language)


def gathered(kinds: Mapping[str, str], given: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Parameters as they were given; one of a kind with several may be repeated.

    `kinds` are the parameters' kinds by name. Raises `BadRequest` on another given twice.

    >>> gathered({"tasks": "tasks"}, [("tasks", "T01"), ("tasks", "T17")])
    {'tasks': 'T01,T17'}
    """
    found: dict[str, str] = {}
    for name, text in given:
        if name in found and not (name in kinds and KINDS[kinds[name]].several):
            raise BadRequest(
                f"{name} は一つだけ指定してください。", f"Give {name} only once.", parameter=name
            )
        found[name] = f"{found[name]},{text}" if name in found else text
    return found


def options(graph: Graph, kind: str, language: str = "ja") -> list[Link]:
    """The entities that a parameter of this kind may name, in their natural order."""
    if kind in ("text", "integer"):
        return []
    rows = (
        row
        for iri in _classes(graph.names, kind)
        for row in terms(graph, _ENTITIES, **{"class": NamedNode(iri)})
    )
    return links(graph.names, rows, language=language)


def folded(text: str) -> str:
    """A code or name for comparison: width, case, hyphens, spaces and middle dots ignored.

    >>> folded("ＨＲ－５") == folded("hr 5") == "hr5"
    True
    """
    plain = _TO_HYPHEN.sub("-", unicodedata.normalize("NFKC", text)).casefold()
    return _DROPPED.sub("", plain)


def _classes(names: Names, kind: str) -> list[str]:
    classes = KINDS[kind].classes
    if classes == ("ConceptScheme",):
        return [f"{SKOS}ConceptScheme"]
    return [names.term(each) for each in classes] or [f"{SKOS}Concept"]


def _integer(text: str, parameter: str) -> Choice:
    if not re.fullmatch(r"[+-]?\d{1,18}", text):
        raise BadRequest(
            f"{parameter} は整数で指定してください（受け取った値: {text}）。",
            f"{parameter} has to be an integer, not {text}.",
            parameter=parameter,
        )
    number = str(int(text))
    return Choice(number, number, (Literal(number, datatype=NamedNode(f"{XSD}integer")),))


def _several(graph: Graph, kind: str, text: str, parameter: str, language: str) -> Choice:
    """The entities of a list; one that is named twice counts once."""
    parts = (part.strip() for part in _BETWEEN.split(text))
    found = [_entity(graph, kind, part, parameter, language) for part in parts if part]
    each = {choice.id: choice for choice in found}.values()
    return Choice(
        ",".join(choice.id for choice in each),
        (", " if language == "en" else "、").join(choice.label for choice in each)
        or _ALL[language],
        tuple(term for choice in each for term in choice.terms),
    )


def _entity(graph: Graph, kind: str, text: str, parameter: str, language: str) -> Choice:
    found = _exactly(graph, kind, text)
    known = [] if found else options(graph, kind)
    found = found or _named(known, text)
    if len(found) > 1:
        found = _current(graph, found)
    if len(found) != 1:
        raise _unclear(kind, text, parameter, found or _close(known, text))
    only = found[0]
    label = only.label if language == "ja" else _label(graph, only, language)
    shown = f"{only.notation} {label}" if only.notation else label
    return Choice(only.id, shown, (NamedNode(only.uri),))


def _label(graph: Graph, found: Link, language: str) -> str:
    rows = terms(graph, _ONE, other=NamedNode(found.uri))
    return links(graph.names, rows, language=language)[0].label


def _exactly(graph: Graph, kind: str, text: str) -> list[Link]:
    """The entity whose IRI or local id is written out, if it is of the kind."""
    uri = text if "://" in text else graph.names.entity(text)
    try:
        found = links(graph.names, terms(graph, _ONE, other=NamedNode(uri)))
    except ValueError:
        return []
    classes = KINDS[kind].classes
    return [
        each
        for each in found
        if not classes or (each.kind is not None and each.kind.name in classes)
    ]


def _named(known: Sequence[Link], text: str) -> list[Link]:
    """Entities with this id; else with this code; else with this label or end of an id."""
    wanted = folded(text)
    by_id = [each for each in known if folded(each.id) == wanted]
    by_code = [each for each in known if folded(each.notation or "") == wanted]
    by_name = [
        each for each in known if wanted in (folded(each.label), folded(each.id.partition(".")[2]))
    ]
    return by_id or by_code or by_name


def _current(graph: Graph, found: list[Link]) -> list[Link]:
    superseded = {row["other"] for row in graph.rows(_SUPERSEDED)}
    return [each for each in found if each.uri not in superseded] or found


def _close(known: Sequence[Link], text: str) -> list[Link]:
    by_name = {folded(name): each for each in known for name in (each.id, each.notation or each.id)}
    names = difflib.get_close_matches(folded(text), list(by_name), n=5, cutoff=0.4)
    return list({by_name[name].id: by_name[name] for name in names}.values()) or list(known[:5])


def _unclear(kind: str, text: str, parameter: str, candidates: Sequence[Link]) -> BadRequest:
    named = "、".join(f"{each.id}（{each.label[:20]}）" for each in candidates[:10])
    listed = ", ".join(each.id for each in candidates[:10])
    return BadRequest(
        f"{parameter} の「{text}」に当てはまる{KINDS[kind].ja}を一つに決められません。"
        f"候補: {named or 'なし'}。",
        f"{parameter}: {text} names no single {KINDS[kind].en}; candidates: {listed or 'none'}.",
        parameter=parameter,
        candidates=[each.id for each in candidates[:10]],
    )

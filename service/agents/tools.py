"""What agents may ask, in plain values: search, entities, questions, mappings, SPARQL.

Every answer is a dictionary that serialises to JSON; every refusal a `Problem`, whose sentence
says what to do. Nothing here writes, and nothing is fetched from elsewhere.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from pyoxigraph import Triple

from service.agents.entity import entity_document, mapping_document
from service.errors import BadRequest, NoSearch, NotFound, TooLarge
from service.graph.describe import Describer
from service.graph.mapping_filters import ends
from service.graph.mappings import Ends, Mappings
from service.graph.notations import Notations
from service.graph.parameters import gathered, resolve
from service.graph.questions import Question, ask, named_question
from service.graph.rdf import serialized
from service.pages.concepts import concept
from service.retrieval.search import Asked
from service.sparql.lexer import examine
from service.sparql.pool import Engine, QueryRequest
from service.state import State

#: the most hits, mappings and rows of one answer: what a model can read at once
MOST_HITS: Final = 50
MOST_MAPPINGS: Final = 50
MOST_ROWS: Final = 200
#: the most characters of a graph that a CONSTRUCT or DESCRIBE query makes
MOST_TEXT: Final = 100_000
#: the longest text that is searched for, in characters
LONGEST: Final = 1000
#: the question behind `tasks_for_competency`
TASKS: Final = "tasks-for-competency"

Document = dict[str, Any]


@dataclass(frozen=True)
class Tools:
    """The world that the tools answer from."""

    state: State
    engine: Engine
    notations: Notations
    mappings: Mappings
    describer: Describer

    def search(
        self, text: str, kinds: Collection[str], schemes: Collection[str], limit: int
    ) -> Document:
        """The entities that fit a text, best first; raises `BadRequest`, `NoSearch`."""
        if self.state.search is None:
            raise NoSearch
        engine = self.state.search
        if not text.strip() or len(text) > LONGEST:
            raise BadRequest(
                f"text に探したいことを {LONGEST} 字までで書いてください。",
                f"Give text something to search for, of at most {LONGEST} characters.",
            )
        asked = Asked(
            text=text.strip(),
            kinds=_known("kinds", kinds, engine.known("kind")),
            schemes=_known("schemes", schemes, engine.known("scheme")),
            limit=max(1, min(limit, MOST_HITS)),
        )
        found = engine.find(asked)
        hits = [
            {
                "id": hit.id,
                "uri": hit.uri,
                "kind": hit.kind,
                "notation": hit.notation,
                "label": hit.label,
                "path": list(hit.path),
                "score": hit.score,
                "why": [f"{each.field}: {each.text}" for each in hit.matched],
            }
            for hit in found.hits
        ]
        return {"query": found.query, "total": found.total, "close": found.close, "hits": hits}

    def get(self, entity: str) -> Document:
        """All that the graph says of an entity; raises `BadRequest` with candidates."""
        graph = self.state.graph
        choice = resolve(graph, "entity", entity, parameter="entity")
        uri = getattr(choice.terms[0], "value", "") if choice.terms else ""
        found = concept(graph, uri) if uri else None
        if found is None:
            raise NotFound(
                f"「{entity}」というものはありません。search で探してください。",
                f"Nothing is called {entity}; try the tool search.",
            )
        others = [each for each in self.notations.meanings(found.notation or "") if each.uri != uri]
        same = [{"id": each.id, "label": each.label, "scheme": each.scheme} for each in others]
        return entity_document(found) | ({"same_code": same} if same else {})

    def tasks_for_competency(self, competency: str) -> Document:
        """The work that requires a competency, with grades and reasons."""
        return self.ask(TASKS, {"competency": competency})

    def explain_mapping(self, subject: str, object: str) -> Document:
        """The mappings between two ends, or all of one; raises `BadRequest`, `NotFound`."""
        if not subject.strip() and not object.strip():
            raise BadRequest(
                "subject か object を指定してください。", "Give a subject or an object, or both."
            )
        uris = self.mappings.find(self._between(subject, object))
        if not uris and subject.strip() and object.strip():
            uris = self.mappings.find(self._between(object, subject))
        if not uris:
            raise NotFound(
                "その間の対応付けはありません。片方だけを指定すると、あるものの一覧が出ます。",
                "There is no mapping between them; give one end alone to list what there is.",
            )
        rows = self.mappings.rows(uris[:MOST_MAPPINGS])
        return {"total": len(uris), "mappings": [mapping_document(each) for each in rows]}

    def questions(self) -> Document:
        """The documented questions with their parameters."""
        return {"questions": [_told(each) for each in self.questions_by_name.values()]}

    def ask(self, name: str, parameters: Mapping[str, str]) -> Document:
        """The answer to a documented question; raises `NotFound`, `BadRequest`, `TooLarge`."""
        question = named_question(name, self.questions_by_name)
        given = gathered(question.kinds, parameters.items())
        answer = ask(question, self.state.graph, given).document()
        _limited(len(cast(list[object], answer["rows"])))
        return answer

    async def sparql(self, query: str) -> Document:
        """The answer of a query, evaluated under the service's limits of time and memory."""
        examined = examine(query)
        tabular = examined.form in ("SELECT", "ASK")
        asked = QueryRequest(
            query=examined,
            format="json" if tabular else "ttl",
            seconds=self.state.settings.query_timeout,
        )
        body = (await self.engine.execute(asked)).body
        if not tabular:
            return {"turtle": _short(body.decode())}
        found = json.loads(body)
        return {"boolean": found["boolean"]} if "boolean" in found else _table(found)

    def turtle(self, uri: str) -> str:
        """The document about an entity in Turtle; raises `NotFound`."""
        if not self.describer.known(uri):
            raise NotFound(f"{uri} はありません。", f"There is no {uri}.")
        return self._serialized(self.describer.about(uri))

    def ontology(self) -> str:
        """The vocabulary in Turtle."""
        return self._serialized([quad.triple for quad in self.describer.ontology])

    def complete(self, prefix: str) -> list[str]:
        """Local ids that begin so, or whose label, code or reading does."""
        if self.state.search is None or not prefix.strip():
            return []
        found = self.state.search.suggester.suggest(prefix[:LONGEST], MOST_HITS)
        return [each.id for each in found]

    @property
    def questions_by_name(self) -> Mapping[str, Question]:
        """The documented questions."""
        return cast(Mapping[str, Question], self.state.questions or {})

    def _between(self, subject: str, object: str) -> Ends:
        asked = {"subject": subject, "object": object, "predicate": ""}
        return ends(self.state.graph, self.notations, **asked)

    def _serialized(self, triples: Iterable[Triple]) -> str:
        return serialized(triples, "ttl", self.state.graph.names).decode()


def _told(question: Question) -> Document:
    parameters = {
        each.name: f"{each.label} / {each.label_en} ({each.kind}), 既定 / default {each.default}"
        for each in question.params
    }
    return {
        "name": question.name,
        "title": question.title,
        "title_en": question.title_en,
        "description": question.description,
        "description_en": question.description_en,
        "parameters": parameters,
    }


def _table(found: Mapping[str, Any]) -> Document:
    rows = found["results"]["bindings"]
    _limited(len(rows))
    plain = [{name: term["value"] for name, term in row.items()} for row in rows]
    return {"columns": found["head"]["vars"], "rows": plain, "count": len(rows)}


def _limited(rows: int) -> None:
    if rows > MOST_ROWS:
        raise TooLarge(
            f"答えが {rows} 行あります（上限 {MOST_ROWS} 行）。"
            "条件を増やすか、ORDER BY を付けて LIMIT と OFFSET で分けてください。",
            f"The answer has {rows} rows, more than {MOST_ROWS}; add conditions,"
            " or page with ORDER BY, LIMIT and OFFSET.",
            cap="rows",
            limit=MOST_ROWS,
        )


def _short(text: str) -> str:
    if len(text) > MOST_TEXT:
        raise TooLarge(
            f"答えが {len(text):,} 字あります（上限 {MOST_TEXT:,} 字）。条件を増やしてください。",
            f"The answer has {len(text):,} characters, more than {MOST_TEXT:,}; add conditions.",
            cap="characters",
            limit=MOST_TEXT,
        )
    return text


def _known(name: str, given: Collection[str], known: Collection[str]) -> frozenset[str]:
    if unknown := sorted(set(given) - set(known)):
        listed = ", ".join(sorted(known))
        raise BadRequest(
            f"{name} に {', '.join(unknown)} はありません。あるのは {listed} です。",
            f"No {name} is called {', '.join(unknown)}; there are {listed}.",
        )
    return frozenset(given)

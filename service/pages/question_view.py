"""What the page of a question is given: its words in the reader's language, fields and cells."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from service.graph.links import root_of
from service.graph.parameters import KINDS, options
from service.graph.question_headers import Parameter
from service.graph.questions import Answer, Question
from service.graph.store import Graph
from service.graph.translations import Translations, translations
from service.http.languages import Voice
from service.pages.views import iri_cell, kind_name

#: a table's cell: what it shows, where it leads, its language where the page speaks another
Cell = tuple[object, str | None, str]
#: what joins several values in one cell
_AND: Final = "、"


def question_view(
    graph: Graph, path: str, question: Question, answer: Answer, voice: Voice
) -> dict[str, object]:
    """The values for the template, in the language of the voice as far as there are words."""
    shown = [name for name in answer.columns if not name.endswith("_uri")]
    columns = question.columns_en if voice.language == "en" else question.columns
    cells = _Cells(
        graph, path, question, voice, translations(graph, _texts(answer), voice.language)
    )
    return {
        "question": question,
        "answer": answer,
        "fields": [_field(graph, each, answer, voice) for each in question.params],
        "headings": [columns.get(name, name) for name in shown],
        "rows": [[cells.cell(row, name) for name in shown] for row in answer.rows],
    }


def _texts(answer: Answer) -> set[str]:
    return {value for row in answer.rows for value in row.values() if isinstance(value, str)}


def _field(graph: Graph, param: Parameter, answer: Answer, voice: Voice) -> dict[str, object]:
    """A parameter as a form field: a choice where its kind has entities, else a text."""
    found = options(graph, param.kind, voice.language) if param.kind != "entity" else []
    notations = [each.notation for each in found if each.notation]
    value = answer.params[param.name]
    return {
        "name": param.name,
        "label": voice.say(param.label, param.label_en),
        "value": value,
        "options": found,
        "optional": not param.default,
        "several": KINDS[param.kind].several,
        "chosen": value.split(",") if found else [],
        "ambiguous": len(set(notations)) < len(notations),
    }


@dataclass(frozen=True)
class _Cells:
    """Makes the cells of an answer's table."""

    graph: Graph
    path: str
    question: Question
    voice: Voice
    names: Translations

    def cell(self, row: Mapping[str, object], name: str) -> Cell:
        shown, uri = row[name], row.get(f"{name}_uri")
        if isinstance(uri, str):
            return shown, self._link(uri), ""
        if not isinstance(shown, str):
            return shown, None, ""
        if shown.startswith(self.graph.names.base):
            return shown, self._link(shown), ""
        said = self._said(shown, tuple(self._entities(row)))
        return said, None, "" if said.isascii() or said != shown else "ja"

    def _link(self, uri: str) -> str | None:
        return iri_cell(self.graph.names, root_of(self.path), uri)[1]

    def _entities(self, row: Mapping[str, object]) -> Iterator[str]:
        for name in self.question.entities:
            if isinstance(uri := row.get(f"{name}_uri"), str):
                yield uri

    def _said(self, text: str, among: tuple[str, ...]) -> str:
        """A class by its name; on an English page, words of the query and names in English."""
        if self.voice.language == "ja":
            return kind_name(text)
        words, parts = self.question.words, text.split(_AND)
        if all(part in words for part in parts):
            return ", ".join(words[part] for part in parts)
        return self.names.say(kind_name(text, self.voice), among)

"""Documented questions: SPARQL files that say themselves what they ask and what they answer.

A file starts with header lines, `#+ key: value`, and is a valid query as it stands:

    #+ title: コンピテンシーを必要とする仕事 / Work that requires a competency
    #+ order: 1
    #+ description: …
    #+ param competency: competency = HR-5 (コンピテンシー)
    #+ entity task: 仕事
    #+ column label: 名称
    #+ summary: {competency}を必要とする仕事は{count}件です。

A parameter is a line `VALUES ?competency { ccg:cmbok2.HR-5 }`, whose braces are filled anew; an
empty value stands for everything (`{ UNDEF }`). The summary may use `{count}`, each parameter by
its name, `{distinct_COLUMN}` and `{tally_COLUMN}` (how many rows have each value). An `entity`
column `x` holds IRIs: the rows give its id as `x` and its IRI as `x_uri`.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pyoxigraph import Literal, NamedNode, QuerySolution

from ontology.terms import XSD, Names
from service.errors import BadRequest, NotFound
from service.graph.entities import value
from service.graph.parameters import KINDS, Choice, resolve
from service.graph.store import Graph
from service.tables import csv_text

#: the packaged questions
HOME: Final = Path(__file__).parents[2] / "queries"

#: header keys, and whether a name follows
_KEYS: Final = {
    "title": False,
    "order": False,
    "description": False,
    "summary": False,
    "param": True,
    "column": True,
    "entity": True,
}
_NUMBERS: Final[Mapping[str, Callable[[str], object]]] = {
    f"{XSD}integer": int,
    f"{XSD}decimal": float,
    f"{XSD}double": float,
    f"{XSD}boolean": "true".__eq__,
}
_HEADER: Final = re.compile(r"#\+\s*(?P<key>[a-z]+)(?:\s+(?P<name>\w+))?\s*:\s*(?P<value>.*)")
_PARAM: Final = re.compile(
    r"(?P<kind>[a-z-]+)\s*=\s*(?P<default>.*?)\s*(?:\((?P<label>[^()]*)\))?$"
)
_VALUES: Final = re.compile(r"^(\s*VALUES\s+\?(\w+)\s*)\{[^{}]*\}", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A choice the asker has: its kind is a key of `service.graph.parameters.KINDS`."""

    name: str
    kind: str
    default: str
    label: str


@dataclass(frozen=True, slots=True)
class Question:
    """A documented query; `columns` maps its variables to Japanese headings.

    `entities` are the columns that hold entities.
    """

    name: str
    title: str
    title_en: str
    description: str
    params: tuple[Parameter, ...]
    columns: Mapping[str, str]
    entities: frozenset[str]
    summary: str
    text: str
    order: int = 99

    @property
    def kinds(self) -> Mapping[str, str]:
        """The kind of each parameter by its name."""
        return {each.name: each.kind for each in self.params}


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of a question; `query` is the SPARQL that was run."""

    name: str
    params: Mapping[str, str]
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, object], ...]
    summary: str
    query: str

    def document(self) -> dict[str, object]:
        """The members of the JSON answer (contract, section 4)."""
        return {
            "name": self.name,
            "params": dict(self.params),
            "columns": list(self.columns),
            "rows": [dict(row) for row in self.rows],
            "summary": self.summary,
        }


def load_questions(folder: Path = HOME) -> dict[str, Question]:
    """The questions of a folder by name, in their order. Raises `ValueError` on a bad header."""
    found = [read_question(path) for path in folder.glob("*.rq")]
    return {each.name: each for each in sorted(found, key=lambda each: (each.order, each.name))}


def find_question(name: str, folder: Path = HOME) -> Question:
    """The packaged question of a name, or the query in a file.

    Raises `BadRequest` naming the questions there are.
    """
    known = load_questions(folder)
    if name in known:
        return known[name]
    if Path(name).is_file():
        return read_question(Path(name))
    names = "、".join(known)
    raise BadRequest(
        f"「{name}」という問いもファイルもありません。問い: {names}",
        f"there is neither a question nor a file {name}; questions: {', '.join(known)}",
    )


def named_question(name: str, known: Mapping[str, Question]) -> Question:
    """The question of a name among those known; raises `NotFound` naming them."""
    if name not in known:
        names = ", ".join(known)
        raise NotFound(
            f"{name} という問いはありません。あるもの: {names}",
            f"There is no question {name}; there are: {names}",
        )
    return known[name]


def read_question(path: Path) -> Question:
    """One question from its file; any SPARQL SELECT file is a question without parameters.

    Raises `ValueError` naming file and line where a header cannot be understood.
    """
    text = path.read_text(encoding="utf-8")
    headers = list(_headers(path.name, text))
    plain = {key: value for key, name, value in headers if not name}
    title, _, title_en = plain.get("title", path.stem).partition(" / ")
    return Question(
        name=path.stem,
        title=title.strip(),
        title_en=title_en.strip(),
        description=plain.get("description", ""),
        params=tuple(_parameter(path.name, n, v) for key, n, v in headers if n and key == "param"),
        columns={name: value for key, name, value in headers if name and key != "param"},
        entities=frozenset(name for key, name, value in headers if key == "entity"),
        summary=plain.get("summary", "{count} 件"),
        text=text,
        order=int(plain.get("order", "99")),
    )


def fill(question: Question, graph: Graph, choices: Mapping[str, Choice]) -> str:
    """The query, without headers and on the base in use, with the chosen terms in its VALUES."""
    serialised = {
        name: " ".join(map(str, choice.terms)) or "UNDEF" for name, choice in choices.items()
    }

    def braces(found: re.Match[str]) -> str:
        chosen = serialised.get(found[2])
        return f"{found[1]}{{ {chosen} }}" if chosen else found[0]

    lines = (line for line in question.text.splitlines() if not line.startswith("#+"))
    return _VALUES.sub(braces, graph.names.rebased("\n".join(lines))).strip() + "\n"


def ask(question: Question, graph: Graph, params: Mapping[str, str]) -> Answer:
    """The answer to a question; a parameter that is not given has its default.

    Raises `BadRequest` on an unknown parameter and on a value that names nothing, or too much.
    """
    choices = _choices(question, graph, params)
    query = fill(question, graph, choices)
    found = graph.solutions(query)
    variables = [variable.value for variable in found.variables]
    rows = tuple(_row(question, graph.names, variables, solution) for solution in found)
    return Answer(
        question.name,
        {name: choice.id for name, choice in choices.items()},
        tuple(_columns(question, variables)),
        rows,
        _summary(question, choices, rows),
        query,
    )


def to_csv(answer: Answer) -> str:
    """The rows as CSV with a head line (RFC 4180)."""
    return csv_text(answer.columns, answer.rows)


def _choices(question: Question, graph: Graph, params: Mapping[str, str]) -> dict[str, Choice]:
    known = {each.name: each for each in question.params}
    for name in params:
        if name not in known:
            raise BadRequest(
                f"{question.name} に {name} というパラメーターはありません。"
                f"使えるもの: {'、'.join(known) or 'なし'}。",
                f"{question.name} has no parameter {name}; it has: {', '.join(known) or 'none'}.",
                parameter=name,
            )
    return {
        name: resolve(graph, each.kind, params.get(name, each.default), parameter=name)
        for name, each in known.items()
    }


def _columns(question: Question, variables: Sequence[str]) -> Iterator[str]:
    for name in variables:
        yield name
        if name in question.entities:
            yield f"{name}_uri"


def _row(
    question: Question, names: Names, variables: Sequence[str], solution: QuerySolution
) -> dict[str, object]:
    row: dict[str, object] = {}
    for name in variables:
        term = solution[name]
        row[name] = _plain(names, term)
        if name in question.entities:
            row[f"{name}_uri"] = value(term) or None
    return row


def _plain(names: Names, term: object) -> object:
    """A term as JSON: an id, a class name, a number, a text; null where unbound."""
    if isinstance(term, Literal) and term.datatype.value in _NUMBERS:
        return _NUMBERS[term.datatype.value](term.value)
    text = value(term)
    if isinstance(term, NamedNode):
        return names.local(text) or text.removeprefix(names.term(""))
    return text if isinstance(term, Literal) else None


def _summary(
    question: Question, choices: Mapping[str, Choice], rows: Sequence[Mapping[str, object]]
) -> str:
    values: dict[str, object] = {name: choice.label for name, choice in choices.items()}
    for column in question.columns:
        values[f"distinct_{column}"] = len({row[column] for row in rows if row.get(column)})
        values[f"tally_{column}"] = _tally(row[column] for row in rows if row.get(column))
    return question.summary.format_map({**values, "count": len(rows)})


def _tally(values: Iterable[object]) -> str:
    """How often each value occurs, in the order of the rows."""
    counts = Counter(values)
    return "、".join(f"{value}{count}件" for value, count in counts.items()) or "なし"


def _headers(file: str, text: str) -> Iterator[tuple[str, str, str]]:
    """Key, name (blank for a plain key) and value of each header line."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("#+"):
            found = _HEADER.fullmatch(line.strip())
            if (
                found is None
                or found["key"] not in _KEYS
                or bool(found["name"]) != _KEYS[found["key"]]
            ):
                raise ValueError(
                    f"{file}:{number}: 「#+ title: …」「#+ param NAME: kind = value (label)」"
                    f"などの形で書いてください / not a header line: {line}"
                )
            yield found["key"], found["name"] or "", found["value"].strip()


def _parameter(file: str, name: str, value: str) -> Parameter:
    found = _PARAM.fullmatch(value)
    if found is None or found["kind"] not in KINDS:
        raise ValueError(
            f"{file}: param {name}: kind = default (label); not {value}; "
            f"kind は / one of {', '.join(KINDS)}"
        )
    label = found["label"] or KINDS[found["kind"]].ja
    return Parameter(name, found["kind"], found["default"], label)

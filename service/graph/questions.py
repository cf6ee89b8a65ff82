"""Documented questions: SPARQL files that say themselves what they ask and what they answer.

A file starts with header lines, `#+ key: value`, and is a valid query as it stands:

    #+ title: コンピテンシーを必要とする仕事 / Work that requires a competency
    #+ order: 1
    #+ description: …
    #+ description en: …
    #+ param competency: competency = HR-5 (コンピテンシー / competency)
    #+ column grade: 度合い / how needed
    #+ entity task: 仕事 / work
    #+ word: 主に / primarily
    #+ summary: {competency}を必要とする仕事は{count}件です。
    #+ summary en: {count} pieces of work require {competency}.

A parameter is a line `VALUES ?competency { ccg:cmbok2.HR-5 }`, whose braces are filled anew; an
empty value stands for everything (`{ UNDEF }`). The summary may use `{count}`, each parameter by
its name, `{distinct_COLUMN}` and `{tally_COLUMN}` (how many rows have each value). An `entity`
column `x` holds IRIs: the rows give its id as `x` and its IRI as `x_uri`. A `word` is a value that
the query itself writes. English may be left out (`service.graph.question_headers`).
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
from service.graph.parameters import Choice, resolve
from service.graph.question_headers import Header, Parameter, headers, parameter
from service.graph.store import Graph
from service.tables import csv_text

#: the packaged questions
HOME: Final = Path(__file__).parents[2] / "queries"

_NUMBERS: Final[Mapping[str, Callable[[str], object]]] = {
    f"{XSD}integer": int,
    f"{XSD}decimal": float,
    f"{XSD}double": float,
    f"{XSD}boolean": "true".__eq__,
}
_VALUES: Final = re.compile(r"^(\s*VALUES\s+\?(\w+)\s*)\{[^{}]*\}", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Question:
    """A documented query; `columns` maps its variables to Japanese headings.

    `entities` are the columns that hold entities, `words` the values that the query itself writes
    (主に), each with its English. What has no English is Japanese in both.
    """

    name: str
    title: str
    title_en: str
    description: str
    description_en: str
    params: tuple[Parameter, ...]
    columns: Mapping[str, str]
    columns_en: Mapping[str, str]
    entities: frozenset[str]
    words: Mapping[str, str]
    summary: str
    summary_en: str
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
    lines = list(headers(path.name, text))
    plain = {each.key: each for each in lines if not each.name}
    long = {(each.key, each.name): each.value for each in lines}
    columns = [each for each in lines if each.key in ("column", "entity")]
    title = plain.get("title", Header("title", "", path.stem))
    description = long.get(("description", ""), "")
    summary = long.get(("summary", ""), "{count} 件")
    return Question(
        name=path.stem,
        title=title.ja,
        title_en=title.en,
        description=description,
        description_en=long.get(("description", "en"), description),
        params=tuple(parameter(path.name, each) for each in lines if each.key == "param"),
        columns={each.name: each.ja for each in columns},
        columns_en={each.name: each.en for each in columns},
        entities=frozenset(each.name for each in columns if each.key == "entity"),
        words={each.ja: each.en for each in lines if each.key == "word"},
        summary=summary,
        summary_en=long.get(("summary", "en"), summary),
        text=text,
        order=int(long.get(("order", ""), "99")),
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


def ask(
    question: Question, graph: Graph, params: Mapping[str, str], language: str = "ja"
) -> Answer:
    """The answer to a question; a parameter that is not given has its default.

    The summary is in this language; the rows are the same in every language.

    Raises `BadRequest` on an unknown parameter and on a value that names nothing, or too much.
    """
    choices = _choices(question, graph, params, language)
    query = fill(question, graph, choices)
    found = graph.solutions(query)
    variables = [variable.value for variable in found.variables]
    rows = tuple(_row(question, graph.names, variables, solution) for solution in found)
    return Answer(
        question.name,
        {name: choice.id for name, choice in choices.items()},
        tuple(_columns(question, variables)),
        rows,
        _summary(question, choices, rows, language),
        query,
    )


def to_csv(answer: Answer) -> str:
    """The rows as CSV with a head line (RFC 4180)."""
    return csv_text(answer.columns, answer.rows)


def _choices(
    question: Question, graph: Graph, params: Mapping[str, str], language: str
) -> dict[str, Choice]:
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
        name: resolve(
            *(graph, each.kind, params.get(name, each.default)), parameter=name, language=language
        )
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
    question: Question,
    choices: Mapping[str, Choice],
    rows: Sequence[Mapping[str, object]],
    language: str,
) -> str:
    values: dict[str, object] = {name: choice.label for name, choice in choices.items()}
    for column in question.columns:
        found = [row[column] for row in rows if row.get(column)]
        values[f"distinct_{column}"] = len(set(found))
        values[f"tally_{column}"] = _tally(question, found, language)
    text = question.summary_en if language == "en" else question.summary
    return text.format_map({**values, "count": len(rows)})


def _tally(question: Question, values: Iterable[object], language: str) -> str:
    """How often each value occurs, in the order of the rows."""
    counts = Counter(values)
    if language == "en":
        said = (f"{question.words.get(str(each), each)}: {n}" for each, n in counts.items())
        return ", ".join(said) or "none"
    return "、".join(f"{value}{count}件" for value, count in counts.items()) or "なし"

"""A list of lines from a page, and what a person chose for them: read, and written as tables.

Nothing of it is kept: what is chosen comes back with the request that asks for the table.
"""

import hashlib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from ontology.mapping_sets import CURATED
from ontology.terms import Names
from service.errors import BadRequest, TooLarge
from service.reconciling.matcher import Matcher
from service.reconciling.requests import BATCH
from service.retrieval.entries import Entry
from service.state import version
from service.tables import csv_text

if TYPE_CHECKING:
    from sssom_pydantic import Record

#: characters of a line at most
LONGEST: Final = 200
#: how a line may relate to an entity: SKOS's mapping relations
RELATIONS: Final[Mapping[str, tuple[str, str]]] = {
    "exactMatch": ("同じ", "exact"),
    "closeMatch": ("ほぼ同じ", "close"),
    "broadMatch": ("より広いもの", "broader"),
    "narrowMatch": ("より狭いもの", "narrower"),
    "relatedMatch": ("関連する", "related"),
}
#: who chose, where nobody gives a name
ANONYMOUS: Final = "ccgraph リストを照合の利用者"
TOOL: Final = "ccgraph reconcile"
_TITLE: Final = "リストの照合 / Reconciled list"
_MEASURE: Final = "ccgraph reconcile: score / 100"
#: the list is the user's, and so are its terms of use
_LICENCE: Final = "https://w3id.org/sssom/license/unspecified"
_NUMBER: Final = re.compile("[0-9]{1,6}")
_LAST: Final = re.compile(r"[^#/:]*$")
_COLUMNS: Final = (
    "line", "text", "relation", "id", "uri", "notation", "label", "scheme", "kind", "score", "why",
)  # fmt: skip
_SLOTS: Final = (
    "subject_id", "subject_label", "predicate_id", "object_id", "object_label",
    "mapping_justification", "author_label", "mapping_tool", "mapping_tool_version",
    "mapping_date", "similarity_score", "similarity_measure", "comment",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chosen:
    """One entity chosen for one line; `score` is 0 to 100."""

    line: int
    text: str
    relation: str
    entry: Entry
    score: float
    why: str


def lines_of(text: str) -> list[str]:
    """The lines of a pasted text, in order, blank ones left out.

    Raises `BadRequest` where there is none or one is too long, `TooLarge` where there are many.

    >>> lines_of(" シフト作成 \\r\\n\\r\\nOJT")
    ['シフト作成', 'OJT']
    """
    found = [line.strip() for line in text.splitlines() if line.strip()]
    if not found:
        raise BadRequest("一行に一つずつ、ことばを貼ってください。", "Paste one name a line.")
    if len(found) > BATCH:
        raise TooLarge(
            f"一度に照合できるのは {BATCH:,} 行までです（{len(found):,} 行あります）。",
            f"At most {BATCH:,} lines at once, these are {len(found):,}.",
            cap="lines",
            limit=BATCH,
        )
    for number, line in enumerate(found, start=1):
        if len(line) > LONGEST:
            raise BadRequest(
                f"{number} 行目が {LONGEST} 字を超えています。スキルの名前だけにしてください。",
                f"Line {number} has more than {LONGEST} characters; give the name alone.",
                line=number,
            )
    return found


def choices(form: Mapping[str, Sequence[str]], matcher: Matcher) -> list[Chosen]:
    """What was ticked in the page's form; raises `BadRequest` where that cannot be read.

    `line` and `relation` stand once for each line, in order; a `choice` is
    `number|id|score|why`, the number counting lines from 1.
    """
    lines, relations = form.get("line", ()), form.get("relation", ())
    found = list[Chosen]()
    for each in form.get("choice", ()):
        number, id, score, why = (*each.split("|", 3), "", "", "")[:4]
        entry = matcher.entry(id)
        last = min(len(lines), len(relations))
        if not _NUMBER.fullmatch(number) or not 1 <= int(number) <= last:
            raise _unreadable(each)
        relation = relations[int(number) - 1]
        if entry is None or relation not in RELATIONS or not _is_score(score):
            raise _unreadable(each)
        found.append(
            Chosen(int(number), lines[int(number) - 1], relation, entry, float(score), why)
        )
    return sorted(found, key=lambda each: each.line)


def as_csv(lines: Sequence[str], chosen: Sequence[Chosen], schemes: Mapping[str, str]) -> str:
    """A table of all lines (RFC 4180), those without a choice too; a BOM, for spreadsheets."""
    rows = list[Mapping[str, object]]()
    for number, text in enumerate(lines, start=1):
        found = [_row(each, schemes) for each in chosen if each.line == number]
        rows.extend(found or [{"line": number, "text": text}])
    return "\ufeff" + csv_text(_COLUMNS, rows)


def as_sssom(
    lines: Sequence[str], chosen: Sequence[Chosen], names: Names, *, author: str, day: date
) -> str:
    """What was chosen as SSSOM TSV, the lines named by their number in the list (RFC 7111)."""
    from curies import Converter
    from sssom_pydantic.io import write_unprocessed

    from ontology.sssom import metadata_of

    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
    prefixes = _prefixes(chosen, names) | {"list": f"{names.source(digest)}#row="}
    rows = [_record(each, prefixes, author=author or ANONYMOUS, day=day) for each in chosen]
    head = metadata_of(names, names.source(digest), _TITLE, _LICENCE)
    target = io.StringIO()
    write_unprocessed(
        rows,
        target,
        metadata=head.model_copy(update={"curie_map": prefixes}),
        converter=Converter.from_prefix_map(prefixes),
        prefixes={each.partition(":")[0] for row in rows for each in _iris(row)},
        columns=list(_SLOTS),
        condense=False,
    )
    return target.getvalue().replace("\r\n", "\n")


def _row(each: Chosen, schemes: Mapping[str, str]) -> dict[str, object]:
    entry = each.entry
    return {
        "line": each.line,
        "text": each.text,
        "relation": each.relation,
        "id": entry.id,
        "uri": entry.uri,
        "notation": entry.notation,
        "label": entry.label,
        "scheme": schemes.get(entry.scheme, entry.scheme),
        "kind": entry.kind,
        "score": each.score,
        "why": each.why,
    }


def _record(each: Chosen, prefixes: Mapping[str, str], *, author: str, day: date) -> "Record":
    from sssom_pydantic import Record

    return Record(
        subject_id=f"list:{each.line}",
        subject_label=each.text,
        predicate_id=f"skos:{each.relation}",
        object_id=_curie(each.entry.uri, prefixes),
        object_label=each.entry.label,
        mapping_justification=CURATED,
        author_label=[author],
        mapping_tool=TOOL,
        mapping_tool_version=version(),
        mapping_date=day,
        similarity_score=round(each.score / 100, 4),
        similarity_measure=_MEASURE,
        comment=each.why or None,
    )


def _iris(row: "Record") -> Iterable[str]:
    slots = ("subject_id", "predicate_id", "object_id", "mapping_justification")
    return (str(getattr(row, slot)) for slot in slots)


def _prefixes(chosen: Iterable[Chosen], names: Names) -> dict[str, str]:
    """Prefixes for all ends; namespaces that have none are called ns1, ns2 …"""
    uris = (each.entry.uri for each in chosen)
    spaces = {_LAST.sub("", uri) for uri in uris if names.curie(uri) == uri}
    others = {f"ns{number}": space for number, space in enumerate(sorted(spaces), start=1)}
    return {**names.prefixes, **others}


def _curie(uri: str, prefixes: Mapping[str, str]) -> str:
    """A CURIE by the longest namespace that fits."""
    prefix, space = max(
        (item for item in prefixes.items() if uri.startswith(item[1])),
        key=lambda item: len(item[1]),
    )
    return f"{prefix}:{uri.removeprefix(space)}"


def _is_score(text: str) -> bool:
    return bool(re.fullmatch(r"\d{1,3}(\.\d{1,2})?", text)) and float(text) <= 100


def _unreadable(choice: str) -> BadRequest:
    return BadRequest(
        f"選んだものを読めません: {choice[:100]}。「リストを照合」の頁からやり直してください。",
        f"This choice cannot be read: {choice[:100]}; start again from the page.",
        parameter="choice",
    )

"""A user's own list of skills as subjects: SKOS in any RDF syntax, or CSV with a header line.

CSV columns are found by name, in any order: label, and where there are any id, definition and
parent (the id or label of another line). An id that is an IRI stands for itself; any other is
put behind the namespace, which by default names the file by its content; a line without an id
is called by its number, `row=N`, as RFC 7111 does.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from ontology.terms import Names
from service.aligning.subjects import AlignError, Subject, subject_of
from service.graph.store import load_graph
from service.retrieval.analysis import folded_key
from service.retrieval.entries import read_entries

#: what columns may be called
_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "label": ("label", "preflabel", "name", "skill", "title", "名前", "名称", "スキル", "ラベル"),
    "id": ("id", "uri", "iri", "code", "notation", "コード", "番号"),
    "definition": ("definition", "description", "定義", "説明", "内容"),
    "parent": ("parent", "broader", "上位", "分類", "カテゴリ"),
}
_DELIMITERS: Final[Mapping[str, str]] = {".csv": ",", ".tsv": "\t"}
_IRI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")

#: a line of a file: its number and its values by column
Line = tuple[int, Mapping[str, str]]


def read_skills(path: Path, names: Names, namespace: str | None = None) -> list[Subject]:
    """The skills in a file, CSV by its ending and RDF else.

    Raises `AlignError` naming file and line, and `OSError` where the file cannot be read.
    """
    if path.suffix.lower() in _DELIMITERS:
        return _from_table(path, names, namespace)
    return _from_rdf(path, names)


def _from_rdf(path: Path, names: Names) -> list[Subject]:
    try:
        entries = read_entries(load_graph(path, names))
    except (ValueError, SyntaxError) as fault:
        raise AlignError(f"{path.name}: 読めません / cannot be read: {fault}") from fault
    if not entries:
        raise AlignError(f"{path.name}: skos:Concept がありません / holds no skos:Concept")
    return [subject_of(each, kind="") for each in entries]


def _from_table(path: Path, names: Names, namespace: str | None) -> list[Subject]:
    content = path.read_bytes()
    lines = list(_lines(path, _decoded(path.name, content)))
    space = namespace or names.source(hashlib.sha256(content).hexdigest()[:16]) + "#"
    keys = [_iri(number, row.get("id", ""), space) for number, row in lines]
    _refuse_twice(path.name, lines, keys)
    above = _parents(lines)
    return [
        Subject(
            key,
            row["label"],
            path=_path(row, above),
            definition=row.get("definition", ""),
        )
        for key, (_, row) in zip(keys, lines, strict=True)
    ]


def _decoded(name: str, content: bytes) -> str:
    """UTF-8, or what Excel writes in Japan."""
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise AlignError(f"{name}: UTF-8 か Shift_JIS で保存してください / save it as UTF-8")


def _lines(path: Path, text: str) -> Iterator[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_DELIMITERS[path.suffix.lower()])
    try:
        columns = _columns(path.name, next(reader, []))
        found = 0
        for cells in reader:
            row = {name: cells[at].strip() for name, at in columns.items() if at < len(cells)}
            if any(map(str.strip, cells)):
                if not row.get("label"):
                    raise AlignError(f"{path.name}:{reader.line_num}: 名前が空 / label is empty")
                found += 1
                yield reader.line_num, row
    except csv.Error as fault:
        raise AlignError(f"{path.name}:{reader.line_num}: {fault}") from fault
    if not found:
        raise AlignError(f"{path.name}: 行がありません / holds no line")


def _columns(name: str, head: Sequence[str]) -> dict[str, int]:
    places = {folded_key(cell): at for at, cell in reversed(list(enumerate(head)))}
    found = {
        column: places[folded_key(word)]
        for column, words in _COLUMNS.items()
        for word in reversed(words)
        if folded_key(word) in places
    }
    if "label" not in found:
        raise AlignError(
            f"{name}:1: label（名前）の列がありません。ある列: {', '.join(head) or 'なし'}"
            " / no column label"
        )
    return found


def _iri(number: int, id: str, space: str) -> str:
    if _IRI.fullmatch(id):
        return id
    return space + (quote(id, safe="-._~") if id else f"row={number}")


def _refuse_twice(name: str, lines: Sequence[Line], keys: Sequence[str]) -> None:
    first: dict[str, int] = {}
    for (number, row), key in zip(lines, keys, strict=True):
        if (before := first.setdefault(key, number)) != number:
            raise AlignError(
                f"{name}:{number}: id {row.get('id')} は {before} 行目にもある / stands twice"
            )


def _parents(lines: Sequence[Line]) -> Mapping[str, Mapping[str, str]]:
    """Lines by id and by label; an id goes first."""
    by_label = {row["label"]: row for _, row in reversed(lines)}
    return by_label | {row["id"]: row for _, row in lines if row.get("id")}


def _path(row: Mapping[str, str], above: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    """Labels of what is above a line, from the top; a parent that is no line is a label."""
    labels, seen = list[str](), {row["label"]}
    parent = row.get("parent", "")
    while parent and parent not in seen:
        seen.add(parent)
        found = above.get(parent, {})
        labels.append(found.get("label", parent))
        parent = found.get("parent", "")
    return tuple(reversed(labels))

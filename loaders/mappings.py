"""The curated mapping sets: SSSOM TSV files become frozen records, or an error with its line."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from loaders.records import Mapping as MappedPair
from ontology.mapping_sets import CURATED, FOLDER, SUFFIX, MappingFileError, SetTitle
from ontology.terms import MAPPING_GRAPHS, NO_TERM, Names

if TYPE_CHECKING:
    from ontology.sssom import Row

#: says that a scheme has nothing for a subject
NOTHING: Final = Names().curie(NO_TERM)

#: what a user's set is called: the older version, then the newer
_OWN: Final = re.compile(r"map-[A-Za-z0-9_.]+-[A-Za-z0-9_.]+")
_REQUIRES: Final = frozenset({"cco:requiresPrimarily", "cco:requiresAlso"})
_LEVEL: Final = frozenset({"cco:atSkillLevel"})
_DESCRIBES: Final = frozenset({"cco:describes"})
_MATCHES: Final = frozenset(
    {"skos:exactMatch", "skos:closeMatch", "skos:broadMatch", "skos:narrowMatch"}
)
#: what a set may say, by its name (docs/mapping-guide.md, section 1)
PREDICATES: Final[Mapping[str, frozenset[str]]] = {
    "map-item-cmbok2": _REQUIRES,
    "map-task-cmbok2": _REQUIRES,
    "map-level-cmbok2": _REQUIRES,
    "map-item-sfia9": _LEVEL,
    "map-task-sfia9": _LEVEL,
    "map-cmbok1-cmbok2": _MATCHES,
    "map-scope-cmbok2": _DESCRIBES,
    "map-guide-cmbok2": _DESCRIBES,
}


@dataclass(frozen=True)
class MappingSets:
    """All curated mappings by the name of their set, in the order of the files.

    `titles` are those of a user's own sets.
    """

    sets: Mapping[str, tuple[MappedPair, ...]]
    titles: Mapping[str, SetTitle] = field(default_factory=dict)

    def __iter__(self) -> Iterator[MappedPair]:
        return (each for rows in self.sets.values() for each in rows)


def load_mappings(folder: Path = FOLDER, own: Path | None = None) -> MappingSets:
    """Read every set of a folder; a set without a file has no rows.

    `own` is the folder of a user's sets, which join versions of schemes by SKOS's matches and
    may be absent. Raises `MappingFileError` naming file and line of the first row that cannot
    be true.
    """
    sets: dict[str, tuple[MappedPair, ...]] = {}
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        sets[_name(path)] = tuple(_checked(path.name, _read(path, _name(path), PREDICATES)))
    mine = sorted(own.glob(f"*{SUFFIX}")) if own else []
    allowed = {_name(path): _MATCHES for path in mine if _OWN.fullmatch(_name(path))}
    for path in mine:
        if _name(path) in PREDICATES:
            raise MappingFileError(f"{path.name}: 名前が使われています / the name is taken")
        sets[_name(path)] = tuple(_checked(path.name, _read(path, _name(path), allowed)))
    order = (*MAPPING_GRAPHS, *allowed)
    return MappingSets({name: sets.get(name, ()) for name in order}, _titles(mine))


def _name(path: Path) -> str:
    return path.name.removesuffix(SUFFIX)


def _titles(paths: Iterable[Path]) -> dict[str, SetTitle]:
    """The titles of sets: what stands before and after a slash, in Japanese and English."""
    from ontology.sssom import read_set

    titles: dict[str, SetTitle] = {}
    for path in paths:
        head, _ = read_set(path.read_text(encoding="utf-8-sig"), path.name)
        ja, _, en = (head.mapping_set_title or _name(path)).partition(" / ")
        titles[_name(path)] = SetTitle(ja, en or ja)
    return titles


def _read(
    path: Path, name: str, predicates: Mapping[str, frozenset[str]]
) -> Iterator[tuple[int, MappedPair]]:
    from ontology.sssom import read_set

    head, rows = read_set(path.read_text(encoding="utf-8-sig"), path.name)
    if name not in predicates:
        known = " ".join(PREDICATES if predicates is PREDICATES else ("map-旧版-新版",))
        raise MappingFileError(
            f"{path.name}: この名前の集合はありません / is no mapping set; there are {known}"
        )
    if str(head.mapping_set_id) != Names().graph(name):
        raise MappingFileError(
            f"{path.name}: mapping_set_id は / must be {Names().graph(name)}: {head.mapping_set_id}"
        )
    return ((row.line, _mapping(path.name, name, row, predicates[name])) for row in rows)


def _mapping(file: str, name: str, row: "Row", predicates: frozenset[str]) -> MappedPair:
    record = row.record
    if record.predicate_id not in predicates:
        allowed = " ".join(sorted(predicates))
        raise _fault(file, row.line, f"predicate_id は {allowed} のどれか", f"one of {allowed}")
    if record.object_id == NOTHING and record.predicate_id not in _LEVEL:
        raise _fault(file, row.line, f"{NOTHING} はレベルの集合だけ", f"{NOTHING} only of levels")
    if record.mapping_justification != CURATED:
        raise _fault(
            file, row.line, f"mapping_justification は {CURATED}", f"justification is {CURATED}"
        )
    if record.confidence is None or record.mapping_date is None:
        raise _fault(
            file, row.line, "confidence と mapping_date が必要", "confidence and date are missing"
        )
    return MappedPair(
        mapping_set=name,
        subject=record.subject_id,
        predicate=record.predicate_id,
        target=record.object_id,
        justification=record.mapping_justification,
        author=_said(file, row.line, "author_label", "、".join(record.author_label or ())),
        confidence=record.confidence,
        day=record.mapping_date,
        comment=_said(file, row.line, "comment", record.comment or ""),
    )


def _said(file: str, line: int, slot: str, text: str) -> str:
    if not text.strip():
        raise _fault(file, line, f"{slot} が必要", f"{slot} is missing")
    return text.strip()


def _checked(file: str, rows: Iterable[tuple[int, MappedPair]]) -> Iterator[MappedPair]:
    """Each pair once, and nothing beside a subject that has no term."""
    pairs: dict[tuple[str, str], int] = {}
    ends: dict[str, bool] = {}
    for line, each in rows:
        if (first := pairs.setdefault((each.subject, each.target), line)) != line:
            raise _fault(file, line, f"この対は {first} 行目にもある", f"also in line {first}")
        nothing = each.target == NOTHING
        if ends.setdefault(each.subject, nothing) != nothing:
            raise _fault(file, line, f"{NOTHING} とレベルが並んでいる", f"{NOTHING} beside a level")
        yield each


def _fault(file: str, line: int, ja: str, en: str) -> MappingFileError:
    return MappingFileError(f"{file}:{line}: {ja} / {en}")

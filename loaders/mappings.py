"""The curated mapping sets: SSSOM TSV files become frozen records, or an error with its line."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from loaders.records import Mapping as MappedPair
from ontology.mapping_sets import CURATED, FOLDER, SUFFIX, MappingFileError
from ontology.terms import MAPPING_GRAPHS, NO_TERM, Names

if TYPE_CHECKING:
    from ontology.sssom import Row

#: says that a scheme has nothing for a subject
NOTHING: Final = Names().curie(NO_TERM)

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
    """All curated mappings by the name of their set, in the order of the files."""

    sets: Mapping[str, tuple[MappedPair, ...]]

    def __iter__(self) -> Iterator[MappedPair]:
        return (each for rows in self.sets.values() for each in rows)


def load_mappings(folder: Path = FOLDER) -> MappingSets:
    """Read every set of a folder; a set without a file has no rows.

    Raises `MappingFileError` naming file and line of the first row that cannot be true.
    """
    sets: dict[str, tuple[MappedPair, ...]] = {}
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        name = path.name.removesuffix(SUFFIX)
        sets[name] = tuple(_checked(path.name, _read(path, name)))
    return MappingSets({name: sets.get(name, ()) for name in MAPPING_GRAPHS})


def _read(path: Path, name: str) -> Iterator[tuple[int, MappedPair]]:
    from ontology.sssom import read_set

    head, rows = read_set(path.read_text(encoding="utf-8-sig"), path.name)
    if name not in PREDICATES:
        known = " ".join(MAPPING_GRAPHS)
        raise MappingFileError(
            f"{path.name}: この名前の集合はありません / is no mapping set; there are {known}"
        )
    if str(head.mapping_set_id) != Names().graph(name):
        raise MappingFileError(
            f"{path.name}: mapping_set_id は / must be {Names().graph(name)}: {head.mapping_set_id}"
        )
    return ((row.line, _mapping(path.name, name, row)) for row in rows)


def _mapping(file: str, name: str, row: "Row") -> MappedPair:
    record = row.record
    if record.predicate_id not in PREDICATES[name]:
        allowed = " ".join(sorted(PREDICATES[name]))
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

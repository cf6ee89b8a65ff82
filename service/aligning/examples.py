"""The curated mappings as examples: who is mapped to what, read from the graph by two queries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from service.aligning.subjects import Subject, subject_of
from service.graph.store import Graph
from service.retrieval.entries import Entry, local_name
from service.retrieval.index import Index

#: the default graph has no proposals, so every mapping in it is curated
_CURATED: Final = """
SELECT DISTINCT ?subject ?predicate ?object
WHERE {
  ?mapping a sssom:Mapping ; sssom:subject_id ?subject ;
    sssom:predicate_id ?predicate ; sssom:object_id ?object
}
"""
_ITEMS: Final = """
SELECT ?subject ?object
WHERE { ?subject a cco:EvaluationItem ; skos:broader ?object . ?object a cco:Task }
"""

ITEM: Final = "EvaluationItem"
COMPETENCY: Final = "Competency"
TASK: Final = "Task"
LEVEL: Final = "SkillLevel"

PRIMARY: Final = frozenset({"requiresPrimarily"})
REQUIRED: Final = PRIMARY | {"requiresAlso"}
MATCHED: Final = frozenset({"describes", "exactMatch", "closeMatch", "broadMatch", "narrowMatch"})
PLACED: Final = frozenset({"broader"})
LEVELLED: Final = frozenset({"atSkillLevel"})
#: how much an example counts that is mapped with less than the full relation
_STRENGTH: Final[Mapping[str, float]] = {"requiresAlso": 0.4}

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Relation:
    """A curated statement; `predicate` is its local name."""

    subject: str
    predicate: str
    target: str


@dataclass(frozen=True)
class Objects:
    """The possible objects of one class: their places in the index, and who is mapped to them.

    `strength` has a row for each example and a column for each object, 0 to 1.
    """

    kind: str
    places: npt.NDArray[np.int64]
    strength: Matrix

    @property
    def taught(self) -> npt.NDArray[np.bool_]:
        """Which examples are mapped to any of these objects."""
        found: npt.NDArray[np.bool_] = self.strength.sum(axis=1) > 0
        return found


@dataclass(frozen=True)
class Examples:
    """Subjects that editors have mapped, with their relations."""

    subjects: tuple[Subject, ...]
    relations: tuple[Relation, ...]

    def truth(self, predicates: frozenset[str]) -> Mapping[str, frozenset[str]]:
        """The objects of each subject that has one by these predicates, by URI."""
        found: dict[str, set[str]] = {}
        for each in self.relations:
            if each.predicate in predicates:
                found.setdefault(each.subject, set()).add(each.target)
        return {subject: frozenset(targets) for subject, targets in found.items()}

    def objects(self, kind: str, index: Index) -> Objects:
        """The possible objects of a class."""
        places = _candidates(kind, index, {each.target for each in self.relations})
        columns = {index.entries[place].uri: at for at, place in enumerate(places)}
        rows = {each.uri: at for at, each in enumerate(self.subjects)}
        strength = np.zeros((len(rows), len(columns)))
        for each in self.relations:
            if each.target in columns:
                strength[rows[each.subject], columns[each.target]] = _STRENGTH.get(
                    each.predicate, 1.0
                )
        return Objects(kind, np.array(places, np.int64), strength)


def read_examples(graph: Graph, index: Index) -> Examples:
    """Every curated mapping between entries of the index, and the task of each item."""
    relations = [each for each in _relations(graph) if _known(each, index)]
    subjects = sorted({each.subject for each in relations})
    return Examples(
        tuple(subject_of(index.entries[index.by_uri[uri]]) for uri in subjects), tuple(relations)
    )


def curated_pairs(graph: Graph) -> frozenset[tuple[str, str]]:
    """Subject and object of every curated mapping, whatever its predicate."""
    return frozenset((row["subject"], row["object"]) for row in graph.rows(_CURATED))


def _relations(graph: Graph) -> Iterable[Relation]:
    rows = sorted(
        (row["subject"], local_name(row["predicate"]), row["object"])
        for row in graph.rows(_CURATED)
    )
    items = sorted((row["subject"], "broader", row["object"]) for row in graph.rows(_ITEMS))
    return (Relation(*each) for each in (*rows, *items))


def _known(relation: Relation, index: Index) -> bool:
    return relation.subject in index.by_uri and relation.target in index.by_uri


def _candidates(kind: str, index: Index, used: set[str]) -> Sequence[int]:
    """The current entries of a class, in the schemes that editors map to where there are any."""
    current = [
        place
        for place, entry in enumerate(index.entries)
        if entry.kind == kind and not entry.superseded
    ]
    schemes = {entry.scheme for entry in _entries(index, current) if entry.uri in used}
    return [place for place in current if not schemes or index.entries[place].scheme in schemes]


def _entries(index: Index, places: Iterable[int]) -> Iterable[Entry]:
    return (index.entries[place] for place in places)

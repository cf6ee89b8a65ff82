"""Proposing mappings for what nobody has mapped: never a statement, always with its reasons.

What is proposed depends on the subject: an evaluation item, task or skill level requires
competencies; a scope statement or guide section describes them; anything else, a competency of
another table or a line of somebody's skill list, matches competencies, tasks and skill levels.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from ontology.terms import SKOS, Names
from service.aligning.evidence import Evidence, Ground, Observed
from service.aligning.examples import COMPETENCY, ITEM, LEVEL, TASK, Matrix, Objects, curated_pairs
from service.aligning.model import Model, Scorer
from service.aligning.reasons import reason
from service.aligning.subjects import Subject, subject_of
from service.aligning.training import AIMS, Aim
from service.graph.store import Graph

#: a match of another name is close from this confidence, and related below
CLOSE: Final = 0.8
#: classes of the graph that require competencies, and that describe them
REQUIRING: Final = frozenset({ITEM, TASK, LEVEL})
DESCRIBING: Final = frozenset({"ScopeStatement", "GuideSection"})
_AIMS: Final[Mapping[str, Aim]] = {each.name: each for each in AIMS}

#: told how many subjects are done and how many there are
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Wanted:
    """Which proposals to make: at most so many for a subject and class, from a confidence on."""

    limit: int = 5
    threshold: float = 0.3


@dataclass(frozen=True, slots=True)
class Proposal:
    """A mapping that a person may accept; `predicate` and `target` are URIs.

    `score` is the similarity before calibration, `confidence` how likely the mapping is right.
    """

    subject: Subject
    predicate: str
    target: str
    target_label: str
    score: float
    confidence: float
    comment: str


@dataclass(frozen=True)
class Aligner:
    """Proposes mappings into one graph."""

    graph: Graph
    ground: Ground
    model: Model

    @cached_property
    def curated(self) -> frozenset[tuple[str, str]]:
        """The pairs that editors have judged: never proposed again."""
        return curated_pairs(self.graph)

    @cached_property
    def objects(self) -> Mapping[str, Objects]:
        """The possible objects of each class that has any."""
        index = self.ground.search.index
        found = (self.ground.examples.objects(kind, index) for kind in (COMPETENCY, TASK, LEVEL))
        return {each.kind: each for each in found if len(each.places)}

    def unmapped(self) -> list[Subject]:
        """The entities of the graph that have no curated mapping to a competency."""
        entries = self.ground.search.index.entries
        objects = self.objects.get(COMPETENCY)
        targets = {entries[place].uri for place in objects.places} if objects else set()
        mapped = {subject for subject, target in self.curated if target in targets}
        kinds = REQUIRING | DESCRIBING | {COMPETENCY}
        return [
            subject_of(each)
            for each in entries
            if each.kind in kinds and each.uri not in mapped | targets
        ]

    def propose(
        self, subjects: Sequence[Subject], wanted: Wanted, progress: Progress | None = None
    ) -> list[Proposal]:
        """Proposals for each subject, the most confident of a class first."""
        found = list[Proposal]()
        for done, subject in enumerate(subjects, start=1):
            for kind in self._kinds(subject):
                found += self._of(subject, self.objects[kind], wanted)
            if progress is not None:
                progress(done, len(subjects))
        return found

    def _kinds(self, subject: Subject) -> Iterator[str]:
        """The classes that a subject may be mapped to: skill lists to all."""
        return (kind for kind in self.objects if kind == COMPETENCY or not subject.kind)

    def _of(self, subject: Subject, objects: Objects, wanted: Wanted) -> list[Proposal]:
        context = objects.kind == COMPETENCY
        seen = self.ground.observe([subject], context=context)[0]
        keep = np.ones(len(self.ground.examples.subjects), np.bool_)
        evidence = self.ground.evidence(seen, objects, keep, context=context)
        judged = self._judged(subject, objects, seen, evidence)
        ranked = sorted(judged, key=lambda each: -each.confidence)
        return [each for each in ranked if each.confidence >= wanted.threshold][: wanted.limit]

    def _judged(
        self, subject: Subject, objects: Objects, seen: Observed, evidence: Evidence
    ) -> Iterator[Proposal]:
        """What could be said of each object that editors have not judged."""
        entries = self.ground.search.index.entries
        main = _scorer_name(subject, objects.kind)
        scorer = self.model.scorers[main]
        verdicts = _verdicts(self.model, main, evidence.features)
        for at, place in enumerate(objects.places.tolist()):
            entry = entries[place]
            if (subject.uri, entry.uri) in self.curated or subject.uri == entry.uri:
                continue
            verdict = verdicts[at]
            yield Proposal(
                subject=subject,
                predicate=_predicate(self.graph.names, subject, verdict, same=place in seen.same),
                target=entry.uri,
                target_label=entry.label,
                score=round(verdict.score, 4),
                confidence=round(verdict.confidence, 4),
                comment=reason(self.ground, scorer, subject, objects, evidence, at=at),
            )


@dataclass(frozen=True, slots=True)
class _Verdict:
    relation: str
    score: float
    confidence: float


def _scorer_name(subject: Subject, kind: str) -> str:
    if kind != COMPETENCY:
        return "task" if kind == TASK else "level"
    return "primary" if subject.kind in REQUIRING else "matched"


def _verdicts(model: Model, name: str, features: Matrix) -> list[_Verdict]:
    """The likeliest relation to each object; primary or also, whichever is the likelier."""
    scorer = model.scorers[name]
    score, sure = _said(scorer, features)
    if name != "primary":
        return [_Verdict(name, *each) for each in zip(score, sure, strict=True)]
    wide, required = _said(model.scorers["required"], features)
    rows = zip(score, sure, wide, required, strict=True)
    return [
        _Verdict("primary", one, main)
        if main >= whole - main
        else _Verdict("also", both, whole - main)
        for one, main, both, whole in rows
    ]


def _said(scorer: Scorer, features: Matrix) -> tuple[list[float], list[float]]:
    """Score and confidence of each row."""
    logits = scorer.logits(features)
    return scorer.score(logits).tolist(), scorer.confidence(logits).tolist()


def _predicate(names: Names, subject: Subject, verdict: _Verdict, *, same: bool) -> str:
    if verdict.relation in ("primary", "also"):
        return names.term("requiresPrimarily" if verdict.relation == "primary" else "requiresAlso")
    if subject.kind in DESCRIBING:
        return names.term("describes")
    close = verdict.relation == "matched" and (same or verdict.confidence >= CLOSE)
    return f"{SKOS}closeMatch" if close else f"{SKOS}relatedMatch"

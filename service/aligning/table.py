"""Proposals as SSSOM: rows for a file that people can read, edit and load."""

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Final

from ontology.mapping_sets import LICENCE
from ontology.terms import PROPOSALS_GRAPH, SEMAPV, Names, mapping_id
from service.aligning.align import Proposal
from service.state import version

if TYPE_CHECKING:
    from sssom_pydantic import Record

#: who proposes
TOOL: Final = "ccgraph align"
#: on what grounds
JUSTIFICATION: Final = f"{SEMAPV}SemanticSimilarityThresholdMatching"
#: what the score is
MEASURE: Final = "ccgraph align: logistic regression over words, meaning and curated examples"
TITLE: Final = "機械による提案 / Machine proposals"
_COLUMNS: Final = (
    "record_id", "subject_id", "subject_label", "predicate_id", "object_id", "object_label",
    "mapping_justification", "mapping_tool", "mapping_tool_version", "mapping_date",
    "confidence", "similarity_score", "similarity_measure", "comment",
)  # fmt: skip
_LAST: Final = re.compile(r"[^#/:]*$")


def as_sssom(proposals: Sequence[Proposal], names: Names, day: date) -> str:
    """Proposals as SSSOM TSV; sssom-pydantic writes it, which takes a moment to import."""
    from curies import Converter
    from sssom_pydantic.io import write_unprocessed

    from ontology.sssom import metadata_of

    prefixes = prefixes_of(proposals, names)
    rows = [_record(each, names, prefixes, day) for each in proposals]
    head = metadata_of(names, names.graph(PROPOSALS_GRAPH), TITLE, LICENCE)
    target = io.StringIO()
    write_unprocessed(
        rows,
        target,
        metadata=head.model_copy(update={"curie_map": prefixes}),
        converter=Converter.from_prefix_map(dict(prefixes)),
        prefixes=_used(rows),
        columns=[name for name in _COLUMNS if any(getattr(row, name) is not None for row in rows)],
        condense=False,
    )
    return target.getvalue().replace("\r\n", "\n")


def prefixes_of(proposals: Iterable[Proposal], names: Names) -> dict[str, str]:
    """Prefix to namespace for all ends; namespaces of a user's own are called ns1, ns2 …"""
    known = dict(names.prefixes)
    spaces = {
        _LAST.sub("", each.subject.uri)
        for each in proposals
        if names.curie(each.subject.uri) == each.subject.uri
    }
    return known | {f"ns{number}": space for number, space in enumerate(sorted(spaces), start=1)}


def _record(each: Proposal, names: Names, prefixes: Mapping[str, str], day: date) -> "Record":
    from sssom_pydantic import Record

    subject = _curie(each.subject.uri, prefixes)
    predicate, target = names.curie(each.predicate), names.curie(each.target)
    local = mapping_id(PROPOSALS_GRAPH, names.curie(each.subject.uri), predicate, target)
    return Record(
        record_id=f"ccg:{local}",
        subject_id=subject,
        subject_label=None if each.subject.kind else each.subject.label,
        predicate_id=predicate,
        object_id=target,
        object_label=None if each.target_label == "" else each.target_label,
        mapping_justification=names.curie(JUSTIFICATION),
        mapping_tool=TOOL,
        mapping_tool_version=version(),
        mapping_date=day,
        confidence=each.confidence,
        similarity_score=each.score,
        similarity_measure=MEASURE,
        comment=each.comment,
    )


def _curie(uri: str, prefixes: Mapping[str, str]) -> str:
    """A CURIE by the longest namespace that fits."""
    fitting = [item for item in prefixes.items() if uri.startswith(item[1]) and uri != item[1]]
    if not fitting:
        return uri
    prefix, space = max(fitting, key=lambda item: len(item[1]))
    return f"{prefix}:{uri.removeprefix(space)}"


def _used(rows: Iterable["Record"]) -> set[str]:
    slots = ("record_id", "subject_id", "predicate_id", "object_id", "mapping_justification")
    return {str(getattr(row, slot)).partition(":")[0] for row in rows for slot in slots}

"""What `ccgraph align` does, but for loading: the part that needs no loaders."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from ontology.artefact import MANIFEST
from ontology.mapping_sets import SUFFIX
from ontology.terms import Names
from service.aligning.align import Aligner, Proposal, Wanted
from service.aligning.documents import read_skills
from service.aligning.evaluation import evaluate_alignment
from service.aligning.evidence import Ground, make_ground
from service.aligning.examples import COMPETENCY, read_examples
from service.aligning.model import load_model, save_model
from service.aligning.subjects import AlignError
from service.aligning.training import fit_model
from service.boot import current_build, open_graph, open_search
from service.console import Steps, print_alignment, print_json, print_proposals
from service.graph.store import Graph
from service.retrieval.encoders import load_encoder
from service.settings import Settings
from service.state import Manifest

_LOG: Final = logging.getLogger("ccgraph")


def table_in(files: Sequence[Path], load: bool) -> str | None:
    """The text of a file of proposals already made, to be loaded; `None` where none is given.

    Raises `AlignError` where there are other files beside it or it is not to be loaded.
    """
    if not any(path.name.endswith(SUFFIX) for path in files):
        return None
    if len(files) > 1 or not load:
        raise AlignError(
            f"提案の表 ({SUFFIX}) は一つだけを --load と共に渡してください"
            " / give one table of proposals, with --load"
        )
    return files[0].read_text(encoding="utf-8-sig")


def open_ground(settings: Settings, tell: Steps) -> tuple[Graph, Ground]:
    """The graph of these settings and all that subjects are held against."""
    tell.step("索引を開く / opening the index")
    graph, path = open_graph(settings)
    search = open_search(settings, graph, path, tell.count)
    tell.step("対応付けの例を読む / reading the curated mappings")
    named = load_encoder(settings.encoder)
    return graph, make_ground(search, named, read_examples(graph, search.index))


def open_aligner(graph: Graph, ground: Ground) -> Aligner:
    """The aligner with the weights that are shipped.

    Raises `AlignError` where the graph has no competencies to map to. Confidence was calibrated
    for one encoder; with another the log says so.
    """
    aligner = Aligner(graph, ground, load_model())
    if COMPETENCY not in aligner.objects:
        raise AlignError("グラフに対応付け先の能力がありません / the graph has no competencies")
    if ground.named.name != aligner.model.encoder:
        _LOG.warning(
            "確信度は %s で較正しています。%s では目安です / calibrated for another encoder",
            aligner.model.encoder, ground.named.name,
        )  # fmt: skip
    return aligner


def proposals_for(
    aligner: Aligner, files: Sequence[Path], namespace: str | None, wanted: Wanted, tell: Steps
) -> list[Proposal]:
    """Proposals for the skills in files, or for what the graph has unmapped where none is given."""
    names = aligner.graph.names
    listed = [each for path in files for each in read_skills(path, names, namespace)]
    subjects = listed if files else aligner.unmapped()
    tell.step("対応付けを提案する / proposing mappings")
    return aligner.propose(subjects, wanted, tell.count)


def study(ground: Ground, settings: Settings, fit: Path | None, *, as_json: bool) -> None:
    """Write new weights, or print how good the aligner is."""
    if fit:
        edition = Manifest.read(current_build(settings.data) / MANIFEST).edition
        save_model(fit_model(ground, edition), fit)
    else:
        report = asdict(evaluate_alignment(ground))
        print_json(report) if as_json else print_alignment(report)


def write(text: str, out: Path | None) -> None:
    """Write a table of proposals where one is wanted."""
    if out:
        out.write_text(text, encoding="utf-8")


def show(proposals: Sequence[Proposal], names: Names, *, as_json: bool) -> None:
    """Print proposals, for people or for machines."""
    rows = [_slots(each, names) for each in proposals]
    if as_json:
        print_json({"proposals": rows})
    else:
        print_proposals([row | _shown(row, names) for row in rows])


def _slots(each: Proposal, names: Names) -> dict[str, Any]:
    """A proposal by SSSOM's names, its ends as URIs."""
    return {
        "subject_id": each.subject.uri,
        "subject_label": each.subject.label,
        "predicate_id": names.curie(each.predicate),
        "object_id": each.target,
        "object_label": each.target_label,
        "confidence": each.confidence,
        "similarity_score": each.score,
        "comment": each.comment,
    }


def _shown(row: Mapping[str, Any], names: Names) -> dict[str, str]:
    """The ends of a proposal as people read them: local id and label."""
    return {
        "subject": f"{names.local(row['subject_id']) or ''} {row['subject_label']}".strip(),
        "object": f"{names.local(row['object_id']) or row['object_id']} {row['object_label']}",
    }

"""From paths to a checked graph in memory: the whole way of contract section 1 to 3, no disk.

`loaders.artefact` writes what this module makes.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

from pyoxigraph import NamedNode, Quad, RdfFormat, parse
from rdflib import Dataset, Graph

from loaders.check import Fault, inspect, validate
from loaders.graph import Assembly, assemble
from loaders.identity import Place, Reader, Resolution, resolve
from loaders.mapping_graph import SetCount, state_mappings
from loaders.mappings import load_mappings
from loaders.records import Outcome, Record, Scheme
from loaders.registry import Registry
from loaders.report import DocumentReport, LineStatus, Remark, Report, line_statuses, remarks, tally
from loaders.sources import recognise
from loaders.text import UndecodableError, read_document
from loaders.vocabulary import Edition, Vocabulary, load_vocabulary
from ontology.terms import CLASSES, Names

#: the open edition: five documents of our own wording
OPEN_EDITION = Path(__file__).parent / "documents"

Progress = Callable[[str], None]


class BuildError(ValueError):
    """A build that is refused; `report` says why where documents were read."""

    def __init__(self, message: str, report: Report | None = None) -> None:
        super().__init__(message)
        self.report = report


@dataclass(frozen=True)
class Build:
    """A graph that passed every check: canonical N-Quads, its version, report and registry."""

    nquads: bytes
    version: str
    edition: Edition
    report: Report
    registry: Registry


@dataclass(frozen=True)
class Intake:
    """The documents of a build with what their loaders yielded, and doubts about whole files."""

    readers: tuple[Reader, ...]
    kinds: tuple[str, ...]
    remarks: tuple[Remark, ...]


def build(
    paths: Sequence[Path],
    registry: Registry,
    names: Names,
    *,
    today: date,
    trust_ends: bool = False,
    own: Path | None = None,
    progress: Progress = lambda _: None,
) -> Build:
    """Read documents into one checked graph; no paths means the open edition.

    `own` is the folder where a user may say more: `schemes.toml` (which scheme replaces which)
    and `mappings/*.sssom.tsv` (what became of its entities).

    With `trust_ends` a document is taken to end where it should, so that what is missing at its
    end is retired too. Raises `BuildError` where no document is recognised, a document cannot
    be read or the graph breaks a shape.
    """
    progress("文書を読む / reading documents")
    intake = take_in(files_of(paths or [OPEN_EDITION]))
    if not intake.readers:
        raise BuildError(
            "読める文書がありません。対応する種類は docs/documents.md にあります。"
            " / no document was recognised: " + "; ".join(str(remark) for remark in intake.remarks)
        )
    vocabulary = load_vocabulary(own=own / "schemes.toml" if own else None)
    mappings = load_mappings(own=own / "mappings" if own else None)
    edition = edition_of(intake, vocabulary)
    readers = [_closed(reader) for reader in intake.readers] if trust_ends else intake.readers
    resolution = resolve(readers, registry, today)
    progress("グラフを組み立てる / assembling the graph")
    assembly = assemble(readers, resolution, vocabulary, edition, names)
    present, later = assembly.entities.keys(), vocabulary.successions
    mapped = state_mappings(assembly.dataset, mappings, present, names, later)
    nquads = canonical(assembly.dataset)
    progress("検査する / checking")
    faults = [*validate(assembly.dataset, names), *inspect(nquads, names)]
    report = _report(intake, resolution, assembly, edition, (nquads, faults), vocabulary=vocabulary)
    report = with_mappings(report, mapped)
    if errors := report.worst("error"):
        raise BuildError("\n".join(map(str, errors)), report)
    return Build(nquads, report.graph, edition, report, resolution.registry)


def with_mappings(report: Report, counts: Mapping[str, SetCount]) -> Report:
    """The report with what became of the mapping sets, and their unused rows in all."""
    unused = sum(count.unused for count in counts.values())
    return replace(
        report,
        mapping_sets={name: asdict(count) for name, count in counts.items()},
        unused={**report.unused, "mappings": unused},
    )


def files_of(paths: Iterable[Path]) -> list[Path]:
    """The files that are meant: a folder stands for the visible files in it, by name.

    Raises `BuildError` for a path that does not exist.
    """
    files: list[Path] = []
    for path in paths:
        if not path.exists():
            raise BuildError(f"{path}: ありません。パスを確かめてください。 / does not exist")
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        files += [each for each in inside if each.is_file() and not each.name.startswith(".")]
    return files


def take_in(files: Iterable[Path]) -> Intake:
    """Read and recognise each file; the same bytes are read once."""
    readers: dict[str, Reader] = {}
    kinds: list[str] = []
    notes: list[Remark] = []
    for path in files:
        try:
            document = read_document(path)
        except (UndecodableError, OSError) as fault:
            notes.append(_whole("undecodable", path.name, str(fault), str(fault)))
            continue
        source = recognise(document)
        if source is None:
            notes.append(_unrecognised(path.name))
        elif document.digest not in readers:
            readers[document.digest] = Reader(document, tuple(source.load(document)))
            kinds.append(source.kind)
        else:
            twin = readers[document.digest].document.name
            notes.append(
                _whole("duplicate", path.name, f"{twin} と同じ内容です", f"same as {twin}")
            )
    return Intake(tuple(readers.values()), tuple(kinds), tuple(notes))


def _unrecognised(name: str) -> Remark:
    return _whole(
        "unrecognised", name,
        "どの種類の文書でもないため読みませんでした。",
        "not recognised as a document of any kind; left unread",
    )  # fmt: skip


def _whole(code: str, name: str, ja: str, en: str) -> Remark:
    return Remark("warning", code, name, 0, ja, en)


def edition_of(intake: Intake, vocabulary: Vocabulary) -> Edition:
    """Open or official where every document is known to be so, else custom."""
    found = {_edition_key(reader, vocabulary) for reader in intake.readers}
    return vocabulary.editions[found.pop() if len(found) == 1 else "custom"]


def _edition_key(reader: Reader, vocabulary: Vocabulary) -> str:
    if reader.document.digest in _open_digests():
        return "open"
    known = (key for key, each in vocabulary.editions.items() if reader.document.id in each.digests)
    return next(known, "custom")


def _open_digests() -> frozenset[str]:
    files = files_of([OPEN_EDITION])
    return frozenset(hashlib.sha256(path.read_bytes()).hexdigest() for path in files)


def _closed(reader: Reader) -> Reader:
    """The same reading with every end taken as given."""
    return replace(reader, outcomes=tuple(_trusted(each) for each in reader.outcomes))


def _trusted(outcome: Outcome) -> Outcome:
    if not isinstance(outcome, Scheme | Record):
        return outcome
    return replace(outcome, reads=tuple(replace(each, closed=True) for each in outcome.reads))


def canonical(dataset: Dataset) -> bytes:
    """The dataset as sorted N-Quads, one form for one content."""
    lines = {line for graph in dataset.graphs() for line in _lines(graph)}
    return "\n".join([*sorted(lines), ""]).encode()


def _lines(graph: Graph) -> Iterator[str]:
    name = NamedNode(str(graph.identifier))
    for found in parse(graph.serialize(format="nt"), format=RdfFormat.N_TRIPLES):
        yield f"{Quad(found.subject, found.predicate, found.object, name)} ."


def version_of(nquads: bytes) -> str:
    """The version of a graph: the first 16 hex digits of the SHA-256 of its canonical N-Quads."""
    return hashlib.sha256(nquads).hexdigest()[:16]


def _report(
    intake: Intake,
    resolution: Resolution,
    assembly: Assembly,
    edition: Edition,
    checked: tuple[bytes, Sequence[Fault]],
    *,
    vocabulary: Vocabulary,
) -> Report:
    nquads, faults = checked
    statuses = [
        line_statuses(reader, _keys(index, resolution.ids))
        for index, reader in enumerate(intake.readers)
    ]
    said = [
        remark
        for reader, lines in zip(intake.readers, statuses, strict=True)
        for remark in remarks(reader, lines)
    ]
    return Report(
        edition=edition.key,
        graph=version_of(nquads),
        counts=_counts(assembly),
        counts_by_scheme=_counts_by_scheme(assembly),
        documents=tuple(_documents(intake, statuses, vocabulary)),
        lines=tuple(line for lines in statuses for line in lines),
        findings=(*intake.remarks, *said, *_unread(resolution), *map(_fault, faults)),
        changes=resolution.changes,
        unused={"vocabulary": assembly.unused_entries},
    )


def _documents(
    intake: Intake, statuses: Sequence[Sequence[LineStatus]], vocabulary: Vocabulary
) -> Iterator[DocumentReport]:
    for reader, kind, lines in zip(intake.readers, intake.kinds, statuses, strict=True):
        document = reader.document
        yield DocumentReport(
            document.name, document.id, kind, _edition_key(reader, vocabulary),
            document.encoding, tally(lines),
        )  # fmt: skip


def _keys(index: int, ids: Mapping[Place, str]) -> dict[str, str]:
    return {key: id for (document, key), id in ids.items() if document == index}


def _counts(assembly: Assembly) -> dict[str, int]:
    found = Counter(entity.kind for entity in assembly.entities.values())
    return {kind: found[kind] for kind in CLASSES}


def _counts_by_scheme(assembly: Assembly) -> dict[str, dict[str, int]]:
    found = Counter((entity.scheme, entity.kind) for entity in assembly.entities.values())
    schemes = sorted({scheme for scheme, _ in found})
    return {
        scheme: {kind: found[scheme, kind] for kind in CLASSES if found[scheme, kind]}
        for scheme in schemes
    }


def _unread(resolution: Resolution) -> Iterator[Remark]:
    if resolution.unread:
        ids = " ".join(resolution.unread)
        yield Remark(
            "warning", "open-end", "", 0,
            f"文書の末尾にあるはずの {ids} がありません。途中で切れた文書かもしれないので"
            "廃止しません。本当に無くなったのなら --complete を付けてください。",
            f"missing at the open end of a document and therefore kept: {ids};"
            " add --complete if the document really ends there",
        )  # fmt: skip


def _fault(fault: Fault) -> Remark:
    place = fault.entity or ""
    return Remark(fault.severity, fault.check, place, 0,
                  f"{fault.ja}（{fault.detail}）", f"{fault.en} ({fault.detail})")  # fmt: skip

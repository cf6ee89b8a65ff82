"""A third version of the CMBOK beside the others, and what its users declare of it."""

from datetime import date
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, RdfFormat, Store

from loaders.build import OPEN_EDITION, Build, build
from loaders.mappings import MappingFileError
from loaders.registry import load_registry
from loaders.vocabulary import VocabularyError
from ontology.terms import DCTERMS, SKOS, Names

NAMES = Names()
TABLE = Path(__file__).parents[1] / "documents" / "cmbok_3.txt"
DAY = date(2026, 11, 23)
SUCCESSION = '[cmbok2]\nreplaced_by = "cmbok3"\n'
HEAD = """#curie_map:
#  ccg: https://w3id.org/ccgraph/id/
#  semapv: https://w3id.org/semapv/vocab/
#  skos: http://www.w3.org/2004/02/skos/core#
#mapping_set_id: https://w3id.org/ccgraph/graph/map-cmbok2-cmbok3
#mapping_set_title: CMBOK 2.0から3.0へ / CMBOK 2.0 to 3.0
#license: https://www.apache.org/licenses/LICENSE-2.0
"""
COLUMNS = (
    "subject_id predicate_id object_id mapping_justification author_label mapping_date"
    " confidence comment"
)
ROW = "ccg:cmbok2.CS-9 skos:closeMatch ccg:cmbok3.CS-3 semapv:ManualMappingCuration 係 2026-11-23"


def mapping_set(row: str = ROW) -> str:
    lines = [COLUMNS.split(), [*row.split(), "0.8", "ご意見も受けるようになった。"]]
    return HEAD + "".join("\t".join(cells) + "\n" for cells in lines)


def made(own: Path | None = None) -> Build:
    """The code tables of three versions; other documents say nothing of versions."""
    tables = [OPEN_EDITION / "cmbok_codes.txt", TABLE]
    return build(tables, load_registry(), NAMES, today=DAY, own=own)


def store(found: Build) -> Store:
    opened = Store()
    opened.load(found.nquads, format=RdfFormat.N_QUADS)
    return opened


def ids(found: Build) -> set[str]:
    """The local ids that a build speaks of, mappings aside."""
    subjects = {getattr(quad.subject, "value", "") for quad in store(found)}
    return {local for each in subjects if (local := NAMES.local(each)) and local[:4] != "map."}


def links(found: Build, name: str) -> set[tuple[str | None, str | None]]:
    """The pairs of local ids that a property joins."""
    quads = store(found).quads_for_pattern(None, NamedNode(name), None)
    ends = ((getattr(q.subject, "value", ""), getattr(q.object, "value", "")) for q in quads)
    return {(NAMES.local(one), NAMES.local(other)) for one, other in ends}


@pytest.fixture(scope="module")
def before() -> Build:
    return build([OPEN_EDITION / "cmbok_codes.txt"], load_registry(), NAMES, today=DAY)


@pytest.fixture(scope="module")
def after() -> Build:
    return made()


@pytest.fixture(scope="module")
def declared(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Everything, with a succession and what became of one entity declared."""
    own = tmp_path_factory.mktemp("own")
    (own / "schemes.toml").write_text(SUCCESSION, encoding="utf-8")
    (own / "mappings").mkdir()
    (own / "mappings" / "map-cmbok2-cmbok3.sssom.tsv").write_text(mapping_set(), encoding="utf-8")
    return build([OPEN_EDITION, TABLE], load_registry(), NAMES, today=DAY, own=own)


def test_it_loads_beside_the_others_and_moves_no_id(before: Build, after: Build) -> None:
    assert ids(before) < ids(after)
    new = ids(after) - ids(before)
    assert {each.partition(".")[0] for each in new} == {"cmbok3"}
    assert {"cmbok3", "cmbok3.HR-5", "cmbok3.WB-1", "cmbok3.D-operation"} <= new


def test_what_the_others_say_stays_to_the_letter(before: Build, after: Build) -> None:
    def of(found: Build, scheme: str) -> set[str]:
        graph = NamedNode(NAMES.graph(scheme))
        quads = store(found).quads_for_pattern(None, None, None, graph)
        return {str(quad.triple) for quad in quads if "/terms/" not in quad.predicate.value}

    for scheme in ("cmbok1", "cmbok2"):
        assert all(NAMES.term("edition") in each for each in of(before, scheme) ^ of(after, scheme))


def test_loading_declares_nothing(before: Build, after: Build) -> None:
    for name in (DCTERMS + "isReplacedBy", DCTERMS + "replaces", SKOS + "exactMatch"):
        assert links(before, name) == links(after, name)


def test_a_user_declares_the_succession(declared: Build, after: Build) -> None:
    assert ("cmbok2", "cmbok3") in links(declared, DCTERMS + "isReplacedBy")
    assert ids(after) < ids(declared)


def test_work_that_still_maps_to_the_old_version_is_a_warning(declared: Build) -> None:
    said = [each for each in declared.report.findings if each.code == "current-competency"]
    assert len(said) > 100
    assert {each.severity for each in said} == {"warning"}


def test_a_user_says_what_became_of_an_entity(declared: Build) -> None:
    assert ("cmbok2.CS-9", "cmbok3.CS-3") in links(declared, SKOS + "closeMatch")
    assert ("cmbok2.CS-9", "cmbok3.CS-3") in links(declared, DCTERMS + "isReplacedBy")
    assert declared.report.mapping_sets["map-cmbok2-cmbok3"] == {"stated": 1, "unused": 0}


def test_a_match_without_a_declared_succession_replaces_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "mappings"
    folder.mkdir()
    (folder / "map-cmbok2-cmbok3.sssom.tsv").write_text(mapping_set(), encoding="utf-8")
    found = made(tmp_path)
    assert ("cmbok2.CS-9", "cmbok3.CS-3") in links(found, SKOS + "closeMatch")
    assert ("cmbok2.CS-9", "cmbok3.CS-3") not in links(found, DCTERMS + "isReplacedBy")


@pytest.mark.parametrize(
    "text",
    ['[cmbok2]\nreplaced_by = "cmbok2"\n', '[cmbok2]\nreplaced_by = "cmbok1"\n', "[x", "a=1"],
)
def test_a_bad_declaration_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "schemes.toml").write_text(text, encoding="utf-8")
    with pytest.raises(VocabularyError, match=r"schemes\.toml"):
        made(tmp_path)


@pytest.mark.parametrize("name", ["map-cmbok1-cmbok2", "something"])
def test_a_set_of_a_users_has_a_name_of_its_own(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "mappings"
    folder.mkdir()
    (folder / f"{name}.sssom.tsv").write_text(mapping_set(), encoding="utf-8")
    with pytest.raises(MappingFileError, match=name):
        made(tmp_path)

"""Mapping sets as files, as records and as statements."""

import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
import sssom_pydantic
from curies import Reference
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, RdfFormat, Store
from rdflib import Dataset, Graph

from loaders.build import OPEN_EDITION, Build, build, canonical
from loaders.mapping_graph import state_mappings
from loaders.mappings import NOTHING, PREDICATES, MappingSets, load_mappings
from loaders.records import Mapping
from loaders.registry import load_registry
from loaders.text import read_document
from ontology.mapping_sets import AUTHOR, CURATED, FOLDER, SUFFIX, TITLES, MappingFileError
from ontology.sssom import curated, metadata_of, read_set, write_set
from ontology.terms import MAPPING_GRAPHS, SSSOM, Names, mapping_id

NAMES = Names()
DAY = date(2026, 11, 23)
#: which scheme replaced which
LATER = {("cmbok1", "cmbok2")}
SET = "map-item-cmbok2"
FILES = sorted(FOLDER.glob(f"*{SUFFIX}"))


def row(subject: str, predicate: str, target: str, comment: str = "対話が要る。") -> Mapping:
    return Mapping(SET, subject, predicate, target, CURATED, AUTHOR, 0.7, DAY, comment)


def text_of(*rows: tuple[str, str, str], name: str = SET) -> str:
    records = [curated(*each, confidence=0.7, comment="対話が要る。", day=DAY) for each in rows]
    return write_set(records, metadata_of(NAMES, NAMES.graph(name), TITLES[name].text), NAMES)


def written(folder: Path, text: str, name: str = SET) -> Path:
    (folder / f"{name}{SUFFIX}").write_text(text, encoding="utf-8")
    return folder


GOOD = ("ccg:task.E071", "cco:requiresAlso", "ccg:cmbok2.HR-5")


class TestFiles:
    def test_every_set_has_a_file(self) -> None:
        assert {path.name.removesuffix(SUFFIX) for path in FILES} == set(MAPPING_GRAPHS)

    @pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
    def test_they_stand_in_their_order(self, path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        name = path.name.removesuffix(SUFFIX)
        rows = [each.record for each in read_set(text, path.name)[1]]
        head = metadata_of(NAMES, NAMES.graph(name), TITLES[name].text)
        assert write_set(reversed(rows), head, NAMES) == text

    @pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
    def test_the_library_reads_every_row(self, path: Path) -> None:
        mappings, _, head, errors = sssom_pydantic.read(path, return_errors=True)
        assert not errors
        assert len(mappings) == len(load_mappings().sets[path.name.removesuffix(SUFFIX)])
        assert str(head.id) == NAMES.graph(path.name.removesuffix(SUFFIX))
        curated_by_hand = Reference(prefix="semapv", identifier="ManualMappingCuration")
        assert {each.justification for each in mappings} == {curated_by_hand}

    @pytest.mark.parametrize("name", [name for name in TITLES if TITLES[name].sentences])
    def test_sentences_of_documents_are_no_labels(self, name: str) -> None:
        rows = read_set((FOLDER / f"{name}{SUFFIX}").read_text(encoding="utf-8"), name)[1]
        assert not [each for each in rows if each.record.subject_label]

    def test_no_comment_copies_the_documents(self, official: Path) -> None:
        said = "".join(read_document(path).text for path in official.iterdir())
        names = "".join(
            label or ""
            for path in FILES
            for each in read_set(path.read_text(encoding="utf-8"), path.name)[1]
            for label in (each.record.subject_label, each.record.object_label)
        )
        for each in load_mappings():
            pieces = {each.comment[at : at + 12] for at in range(len(each.comment) - 11)}
            assert not [piece for piece in pieces if piece in said and piece not in names], each


class TestErrors:
    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ("cco:requiresAlso", "cco:describes", f"{SET}{SUFFIX}:10: predicate_id"),
            ("cco:requiresAlso", "cco:requires", "predicate_id"),
            ("ccg:cmbok2.HR-5", "sssom:NoTermFound", "NoTermFound"),
            (CURATED, "semapv:LexicalMatching", CURATED),
            ("\t0.7", "\t7", f"{SET}{SUFFIX}:10: 対応付けの行"),
            ("\t0.7", "\t", "confidence"),
            ("2026-11-23", "", "mapping_date"),
            ("対話が要る。", "", "comment"),
            (AUTHOR, "", "author_label"),
            ("ccg:cmbok2.HR-5", "dbr:Coaching", "curie_map"),
            ("ccg:cmbok2.HR-5", "コーチング", ":10: "),
        ],
    )
    def test_a_bad_row_is_named_by_its_line(
        self, tmp_path: Path, old: str, new: str, said: str
    ) -> None:
        text = text_of(GOOD)
        line = text.splitlines()[-1]
        bad = text.replace(line, f"\n{line.replace(old, new)}")
        with pytest.raises(MappingFileError, match=re.escape(said)):
            load_mappings(written(tmp_path, bad))

    @pytest.mark.parametrize(
        ("rows", "name"),
        [
            ([GOOD, ("ccg:task.E071", "cco:requiresPrimarily", "ccg:cmbok2.HR-5")], SET),
            ([GOOD, GOOD], SET),
            (
                [
                    ("ccg:task.E071", "cco:atSkillLevel", "ccg:sfia9.CSMG-5"),
                    ("ccg:task.E071", "cco:atSkillLevel", NOTHING),
                ],
                "map-item-sfia9",
            ),
        ],
    )
    def test_rows_that_contradict_each_other(
        self, tmp_path: Path, rows: list[tuple[str, str, str]], name: str
    ) -> None:
        with pytest.raises(MappingFileError, match=f"{name}.*:1[01]: "):
            load_mappings(written(tmp_path, text_of(*rows, name=name), name))

    @pytest.mark.parametrize("text", ["", "subject_id\n", "#: [\n", "#license: 7\nx\n"])
    def test_what_is_no_sssom(self, tmp_path: Path, text: str) -> None:
        with pytest.raises(MappingFileError, match=SET):
            load_mappings(written(tmp_path, text))

    def test_a_set_is_known_by_its_name(self, tmp_path: Path) -> None:
        with pytest.raises(MappingFileError, match="map-dreams"):
            load_mappings(written(tmp_path, text_of(GOOD), "map-dreams"))

    def test_the_head_names_the_same_set(self, tmp_path: Path) -> None:
        with pytest.raises(MappingFileError, match="mapping_set_id"):
            load_mappings(written(tmp_path, text_of(GOOD), "map-task-cmbok2"))


class TestReading:
    def test_no_folder_has_no_rows(self, tmp_path: Path) -> None:
        assert list(load_mappings(tmp_path / "none")) == []

    def test_other_prefixes_mean_the_same(self, tmp_path: Path) -> None:
        other = text_of(GOOD).replace("ccg:", "c:").replace("cco:", "o:")
        assert list(load_mappings(written(tmp_path, other))) == [row(*GOOD)]

    @given(
        st.sets(
            st.tuples(
                st.integers(1, 120), st.sampled_from(sorted(PREDICATES[SET])), st.integers(1, 14)
            ),
            min_size=1,
        ),
        st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1).filter(str.strip),
    )
    def test_what_is_written_is_read(
        self, numbers: set[tuple[int, str, int]], comment: str
    ) -> None:
        records = [
            curated(f"ccg:task.E{i:03d}", p, f"ccg:cmbok2.HR-{o}", confidence=0.5,
                    comment=comment, day=DAY)
            for i, p, o in numbers
        ]  # fmt: skip
        text = write_set(records, metadata_of(NAMES, NAMES.graph(SET), "x"), NAMES)
        read = [each.record for each in read_set(text, SET)[1]]
        assert sorted(map(repr, read)) == sorted(map(repr, records))


class TestStatements:
    def stated(self, *rows: Mapping, present: set[str], names: Names = NAMES) -> Graph:
        dataset = Dataset()
        state_mappings(dataset, MappingSets({SET: rows}), present, names, LATER)
        return Graph().parse(
            data=re.sub(rb" <[^ ]+> \.$", b" .", canonical(dataset), flags=re.M), format="nt"
        )

    def test_both_ends_have_to_be_there(self) -> None:
        dataset = Dataset()
        rows = (row(*GOOD), row("ccg:task.E071", "cco:requiresAlso", "ccg:cmbok2.HR-6"))
        present = {"task.E071", "cmbok2.HR-5"}
        counts = state_mappings(dataset, MappingSets({SET: rows}), present, NAMES, LATER)
        assert (counts[SET].stated, counts[SET].unused) == (1, 1)

    @given(st.sets(st.sampled_from(["task.E071", "cmbok2.HR-5"])))
    def test_an_absent_end_leaves_no_trace(self, present: set[str]) -> None:
        dataset = self.stated(row(*GOOD), present=present)
        assert bool(len(dataset)) == (len(present) == 2)

    def test_requires_is_materialised(self) -> None:
        dataset = self.stated(row(*GOOD), present={"task.E071", "cmbok2.HR-5"})
        asked = "ASK { ccg:task.E071 cco:requiresAlso ?c ; cco:requires ?c }"
        assert dataset.query(asked, initNs=dict(NAMES.prefixes)).askAnswer

    def test_a_match_is_a_succession(self) -> None:
        match = row("ccg:cmbok1.HR-5", "skos:narrowMatch", "ccg:cmbok2.HR-5")
        dataset = self.stated(match, present={"cmbok1.HR-5", "cmbok2.HR-5"})
        asked = (
            "ASK { ?new dcterms:replaces ?old . ?old dcterms:isReplacedBy|skos:narrowMatch ?new }"
        )
        assert dataset.query(asked, initNs=dict(NAMES.prefixes)).askAnswer

    def test_nothing_found_is_a_record_only(self) -> None:
        none = row("ccg:task.E001", "cco:atSkillLevel", NOTHING)
        dataset = self.stated(none, present={"task.E001"})
        subject = f"<{NAMES.entity('task.E001')}>"
        assert not dataset.query(f"ASK {{ {subject} ?p ?o }}").askAnswer
        assert dataset.query(f"ASK {{ ?map ?p {subject} }}").askAnswer

    def test_a_mapping_keeps_its_id_on_another_base(self) -> None:
        other = Names("https://example.org/kg/")
        present = {"task.E071", "cmbok2.HR-5"}
        local = mapping_id(SET, *GOOD)
        for names in (NAMES, other):
            dataset = self.stated(row(*GOOD), present=present, names=names)
            assert dataset.query(f"ASK {{ <{names.entity(local)}> ?p ?o }}").askAnswer


@pytest.fixture(scope="module")
def built() -> Build:
    return build([], load_registry(), NAMES, today=DAY)


class TestBuild:
    def test_every_row_is_stated(self, built: Build) -> None:
        sets = built.report.mapping_sets
        assert built.report.unused["mappings"] == 0
        expected = {name: len(rows) for name, rows in load_mappings().sets.items()}
        assert {name: counts["stated"] for name, counts in sets.items()} == expected

    def test_every_row_has_a_resource_in_its_graph(self, built: Build) -> None:
        store = Store()
        store.load(built.nquads, format=RdfFormat.N_QUADS)
        found = Counter(
            str(getattr(quad.graph_name, "value", "")).removeprefix(NAMES.graph(""))
            for quad in store.quads_for_pattern(None, NamedNode(f"{SSSOM}comment"), None)
            if isinstance(quad.object, Literal) and quad.object.language == "ja"
        )
        assert found == Counter(each.mapping_set for each in load_mappings())

    def test_an_absent_kind_leaves_its_rows_unused(self, tmp_path: Path) -> None:
        for name in ("cmbok_codes.txt", "cmbok_areas.txt"):
            (tmp_path / name).write_bytes((OPEN_EDITION / name).read_bytes())
        found = build([tmp_path], load_registry(), NAMES, today=DAY).report
        stated = {name for name, counts in found.mapping_sets.items() if counts["stated"]}
        assert stated == {"map-cmbok1-cmbok2", "map-scope-cmbok2"}
        unused = sum(counts["unused"] for counts in found.mapping_sets.values())
        assert found.unused["mappings"] == unused > 300

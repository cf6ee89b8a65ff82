"""When a match is safe to say, and which candidates a line may have."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sssom_pydantic import read

from ontology.terms import SKOS, Names
from service.errors import BadRequest, TooLarge
from service.graph.store import load_graph
from service.reconciling.lists import as_sssom, choices, lines_of
from service.reconciling.matcher import NAMED, Matcher
from service.reconciling.model import Candidate, Condition, Wanted
from service.reconciling.properties import Facts
from service.reconciling.requests import draft_queries, extension, queries
from service.retrieval.encoders import load_encoder
from service.retrieval.index import build_index
from service.retrieval.search import make_search
from service.state import State

RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


@pytest.fixture(scope="module")
def matcher(open_state: State) -> Matcher:
    return Matcher(open_state.search, Facts(open_state.graph))


@pytest.fixture(scope="module")
def foreign() -> Matcher:
    graph = load_graph(Path(__file__).with_name("foreign.ttl"), Names())
    named = load_encoder("ngram")
    return Matcher(make_search(build_index(graph, named), named), Facts(graph))


def first(matcher: Matcher, text: str, *types: str, **more: object) -> Candidate:
    return matcher.candidates(Wanted(text=text, types=types, **more))[0]  # type: ignore[arg-type]


class TestSafe:
    @pytest.mark.parametrize(
        ("text", "id"),
        [
            ("cmbok2.HR-5", "cmbok2.HR-5"),
            ("CMBOK2.hr-5", "cmbok2.HR-5"),
            ("https://w3id.org/ccgraph/id/task.T06", "task.T06"),
            ("HR-5", "cmbok2.HR-5"),
            ("ｈｒ５", "cmbok2.HR-5"),
            ("HR-5 コーチング", "cmbok2.HR-5"),
            ("コーチング（HR-5）", "cmbok2.HR-5"),
            ("コーチング", "cmbok2.HR-5"),
            ("Coaching", "cmbok2.HR-5"),
            ("個人情報の取り扱い", "cmbok2.OP-9"),
            ("CSMG-4", "sfia9.CSMG-4"),
            ("cmbok1.HR-5", "cmbok1.HR-5"),
        ],
    )
    def test_an_id_a_code_a_name(self, matcher: Matcher, text: str, id: str) -> None:
        found = first(matcher, text)
        assert (found.entry.id, found.match) == (id, True)
        assert found.score > NAMED

    def test_a_sentence_with_the_name_of_what_it_is_about_is_no_other_meaning(
        self, open_state: State, tmp_path: Path
    ) -> None:
        path = tmp_path / "graph.nq"
        names, graph = Names(), f"<{Names().graph('cmbok2')}>"
        said = [
            ("http://www.w3.org/1999/02/22-rdf-syntax-ns#type", f"<{SKOS}Concept>"),
            (
                "http://www.w3.org/1999/02/22-rdf-syntax-ns#type",
                f"<{names.term('ScopeStatement')}>",
            ),
            (f"{SKOS}inScheme", f"<{names.entity('cmbok2')}>"),
            (f"{SKOS}prefLabel", '"コーチング"@ja'),
        ]
        subject = names.entity("cmbok2.HR-s99")
        more = "".join(f"<{subject}> <{verb}> {value} {graph} .\n" for verb, value in said)
        path.write_text(open_state.graph_path.read_text("utf-8") + more, "utf-8")
        found, named = load_graph(path, names), load_encoder("ngram")
        matcher = Matcher(make_search(build_index(found, named), named), Facts(found))
        best = first(matcher, "コーチング")
        assert (best.entry.id, best.match) == ("cmbok2.HR-5", True)
        asked = first(matcher, "コーチング", "ScopeStatement")
        assert asked.entry.id == "cmbok2.HR-s99"

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("OP-5", "it means something else in each version"),
            ("ストレス管理", "a competency and a task are called so"),
            ("シフト作成", "two have it as another name"),
            ("HR-5 予算管理", "code and name contradict each other"),
            ("HR", "letters alone are as likely something else"),
            ("L3", "so is what is no notation"),
            ("HR-5の研修", "there is more than a code"),
        ],
    )
    def test_what_is_not(self, matcher: Matcher, text: str, why: str) -> None:
        assert not any(each.match for each in matcher.candidates(Wanted(text=text))), why

    def test_a_type_or_a_scheme_decides(self, matcher: Matcher) -> None:
        assert first(matcher, "ストレス管理", "Task").match
        assert first(matcher, "ストレス管理", "cmbok2").entry.id == "cmbok2.HR-9"
        assert first(matcher, "OP-5", "cmbok1").match
        scheme = Condition("scheme", ("CMBOK 2.0",), "narrow")
        assert first(matcher, "OP-5", conditions=(scheme,)).match

    def test_another_type_than_preferred_never_matches(self, matcher: Matcher) -> None:
        found = first(matcher, "コーチング", "Task", strict="should")
        assert found.entry.id == "cmbok2.HR-5" and not found.match and found.score < NAMED

    @settings(deadline=None, max_examples=60)
    @given(st.text(max_size=40))
    def test_at_most_the_first_of_any_text(self, matcher: Matcher, text: str) -> None:
        found = matcher.candidates(Wanted(text=text, limit=20))
        assert not any(each.match for each in found[1:])
        scores = [each.score for each in found]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 100 for score in scores)


class TestCandidates:
    def test_what_people_can_do_unless_told(self, matcher: Matcher) -> None:
        kinds = {each.entry.kind for each in matcher.candidates(Wanted(text="研修", limit=50))}
        assert kinds <= {"Competency", "Task", "SkillLevel"}
        items = matcher.candidates(Wanted(text="研修", types=("EvaluationItem",)))
        assert items and {each.entry.kind for each in items} == {"EvaluationItem"}

    def test_several_types(self, matcher: Matcher) -> None:
        both = Wanted(text="研修", types=("Competency", "cmbok2"), strict="all", limit=50)
        found = {(each.entry.kind, each.entry.scheme) for each in matcher.candidates(both)}
        assert found == {("Competency", "cmbok2")}
        none = Wanted(text="研修", types=("Competency", "Task"), strict="all")
        assert matcher.candidates(none) == ()
        assert matcher.candidates(Wanted(text="研修", types=("Unicorn",))) == ()

    def test_superseded_ones_only_where_they_are_named(self, matcher: Matcher) -> None:
        found = matcher.candidates(Wanted(text="コーチング", limit=50))
        assert not [each for each in found if each.entry.superseded]
        assert first(matcher, "コーチング", "CMBOK 1.0").entry.id == "cmbok1.HR-5"
        old = [each.entry.id for each in matcher.candidates(Wanted(text="OP-5"))[:2]]
        assert old == ["cmbok2.OP-5", "cmbok1.OP-5"]

    def test_a_value_that_nobody_has_narrows_nothing(self, matcher: Matcher) -> None:
        ours = Condition("scheme", ("自社スキル表",), "narrow")
        assert first(matcher, "コーチング", conditions=(ours,)).entry.id == "cmbok2.HR-5"
        must = Condition("scheme", ("自社スキル表",), "must")
        assert matcher.candidates(Wanted(text="コーチング", conditions=(must,))) == ()

    def test_a_description_helps(self, matcher: Matcher) -> None:
        told = Condition("definition", ("通話の録音を聴いて応対の質を評価表で確かめる",))
        found = matcher.candidates(Wanted(text="品質担当", conditions=(told,)))
        assert "cmbok2.OP-6" in [each.entry.id for each in found[:3]]

    def test_a_description_takes_no_match_away(self, matcher: Matcher) -> None:
        told = Condition("definition", ("問いかけて気づきを引き出す",))
        found = first(matcher, "コーチング", conditions=(told,))
        assert (found.entry.id, found.match) == ("cmbok2.HR-5", True)

    def test_conditions_alone_list_what_meets_them(self, matcher: Matcher) -> None:
        area = Condition("area", ("HR",), "narrow")
        found = matcher.candidates(Wanted(conditions=(area,), limit=50))
        assert {each.entry.id.partition("-")[0] for each in found} == {"cmbok2.HR"}
        code = Condition("notation", ("HR-5",), "narrow")
        assert first(matcher, "", conditions=(code,)).entry.id == "cmbok2.HR-5"

    def test_features_say_why(self, matcher: Matcher) -> None:
        by_code = {each.id: each.value for each in first(matcher, "HR-5").features}
        by_name = {each.id: each.value for each in first(matcher, "コーチング").features}
        assert by_code["code"] == 100 and by_name["label"] == 100 and by_name["code"] == 0
        asked = Condition("requires", ("業務量予測",))
        found = first(matcher, "シフト計画", "Task", conditions=(asked,))
        assert found.entry.id == "task.T06"
        assert {each.id: each.value for each in found.features}["property-requires"] == 100

    def test_lines_in_turn_are_as_one_by_one(self, matcher: Matcher) -> None:
        lines = [Wanted(text=text) for text in ("採用", "", "HR-5", "シフト", "採用")]
        assert list(matcher.in_turn(lines)) == [matcher.candidates(each) for each in lines]


def test_any_vocabulary_is_reconciled(foreign: Matcher) -> None:
    entry = foreign.search.index.entries[0]
    found = foreign.candidates(Wanted(text=entry.label))
    assert entry.id in [each.entry.id for each in found]
    assert foreign.candidates(Wanted(text=entry.uri))[0].match


def test_what_is_chosen_of_any_vocabulary_is_sssom(foreign: Matcher, tmp_path: Path) -> None:
    form = {"line": ["kitten"], "relation": ["broadMatch"],
            "choice": ["1|https://example.org/zoo/cat|20.5|"]}  # fmt: skip
    chosen, names = choices(form, foreign), foreign.facts.graph.names
    text = as_sssom(form["line"], chosen, names, author="", day=date(2026, 11, 23))
    file = tmp_path / "list.sssom.tsv"
    file.write_text(text, encoding="utf-8")
    (mapping,), converter, _ = read(file)
    assert converter.expand(mapping.object.curie) == "https://example.org/zoo/cat"
    assert mapping.similarity_score == 0.205


class TestRequests:
    def test_of_version_0_2(self, matcher: Matcher) -> None:
        text = (
            '{"q": {"query": "x", "type": ["Task"], "type_strict": "all", "limit": 3.0,'
            ' "properties": [{"pid": "scheme", "v": {"id": "task"}}, {"pid": "e", "v": [1, ""]}],'
            ' "unheard": 1}}'
        )
        assert queries(text, matcher.facts.table) == {
            "q": Wanted(
                text="x",
                types=("Task",),
                strict="all",
                limit=3,
                conditions=(
                    Condition("scheme", ("task",), "narrow"),
                    Condition("e", ("1.0",), "prefer"),
                ),
            )
        }

    def test_of_the_draft(self) -> None:
        text = (
            '{"queries": [{"type": "Task", "conditions": ['
            '{"matchType": "name", "propertyValue": ["a", "b"]},'
            '{"matchType": "property", "propertyId": "p", "propertyValue": "v",'
            ' "required": true, "matchQuantifier": "none"}]}]}'
        )
        condition = Condition("p", ("v",), "must", "none")
        assert draft_queries(text) == [
            Wanted(text="a。b", types=("Task",), conditions=(condition,))
        ]

    def test_more_than_a_batch(self, matcher: Matcher) -> None:
        with pytest.raises(TooLarge, match="1,000"):
            extension(
                '{"ids": [' + ",".join(f'"{n}"' for n in range(1001)) + '], "properties": []}',
                matcher.facts.table,
            )

    def test_lines(self) -> None:
        assert len(lines_of("x\n" * 1000)) == 1000
        for text, problem in (("", BadRequest), ("\n \n", BadRequest), ("x\n" * 1001, TooLarge)):
            with pytest.raises(problem):
                lines_of(text)
        with pytest.raises(BadRequest, match="2 行目"):
            lines_of("x\n" + "あ" * 201)

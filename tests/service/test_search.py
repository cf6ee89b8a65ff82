"""Search through its public door, on a small graph with the n-gram encoder."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ontology.terms import Names
from service.graph.store import load_graph
from service.retrieval.encoders import Vectors, load_encoder
from service.retrieval.explain import Match
from service.retrieval.index import build_index
from service.retrieval.ranking import Weights, changed
from service.retrieval.search import Asked, Hit, Results, Search, make_search
from service.retrieval.similar import similar

HERE = Path(__file__).parent
FIELDS = {
    *("code", "label", "altLabel", "hiddenLabel", "utterance", "gloss", "definition", "meaning"),
    *("reading", "requires", "requiredBy", "broader", "similar"),
}


def searching(name: str) -> Search:
    graph = load_graph(HERE / name, Names())
    encoder = load_encoder("ngram")
    return make_search(build_index(graph, encoder), encoder)


SEARCH = searching("search.trig")


def find(text: str, **asked: object) -> Results:
    return SEARCH.find(Asked(text=text, **asked))  # type: ignore[arg-type]


def ids(text: str, **asked: object) -> list[str]:
    return [hit.id for hit in find(text, **asked).hits]


def best(text: str) -> Hit:
    return find(text).hits[0]


def spans(text: str) -> list[tuple[str, tuple[int, int]]]:
    """Every highlighted range of the hits, with the text that it is in."""
    matched = [match for hit in find(text, limit=50).hits for match in hit.matched]
    return [(match.text, span) for match in matched for span in match.spans]


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("怒っているお客様をなだめるには？", "cmbok2.CS-9"),
        ("部下を育てたい", "cmbok2.HR-5"),
        ("着信の量の見込み", "task.E014"),
        ("コーチング", "cmbok2.HR-5"),
        ("こーちんぐ", "cmbok2.HR-5"),
        ("coaching", "cmbok2.HR-5"),
        ("1on1", "cmbok2.HR-5"),
        ("EXCEL", "cmbok2.PC-4"),
        ("クレーム", "cmbok2.CS-9"),
        ("地震の備え", "cmbok2.OP-11"),
        ("サイヨウ", "cmbok2.HR-2"),
    ],
)
def test_natural_words_find(text: str, local: str) -> None:
    assert best(text).id == local


def test_a_hit_tells_where_it_stands() -> None:
    hit = best("HR-5")
    assert (hit.uri, hit.kind, hit.scheme, hit.notation, hit.label, hit.path) == (
        "https://w3id.org/ccgraph/id/cmbok2.HR-5",
        "Competency",
        "cmbok2",
        "HR-5",
        "コーチング",
        ("運営", "ヒューマンリソースマネジメント"),
    )


@pytest.mark.parametrize("text", ["HR-6", "ｈｒ６", "HR-6に対応するタスクは？"])
def test_an_asked_code_comes_first_and_the_older_version_after_it(text: str) -> None:
    assert ids(text)[:2] == ["cmbok2.HR-6", "cmbok1.HR-6"]


def test_the_neighbours_of_a_code_follow() -> None:
    assert best("CS-9").matched[0] == Match("code", "CS-9", ((0, 4),))
    assert ids("CSMG")[0] == "sfia9.CSMG" and "sfia9.CSMG-3" in ids("CSMG")


def test_an_id_asks_for_that_version_alone() -> None:
    assert ids("cmbok1.HR-6")[0] == "cmbok1.HR-6"


def test_superseded_ones_come_only_on_request() -> None:
    assert "cmbok1.HR-6" not in ids("スタッフの評価", limit=50)
    assert ids("スタッフの評価", superseded=True)[0] == "cmbok1.HR-6"


def test_reasons_are_exact_texts_and_ranges() -> None:
    hit = best("お客様が怒って困る")
    assert Match("utterance", "怒っているお客様をなだめる", ((0, 2), (5, 8))) in hit.matched


def test_reasons_by_meaning_have_no_spans() -> None:
    everything = replace(SEARCH, weights=Weights(floor=-99))
    hits = everything.find(Asked(text="ぬるぽ")).hits
    assert hits and all([match.field for match in hit.matched] == ["meaning"] for hit in hits)
    assert all(hit.matched[0].spans == () for hit in hits)


def test_a_name_is_a_reason_by_itself() -> None:
    assert best("1ON1").matched[0] == Match("altLabel", "1on1", ((0, 4),))
    assert best("kochingu").matched[0] == Match("reading", "kochingu", ((0, 8),))
    assert best("くれーむたいおう").matched[0].field == "reading"


def test_a_code_is_a_reason_and_not_the_words_of_its_label() -> None:
    assert [match.field for match in best("HR-5").matched if match.spans] == ["code"]
    assert "label" in {match.field for match in best("HR-5 コーチング").matched}


def test_no_text_is_shown_that_adds_nothing() -> None:
    words = [match for match in best("レベル3").matched if match.field == "label"]
    assert len(words) <= 1


def test_numbers_and_scraps_of_compounds_alone_are_no_reason() -> None:
    lone = {text[start:end] for text, (start, end) in spans("1番に困っていること")}
    assert not lone & {"1", "一", "こと", "に"}


def test_what_was_written_in_kana_is_shown_where_it_sounds() -> None:
    found = best("くれーむたいおうのしかた").matched[0]
    assert [found.text[start:end] for start, end in found.spans] == ["クレーム対応"]


def test_a_hit_that_only_others_lift_names_them() -> None:
    for hit in find("怒っているお客様", limit=50).hits:
        fields = {match.field for match in hit.matched}
        assert hit.matched and (fields != {"meaning"} or hit.matched[0].spans == ())


def test_a_score_says_the_same_for_any_query() -> None:
    assert best("HR-5").score > 0.95 and best("コーチング").score > 0.85
    assert best("怒っているお客様をなだめるには？").score > 0.7
    assert all(hit.score < 0.3 for hit in find("zzzzqqqqxxxx").hits)


def test_filters_by_kind_and_scheme() -> None:
    assert {hit.kind for hit in find("計画", kinds=frozenset({"Task"})).hits} == {"Task"}
    assert {hit.scheme for hit in find("レベル", schemes=frozenset({"sfia9"})).hits} == {"sfia9"}


def test_total_and_paging() -> None:
    whole = ids("レベル", limit=100)
    page = find("レベル", limit=2, offset=1)
    assert [hit.id for hit in page.hits] == whole[1:3]
    assert page.total == len(whole)
    assert all(sum(counted(page, name).values()) == page.total for name in ("kind", "scheme"))


def counted(found: Results, facet: str) -> dict[str, int]:
    return {each.value: each.count for each in found.facets[facet]}


FILTERS = {
    "kind": "kinds",
    "scheme": "schemes",
    "area": "areas",
    "level": "levels",
}


@pytest.mark.parametrize("facet", FILTERS)
def test_choosing_a_value_gives_as_many_hits_as_were_counted(facet: str) -> None:
    text = "シフト 研修 クレーム レベル"
    counts = counted(find(text), facet)
    assert counts
    for value, count in counts.items():
        chosen = find(text, **{FILTERS[facet]: frozenset({value})})
        assert chosen.total == count
        assert counted(chosen, facet) == counts


def test_the_counts_of_a_facet_follow_the_choice_in_others() -> None:
    narrowed = find("シフト 研修 クレーム", schemes=frozenset({"task"}))
    assert set(counted(narrowed, "kind")) <= {"Task", "EvaluationItem", "TaskMiddleCategory"}
    assert counted(narrowed, "area") == {}


def test_a_chosen_value_stays_to_be_taken_away() -> None:
    both = find("採用", kinds=frozenset({"SkillLevel"}), schemes=frozenset({"cmbok2"}))
    assert both.total == 0
    assert counted(both, "kind")["SkillLevel"] == 0 == both.total


def test_weights_are_one_table() -> None:
    lexical = replace(SEARCH, weights=Weights(peak=0, mean=0, floor=99))
    assert lexical.find(Asked(text="ぬるぽ")).total == 0


@pytest.mark.parametrize("text", ["OP-11に紐づくタスク", "ＯＰ１１に対応する評価項目は？"])
def test_what_is_mapped_to_an_asked_code_follows_it(text: str) -> None:
    first, second = find(text).hits[:2]
    assert (first.id, second.id) == ("cmbok2.OP-11", "task.E014")
    assert Match("requires", first.label) in second.matched
    assert Match("requiredBy", second.label) in first.matched


def test_the_work_of_a_level_is_found_by_its_code() -> None:
    assert "task.E057" in ids("SFIAのレベル3に対応する仕事")[:4]


@pytest.mark.parametrize(
    "text", ["くれーむたいおう", "ｸﾚｰﾑ対応", "クレーム体応", "苦レームたいおう"]
)
def test_kana_width_and_typos_are_heard(text: str) -> None:
    assert best(text).id == "cmbok2.CS-9"


def test_facets_count_all_hits() -> None:
    found = find("部下を育てたい", limit=1)
    assert sum(each.count for each in found.facets["kind"]) == found.total
    assert {each.value for each in found.facets["area"]} >= {"cmbok2.HR"}
    assert [each.label for each in found.facets["kind"] if each.value == "Area"] == ["分野"]


def test_a_code_and_a_name_are_close() -> None:
    assert find("HR-5").close and find("コーチング").close
    assert not find("zzzzqqqqxxxx").close


def test_similar_entries_leave_out_the_superseded_and_itself() -> None:
    near = similar(replace(SEARCH), "https://w3id.org/ccgraph/id/cmbok2.HR-5", most=50)
    assert all(not each.superseded and each.id != "cmbok2.HR-5" for each in near)
    assert similar(SEARCH, "https://example.org/unknown") == []


def test_similar_entries_share_words_and_meaning_and_leave_out_what_is_linked() -> None:
    id = "https://w3id.org/ccgraph/id/"
    near = similar(SEARCH, f"{id}cmbok2.HR-5", most=50)
    assert near
    rest = similar(SEARCH, f"{id}cmbok2.HR-5", most=50, without=[near[0].uri, f"{id}unknown"])
    assert [each.uri for each in rest] == [each.uri for each in near[1:]]


def test_what_is_similar_needs_no_encoding() -> None:
    def refuses(text: str) -> Vectors:
        raise AssertionError(text)

    quiet = replace(SEARCH, encode=refuses)
    assert similar(quiet, "https://w3id.org/ccgraph/id/cmbok2.HR-5", most=50)


def test_a_weight_is_changed_by_name() -> None:
    assert changed(Weights(), ["sound=0", "found=7"]) == Weights(sound=0.0, found=7)
    for wrong in ("sond=1", "sound=much"):
        with pytest.raises(ValueError, match=wrong.partition("=")[0]):
            changed(Weights(), [wrong])


def test_a_foreign_vocabulary() -> None:
    zoo = searching("foreign.ttl")
    hits = zoo.find(Asked(text="Katze")).hits
    assert (hits[0].id, hits[0].label) == ("https://example.org/zoo/cat", "cat")
    assert zoo.find(Asked(text="f12")).hits[0].label == "cat"
    assert zoo.find(Asked(text="predator at home")).hits[0].label == "cat"


def test_an_empty_graph() -> None:
    graph = load_graph(HERE / "foreign.ttl", Names())
    graph.store.clear()
    encoder = load_encoder("ngram")
    assert make_search(build_index(graph, encoder), encoder).find(Asked(text="HR-5")).hits == ()


def test_threads_get_the_same_answers() -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ids, ["怒っているお客様", "HR-5"] * 20))
    assert found[::2] == [found[0]] * 20 and found[1::2] == [found[1]] * 20


@settings(deadline=None)
@given(st.text(max_size=40) | st.text(alphabet="HR-5ＨのレベルSFIA怒り研修 ", max_size=20))
def test_any_text_is_answered_by_the_rules(text: str) -> None:
    found = find(text, limit=200, superseded=True)
    scores = [hit.score for hit in found.hits]
    assert scores == sorted(scores, reverse=True) and all(0 <= score <= 1 for score in scores)
    assert len({hit.uri for hit in found.hits}) == len(found.hits) == found.total
    for match in (match for hit in found.hits for match in hit.matched):
        assert match.field in FIELDS
        assert all(0 <= start < end <= len(match.text) for start, end in match.spans)

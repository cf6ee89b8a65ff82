"""Search must not get worse: our own judged queries against what was measured before."""

import json
from pathlib import Path

import numpy as np
import pytest

from service.graph.store import Graph
from service.retrieval.evaluation import (
    DEPTH,
    JudgedQuery,
    Report,
    compare,
    evaluate_file,
    interval,
    judged_ids,
    read_queries,
)
from service.retrieval.search import Asked, Search

HERE = Path(__file__).parent
QUERIES = HERE / "queries.json"
#: nDCG@10 of each query when the baseline was last accepted (python tests/quality/baseline.py)
BASELINE: dict[str, float] = json.loads((HERE / "baseline.json").read_text(encoding="utf-8"))
#: a loss of the mean that is too small to matter, whatever its sign is worth
TOLERATED = 0.003
TOPICS = json.loads((HERE / "topics.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def report(graph: Graph, search: Search) -> Report:
    return evaluate_file(QUERIES, graph, search)


def as_report(values: dict[str, float]) -> Report:
    whole = interval(list(values.values()))
    return Report(whole, {}, values, whole, whole)


def loses(before: dict[str, float], after: dict[str, float]) -> bool:
    """Whether the mean fell by more than noise: the paired 95 % interval lies below zero."""
    found = compare(as_report(before), as_report(after)).difference
    return found.high < 0 and found.mean < -TOLERATED


def test_search_has_not_got_worse(report: Report) -> None:
    assert report.queries.keys() == BASELINE.keys()
    change = compare(as_report(BASELINE), report)
    worst = sorted(BASELINE, key=lambda each: report.queries[each] - BASELINE[each])[:5]
    assert not loses(BASELINE, dict(report.queries)), (change, worst)


def test_no_style_of_query_is_left_behind(report: Report) -> None:
    assert min(each.mean for each in report.styles.values()) > 0.6, report.styles


@pytest.mark.parametrize(("share", "lost"), [(0.0, False), (0.02, False), (0.15, True)])
def test_the_gate_tells_a_loss_from_noise(share: float, lost: bool) -> None:
    hit = np.random.default_rng(1).random(len(BASELINE)) < share
    after = {
        key: value * (0.5 if on else 1)
        for (key, value), on in zip(BASELINE.items(), hit, strict=True)
    }
    assert loses(BASELINE, after) is lost


def chances(graph: Graph, search: Search) -> list[tuple[float, bool]]:
    """Score and relevance of the first ten judged hits of every query."""
    judged = judged_ids(graph)

    def hits(query: JudgedQuery) -> list[tuple[float, bool]]:
        found = search.find(Asked(text=query.text, limit=10)).hits
        pairs = ((hit.score, query.grades.get(hit.id, 0) >= 1) for hit in found if hit.id in judged)
        return list(pairs)

    return [pair for query in read_queries(QUERIES, graph) for pair in hits(query)]


def test_a_score_is_about_the_chance_of_being_relevant(graph: Graph, search: Search) -> None:
    scores, right = np.array(chances(graph, search)).T
    for low in np.arange(0.1, 1, 0.2):
        chosen = (scores >= low) & (scores < low + 0.2)
        assert abs(scores[chosen].mean() - right[chosen].mean()) < 0.12, low


def test_what_is_about_us_is_close_and_what_is_not_is_not(search: Search) -> None:
    close = {
        text: search.find(Asked(text=text)).close for texts in TOPICS.values() for text in texts
    }
    about = [*TOPICS["about"], *TOPICS["fresh_about"]]
    elsewhere = [*TOPICS["elsewhere"], *TOPICS["fresh_elsewhere"]]
    assert sum(not close[text] for text in about) <= len(about) // 20
    assert sum(close[text] for text in elsewhere) <= len(elsewhere) // 10


def test_nothing_of_another_topic_scores_high(search: Search) -> None:
    best = [search.find(Asked(text=text, limit=1)).hits for text in TOPICS["elsewhere"]]
    assert np.median([hits[0].score for hits in best if hits]) < 0.15


#: words of the floor, each with an entity of which one must come among the first three
FLOOR = {
    "カスハラ": {"cmbok2.CS-9"},
    "放棄呼": {"cmbok2.OP-5"},
    "後処理": {"task.E076", "cmbok2.CS-6", "task.E026"},
    "応答率": {"cmbok2.OP-5"},
    "ロープレ": {"cmbok2.HR-3", "cmbok2.LF-3"},
    "二次対応": {"task.T21"},
    "稼働率": {"cmbok2.OP-5"},
    "派遣": {"cmbok2.HR-2"},
    "契約社員": {"cmbok2.HR-2"},
    "在宅": {"cmbok2.OP-10"},
    "離職": {"cmbok2.HR-11"},
    "1on1": {"cmbok2.HR-5"},
    "WFM": {"cmbok2.OP-3", "task.T06"},
    "呼量予測": {"cmbok2.OP-1"},
    "閑散期": {"cmbok2.OP-1"},
    "エスカレ": {"task.T21", "cmbok2.CS-6"},
    "VOC": {"cmbok2.ST-5"},
    "FCR": {"task.T20", "cmbok2.OP-5"},
    "AHT": {"cmbok2.OP-5", "task.E026"},
    "SV": {"task.E052", "sfia9.CSMG-4"},
    "NPS": {"cmbok2.CS-4"},
    "CTI": {"cmbok2.IC-4"},
    "IVR": {"cmbok2.IC-4"},
    "チャットボット": {"cmbok2.CS-7"},
    "労基": {"task.E015"},
    "カウンセリング": {"cmbok2.HR-9"},
    "コロナ": {"cmbok2.OP-10"},
    "下請法": {"cmbok2.AR-2"},
}


@pytest.mark.parametrize("word", FLOOR)
def test_words_of_the_floor_lead_where_they_belong(search: Search, word: str) -> None:
    found = search.find(Asked(text=word, limit=3))
    assert found.close
    assert FLOOR[word] & {hit.id for hit in found.hits}


#: one thing in several spellings: wrong, missing or other letters, widths, kana
SPELLINGS = {
    "task.T06": ("シフト計画策定", "ｼﾌﾄ計画策定", "シフと計画策定", "しふとけいかくさくてい"),
    "cmbok2.CS-9": ("クレーム対応", "クレム対応", "くれーむたいおう", "クレーム体応", "ｸﾚｰﾑ対応"),
    "cmbok2.HR-5": ("コーチング", "コウチング", "こーちんぐ", "ｺｰﾁﾝｸﾞ", "coaching"),
    "cmbok2.CS": ("問い合わせ窓口", "問合せ窓口", "問合わせ窓口"),
    "task.T21": ("エスカレーション", "エスカレション", "エスカレーシオン"),
    "task.E027": ("モニタリング", "モニタリンク", "もにたりんぐ"),
    "sfia9.CSMG": ("CSMG", "ｃｓｍｇ"),
    "cmbok2.ST-5": ("ボイスオブカスタマー", "ボイス・オブ・カスタマー", "VOC"),
}


@pytest.mark.parametrize(
    ("id", "text"), [(id, text) for id, all in SPELLINGS.items() for text in all]
)
def test_a_slip_of_the_pen_finds_the_same(search: Search, id: str, text: str) -> None:
    assert id in {hit.id for hit in search.find(Asked(text=text, limit=5)).hits}


def test_every_reason_of_every_query_is_really_there(graph: Graph, search: Search) -> None:
    texts = {passage.text for passage in search.index.passages}
    others = {entry.label for entry in search.index.entries}
    readings = {each for entry in search.index.entries for each in entry.readings}
    codes = {entry.notation or entry.id for entry in search.index.entries}
    for query in read_queries(QUERIES, graph)[::8]:
        for hit in search.find(Asked(text=query.text, limit=DEPTH)).hits[:10]:
            assert hit.matched, (query.text, hit.id)
            for match in hit.matched:
                assert match.text in texts | others | readings | codes
                assert all(text.strip() for text in _marked(match.text, match.spans))


def _marked(text: str, spans: tuple[tuple[int, int], ...]) -> list[str]:
    return [text[start:end] for start, end in spans]

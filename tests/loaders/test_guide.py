import pytest

from loaders.guide import load

HEAD = "題名\n\nLast Updated on\n\n"
GUIDE = """Category Archives: 手引き

朝の準備

Last Updated on 2030年1月2日

朝の準備

始まる前が大切です。

1.机の上

片づけます。

(1)道具をそろえる
紙と筆。

2.声を出す

\xa0

１．５倍の声で話します。

休み時間

Last Updated on

■ 昼の過ごし方

交代で休みます。

  1. 食事
    ゆっくり食べる。
    ⇒くわしくはこちらをクリック！
    水も飲む。
  2. 散歩

歩きましょう。

■ 夕方

あと少しです。
例:茶を飲む(茶のいれ方はこちら)。

☆店主おススメの書籍

①よい休み
架空書房
Amazon評価:

声の大きい人さん
よかった。

帰り道

帰り道

寄り道

まっすぐ帰ります。

● 道順

近道

急ぎません。

分類 内容
1.道 歩く所
2.橋 渡る所

遠回り
"""


def outline(read):
    return [
        (len(read.path(record)), record.label.value)
        for record in read.records
        if record.kind == "GuideSection"
    ]


def texts(read, label):
    found = next(record for record in read.records if record.label.value == label)
    return [text.value for text in found.definitions]


def test_articles_and_ranks_of_sections(read_text, faults):
    read = read_text(GUIDE)
    assert read.labels("GuideArticle") == ["朝の準備", "休み時間", "帰り道"]
    assert outline(read) == [
        (2, "机の上"), (2, "声を出す"),
        (2, "昼の過ごし方"), (3, "食事"), (3, "散歩"), (2, "夕方"),
        (2, "寄り道"),
    ]  # fmt: skip
    assert not read.findings
    assert not faults(read)


def test_what_stands_before_the_first_head_is_the_articles(read_text):
    read = read_text(GUIDE)
    assert texts(read, "朝の準備") == ["始まる前が大切です。"]
    assert texts(read, "休み時間") == []
    assert texts(read, "机の上") == ["片づけます。\n\n(1)道具をそろえる\n紙と筆。"]


def test_a_section_holds_all_below_it_but_what_is_no_knowledge(read_text):
    read = read_text(GUIDE)
    assert texts(read, "食事") == ["ゆっくり食べる。", "水も飲む。"]
    assert texts(read, "夕方") == ["あと少しです。\n例:茶を飲む", "。"]
    assert texts(read, "昼の過ごし方")[1] == "水も飲む。\n  2. 散歩\n\n歩きましょう。"
    assert texts(read, "寄り道")[0].endswith("2.橋 渡る所\n\n遠回り")
    assert [skip[:9] for skip in read.skipped("advertising")] == ["☆店主おススメの書"]


def test_navigation_is_left_out(read_text):
    assert read_text(GUIDE).skipped("navigation") == [
        "Category Archives: 手引き", "Last Updated on 2030年1月2日", "朝の準備", "Last Updated on",
        "⇒くわしくはこちらをクリック！", "(茶のいれ方はこちら)", "帰り道",
    ]  # fmt: skip


def test_spans_cover_the_names_alone(read_text):
    read = read_text(GUIDE)
    assert all(read.at(record.label.span) == record.label.value for record in read.records)


def test_what_was_read_to_its_end(read_text):
    read = read_text(GUIDE)
    assert [read.closed(r) for r in read.of("GuideArticle")] == [
        {"GuideSection": True}, {"GuideSection": True}, {"GuideSection": False}
    ]  # fmt: skip
    assert [(each.kind, each.closed) for each in read.schemes[0].reads] == [("GuideArticle", False)]


@pytest.mark.parametrize("title", ["題名", "題 名", "Ｑ＆Ａの書き方", "戦略とは?", "顧客対応(CS)"])
def test_titles(read_text, title):
    read = read_text(f"{title}\n\n\nLast Updated on\n\n本文です。\n")
    assert len(read.of("GuideArticle")) == 1
    assert read.at(read.records[0].label.span) == title


def test_the_first_kind_of_head_is_the_outermost(read_text):
    text = "題名\n\nLast Updated on\n\n{}\n一文です。\n\n{}\n二文です。\n\n{}\n三文です。\n"
    assert outline(read_text(text.format("1. 甲乙", "■ 丙丁", "２．戊己"))) == [
        (2, "甲乙"), (3, "丙丁"), (2, "戊己")
    ]  # fmt: skip
    assert outline(read_text(text.format("甲乙", "■ 丙丁", "■ 戊己"))) == [
        (2, "甲乙"), (3, "丙丁"), (3, "戊己")
    ]  # fmt: skip


def test_after_a_list_has_begun_a_bare_line_is_content(read_text):
    read = read_text(HEAD + "・一つ\n\n甲乙\n\n本文です。\n\n■ 丙丁\n\n戊己\n\n本文です。\n")
    assert outline(read) == [(2, "丙丁"), (3, "戊己")]


@pytest.mark.parametrize(
    "line", ["短い文です", "これで終わり。", "続きは、", "とても長い" * 9, "例:茶"]
)
def test_sentences_are_no_heads(read_text, line):
    ended = line if line != "例:茶" else "次の例:"
    assert outline(read_text(f"題名\n\nLast Updated on\n\n{ended}\n\n本文があります。\n")) == []


def test_the_same_head_twice_is_told_apart_by_its_text(read_text):
    read = read_text(HEAD + "■ 例\n一つ目。\n\n■ 例\n二つ目。\n\n■ 他\n三つ目。\n")
    assert [r.identity for r in read.of("GuideSection")] == ["例\n一つ目。", "例\n二つ目。", None]


def test_text_without_its_title_is_a_warning(read_text, faults):
    read = read_text(
        "前置きの文です。\n\n題名\n\nLast Updated on\n\n本文です。\n\n。\nLast Updated on\n続き。\n"
    )
    assert read.codes == ["before-first-article", "no-title"]
    assert not faults(read)


@pytest.mark.parametrize("text", ["", "Category Archives: 手引き\n\n途中で終", "本文です。\n"])
def test_nothing_found_is_an_error(read_text, text):
    read = read_text(text, load)
    assert [(each.severity, each.code) for each in read.findings] == [("error", "nothing-found")]


def test_outline_of_each_edition(read_folder, official, open_edition):
    for folder in (official, open_edition):
        read = read_folder(folder)["guide"]
        assert read.labels("GuideArticle") == [
            "コンタクトセンターのアーキテクト", "戦略の実践", "顧客対応(CS)", "リスク管理について",
            "コンタクトセンターの予算策定", "コンタクトセンターの中期計画の立て方",
            "コンタクトセンター戦略の構築", "コンタクトセンターの戦略理解",
            "コンタクトセンターとは何か",
        ]  # fmt: skip
        assert outline(read) == [
            (2, "業務要件定義書の作成"), (2, "提案依頼書(RFP)の作成"), (2, "CRM活動の手法と考え方"),
            (3, "顧客の消費行動"), (2, "顧客のセグメンテーション"),
            (2, "内的リスクと外的リスク・コンプライアンスについて"), (3, "内的リスク"),
            (3, "外的リスク"),
            (3, "コンプライアンス"), (2, "コンタクトセンターの運営予算"), (2, "年間予算の策定"),
            (2, "センターの実績が財務に与える影響"), (2, "中期計画の策定"), (3, "目標の設定"),
            (3, "バランススコアカード"), (2, "戦略の重要な要素"),
            (2, "コンタクトセンターのステークホルダーとは"),
        ]  # fmt: skip
        assert len(read.skipped("advertising")) == 1

import pytest

from loaders.tasks import load

HEAD = "タスク大分類 タスク中分類 タスク小分類\n"
LIST = f"""タスク一覧

「窓口」のタスク例

タスク大分類 「窓口」の例です。
{HEAD}窓口 受付業務 電話受付評価項目を表示

▼評価項目

名乗る

用件を聞く

来客受付評価項目を表示
後方業務 集計評価項目を表示

▼評価項目

数える
"""


def test_rows_continue_the_cells_above(read_text, faults):
    read = read_text(LIST)
    assert [read.path(r) for r in read.of("EvaluationItem")] == [
        ["窓口", "受付業務", "電話受付", "名乗る"],
        ["窓口", "受付業務", "電話受付", "用件を聞く"],
        ["窓口", "後方業務", "集計", "数える"],
    ]
    assert read.path(read.of("Task")[1]) == ["窓口", "受付業務", "来客受付"]
    assert [(each.code, read.at(each.span)) for each in read.findings] == [("no-items", "来客受付")]
    assert [(s.id, s.label, s.reads) for s in read.schemes] == [("task", "タスク一覧", ())]
    assert all(read.at(r.label.span) == r.label.value for r in read.records)
    assert not any(record.code for record in read.records)
    assert not faults(read)


def test_what_was_read_to_its_end(read_text):
    read = read_text(LIST)
    closed = {r.label.value: next(iter(read.closed(r).values())) for r in read.records if r.reads}
    assert closed == {
        "窓口": False, "受付業務": True, "後方業務": False,
        "電話受付": True, "来客受付": False, "集計": False,
    }  # fmt: skip


@pytest.mark.parametrize("between", [" ", "\u3000", "\t", "  ", "\xa0"])
def test_separators_of_cells(read_text, between):
    read = read_text(
        f"{HEAD}支援{between}調 達{between}見積もり{between}評価項目を表示\n▼評価項目\n比べる\n"
    )
    assert read.path(read.of("EvaluationItem")[0]) == ["支援", "調達", "見積もり", "比べる"]


def test_names_hold_spaces_where_tabs_separate(read_text):
    read = read_text("IT 支援\tPC 管理\t貸し出し評価項目を表示\n\t\tID 発行評価項目を表示\n")
    assert [read.path(r) for r in read.of("Task")] == [
        ["IT 支援", "PC 管理", "貸し出し"],
        ["IT 支援", "PC 管理", "ID 発行"],
    ]


def test_several_major_classes(read_text, faults):
    second = LIST.replace("窓口", "支援").replace("電話受付", "障害受付")
    read = read_text(LIST + second)
    assert read.labels("TaskMajorCategory") == ["窓口", "支援"]
    assert read.path(read.of("EvaluationItem")[-1]) == ["支援", "後方業務", "集計", "数える"]
    assert [read.closed(r) for r in read.of("TaskMajorCategory")] == [
        {"TaskMiddleCategory": True},
        {"TaskMiddleCategory": False},
    ]
    assert not faults(read)


def test_one_sentence_under_two_tasks_is_two_items(read_text):
    read = read_text(LIST.replace("用件を聞く", "数える"))
    assert read.labels("EvaluationItem").count("数える") == 2


def test_full_rows_repeat_their_classes(read_text):
    row = "全体 部分 {}評価項目を表示\n▼評価項目\n{}\n"
    read = read_text(row.format("開店", "する") + row.format("閉店", "行う"))
    assert read.counts == {
        "TaskMajorCategory": 1, "TaskMiddleCategory": 1, "Task": 2, "EvaluationItem": 2
    }  # fmt: skip


def test_doubts_are_warnings(read_text, faults):
    read = read_text(
        "修理評価項目を表示\n直す\n直す\n評価項目を表示\n▼評価項目\n迷子\n"
        "全体 部分 余り 清掃評価項目を表示\n▼評価項目\nする\n"
        "全体 部分 清掃評価項目を表示\n▼評価項目\n作る\n終わり評価項目を"
    )
    assert sorted(read.codes) == [
        "doubtful-split",
        "duplicate-item",
        "duplicate-task",
        "no-items-head",
        "no-name",
        "no-parent",
        "unfinished-row",
    ]
    assert not faults(read)


@pytest.mark.parametrize("text", ["", HEAD, "▼評価項目\nする\n", "評価項目を表示\n"])
def test_nothing_found_is_an_error(read_text, faults, text):
    read = read_text(text, load)
    assert [(each.severity, each.code) for each in read.findings] == [("error", "nothing-found")]
    assert not faults(read)


def test_official_repeats(read_folder, official):
    read = read_folder(official)["tasks"]
    labels = read.labels("EvaluationItem")
    assert len(labels) - len(set(labels)) == 3
    assert read.at(read.of("Task")[1].label.span) == "予算管理"
    assert [read.at(each.span) for each in read.findings] == ["サービス戦略管理"]

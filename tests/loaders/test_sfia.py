import pytest

from loaders.sfia import load

PAGE = """世界の枠組み

試験運用 ＴＥＳＴ ベータ

(unchanged)

動くかを確かめる。

二つ目の段落。

SFIA 9の日本語翻訳:ベータ版

  • SFIA 8から訳した

ガイダンスノート

(modified)

どこでも使える。

アクティビティには次のものが含まれます。

  • 計画を立てる
  ・結果を残す。

締めの段落。

このスキルの責任レベルを理解する

下位レベルが定義されていない場合...
  • 読み飛ばす

このスキルに対する責任レベル

2 3 4 7

試験運用: レベル 2

レベル2-助ける: レベルの本質:手を貸す。

(modified)

決まった試験をする。

記録する。

試験運用：レベル３

Ｌｅｖｅｌ　３－　行う： レベルのエッセンス：自分で進める。

自分で試験を組む。

試験運用 レベル4

Level 4 - 担う:

レベルの本質: 皆を導く。

(unchanged)

試験を任される。

試験運用: Level 7

レベル 7 ‐ 定める、導く: 本質: 先を示す。

方針を定める。
"""


def test_another_skill_of_other_levels(read_text, faults):
    read = read_text(PAGE)
    assert read.counts == {
        "Skill": 1, "Activity": 2, "SkillLevel": 4, "ResponsibilityLevel": 4
    }  # fmt: skip
    assert [(s.id, s.label, s.version) for s in read.schemes] == [("sfia9", "SFIA 9", "9")]
    assert not read.findings
    assert not faults(read)


def test_the_skill(read_text):
    read = read_text(PAGE)
    skill = read.one("TEST")
    assert (skill.label.value, skill.notation, skill.parent) == ("試験運用", "TEST", None)
    assert [text.value for text in skill.definitions] == ["動くかを確かめる。\n\n二つ目の段落。"]
    assert [text.value for text in skill.notes] == ["どこでも使える。", "締めの段落。"]
    assert read.closed(skill) == {"SkillLevel": True, "Activity": True}
    assert read.labels("Activity") == ["計画を立てる", "結果を残す。"]


def test_levels_in_every_spelling(read_text):
    read = read_text(PAGE)
    found = [(r.code, r.label.value, read.at(r.label.span), r.level) for r in read.of("SkillLevel")]
    assert found == [
        ("TEST-2", "試験運用 レベル2", "試験運用: レベル 2", "L2"),
        ("TEST-3", "試験運用 レベル3", "試験運用：レベル３", "L3"),
        ("TEST-4", "試験運用 レベル4", "試験運用 レベル4", "L4"),
        ("TEST-7", "試験運用 レベル7", "試験運用: Level 7", "L7"),
    ]
    statements = [[text.value for text in r.definitions] for r in read.of("SkillLevel")]
    assert statements[0] == ["決まった試験をする。\n\n記録する。"]
    assert statements[1:] == [["自分で試験を組む。"], ["試験を任される。"], ["方針を定める。"]]


def test_what_the_levels_mean(read_text):
    read = read_text(PAGE)
    found = [
        (r.code, r.notation, r.label.value, read.at(r.label.span), r.definitions[0].value)
        for r in read.of("ResponsibilityLevel")
    ]
    assert found == [
        ("L2", "2", "レベル2 助ける", "レベル2-助ける", "手を貸す。"),
        ("L3", "3", "レベル3 行う", "Ｌｅｖｅｌ　３－　行う", "自分で進める。"),
        ("L4", "4", "レベル4 担う", "Level 4 - 担う", "皆を導く。"),
        ("L7", "7", "レベル7 定める、導く", "レベル 7 ‐ 定める、導く", "先を示す。"),
    ]
    assert {r.parent for r in read.of("ResponsibilityLevel")} == {None}


def test_a_page_without_guidance_and_activities(read_text):
    start, end = PAGE.index("ガイダンスノート"), PAGE.index("このスキルの責任")
    read = read_text(PAGE[:start] + PAGE[end:])
    assert read.counts["SkillLevel"] == 4
    assert not read.one("TEST").notes
    assert not read.findings


def test_sections_in_another_order(read_text):
    start, end = PAGE.index("ガイダンスノート"), PAGE.index("このスキルの責任")
    read = read_text(PAGE[:start] + PAGE[end:] + "\n" + PAGE[start:end])
    plain = read_text(PAGE)
    assert sorted(r.label.value for r in read.records) == sorted(
        r.label.value for r in plain.records
    )
    assert not read.findings


def test_two_skills_in_one_document(read_text, faults):
    other = PAGE.replace("試験運用", "監視").replace("ＴＥＳＴ", "WTCH")
    read = read_text(PAGE + other)
    assert [record.code for record in read.of("Skill")] == ["TEST", "WTCH"]
    assert read.path(read.one("WTCH-7")) == ["監視", "監視 レベル7"]
    assert not faults(read)


def test_an_announced_level_that_is_missing(read_text):
    read = read_text(PAGE[: PAGE.index("試験運用: Level 7")])
    assert [(each.code, read.at(each.span)) for each in read.findings] == [
        ("missing-level", "2 3 4 7")
    ]
    assert read.closed(read.one("TEST"))["SkillLevel"] is False


@pytest.mark.parametrize(("line", "scheme"), [("SFIA 10の日本語翻訳", "sfia10"), ("", "sfia9")])
def test_the_version(read_text, line, scheme):
    text = PAGE.replace("SFIA 9の日本語翻訳:ベータ版", line).replace("SFIA 8", "SFIA 9")
    assert read_text(text).schemes[0].id == scheme


def test_doubts_are_warnings(read_text, faults):
    read = read_text(
        "保守 MAIN\nSFIA\nこのスキルに対する責任レベル\n何か\n1\n"
        "点検: レベル 1\nレベル2-行う: レベルの本質:する。\n保守: レベル 1\n"
    )
    assert sorted(set(read.codes)) == ["duplicate", "missing-part", "other-head", "unexpected-line"]
    assert not faults(read)


def test_no_skill_head_is_an_error(read_text):
    read = read_text("SFIA 9の日本語翻訳\n支援: レベル 3\nする。\n", load)
    assert [(each.severity, each.code) for each in read.findings] == [("error", "nothing-found")]


def test_official_spellings(read_folder, official):
    read = read_folder(official)["sfia"]
    assert [r.label.value for r in read.of("ResponsibilityLevel")] == [
        "レベル1 従う",
        "レベル2 アシストする",
        "レベル3 適用する",
        "レベル4 実現する",
        "レベル5 確信し、忠告する",
        "レベル6 開始する、影響を与える",
    ]
    assert read.at(read.one("CSMG-3").label.span) == "顧客サービスサポート: レベル 3"
    assert read.at(read.one("L3").label.span) == "Level 3- 適用する"
    assert all(record.definitions for record in read.records if record.kind != "Activity")

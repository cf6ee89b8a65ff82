import pytest

AREAS = """CMBOKの各分野について
1. 運営の仕事(OP)
日々の運営を担う。
改善もする。
- 人の数を決める
- 数字を見る
2. CRM 戦略の実践 (CR)
お客様を知る
- 分けて考える、など
"""


def test_heads_definitions_and_bullets(read_text):
    read = read_text(AREAS)
    area = read.one("OP")
    assert read.counts == {"Area": 2, "ScopeStatement": 3}
    assert (area.scheme, area.notation, area.preferred) == ("cmbok2", "OP", False)
    assert [text.value for text in area.definitions] == ["日々の運営を担う。\n改善もする。"]
    assert read.labels("ScopeStatement") == ["人の数を決める", "数字を見る", "分けて考える、など"]
    assert read.one("CR").label.value == "CRM 戦略の実践"
    assert [read.at(r.label.span) == r.label.value for r in read.records] == [True] * 5
    assert read.path(read.of("ScopeStatement")[2]) == ["CRM 戦略の実践", "分けて考える、など"]


def test_only_the_last_area_may_go_on(read_text):
    read = read_text(AREAS)
    assert read.closed(read.one("OP")) == {"ScopeStatement": True}
    assert read.closed(read.one("CR")) == {"ScopeStatement": False}


@pytest.mark.parametrize(
    "head",
    [
        "３．安全（ＳＥ）",
        "3.安全 (SE)",
        "  3) 安全( SE )",
        "3、\u3000安全\xa0（SE）  ",
        "３. 安 全(SE)",
    ],
)
def test_widths_and_spaces_of_heads(read_text, head):
    read = read_text(f"{head}\n守る。\n• 鍵をかける\n・札を出す\n－ 見回る\n")
    assert (read.one("SE").notation, read.one("SE").label.value) == ("SE", "安全")
    assert read.labels("ScopeStatement") == ["鍵をかける", "札を出す", "見回る"]


@pytest.mark.parametrize(
    ("title", "scheme"),
    [
        ("CMBOK3.0の各分野について", "cmbok3"),
        ("ＣＭＢＯＫ ２．１", "cmbok2.1"),
        ("各分野", "cmbok2"),
    ],
)
def test_the_title_names_the_version(read_text, title, scheme):
    read = read_text(AREAS.replace("CMBOKの各分野について", title))
    assert [each.id for each in read.schemes] == [scheme]
    assert {record.scheme for record in read.records} == {scheme}


def test_what_is_missing_or_stray_is_a_warning(read_text, faults):
    read = read_text(
        "1. 甲(AA)\n- 一\n- 一\n続きの行\n2. 乙(BB)\n乙の定義。\n3. 丙(AA)\n丙の定義。\n- 二\n"
    )
    assert sorted(read.codes) == [
        "duplicate-code",
        "duplicate-statement",
        "no-definition",
        "no-statements",
        "unexpected-line",
    ]
    assert {finding.severity for finding in read.findings} == {"warning"}
    assert not faults(read)


def test_nothing_found_is_an_error(read_text):
    from loaders.cmbok_areas import load

    read = read_text("CMBOKの各分野について\n", load)
    assert [(each.severity, each.code) for each in read.findings] == [("error", "nothing-found")]
    assert not read.schemes


def test_official_heads(read_folder, official):
    read = read_folder(official)["cmbok-areas"]
    codes = " ".join(str(record.code) for record in read.of("Area"))
    assert codes == "ST CS CR OP HR AR IC AU PE PC PA"
    assert all(read.at(r.label.span) == r.label.value for r in read.records)
    assert read.one("CR").label.value == "CRM コンタクトセンター戦略の実践"

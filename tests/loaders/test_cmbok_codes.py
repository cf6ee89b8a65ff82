import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.cmbok_codes import load

TAGGED = """● CMBOK3.0 コンピテンシー（案）

<p>運 営</p> <p>オペレーション</p> <p>OP-1 業務量予測</p>\t<p>安全</p> <p>防 災</p> \
<p>SEC-1 避難と(Fire Drill)</p>
<p>OP-2 席の 配置</p> <p>人材</p> <p>HR-1 スキル定義</p>\t<p>SEC-2 備え</p>
"""
SPACED = """
●ＣＭＢＯＫ２．１　コンピテンシー
運 営\tベース
オペレーション OP-1 業務量予測 \
OP-2 満足度とVOC 人材 HR-1 採用\tPC スキルの基礎 PC-1 PC スキル基本 PC-2 WEB と検索
HR-2 育成 構 築 センターアーキテクト AR-1 調達\t資質 PA-1 自信(Self Esteem)
"""


def test_tagged_cells_in_columns(read_text, faults):
    read = read_text(TAGGED)
    assert [(s.id, s.label, s.version) for s in read.schemes] == [("cmbok3", "CMBOK 3.0", "3.0")]
    assert {r.code: read.path(r) for r in read.of("Competency")} == {
        "OP-1": ["運営", "オペレーション", "業務量予測"],
        "OP-2": ["運営", "オペレーション", "席の 配置"],
        "HR-1": ["運営", "人材", "スキル定義"],
        "SEC-1": ["安全", "防災", "避難と(Fire Drill)"],
        "SEC-2": ["安全", "防災", "備え"],
    }
    assert [r.code for r in read.of("Domain")] == ["D-operation", None]
    assert not read.findings
    assert not faults(read)


def test_names_between_spaces(read_text, faults):
    read = read_text(SPACED)
    assert {r.code: read.path(r) for r in read.of("Competency")} == {
        "OP-1": ["運営", "オペレーション", "業務量予測"],
        "OP-2": ["運営", "オペレーション", "満足度とVOC"],
        "HR-1": ["運営", "人材", "採用"],
        "HR-2": ["運営", "人材", "育成"],
        "AR-1": ["構築", "センターアーキテクト", "調達"],
        "PC-1": ["ベース", "PC スキルの基礎", "PC スキル基本"],
        "PC-2": ["ベース", "PC スキルの基礎", "WEB と検索"],
        "PA-1": ["ベース", "資質", "自信(Self Esteem)"],
    }
    assert {record.scheme for record in read.records} == {"cmbok2.1"}
    assert read.codes == ["doubtful-split"]  # between 満足度とVOC and 人材
    assert not faults(read)


@pytest.mark.parametrize("between", [" ", "\t", "\n", "\u3000", "\xa0"])
def test_one_code_a_line(read_text, between):
    lines = [
        "CMBOK 4 コンピテンシー",
        "運営",
        "電話",
        f"TEL-1{between}受ける",
        f"TEL-2{between}かける",
    ]
    read = read_text("\n".join(lines))
    assert [read.path(r) for r in read.of("Competency")] == [
        ["運営", "電話", "受ける"],
        ["運営", "電話", "かける"],
    ]
    assert read.one("TEL-1").scheme == "cmbok4"
    assert not read.findings


@pytest.mark.parametrize("code", ["ＯＰ－１１", "OP‐11", "OP - 11", "OP−11", "ＯＰ-011"])
def test_codes_are_folded_to_ascii(read_text, code):
    read = read_text(f"●CMBOK2.0コンピテンシー\n運営 電話 {code} 備え OP-12 訓練\n")
    record = read.one("OP-11")
    assert (record.notation, record.label.value) == ("OP-11", "備え")
    assert read.at(record.label.span) == "備え"


def test_a_label_is_not_its_neighbours_head(read_text):
    read = read_text(
        "●CMBOK1.0 コンピテンシー\n運営 甲 AA-1 一番 AA-2 二番 構築 乙 BB-1 三番 丙 CC-1 四番"
    )
    assert [read.at(r.label.span) for r in read.of("Competency")] == [
        "一番",
        "二番",
        "三番",
        "四番",
    ]
    assert read.path(read.one("CC-1")) == ["構築", "丙", "四番"]
    assert not read.findings


def test_a_domain_may_stand_twice(read_text):
    read = read_text(
        "●CMBOK2.0 コンピテンシー\n構 築 分野甲 AA-1 一\t構築 分野乙 BB-1 二\n"
        "<p>新しい</p><p>丙</p><p>CC-1 三</p>\t<p>新しい</p><p>丁</p><p>DD-1 四</p>"
    )
    assert [(r.code, r.label.value) for r in read.of("Domain")] == [
        ("D-build", "構築"), (None, "新しい"), ("D-build", "構築"),
    ]  # fmt: skip
    assert read.path(read.one("DD-1")) == ["新しい", "丁", "四"]


def test_a_following_table_closes_the_one_before(read_text):
    read = read_text(TAGGED + SPACED)
    assert {s.id: s.reads[0].closed for s in read.schemes} == {"cmbok3": True, "cmbok2.1": False}
    third = [record for record in read.records if record.scheme == "cmbok3"]
    assert {read.closed(r).get("Competency", True) for r in third} == {True}
    ends = {r.code: read.closed(r)["Competency"] for r in read.of("Area") if r not in third}
    assert ends == {"OP": True, "HR": True, "AR": False, "PC": True, "PA": False}


def test_doubts_are_warnings(read_text, faults):
    read = read_text(
        "表の前の HR-9 迷い\n● CMBOK2.0 コンピテンシー\n"
        "AA-1 一番 AA-1 二番 AA-2\n<p></p>\n三番\n余り\nAA-3 四番\n"
        "BB-1 五番 領域丙 分野丁 CC-1 六番 末尾\n"
    )
    assert sorted(set(read.codes)) == [
        "doubtful-split",
        "duplicate-code",
        "head-without-codes",
        "no-area-head",
        "no-version",
        "unexpected-name",
    ]
    assert {finding.severity for finding in read.findings} == {"warning"}
    assert not faults(read)


@pytest.mark.parametrize("text", ["", "● CMBOK2.0 コンピテンシー\n", "OP-1 予測\nOP-2 算出\n"])
def test_nothing_found_is_an_error(read_text, text):
    read = read_text(text, load)
    assert [(each.severity, each.code) for each in read.findings] == [("error", "nothing-found")]


NAMES = st.text("甲乙丙丁あいうアイウーA", min_size=2, max_size=6).filter(
    lambda name: name[-1] != "A"
)
CELLS = st.lists(st.lists(NAMES, min_size=1, max_size=4), min_size=1, max_size=5)


@given(areas=CELLS, columns=st.integers(1, 3), tagged=st.booleans())
def test_any_table_reads_back(read_text, areas, columns, tagged):
    cells, expected = [], {}
    for place, names in enumerate(areas):
        prefix = "AB" + "CDEFG"[place]
        coded = [f"{prefix}-{n} {name}" for n, name in enumerate(names, 1)]
        parts = [f"領域{'甲乙丙丁戊'[place]}", f"分野{prefix}の", *coded]
        cells.append(" ".join(f"<p>{part}</p>" if tagged else part for part in parts))
        expected |= {f"{prefix}-{n}": [*parts[:2], name] for n, name in enumerate(names, 1)}
    rows = ["\t".join(cells[at : at + columns]) for at in range(0, len(cells), columns)]
    read = read_text("●CMBOK5.0 コンピテンシー\n" + "\n".join(rows), load)
    assert {r.code: read.path(r) for r in read.of("Competency")} == expected
    assert not read.findings


@pytest.mark.parametrize(("scheme", "counts"), [("cmbok1", (5, 10, 57)), ("cmbok2", (7, 12, 93))])
def test_counts_of_each_edition(read_folder, official, open_edition, scheme, counts):
    for folder in (official, open_edition):
        read = read_folder(folder)["cmbok-codes"]
        found = [r for r in read.records if r.scheme == scheme]
        kinds = ("Domain", "Area", "Competency")
        assert tuple(len({r.code for r in found if r.kind == kind}) for kind in kinds) == counts


def test_official_labels(read_folder, official):
    read = read_folder(official)["cmbok-codes"]
    labels = {(r.scheme, r.code): r.label.value for r in read.records}
    assert labels["cmbok1", "OP-10"] == labels["cmbok2", "OP-10"] == "職場環境の管理"
    assert labels["cmbok1", "PE-6"] == "問題解決能力と論理的思考"
    assert labels["cmbok1", "PC-3"] == "WEB と検索"
    assert labels["cmbok2", "PC-3"] == "WEBと検索"
    assert labels["cmbok1", "PC-1"] == "コンタクトセンターPC スキル基本"
    assert labels["cmbok2", "CR-5"] == "ビッグデータ(Big Data)"
    assert labels["cmbok2", "D-operation"] == "運営"

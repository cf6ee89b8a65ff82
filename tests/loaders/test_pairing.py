"""A registry from two editions that share structure, not sentences."""

from datetime import date
from pathlib import Path

import pytest

from loaders.build import files_of, take_in
from loaders.identity import Reader, resolve
from loaders.pairing import PairingError, pair
from loaders.registry import Registry

DAY = date(2026, 11, 23)
LATER = date(2027, 4, 1)
NOTHING = Registry()
THEIRS = """タスク一覧
タスク大分類 タスク中分類 タスク小分類
窓口 受付業務 来客受付評価項目を表示

▼評価項目

名札を渡す

傘を預かる

後方業務 集計評価項目を表示

▼評価項目

数える
"""
OURS = THEIRS.replace("名札を渡す", "来た人に札を付けてもらう").replace("数える", "件数を出す")


def read(folder: Path, name: str, *texts: str) -> tuple[Reader, ...]:
    place = folder / name
    place.mkdir()
    for number, text in enumerate(texts):
        (place / f"{number}.txt").write_text(text, encoding="utf-8")
    return take_in(files_of([place])).readers


def ids(readers: tuple[Reader, ...], known: Registry) -> dict[str, str]:
    """Label to id, as a build that knows the registry would give them."""
    found = resolve(readers, known, LATER)
    assert found.changes == ()
    return {record.label.value: found.ids[0, record.key] for record in readers[0].records}


def test_both_editions_have_the_same_ids(tmp_path: Path) -> None:
    theirs, ours = read(tmp_path, "theirs", THEIRS), read(tmp_path, "ours", OURS)
    known = pair(theirs, ours, NOTHING, DAY)
    assert list(ids(theirs, known).values()) == list(ids(ours, known).values())
    assert ids(ours, known)["件数を出す"] == ids(theirs, known)["数える"] == "task.E003"


def test_numbers_start_at_one_and_carry_the_day(tmp_path: Path) -> None:
    known = pair(read(tmp_path, "theirs", THEIRS), read(tmp_path, "ours", OURS), NOTHING, DAY)
    assert [id for id in known.rows if id.startswith("task.E")] == [
        "task.E001", "task.E002", "task.E003",
    ]  # fmt: skip
    assert {(row.created, row.status) for row in known.rows.values()} == {
        (DAY.isoformat(), "active")
    }


def test_a_text_that_both_have_is_kept_once(tmp_path: Path) -> None:
    known = pair(read(tmp_path, "theirs", THEIRS), read(tmp_path, "ours", OURS), NOTHING, DAY)
    assert [len(known.rows[id].texts) for id in ("task.E001", "task.E002", "task.E003")] == [
        2,
        1,
        2,
    ]


def test_classes_in_another_order_are_not_parallel(tmp_path: Path) -> None:
    head, first, second = OURS.partition("来客受付")[0], "来客受付", "集計"
    swapped = f"""{head.replace("受付業務", "後方業務")}{second}評価項目を表示

▼評価項目

件数を出す

受付業務 {first}評価項目を表示

▼評価項目

来た人に札を付けてもらう

傘を預かる
"""
    theirs, ours = read(tmp_path, "theirs", THEIRS), read(tmp_path, "ours", swapped)
    with pytest.raises(PairingError):  # classes have no codes: they are paired by order too
        pair(theirs, ours, NOTHING, DAY)


@pytest.mark.parametrize(
    ("theirs", "ours", "where"),
    [
        (THEIRS, OURS + "\n二度数える\n", "only in the open edition: 二度数える"),
        (THEIRS + "\n二度数える\n", OURS, "only in the official edition: task.E004"),
    ],
    ids=["more of ours", "more of theirs"],
)
def test_editions_that_are_not_parallel_are_refused(
    tmp_path: Path, theirs: str, ours: str, where: str
) -> None:
    with pytest.raises(PairingError, match=where):
        pair(read(tmp_path, "theirs", theirs), read(tmp_path, "ours", ours), NOTHING, DAY)


def test_codes_pair_by_themselves(tmp_path: Path) -> None:
    head = "● CMBOK3.0 コンピテンシー\n\n運 営\tベース\n"
    theirs = read(tmp_path, "theirs", f"{head}予測 OP-1 呼量 OP-2 配置\n")
    ours = read(tmp_path, "ours", f"{head}予測 OP-2 配置の計画 OP-1 呼量\n")
    known = pair(theirs, ours, NOTHING, DAY)
    assert ids(ours, known)["配置の計画"] == ids(theirs, known)["配置"] == "cmbok3.OP-2"


def test_known_ids_stay_and_numbers_of_the_retired_are_not_used_again(tmp_path: Path) -> None:
    before = pair(read(tmp_path, "a", THEIRS), read(tmp_path, "b", OURS), NOTHING, DAY)
    theirs = THEIRS.replace("名札を渡す\n\n傘を預かる", "傘を預かる\n\n行き先を案内する")
    ours = OURS.replace("来た人に札を付けてもらう\n\n傘を預かる", "傘立てを勧める\n\n道を教える")
    after = pair(read(tmp_path, "c", theirs), read(tmp_path, "d", ours), before, LATER)
    assert after.rows["task.E001"].status == "retired"
    assert {number: len(after.rows[f"task.E00{number}"].texts) for number in (2, 3, 4)} == {
        2: 2, 3: 2, 4: 2,
    }  # fmt: skip

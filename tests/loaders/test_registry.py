from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.fingerprint import fingerprint
from loaders.registry import (
    PACKAGED,
    Registry,
    RegistryError,
    Row,
    dumps,
    load_registry,
    mint,
    save_overlay,
)

ROW = Row("task.E5001", "EvaluationItem", "task.T01", "active", "2026-11-23", "2026-11-23", "",
          (fingerprint("記録を残す"),))  # fmt: skip

rows = st.builds(
    Row,
    id=st.from_regex(r"task\.E[0-9]{4}", fullmatch=True),
    kind=st.just("EvaluationItem"),
    parent=st.from_regex(r"task\.T[0-9]{2}", fullmatch=True),
    status=st.sampled_from(["active", "retired"]),
    created=st.dates().map(str),
    modified=st.dates().map(str),
    replaced_by=st.sampled_from(["", "task.E0001", "task.E0001 task.E0002"]),
    texts=st.lists(st.text().map(fingerprint), max_size=3).map(tuple),
)


@given(st.lists(rows, unique_by=lambda row: row.id))
def test_an_overlay_survives_being_written(found: list[Row]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "deep" / "registry.csv"
        save_overlay(Registry().with_rows(found), path)
        assert load_registry(path, packaged=Path(folder) / "none.csv").rows == {
            row.id: row for row in found
        }


def test_an_overlay_row_stands_in_for_a_packaged_one(tmp_path: Path) -> None:
    packaged, overlay = tmp_path / "packaged.csv", tmp_path / "overlay.csv"
    retired = Row(ROW.id, ROW.kind, ROW.parent, "retired", ROW.created, "2027-01-01")
    packaged.write_text(dumps([ROW]), encoding="utf-8")
    overlay.write_text(dumps([retired]), encoding="utf-8")
    found = load_registry(overlay, packaged)
    assert (dict(found.rows), found.overlaid) == ({ROW.id: retired}, {ROW.id})


@pytest.mark.parametrize(
    "text",
    [
        "id,kind\ntask.E001,EvaluationItem\n",
        dumps([ROW]).replace("active", "maybe"),
        dumps([ROW]).replace("EvaluationItem", "Thing"),
        dumps([ROW]).replace(":", "!"),
        dumps([ROW])[:-40],
    ],
)
def test_a_damaged_registry_is_refused_with_its_place(tmp_path: Path, text: str) -> None:
    path = tmp_path / "registry.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RegistryError, match=r"registry\.csv, 2 行目"):
        load_registry(path, packaged=tmp_path / "none.csv")


def test_numbers_grow_and_skip_what_was_ever_given() -> None:
    assert mint("Task", "task.M01", ["task.T03", "task.T5007"], 5001) == "task.T5008"
    assert mint("GuideSection", "guide.G03-s2", ["guide.G03-s2"], 1) == "guide.G03-s3"
    assert mint("Domain", "cmbok2.1", [], 5001) == "cmbok2.1.D-5001"
    with pytest.raises(RegistryError, match="code"):
        mint("Competency", "cmbok2.HR", [], 1)


def test_the_packaged_registry_is_sound() -> None:
    found = load_registry(None)
    assert PACKAGED.exists() and len(found.rows) > 400
    assert all((row.number or 0) < 5000 and row.texts for row in found.rows.values())
    assert all(row.parent in found.rows or "." not in row.parent for row in found.rows.values())

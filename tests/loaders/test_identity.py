"""The life cycle of ids, on invented task lists: mint, keep, move, reword, retire, return."""

import random
from collections.abc import Sequence
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.identity import Change, Reader, Resolution, resolve
from loaders.records import Document, Outcome, Reading, Record, Scheme, Span, Text
from loaders.registry import Registry

DAY = date(2026, 11, 23)
LATER = date(2027, 4, 1)
#: a task's name and the sentences under it
Outline = Sequence[tuple[str, Sequence[str]]]

SUBJECTS = ("研修", "応対", "呼量", "予算", "品質", "座席", "録音", "苦情", "契約", "端末")
VERBS = ("を記録する", "の案を作る", "を点検する", "を関係者に知らせる", "の原因を調べる")
SENTENCES = tuple(f"{subject}{verb}" for subject in SUBJECTS for verb in VERBS)


def reader(outline: Outline, *, closed: bool = False, name: str = "tasks") -> Reader:
    """What the tasks loader would yield for an outline; `closed` means its end is certain."""
    outcomes: list[Outcome] = [Scheme("task", "タスク一覧")]
    text = ""

    def said(words: str) -> Text:
        nonlocal text
        start = len(text)
        text += words + "\n"
        return Text(words, Span(start, start + len(words)))

    def add(
        kind: str, key: str, words: str, parent: str | None, reads: tuple[Reading, ...]
    ) -> None:
        outcomes.append(Record(kind, "task", key, said(words), parent, reads=reads))

    add("TaskMajorCategory", "a", "窓口", None, (Reading("TaskMiddleCategory", closed),))
    add("TaskMiddleCategory", "m", "運営", "a", (Reading("Task", closed),))
    for number, (task, sentences) in enumerate(outline):
        ends = closed or number < len(outline) - 1
        add("Task", f"t{number}", task, "m", (Reading("EvaluationItem", ends),))
        for place, sentence in enumerate(sentences):
            add("EvaluationItem", f"t{number}e{place}", sentence, f"t{number}", ())
    return Reader(Document(name, text, "0" * 64, "utf-8"), tuple(outcomes))


def ids(found: Resolution, outline: Outline) -> dict[tuple[str, str], str]:
    """The id of each (task, sentence); the task itself is (task, "")."""
    named: dict[tuple[str, str], str] = {}
    for number, (task, sentences) in enumerate(outline):
        named[task, ""] = found.ids[0, f"t{number}"]
        for place, sentence in enumerate(sentences):
            named[task, sentence] = found.ids[0, f"t{number}e{place}"]
    return named


def events(changes: Sequence[Change]) -> set[tuple[str, str]]:
    return {(change.event, change.id) for change in changes}


FIRST: Outline = (
    ("受付", ("要件を聞き取る", "記録を残す", "本人であることを確かめる")),
    ("育成", ("研修の年間計画を立てる", "面談で成長を支える")),
    ("監督", ("記録を残す", "委託先の実績を毎月見る")),
)


def known() -> Registry:
    """The packaged registry, as a user finds it."""
    return Registry(resolve([reader(FIRST)], Registry(floor=1), DAY).registry.rows)


def test_the_same_sentence_under_two_tasks_is_two_items() -> None:
    named = ids(resolve([reader(FIRST)], Registry(floor=1), DAY), FIRST)
    assert named["受付", "記録を残す"] != named["監督", "記録を残す"]


def test_numbers_of_a_user_start_at_5001() -> None:
    found = resolve([reader(FIRST)], Registry(), DAY)
    assert set(ids(found, FIRST).values()) >= {"task.T5001", "task.E5001"}


def test_nothing_changes_when_nothing_changed() -> None:
    found = resolve([reader(FIRST)], known(), LATER)
    assert (found.changes, found.unread) == ((), ())
    assert found.registry == known()


def test_a_reworded_sentence_keeps_its_id_and_both_texts() -> None:
    edited = (FIRST[0], ("育成", ("研修の年間計画を作り直す", FIRST[1][1][1])), FIRST[2])
    found = resolve([reader(edited)], known(), LATER)
    assert events(found.changes) == {("reworded", "task.E004")}
    row = found.registry.rows["task.E004"]
    assert (len(row.texts), row.created, row.modified) == (2, "2026-11-23", "2027-04-01")
    assert resolve([reader(FIRST)], found.registry, LATER).changes == ()


def test_a_sentence_that_moved_keeps_its_id() -> None:
    edited = (
        ("受付", FIRST[0][1][:2]),
        ("育成", (*FIRST[1][1], "本人であることを確かめる")),
        FIRST[2],
    )
    assert events(resolve([reader(edited)], known(), LATER).changes) == {("moved", "task.E003")}


def test_a_missing_sentence_is_retired_and_its_number_is_not_given_again() -> None:
    shorter = (FIRST[0], ("育成", FIRST[1][1][:1]), FIRST[2])
    gone = resolve([reader(shorter)], known(), LATER)
    assert events(gone.changes) == {("retired", "task.E005")}
    longer = (FIRST[0], ("育成", (FIRST[1][1][0], "座席の割り当てを決める")), FIRST[2])
    fresh = ids(resolve([reader(longer)], gone.registry, LATER), longer)
    assert fresh["育成", "座席の割り当てを決める"] == "task.E5001"


def test_a_returning_sentence_gets_its_id_back() -> None:
    shorter = (FIRST[0], ("育成", FIRST[1][1][:1]), FIRST[2])
    gone = resolve([reader(shorter)], known(), LATER).registry
    assert events(resolve([reader(FIRST)], gone, LATER).changes) == {("returned", "task.E005")}


def test_a_retired_task_takes_its_items_along() -> None:
    found = resolve([reader((FIRST[0], FIRST[2]))], known(), LATER)
    assert events(found.changes) == {
        ("retired", "task.T02"), ("retired", "task.E004"), ("retired", "task.E005"),
    }  # fmt: skip


def test_items_of_a_renamed_task_keep_their_ids() -> None:
    edited = (FIRST[0], ("人を伸ばす取り組み", FIRST[1][1]), FIRST[2])
    found = ids(resolve([reader(edited)], known(), LATER), edited)
    assert found["人を伸ばす取り組み", "面談で成長を支える"] == "task.E005"


def test_what_is_missing_at_an_open_end_is_kept_and_told() -> None:
    found = resolve([reader(FIRST[:2])], known(), LATER)
    assert found.changes == ()
    assert found.unread == ("task.T03",)


def test_a_trusted_end_retires_too() -> None:
    found = resolve([reader(FIRST[:2], closed=True)], known(), LATER)
    assert ("retired", "task.T03") in events(found.changes)


def test_a_sentence_that_was_cut_off_is_still_itself() -> None:
    cut = (*FIRST[:2], ("監督", ("記録を残す", "委託先の")))
    found = resolve([reader(cut)], known(), LATER)
    assert ids(found, cut)["監督", "委託先の"] == "task.E007"


def test_two_documents_may_word_one_entity_differently() -> None:
    other = (FIRST[0], ("育成", ("研修の年間計画を作り直す", FIRST[1][1][1])), FIRST[2])
    both = resolve([reader(FIRST), reader(other, name="other")], known(), LATER)
    assert both.ids[0, "t1e0"] == both.ids[1, "t1e0"] == "task.E004"


outlines = st.lists(
    st.tuples(
        st.sampled_from([f"{subject}管理" for subject in SUBJECTS]),
        st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=6, unique=True),
    ),
    min_size=1, max_size=6, unique_by=lambda task: task[0],
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(outlines, st.randoms(use_true_random=False))
def test_order_is_nothing(outline: Outline, random: random.Random) -> None:
    before = resolve([reader(outline)], Registry(), DAY)
    shuffled = [(task, random.sample(items, len(items))) for task, items in outline]
    random.shuffle(shuffled)
    after = resolve([reader(shuffled)], before.registry, LATER)
    assert ids(after, shuffled) == ids(before, outline)
    assert after.changes == ()


@settings(deadline=None, max_examples=150)
@given(outlines, st.data())
def test_edits_leave_the_untouched_alone_and_reuse_no_number(
    outline: Outline, data: st.DataObject
) -> None:
    before = resolve([reader(outline)], Registry(), DAY)
    edited = [(task, list(items)) for task, items in outline]
    task, items = edited[data.draw(st.integers(0, len(edited) - 1))]
    untouched = {(name, item) for name, all_items in outline for item in all_items if name != task}
    fresh = "壁の時計の電池を取り替える"
    match data.draw(st.sampled_from(["insert", "delete", "reword"])):
        case "insert":
            items.insert(data.draw(st.integers(0, len(items))), fresh)
        case "delete":
            items.pop(data.draw(st.integers(0, len(items) - 1)))
        case "reword":
            items[-1] = items[-1].replace("する", "しておく")
    after = resolve([reader(edited)], before.registry, LATER)
    old, new = ids(before, outline), ids(after, edited)
    assert {place: new[place] for place in untouched} == {p: old[p] for p in untouched}
    assert new.get((task, fresh)) not in old.values()
    assert set(before.registry.rows) <= set(after.registry.rows)


@settings(deadline=None, max_examples=100)
@given(outlines, st.data())
def test_half_a_document_retires_nothing(outline: Outline, data: st.DataObject) -> None:
    before = resolve([reader(outline)], Registry(), DAY)
    half = list(outline[: data.draw(st.integers(1, len(outline)))])
    task, items = half[-1]
    half[-1] = (task, list(items)[: data.draw(st.integers(0, len(items)))])
    after = resolve([reader(half)], before.registry, LATER)
    assert not [change for change in after.changes if change.event == "retired"]

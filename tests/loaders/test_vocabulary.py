import tomllib
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from loaders.vocabulary import VocabularyError, load_vocabulary

#: terms that two entities of a scheme may share, with the reason
SHARED = tomllib.loads(Path(__file__).with_name("shared_terms.toml").read_text(encoding="utf-8"))


def test_an_unknown_key_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('["task.T01"]\nglos = "x"\n', encoding="utf-8")
    with pytest.raises(VocabularyError, match=r"(?s)a\.toml.*glos"):
        load_vocabulary(tmp_path)


def test_an_id_told_twice_is_refused(tmp_path: Path) -> None:
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text('["task.T01"]\ngloss = "x"\n', encoding="utf-8")
    with pytest.raises(VocabularyError, match=r"b\.toml: task\.T01"):
        load_vocabulary(tmp_path)


def test_what_is_no_toml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("gloss: x", encoding="utf-8")
    with pytest.raises(VocabularyError, match=r"a\.toml"):
        load_vocabulary(tmp_path)


def test_no_gloss_and_no_utterance_is_said_of_two_entities() -> None:
    entries = load_vocabulary().entries.values()
    said = Counter(text for entry in entries for text in (entry.gloss, *entry.utterances) if text)
    assert [text for text, count in said.items() if count > 1] == []


def test_readings_are_katakana() -> None:
    for id, entry in load_vocabulary().entries.items():
        assert all("ァ" <= letter <= "ヿ" for letter in entry.kana), id


def shared_terms() -> dict[tuple[str, str], set[str]]:
    """The entities that carry a term, by the term (however spelt) and scheme, where several do."""
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for id, entry in load_vocabulary().entries.items():
        for term in (*entry.alt, *entry.hidden, *entry.utterances):
            spelt = unicodedata.normalize("NFKC", term).casefold().replace(" ", "")
            found[spelt, id.partition(".")[0]].add(id)
    return {key: ids for key, ids in found.items() if len(ids) > 1}


def test_a_term_belongs_to_one_entity_of_a_scheme() -> None:
    allowed = {unicodedata.normalize("NFKC", term).casefold(): row for term, row in SHARED.items()}
    surplus = {
        f"{term}: {sorted(ids)}"
        for (term, _), ids in shared_terms().items()
        if ids != set(allowed.get(term, {"entities": ()})["entities"])
    }
    assert not surplus, "move the term to one entity, or to what they have in common"


def test_every_exception_is_needed_and_reasoned() -> None:
    used = {term for term, _ in shared_terms()}
    assert {unicodedata.normalize("NFKC", term).casefold() for term in SHARED} <= used
    assert all(len(row["reason"]) > 10 for row in SHARED.values())
    assert len(SHARED) <= 5

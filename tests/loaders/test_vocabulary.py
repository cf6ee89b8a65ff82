from collections import Counter
from pathlib import Path

import pytest

from loaders.vocabulary import VocabularyError, load_vocabulary


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

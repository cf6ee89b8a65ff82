"""The search index: made once from the graph, kept beside it, loaded in milliseconds.

Two views of each entry: `Passage`s are its texts as they stand, cut into words, for lexical
search and for highlighting; `Representation`s are what the encoder sees. Vectors are kept with
a hash of their text, so that a rebuild encodes only what changed.
"""

import json
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from service.graph.store import Graph
from service.retrieval.analysis import Sudachi
from service.retrieval.encoders import NamedEncoder, Vectors, turned, unit
from service.retrieval.entries import Entry, read_entries, scheme_labels
from service.retrieval.passages import Passage, Representation, passages, representations
from service.retrieval.relations import read_links
from service.retrieval.sounds import sounds, spelt_out

#: the layout of the artefact and of what is encoded; a change makes older ones be rebuilt
FORMAT: Final = 2
#: said of an index that is not what was written
DAMAGED: Final = "索引が壊れています / damaged index"
#: what is kept as arrays
_ARRAYS: Final = ("words", "sounds", "links", "vectors")
#: how many texts are encoded at once, between two reports of progress
_BATCH: Final = 64

#: told how many texts are encoded and how many there are
Progress = Callable[[int, int], None]
Integers = npt.NDArray[np.int32]


class UnfitIndexError(ValueError):
    """An index artefact that cannot be used; says why and what to do."""


@dataclass(frozen=True)
class Index:
    """Entries, their words and their vectors.

    `words` has a row (passage, term, start, end) for each content word, sorted by passage, and
    `vocabulary` numbers the terms. `sounds` has a row (entry, n-gram, count) for each n-gram of
    its readings, numbered by `heard`; `links` a row (relation, source, target), entries by place.
    `vectors` has a row of unit length for each representation.
    """

    version: str
    encoder: str
    entries: tuple[Entry, ...]
    schemes: Mapping[str, str]
    vocabulary: Mapping[str, int]
    words: Integers
    heard: Mapping[str, int]
    sounds: Integers
    links: Integers
    vectors: Vectors

    @cached_property
    def passages(self) -> tuple[Passage, ...]:
        """The texts of all entries, entry by entry."""
        return tuple(passages(self.entries))

    @cached_property
    def representations(self) -> tuple[Representation, ...]:
        """What the vectors stand for, row by row; sorted by entry, at least one for each."""
        return tuple(representations(self.entries, self.passages))

    @cached_property
    def _first_passages(self) -> Integers:
        owners = np.array([each.entry for each in self.passages], np.int32)
        return np.searchsorted(owners, np.arange(len(self.entries) + 1)).astype(np.int32)

    def passage_range(self, entry: int) -> tuple[int, int]:
        """The first passage of an entry and the one after its last."""
        return int(self._first_passages[entry]), int(self._first_passages[entry + 1])

    @cached_property
    def _first_words(self) -> Integers:
        return np.searchsorted(self.words[:, 0], self._first_passages).astype(np.int32)

    def word_range(self, entry: int) -> tuple[int, int]:
        """The first row of `words` of an entry and the one after its last."""
        return int(self._first_words[entry]), int(self._first_words[entry + 1])

    @cached_property
    def by_uri(self) -> Mapping[str, int]:
        """The place of each entry."""
        return {entry.uri: place for place, entry in enumerate(self.entries)}


@dataclass(frozen=True)
class Opened:
    """An index made ready for an encoder, with a notice where it had to be encoded anew."""

    index: Index
    notice: str | None = None


def build_index(
    graph: Graph,
    named: NamedEncoder,
    *,
    previous: Index | None = None,
    progress: Progress | None = None,
) -> Index:
    """The index of a graph; vectors of `previous` are kept where text and encoder are the same."""
    entries = tuple(map(spelt_out, read_entries(graph)))
    texts = tuple(passages(entries))
    vocabulary, words, readings = _analysed(texts)
    heard, spoken = sounds(texts, readings)
    bare = Index(
        version=graph.version,
        encoder=named.name,
        entries=entries,
        schemes=scheme_labels(graph),
        vocabulary=vocabulary,
        words=words,
        heard=heard,
        sounds=spoken,
        links=read_links(graph, entries),
        vectors=np.zeros((0, 0), np.float32),
    )
    return encoded(bare, named, known=_known(previous, named), progress=progress)


def encoded(
    index: Index,
    named: NamedEncoder,
    *,
    known: Mapping[str, Vectors] | None = None,
    progress: Progress | None = None,
) -> Index:
    """The index with the vectors of this encoder; those `known` by key are not made again."""
    found = dict(known or {})
    texts = {each.key: each for each in index.representations}
    missing = [each for key, each in texts.items() if key not in found]
    for start in range(0, len(missing), _BATCH):
        batch = missing[start : start + _BATCH]
        found.update(_encode(batch, named))
        if progress is not None:
            progress(start + len(batch), len(missing))
    rows = [found[each.key] for each in index.representations]
    vectors = np.array(rows, np.float32).reshape(len(rows), -1 if rows else 0)
    return replace(index, encoder=named.name, vectors=vectors)


def save(index: Index, folder: Path) -> None:
    """Write `index.json` and `index.npz` into a folder."""
    head = {
        "format": FORMAT,
        "version": index.version,
        "encoder": index.encoder,
        "schemes": dict(index.schemes),
        "keys": [each.key for each in index.representations],
        "vocabulary": list(index.vocabulary),
        "heard": list(index.heard),
        "entries": [asdict(entry) for entry in index.entries],
    }
    text = json.dumps(head, ensure_ascii=False, indent=None, separators=(",", ":"))
    (folder / "index.json").write_text(text, encoding="utf-8")
    arrays = {name: getattr(index, name) for name in _ARRAYS}
    np.savez(folder / "index.npz", **arrays)


def load(folder: Path) -> Index:
    """The index that `save` wrote; raises `OSError`, or `UnfitIndexError` where it is unfit."""
    try:
        return _loaded(folder)
    except UnfitIndexError:
        raise
    except (ValueError, KeyError, TypeError, BadZipFile) as fault:
        raise UnfitIndexError(DAMAGED) from fault


def _loaded(folder: Path) -> Index:
    head = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    if head.get("format") != FORMAT:
        raise UnfitIndexError("索引の形式が違います / index of another format")
    with np.load(folder / "index.npz", allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in _ARRAYS}
    found = Index(
        version=head["version"],
        encoder=head["encoder"],
        entries=tuple(_entry(row) for row in head["entries"]),
        schemes=head["schemes"],
        vocabulary={term: number for number, term in enumerate(head["vocabulary"])},
        heard={gram: number for number, gram in enumerate(head["heard"])},
        **arrays,
    )
    keys = [each.key for each in found.representations]
    if head["keys"] != keys or len(found.vectors) != len(keys):
        raise UnfitIndexError(DAMAGED)
    return found


def fitted(index: Index, named: NamedEncoder) -> Index | None:
    """The index for an encoder, where nothing has to be encoded for that; `None` elsewhere.

    Vectors of the encoder that a patch belongs to are turned, which takes no time.
    """
    vectors = _vectors(index, named)
    return None if vectors is None else replace(index, encoder=named.name, vectors=vectors)


def made_ready(
    index: Index,
    named: NamedEncoder,
    *,
    previous: Index | None = None,
    progress: Progress | None = None,
) -> Opened:
    """The index for an encoder: encoded anew, with a notice, where it is another's.

    Vectors of `previous` are kept as by `build_index`.
    """
    if found := fitted(index, named):
        return Opened(found)
    notice = (
        f"索引は {index.encoder} で作られています。{named.name} で作り直しました / "
        f"index made with {index.encoder}, encoded anew with {named.name}"
    )
    known = _known(previous, named)
    return Opened(encoded(index, named, known=known, progress=progress), notice)


def _analysed(texts: Sequence[Passage]) -> tuple[dict[str, int], Integers, list[str]]:
    """The vocabulary, the rows of `words` and the reading of each text."""
    vocabulary, readings = dict[str, int](), list[str]()
    rows = array("i")  # a list of tuples takes twenty times the memory
    sudachi = Sudachi()
    for number, passage in enumerate(texts):
        tokens, kana = sudachi.read(passage.text)
        readings.append(kana)
        for token in tokens:
            term = vocabulary.setdefault(token.form, len(vocabulary))
            rows.extend((number, term, token.start, token.end))
    return vocabulary, np.array(rows, np.int32).reshape(-1, 4), readings


def _known(previous: Index | None, named: NamedEncoder) -> dict[str, Vectors]:
    vectors = None if previous is None else _vectors(previous, named)
    if previous is None or vectors is None:
        return {}
    keys = (each.key for each in previous.representations)
    return dict(zip(keys, vectors, strict=True))


def _vectors(index: Index, named: NamedEncoder) -> Vectors | None:
    """The vectors of an index as an encoder would give them; `None` where it must be asked."""
    if index.encoder == named.name:
        return index.vectors
    if named.patch is not None and index.encoder == named.base:
        return turned(index.vectors, named.patch)
    return None


def _encode(batch: Sequence[Representation], named: NamedEncoder) -> Iterator[tuple[str, Vectors]]:
    """Key and vector of each; utterances are what people ask, all else is what is found."""
    for asked in (True, False):
        chosen = [each for each in batch if (each.field == "utterance") is asked]
        encode = named.encoder.encode_query if asked else named.encoder.encode_document
        if chosen:
            made = unit(encode([each.text for each in chosen]))
            yield from zip((each.key for each in chosen), made, strict=True)


def _entry(row: Mapping[str, object]) -> Entry:
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return Entry(**values)  # type: ignore[arg-type]
